"""A version's readme as HTML."""

from email.message import EmailMessage

from markupsafe import Markup

_MOST_LETTERS = 256 * 1024
"""Longer ones are shown as text, so that nobody's readme keeps the server busy."""


def render_readme(text: str, content_type: str | None) -> Markup:
    """Return `text` as HTML: Markdown rendered, anything else as it is.

    Whatever HTML is in it, no script, style, form, frame, class or id is in the result, and no picture: one of
    Markdown's becomes a link, so that looking at a page asks nobody for anything.
    `content_type` is core metadata's Description-Content-Type. (reStructuredText stays text: its renderer,
    docutils, cannot be had in one environment with the aws CLI in a release that is kept up.)
    """
    if _kind(content_type) == "text/markdown" and len(text) <= _MOST_LETTERS:
        return _rendered(text)
    return Markup("<pre>{}</pre>").format(text)


def _kind(content_type: str | None) -> str:
    header = EmailMessage()
    try:
        header["Content-Type"] = content_type or "text/plain"
    except ValueError:  # it has line breaks
        return "text/plain"
    return header.get_content_type()


def _rendered(text: str) -> Markup:
    # Imported when the first is wanted: most servers of tests never show one.
    import nh3
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("image")
    attributes = {
        tag: allowed - {"style", "class", "id"}
        for tag, allowed in nh3.ALLOWED_ATTRIBUTES.items()
        if tag != "*"
    }
    html = nh3.clean(
        markdown.render(text),
        tags=nh3.ALLOWED_TAGS - {"img", "area", "map"},
        attributes=attributes,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noreferrer",
    )
    return Markup(html)  # noqa: S704  # cleaned above
