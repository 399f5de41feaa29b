"""The stages of a Dockerfile, and which of them a build of one of them makes.

By the Dockerfile reference ("FROM", "COPY --from", "RUN --mount", "Understand how ARG and FROM interact").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from carrack.errors import WorkspaceError
from carrack.model.dockerfile import Instruction, parse
from carrack.model.dockerfile_lines import unquoted

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]{0,1000}))?\}|\{[^}]{0,1000}\})")
_ANYTHING = "\0"
"""Stands for a value that is not known."""
_LONGEST = 1 << 14
"""In characters; a longer value, as one of values of values can be, is not known."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage: its place in the file, its name if it has one, and the places of the stages that it uses."""

    position: int
    name: str
    needs: frozenset[int]

    @property
    def target(self) -> str:
        """What `docker build --target` calls it in a file `with_names`; BuildKit takes no number there."""
        return self.name or _given_name(self.position)


def stages(text: str, arguments: Mapping[str, str] | None = None) -> tuple[Stage, ...]:
    """The stages of a Dockerfile in their order; `arguments` are the build's, and what it knows of platforms.

    A reference with a variable of unknown value counts as one to every stage that it may mean. Raises WorkspaceError
    where there is no FROM.
    """
    made: list[Stage] = []
    values: dict[str, str] = {**(arguments or {})}
    for instruction in parse(text).instructions:
        if instruction.keyword == "FROM":
            made.append(_begun(instruction, made, values))
        elif not made and instruction.keyword == "ARG":
            values = _declared(instruction, values)
        elif made:
            made[-1] = _with_references(made, instruction, values)
    if not made:
        raise WorkspaceError("there is no FROM in it: it is no Dockerfile")
    return tuple(made)


def platform_values(platform: str) -> dict[str, str]:
    """What a build for `platform` (`linux/arm64`, `linux/arm/v7`) has as TARGETPLATFORM and its parts."""
    system, _, rest = platform.partition("/")
    machine, _, variant = rest.partition("/")
    values = {"PLATFORM": platform, "OS": system, "ARCH": machine, "VARIANT": variant}
    return {f"TARGET{name}": value for name, value in values.items()}


def reached(stages: Iterable[Stage], target: str = "") -> tuple[Stage, ...]:
    """The stages that a build of `target`, else of the last one, makes; that one comes last.

    Raises WorkspaceError where there is no such stage.
    """
    known = tuple(stages)
    ends = [stage for stage in known if not target or target.lower() in (stage.name, str(stage.position))]
    if not ends:
        raise WorkspaceError(f"there is no stage {target}: {', '.join(stage.target for stage in known)}")
    wanted = {ends[-1].position}
    for stage in reversed(known):
        if stage.position in wanted:
            wanted |= stage.needs
    return tuple(stage for stage in known if stage.position in wanted)


def with_names(text: str) -> str:
    """The same Dockerfile, in which each stage has a name. What it builds stays the same, as does the build's cache."""
    found = parse(text)
    lines = text.split("\n")
    begun = [instruction for instruction in found.instructions if instruction.keyword == "FROM"]
    for position, instruction in enumerate(begun):
        if len(instruction.arguments.text.split()) == 1:
            last = max(line for _, line in instruction.arguments.starts) - 1
            line = lines[last].rstrip().removesuffix(found.escape)
            lines[last] = f"{line} AS {_given_name(position)}"
    return "\n".join(lines)


def _given_name(position: int) -> str:
    return f"carrack-stage-{position}"


def expanded(text: str, values: Mapping[str, str], unknown: str = _ANYTHING) -> str:
    """`text` with the values of its variables, and `unknown` for those that have none here."""

    def value(found: re.Match[str]) -> str:
        name, operator, word = found[1] or found[2], found[3] or "", found[4] or ""
        known = values.get(name or "")
        if operator.endswith("-"):
            return (
                known if known or (known is not None and operator == "-") else expanded(word, values, unknown)
            )
        if operator.endswith("+"):
            return expanded(word, values, unknown) if known else ""
        return unknown if known is None else known

    made = _VARIABLE.sub(value, text)
    return made if len(made) <= max(_LONGEST, len(text)) else unknown


def _begun(instruction: Instruction, earlier: list[Stage], values: Mapping[str, str]) -> Stage:
    words = instruction.arguments.text.split()
    named = len(words) == 3 and words[1].lower() == "as"
    return Stage(
        position=len(earlier),
        name=words[2].lower() if named else "",
        needs=frozenset(_meant(words[0], earlier, values)) if words else frozenset(),
    )


def _declared(instruction: Instruction, values: Mapping[str, str]) -> dict[str, str]:
    """`values`, with the defaults of an ARG that stands before the first FROM."""
    defaults = dict(values)
    for word in instruction.arguments.text.split():
        name, equals, default = word.partition("=")
        if equals:
            defaults.setdefault(name, expanded(unquoted(default), defaults))
    return defaults


def _with_references(made: list[Stage], instruction: Instruction, values: Mapping[str, str]) -> Stage:
    *earlier, stage = made
    meant = {place for word in _references(instruction) for place in _meant(word, earlier, values)}
    return Stage(position=stage.position, name=stage.name, needs=stage.needs | meant)


def _references(instruction: Instruction) -> Iterator[str]:
    """What `--from=` and the `from=` of a mount name."""
    for flag in instruction.flags:
        option, _, value = flag.partition("=")
        if option == "--from":
            yield value
        elif option == "--mount":
            pairs = (pair.partition("=") for pair in value.split(","))
            yield from (said for key, _, said in pairs if key.strip().lower() == "from")


def _meant(reference: str, earlier: list[Stage], values: Mapping[str, str]) -> Iterator[int]:
    """The stages that a reference means; none where it is an image."""
    parts = expanded(unquoted(reference), values).lower().split(_ANYTHING)
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    for stage in earlier:
        if (stage.name and pattern.fullmatch(stage.name)) or pattern.fullmatch(str(stage.position)):
            yield stage.position
