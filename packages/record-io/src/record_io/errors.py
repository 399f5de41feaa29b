"""What record-io raises on purpose; `str(error)` is one sentence for a person, with the file's address."""


class RecordIOError(Exception):
    """Root of every error below."""


class MissingInputError(RecordIOError):
    """There is no such file, folder or bucket, or a folder holds no file of records."""


class UnreadableInputError(RecordIOError):
    """A file cannot be read on: a damaged gzip stream, no usable header, a record without an end."""


class OutputRefusedError(RecordIOError):
    """The output folder cannot be used; nothing in it was changed."""


class AccessDeniedError(RecordIOError):
    """S3 did not let us: the credentials, or what they are allowed."""


class UnavailableError(RecordIOError):
    """S3 did not answer as it should, also not when asked again: it may later."""
