"""Values that would be secrets in plain text. Whoever may call DescribeJobs reads a job's parameters and variables.

So they are references, which the job resolves itself with its own role. What is a secret is known by names
(`db_password`) and by forms (`AKIA…`), as `carrack image lint` knows it and beyond that in addresses of databases, and
by the app's model where it can be had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from carrack.model.credentials import has_password, is_credential_name, is_secret_value, literals

MASK = "**********"
_HOLDERS = ("anyOf", "oneOf", "allOf", "items", "prefixItems", "additionalProperties")
_REFERENCES = ("ssm://", "secretsmanager://", "arn:", "Ref::")

Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Secrecy:
    """Keys that hold secrets whatever they are called, and those that hold none though they look so."""

    known: Collection[str] = ()
    never: Collection[str] = ()


BY_NAMES = Secrecy()


def secret_keys(schema: Any) -> frozenset[str]:
    """The keys that a JSON Schema marks as secret, at any depth: `writeOnly`, or `format: password` as pydantic does.

    By their last part: a key that is secret in one place is taken for it in every place.
    """
    return _keys(schema, schema)


def _keys(schema: Any, root: Any) -> frozenset[str]:
    if isinstance(schema, list):
        return frozenset().union(*(_keys(part, root) for part in schema))
    if not isinstance(schema, Mapping):
        return frozenset()
    properties = schema.get("properties", {})
    own = properties.items() if isinstance(properties, Mapping) else ()
    found = frozenset(key for key, part in own if _is_marked(part, root))
    return found.union(*(_keys(part, root) for part in schema.values()))


def _is_marked(schema: Any, root: Any) -> bool:
    """Whether a property is marked, or what it may be or holds: alternatives, items, the values of a dict.

    Not the properties of an object: those have names of their own.
    """
    left, followed = [schema], set()
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, Mapping):
            if part.get("writeOnly") is True or part.get("format") == "password":
                return True
            left += [part[key] for key in _HOLDERS if key in part]
            patterns = part.get("patternProperties")
            left += patterns.values() if isinstance(patterns, Mapping) else ()
            reference = part.get("$ref")
            if isinstance(reference, str) and reference not in followed:  # once: models refer to themselves
                followed.add(reference)
                left.append(_referred(reference, root))
    return False


def _referred(reference: str, root: Any) -> Any:
    """What `#/$defs/Login` leads to (RFC 6901), None if to nothing in this schema."""
    start, *steps = reference.split("/")
    found = root if start == "#" else None
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def plain_secrets(value: Any, secrecy: Secrecy = BY_NAMES) -> Iterator[str]:
    """The keys of a JSON value, as `database.password`, under which there is a secret in plain text.

    The value of a key that holds none may still have a secret's form.
    """
    found: list[Path] = []

    def note(path: Path) -> None:
        found.append(path)

    _walk(value, (), False, secrecy, note)
    return (".".join(map(str, path)) for path in found)


def masked(value: Any, secrecy: Secrecy = BY_NAMES) -> Any:
    """The JSON value with a mask in place of every such secret."""
    return _walk(value, (), False, secrecy, lambda path: MASK)


def secret_faults(where: str, value: Any, secrecy: Secrecy = BY_NAMES) -> Iterator[str]:
    """A sentence for each secret in plain text, without the secret."""
    return (secret_fault(where, key) for key in plain_secrets(value, secrecy))


def secret_fault(where: str, key: str) -> str:
    """The sentence for the secret in plain text under a key."""
    return (
        f"{where}: {key} looks like a secret, which everybody who may DescribeJobs would read: say a reference "
        "(ssm://NAME, secretsmanager://ID#KEY); if it is none, name the key in the job's `not-secret`"
    )


def _walk(
    value: Any, path: Path, is_secret: bool | None, secrecy: Secrecy, meet: Callable[[Path], Any]
) -> Any:
    """Rebuild a value; `is_secret` says of what is below a key whether it is one, None that it only may be."""
    if isinstance(value, Mapping):
        return {
            key: _walk(part, (*path, key), _below(key, is_secret, secrecy), secrecy, meet)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_walk(part, (*path, number), is_secret, secrecy, meet) for number, part in enumerate(value)]
    return meet(path) if _is_plain(value, is_secret) else value


def _below(key: str, is_secret: bool | None, secrecy: Secrecy) -> bool | None:
    if is_secret or _is_among(secrecy.known, key):
        return True
    if _is_among(secrecy.never, key):
        return False
    return None if is_secret is None or is_credential_name(key) else False


def _is_among(names: Collection[str], key: str) -> bool:
    """Whether a key, or the last part of `storage.api-pin`, is one of these: a flag has `-` where its key has `_`."""
    spelt = key.replace("-", "_")
    return not {spelt, spelt.rpartition(".")[2]}.isdisjoint(name.replace("-", "_") for name in names)


def _is_plain(scalar: Any, is_secret: bool | None) -> bool:
    if not isinstance(scalar, str):  # a PIN; by its name alone, a number or a switch is none
        return is_secret is True and scalar is not None
    if scalar.startswith(_REFERENCES):
        return False
    if is_secret is True and scalar != "":
        return True
    return (is_secret is None and is_secret_value(scalar)) or any(literals(scalar)) or has_password(scalar)
