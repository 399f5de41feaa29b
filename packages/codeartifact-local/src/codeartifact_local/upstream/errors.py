"""What can go wrong with the public index."""


class PublicIndexError(Exception):
    """The public index does not answer as it should; `status` is what a gateway says then."""

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status
