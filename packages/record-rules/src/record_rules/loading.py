"""Reading a rules file, with every fault named by its key."""

import difflib
import os
import tomllib
from collections.abc import Iterable
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from record_io import MissingInputError, file_at
from record_rules.errors import RulesError
from record_rules.model import Column, Rules


def load_rules(path: str | os.PathLike[str]) -> Rules:
    """Return the rules in the TOML file at `path`, which may be `s3://bucket/key`.

    Raises RulesError, with all faults at once, if there is no such file, or it is not TOML (1.0), or has an
    unknown key (with the nearest known one), a value of the wrong type, or rules that contradict themselves; what
    S3 refuses, as record-io does.
    """
    try:
        return Rules.model_validate(tomllib.loads(_read(path).decode()))
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror}") from error
    except MissingInputError as error:
        raise RulesError(str(error)) from error
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        raise RulesError("\n".join(f"{path}: {_sentence(fault)}" for fault in faults)) from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise RulesError(f"{path}: not TOML: {error}") from error


def _read(path: str | os.PathLike[str]) -> bytes:
    store, name = file_at(path)
    with store.open(name) as file:
        return file.read()


def _sentence(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    match fault["type"], fault["loc"]:
        case "extra_forbidden", (*parents, key):
            return f"{_address(fault['loc'])}: unknown key{_nearest(str(key), _known(parents))}"
        case "union_tag_invalid", loc:
            known = context["expected_tags"].replace("'", "").split(", ")
            return f"{_address(loc)}.type: unknown type{_nearest(context['tag'], known)}"
        case "union_tag_not_found", loc:
            return f"{_address(loc)}.type: is missing"
        case "too_short", loc:
            return f"{_address(loc)}: must not be empty"
        case "value_error", ():
            return str(context["error"])
        case "value_error", loc:
            return f"{_address(loc)}: {context['error']}"
        case _, loc:
            return f"{_address(loc)}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _address(loc: Iterable[int | str]) -> str:
    """Return the key in the file: pydantic puts the column's type between its name and the key in it."""
    parts = list(loc)
    return ".".join(map(str, parts[:2] + parts[3:]))


def _known(parents: Iterable[int | str]) -> list[str]:
    """Return the keys that a table may have: that of the whole file, or of a column of a type."""
    if not (parts := list(parents)):
        return list(Rules.model_fields)
    columns = {column.model_fields["type"].annotation: column for column in get_args(get_args(Column)[0])}
    return next(list(column.model_fields) for kind, column in columns.items() if parts[2] in get_args(kind))


def _nearest(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
