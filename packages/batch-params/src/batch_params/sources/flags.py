"""The flags of a model's keys, and what was given with them."""

from collections.abc import Iterator, Mapping, Sequence

from batch_params.command_line import OWN_FLAGS, Flag
from batch_params.document import Document
from batch_params.exit_codes import EX_USAGE
from batch_params.keys import flag, named_paths
from batch_params.problems import ConfigError, Problem
from batch_params.references import reference
from batch_params.shape import Shape, parts
from batch_params.sources.text import nested, read_text, read_value
from batch_params.strict_json import JsonValue

_NOT_HERE = (
    "is a secret, and everybody on the machine can read a command line: give a reference to it (ssm://… or "
    "secretsmanager://…#key), or use another source"
)


def flags_of(shape: Shape) -> dict[str, Flag]:
    """Give the flags of all keys that can have one.

    A key whose flag every job has for itself (`help`) has none, and of two keys that spell the same the first.
    A boolean has a second one, `--no-debug` or `--storage.no-cache`, where no other key has it.
    """
    flags: dict[str, Flag] = {}
    negative: dict[str, Flag] = {}
    for path in named_paths(shape):
        kinds = shape.kinds(path)
        is_switch = "boolean" in kinds and kinds <= {"boolean", "null"}
        flags.setdefault(flag(path), Flag(path=path, is_switch=is_switch, is_list="array" in kinds))
        if is_switch:
            opposite = flag((*path[:-1], f"no-{path[-1]}"))
            negative.setdefault(opposite, Flag(path=path, is_switch=True, meaning="false"))
    return {name: each for name, each in (negative | flags).items() if name not in OWN_FLAGS}


def flag_documents(
    values: Mapping[str, Sequence[str]], flags: Mapping[str, Flag], shape: Shape
) -> list[Document]:
    """Read what was given with flags. A list takes one JSON array, or its items one by one.

    Raises ConfigError for secrets that are given as they are.
    """
    documents = [_document(name, flags[name], texts, shape) for name, texts in values.items()]
    problems = [problem for document in documents for problem in _secrets(document, shape)]
    if problems:
        raise ConfigError(problems)
    return documents


def _document(name: str, flag: Flag, texts: Sequence[str], shape: Shape) -> Document:
    if not flag.is_list or (len(texts) == 1 and not _is_item(texts[0], flag, shape)):
        return read_text(name, flag.path, texts[0], shape)
    items = [read_value(name, (*flag.path, index), text, shape) for index, text in enumerate(texts)]
    return Document(
        source=name,
        value=nested(flag.path, [item.value for item in items]),
        rounded=frozenset(path for item in items for path in item.rounded),
        problems=tuple(problem for item in items for problem in item.problems),
        is_text=True,
    )


def _is_item(text: str, flag: Flag, shape: Shape) -> bool:
    """Tell a list's only item from the whole list, which is a JSON array; where a string may stand, it is that."""
    return not text.lstrip().startswith("[") and shape.kinds(flag.path) <= {"array"}


def _secrets(document: Document, shape: Shape) -> Iterator[Problem]:
    for path, part in shape.secret_parts(document.value):
        if shape.is_secret(path) and not _is_reference(part):
            yield Problem(
                source=document.source, key=shape.public(path), message=_NOT_HERE, exit_code=EX_USAGE
            )


def _is_reference(value: JsonValue) -> bool:
    if isinstance(value, str):
        return reference(value) is not None
    return value is None or (
        isinstance(value, list | dict) and all(_is_reference(part) for _, part in parts(value))
    )
