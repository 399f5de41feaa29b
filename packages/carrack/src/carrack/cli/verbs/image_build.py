"""`carrack image build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring
from carrack.model.access import Access
from carrack.model.image import Recipe
from carrack.model.workspace import App

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_TEMPLATES = ("Dockerfile", "check_lock.py", "build_sources.py", "launch.py")


@click.command("build")
@app_option
@index_option
@click.option(
    "--tag", "names", metavar="NAME", multiple=True, help="A name for the image; several may be given."
)
@click.option(
    "--platform",
    "platforms",
    metavar="OS/MACHINE",
    multiple=True,
    help="Build for this platform, as linux/arm64; several give an image each, where the engine can.",
)
@click.option("--base", metavar="IMAGE", help="Build on this image instead of the one in pyproject.toml.")
@click.option(
    "--secret", "secrets", metavar="SPEC", multiple=True, help="One more secret, as docker build takes it."
)
@click.option("--ssh", metavar="SPEC", multiple=True, help="An ssh agent, as docker build takes it: default.")
@click.pass_obj
def command(
    wiring: Wiring,
    app_name: str | None,
    to: str | None,
    names: tuple[str, ...],
    platforms: tuple[str, ...],
    base: str | None,
    secrets: tuple[str, ...],
    ssh: tuple[str, ...],
) -> None:
    """Build an app's image from its lock and the index alone, with Docker or podman; prints the image's id.

    The token reaches the steps that mount it, and is looked for afterwards in every layer of every stage. Labels and
    /opt/carrack/manifest.json in the image say what is in it: see carrack image inspect.
    """
    from carrack.adapters.projects import read_package
    from carrack.commands.image_build import build_image, for_platform, require_fresh, tagged
    from carrack.commands.image_order import make_order
    from carrack.commands.image_sources import additions
    from carrack.commands.source_wheels import commits
    from carrack.model.build_secrets import absolute_secret, absolute_ssh

    folder = wiring.start.absolute()
    secrets = tuple(absolute_secret(spec, folder) for spec in secrets)
    ssh = tuple(absolute_ssh(spec, folder) for spec in ssh)
    index, app = wiring.index(to), wiring.app(app_name)
    app = replace(app, base=base) if base else app
    engine = wiring.engine
    access = wiring.open(index)
    made_with = wiring.source_tools(wiring.builder(access))
    now, locked = commits(app, made_with), wiring.lock(app)
    lock = require_fresh(wiring.workspace, app, locked, wiring.receipt(index, locked), now)
    with TemporaryDirectory(prefix="carrack-image-") as scratch:
        order = make_order(
            wiring.sources(index),
            app,
            read_package(wiring.workspace.root, app.path),
            lock,
            _recipe(wiring, app, access, secrets, ssh),
            listing=wiring.listing(access),
            manifests=wiring.manifests,
            templates=_templates(),
            added=additions(
                app,
                lock,
                wiring.workspace.packages,
                made_with,
                Path(scratch),
                templates=_templates(),
                read=Path.read_bytes,
            ),
        )
    tools = wiring.image_tools(access, secrets)
    built = {platform: build_image(for_platform(order, platform), tools) for platform in platforms or (None,)}
    for name, _ in tagged(names, built, engine):
        wiring.report.step("Tagged", name)
    for image in built.values():
        click.echo(image)


def _templates() -> dict[str, str]:
    folder = files("carrack") / "templates"
    settled = files("carrack") / "adapters" / "builder" / "settled.py"
    return {
        **{name: (folder / name).read_text(encoding="utf-8") for name in _TEMPLATES},
        "settled.py": settled.read_text(encoding="utf-8"),
    }


def _recipe(
    wiring: Wiring, app: App, access: Access, secrets: tuple[str, ...], ssh: tuple[str, ...]
) -> Recipe:
    """What the engine is told: the index, the token as a secret, and how this machine reaches the network."""
    from carrack.adapters.netrc import with_access
    from carrack.commands.image_order import DOCKERFILE

    environ = wiring.isolated(None)
    certificates = environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
    base = {"BASE_IMAGE": app.base_image} if app.base_image else {}
    return Recipe(
        dockerfile=app.dockerfile or DOCKERFILE,
        arguments={"INDEX_URL": access.simple_url, **base},
        variables=_proxies(environ),
        secrets={"netrc": with_access(b"", access).decode()},
        secret_specs=(
            *([f"id=certificates,src={wiring.start.absolute() / certificates}"] if certificates else ()),
            *secrets,
        ),
        ssh=ssh,
        host_network=urlsplit(access.simple_url).hostname in _LOOPBACK,
    )


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    told = {name: environ.get(name) or environ.get(name.lower()) for name in _PROXIES}
    return {name: value for name, value in told.items() if value}
