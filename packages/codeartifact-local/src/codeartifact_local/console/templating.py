"""Templates, and how values are written in them."""

from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from codeartifact_local.console import addresses
from codeartifact_local.console.picture import BOX_HEIGHT, BOX_WIDTH


def render(template: str, **values: object) -> str:
    """Return a page; all that is not Markup is escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("codeartifact_local.console"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "address": addresses.address,
        "package_address": addresses.package_address,
        "CONSOLE": addresses.CONSOLE,
        "LOGIN": addresses.LOGIN,
        "LOGOUT": addresses.LOGOUT,
        "BOX_WIDTH": BOX_WIDTH,
        "BOX_HEIGHT": BOX_HEIGHT,
    }
    environment.filters |= {"bytes": written_bytes, "when": when, "is_web": is_web}
    return environment


def written_bytes(size: int | None) -> str:
    """Return a size as people read it, in powers of 1000."""
    if size is None:
        return "unknown"
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} bytes" if unit == "bytes" else f"{value:.1f} {unit}"


def when(moment: datetime) -> Markup:
    """Return a time in UTC."""
    return Markup('<time datetime="{0:%Y-%m-%dT%H:%M:%SZ}">{0:%Y-%m-%d %H:%M} UTC</time>').format(moment)


def is_web(url: str | None) -> bool:
    """Return whether a link may lead there: no other scheme than the web's is followed from these pages."""
    return (url or "").lower().startswith(("https://", "http://"))
