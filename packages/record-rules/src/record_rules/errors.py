"""What record-rules raises on purpose."""


class RulesError(Exception):
    """A rules file cannot be used; `str(error)` has one line for each fault, with the file and the key."""
