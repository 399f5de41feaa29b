"""From a model to its instance, or to an exit."""

import os
import sys
from collections.abc import Mapping, Sequence

from batch_params.command_line import parse_arguments
from batch_params.document import read_document
from batch_params.help_text import help_text, program_name
from batch_params.problems import ConfigError
from batch_params.sources import choose
from batch_params.validation import ModelT, validate


def load_config(
    model: type[ModelT], *, argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
) -> ModelT:
    """Give the job's parameters as an instance of `model`, or end the process.

    The JSON object is taken from the file that `--param-json FILE` names (`-`: standard input), else from the
    environment variable `CONFIG_JSON`. `argv` (the arguments after the program's name) and `environ` are the
    process's own by default.

    Raises SystemExit: 0 after `--help`, which prints the sources and the model's keys on stdout; 64 for a
    wrong command line and 78 for missing or wrong parameters, with one line for each problem on stderr.
    """
    arguments = sys.argv[1:] if argv is None else argv
    try:
        if parse_arguments(arguments).help:
            sys.stdout.write(help_text(model, program_name(sys.argv[0])))
            raise SystemExit(0)
        return read_config(model, arguments, os.environ if environ is None else environ)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None


def read_config(model: type[ModelT], argv: Sequence[str], environ: Mapping[str, str]) -> ModelT:
    """Give the parameters as `load_config` does, without printing or exiting; `--help` is not acted on.

    Raises ConfigError with every problem found, and the exit code that fits them.
    """
    source = choose(parse_arguments(argv).param_json, environ)
    return validate(model, read_document(source))
