"""From a model to its instance, or to an exit."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from batch_params.aws.service import process_aws
from batch_params.command_line import Action, Arguments, Flag, parse_arguments
from batch_params.defaults import resolve_defaults
from batch_params.exported import exported
from batch_params.help_text import help_text, program_name
from batch_params.merge import Merged, merge
from batch_params.problems import ConfigError
from batch_params.provenance import explained
from batch_params.references import references
from batch_params.resolving import resolve
from batch_params.shape import Shape
from batch_params.sources.flags import flags_of
from batch_params.sources.layers import read_layers
from batch_params.validation import ModelT, foresee, validate


def load_config(
    model: type[ModelT],
    *,
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    env_prefix: str | None = None,
) -> ModelT:
    """Give the job's parameters as an instance of `model`, or end the process.

    Each key is taken from the first source that gives it: its flag, what `--param-json` names, `CONFIG_JSON`, its
    variable with `env_prefix` where there is one (`APP_`), the model's default. Objects are merged key by key. `argv`
    (the arguments after the program's name) and `environ` are the process's own by default.

    Raises SystemExit: 0 after `--help`, `--schema` and an `--explain` without problems, which print on stdout; else
    `ConfigError.exit_code`, with one line for each problem on stderr. Raises ValueError for an impossible prefix, and
    TypeError for a model of pydantic-settings.
    """
    loading = _loading(model, os.environ if environ is None else environ, env_prefix)
    try:
        arguments = loading.arguments(sys.argv[1:] if argv is None else argv)
        if arguments.action is not Action.HELP:  # who asks for help gets it, whatever else is wrong
            arguments.checked()
        if arguments.action is not None:
            _print(loading, arguments, arguments.action)
            raise SystemExit(0)
        return loading.instance(arguments)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None


def read_config(
    model: type[ModelT],
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    env_prefix: str | None = None,
) -> ModelT:
    """Give the parameters as `load_config` does, without printing or exiting; `--help` and its like are not acted on.

    AWS is asked for what references lead to, with the settings of this process. Raises ConfigError with every problem
    found, and the exit code that fits them; ValueError for an impossible prefix, and TypeError for a model of
    pydantic-settings.
    """
    loading = _loading(model, environ, env_prefix)
    return loading.instance(loading.arguments(argv).checked())


def _loading(model: type[ModelT], environ: Mapping[str, str], env_prefix: str | None) -> "_Loading[ModelT]":
    if any(base.__module__.startswith("pydantic_settings.") for base in model.__mro__):
        raise TypeError(
            f"{model.__name__} reads sources of its own, unseen by --explain: derive it from BaseModel"
        )
    return _Loading(model, Shape.of(model), environ, env_prefix)


@dataclass(frozen=True)
class _Loading(Generic[ModelT]):
    model: type[ModelT]
    shape: Shape
    environ: Mapping[str, str]
    env_prefix: str | None

    @cached_property
    def flags(self) -> Mapping[str, Flag]:
        return flags_of(self.shape)

    def arguments(self, argv: Sequence[str]) -> Arguments:
        return parse_arguments(argv, self.flags)

    def merged(self, arguments: Arguments) -> Merged:
        layers = read_layers(arguments, self.flags, self.environ, self.env_prefix, self.shape, process_aws())
        return merge(layers, self.shape)

    def instance(self, arguments: Arguments) -> ModelT:
        merged = self.merged(arguments)
        if not arguments.resolves:
            return validate(self.model, merged, self.shape)
        if found := [*references(merged.value, self.shape)]:
            if problems := foresee(self.model, merged, self.shape, [path for path, _ in found]):
                raise ConfigError(problems)
            merged = resolve(merged, found, self.shape, process_aws())
        return resolve_defaults(validate(self.model, merged, self.shape), process_aws())


def _print(loading: _Loading[ModelT], arguments: Arguments, action: Action) -> None:
    match action:
        case Action.HELP:
            program = program_name(sys.argv[0])
            sys.stdout.write(help_text(loading.model, loading.shape, program, loading.env_prefix))
        case Action.SCHEMA:
            sys.stdout.write(exported(loading.shape, loading.env_prefix))
        case Action.EXPLAIN:
            _explain(loading, arguments)


def _explain(loading: _Loading[ModelT], arguments: Arguments) -> None:
    merged = loading.merged(arguments)
    sys.stdout.write(explained(merged, loading.shape))
    found = [path for path, _ in references(merged.value, loading.shape)]
    if problems := foresee(loading.model, merged, loading.shape, found):
        raise ConfigError(problems)
