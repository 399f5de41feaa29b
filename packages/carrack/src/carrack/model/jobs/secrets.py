"""Values that would be secrets in plain text. Whoever may call DescribeJobs reads a job's parameters and variables.

So they are references, which the job resolves itself with its own role. What is a secret is known by names
(`db_password`) and by forms (`AKIA…`), as `carrack image lint` knows it; the app's model is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from carrack.model.credentials import is_credential_name, is_secret_value, literals

MASK = "**********"
_REFERENCES = ("ssm://", "secretsmanager://", "arn:")

Path = tuple[str | int, ...]


def plain_secrets(value: Any, allowed: Collection[str] = ()) -> Iterator[str]:
    """The keys of a JSON value, as `database.password`, under which there is a secret in plain text.

    Keys that are `allowed`, by their last part, are what they are; their values may still have a secret's form.
    """
    found: list[Path] = []

    def note(path: Path) -> None:
        found.append(path)

    _walk(value, (), False, allowed, note)
    return (".".join(map(str, path)) for path in found)


def masked(value: Any, allowed: Collection[str] = ()) -> Any:
    """The JSON value with a mask in place of every such secret."""
    return _walk(value, (), False, allowed, lambda path: MASK)


def secret_faults(where: str, value: Any, allowed: Collection[str] = ()) -> Iterator[str]:
    """A sentence for each secret in plain text, without the secret."""
    for key in plain_secrets(value, allowed):
        yield (
            f"{where}: {key} looks like a secret, which everybody who may DescribeJobs would read: say a reference "
            "(ssm://NAME, secretsmanager://ID#KEY); if it is none, name the key in the job's `not-secret`"
        )


def _walk(
    value: Any,
    path: Path,
    is_secret: bool,
    allowed: Collection[str],
    meet: Callable[[Path], Any],
) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _walk(
                part,
                (*path, key),
                key not in allowed and (is_secret or is_credential_name(key)),
                allowed,
                meet,
            )
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_walk(part, (*path, number), is_secret, allowed, meet) for number, part in enumerate(value)]
    return meet(path) if isinstance(value, str) and _is_plain(value, is_secret) else value


def _is_plain(text: str, is_secret: bool) -> bool:
    if text.startswith(_REFERENCES):
        return False
    return (is_secret and is_secret_value(text)) or next(literals(text), None) is not None
