"""Which form of an index page a client wants (PEP 691)."""

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PLAIN_HTML = "text/html"

_OFFERS = {
    "*/*": PLAIN_HTML,
    "text/*": PLAIN_HTML,
    PLAIN_HTML: PLAIN_HTML,
    JSON: JSON,
    "application/vnd.pypi.simple.latest+json": JSON,
    HTML: HTML,
    "application/vnd.pypi.simple.latest+html": HTML,
}


def negotiate(accept: str) -> str | None:
    """Return the content type for an ``Accept`` header, or None where nothing on offer is accepted."""
    if not accept.strip():
        return PLAIN_HTML
    wanted = [
        (quality, _OFFERS[kind])
        for kind, quality in map(_preference, accept.split(","))
        if quality > 0 and kind in _OFFERS
    ]
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else None


def _preference(item: str) -> tuple[str, float]:
    kind, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return kind, float(value)
            except ValueError:
                return kind, 0.0
    return kind, 1.0
