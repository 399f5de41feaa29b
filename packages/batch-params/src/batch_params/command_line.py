"""The flags of a job's command line: the model's own, and those that every job has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from batch_params.exit_codes import EX_USAGE
from batch_params.problems import ConfigError, Problem
from batch_params.suggestion import nearest

PARAM_JSON = ("--param-json", "--param_json")
_NEEDS_A_FILE = "--param-json needs one file, an s3:// or ssm:// address, or - for standard input"
_MORE = "--help lists the flags and the keys"
_NO_PARAMETER = "the job was submitted without a parameter to put in place of this reference"


class Action(Enum):
    """What is printed instead of the job's parameters being loaded; by the flag that asks for it."""

    HELP = "--help"
    SCHEMA = "--schema"
    EXPLAIN = "--explain"


NO_RESOLVE = "--no-resolve"
OWN_FLAGS = frozenset({*PARAM_JSON, NO_RESOLVE, *(action.value for action in Action)})
"""The flags that every job has: no key has a flag of such a name."""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag that gives a key. A switch needs no value, and takes none where its meaning is `false`."""

    path: tuple[str, ...]
    is_switch: bool = False
    is_list: bool = False
    meaning: str = "true"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What the command line asks for; `param_json` is None where the flag is not given.

    `values` are the texts given for keys, by flag, in the order of the command line. `problems` is everything that is
    not a known flag written in full, or not given as often as it may be.
    """

    param_json: str | None = None
    action: Action | None = None
    resolves: bool = True
    values: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()

    def checked(self) -> "Arguments":
        """Give them back. Raises ConfigError, exit code 64, with the problems."""
        if self.problems:
            raise ConfigError(self.problems)
        return self


def parse_arguments(argv: Sequence[str], flags: Mapping[str, Flag]) -> Arguments:
    """Read the arguments that follow the program's name: `--flag=value`, `--flag value`, and switches.

    Help goes before other actions. Neither a flag's value nor a stray argument is repeated in a problem: it may be a
    secret.
    """
    reader = _Reader(argv, flags)
    reader.read()
    given = reader.given
    problems = [*reader.problems, *_repeated(given, flags)]
    return Arguments(
        param_json=next((given[name][0] for name in PARAM_JSON if name in given), None),
        action=next((action for action in Action if action.value in given), None),
        resolves=NO_RESOLVE not in given,
        values={name: texts for name, texts in given.items() if name in flags},
        problems=tuple(map(_refused, dict.fromkeys(problems))),
    )


class _Reader:
    def __init__(self, argv: Sequence[str], flags: Mapping[str, Flag]) -> None:
        self._left = [*reversed(argv)]
        self._flags = flags
        self.given: dict[str, list[str]] = {}
        self.problems: list[str] = []

    def read(self) -> None:
        strays = 0
        while self._left:
            argument = self._left.pop()
            name, equals, value = argument.partition("=")
            if argument == "-h":
                self._give(Action.HELP.value, "")
            elif name in OWN_FLAGS or name in self._flags:
                self._known(name, value if equals else None)
            elif name.startswith("--") and name != "--":
                self.problems.append(self._unknown(name))
            else:
                strays += 1
        if strays and not self.problems:
            self.problems.append(f"an argument that belongs to no flag; {_MORE}")

    def _known(self, name: str, value: str | None) -> None:
        flag = self._flags.get(name)
        if name in PARAM_JSON:
            value = self._next() if value is None else value
            self._give(name, value) if value else self.problems.append(_NEEDS_A_FILE)
        elif flag is None:
            self._give(name, "") if value is None else self.problems.append(f"{name} takes no value")
        else:
            self._key(name, flag, value)

    def _key(self, name: str, flag: Flag, value: str | None) -> None:
        if flag.is_switch and flag.meaning == "false":
            if value is not None:
                self.problems.append(f"{name} takes no value")
            value = "false"
        elif flag.is_switch and value is None:
            # A job definition can write a value only as an argument of its own: `--debug Ref::debug`.
            is_value = self._left and self._left[-1].startswith(("true", "false", "Ref::"))
            value = self._left.pop() if is_value else "true"
        value = self._next() if value is None else value
        if value is None:
            self.problems.append(f"{name} needs a value; {name}=VALUE if it begins like a flag")
        elif value.startswith("Ref::"):
            self.problems.append(f"{name}: {_NO_PARAMETER}")
        else:
            self._give(name, value)

    def _next(self) -> str | None:
        """Take the next argument, unless it is a flag itself."""
        if not self._left or self._left[-1].partition("=")[0] in OWN_FLAGS | self._flags.keys():
            return None
        return self._left.pop()

    def _give(self, name: str, value: str) -> None:
        self.given.setdefault(name, []).append(value)

    def _unknown(self, name: str) -> str:
        match = nearest(name, [*sorted(OWN_FLAGS - {PARAM_JSON[1]}), *self._flags])
        return f"unknown flag {name}; did you mean {match}?" if match else f"unknown flag {name}; {_MORE}"


def _repeated(given: Mapping[str, Sequence[str]], flags: Mapping[str, Flag]) -> Iterator[str]:
    if sum(len(given.get(name, ())) for name in PARAM_JSON) > 1:
        yield _NEEDS_A_FILE
    by_path: dict[tuple[str, ...], list[str]] = {}
    for name in given.keys() & flags.keys():
        by_path.setdefault(flags[name].path, []).extend([name] * len(given[name]))
    for path, names in by_path.items():
        if len(names) > 1 and not flags[names[0]].is_list:
            yield f"{' and '.join(sorted({*names}))}: given {len(names)} times; give it once"
        for other, others in by_path.items():
            if len(other) < len(path) and path[: len(other)] == other:
                yield f"{names[0]}: is a part of what {others[0]} gives already"


def _refused(message: str) -> Problem:
    return Problem(source="command line", message=message, exit_code=EX_USAGE)
