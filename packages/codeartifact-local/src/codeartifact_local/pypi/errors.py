"""Answers of the PyPI endpoint that are not a success."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response


class PypiError(Exception):
    """One plain sentence for people, and the HTTP status for their tools."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers

    def answer(self) -> Response:
        """Return the response that says it."""
        return PlainTextResponse(f"{self}\n", self.status, self.headers)
