"""All sources read, the weakest first: prefixed variables, `CONFIG_JSON`, `--param-json`, flags."""

from collections.abc import Callable, Mapping

from batch_params.aws.service import Aws
from batch_params.command_line import Arguments, Flag
from batch_params.document import Document, read_document
from batch_params.problems import ConfigError, Problem
from batch_params.shape import Shape
from batch_params.sources.environment import environment_documents
from batch_params.sources.file import named_source
from batch_params.sources.flags import flag_documents
from batch_params.sources.variable import variable_source

Read = Callable[[], list[Document]]
_NOTHING = (
    "none are given; name a file with --param-json FILE, or set CONFIG_JSON, to {} if the defaults will do; "
    "--help lists the keys"
)


def read_layers(
    arguments: Arguments,
    flags: Mapping[str, Flag],
    environ: Mapping[str, str],
    env_prefix: str | None,
    shape: Shape,
    aws: Aws,
) -> list[Document]:
    """Read every source that is given.

    Raises ConfigError where one cannot be read, with the problems of all, and where none is given: defaults alone do
    not start a job, whose submission may have lost its parameters on the way.
    """

    def environment() -> list[Document]:
        return [] if env_prefix is None else environment_documents(environ, env_prefix, shape)

    def variable() -> list[Document]:
        source = variable_source(environ, aws)
        return [] if source is None else [read_document(source)]

    def file() -> list[Document]:
        return (
            [] if arguments.param_json is None else [read_document(named_source(arguments.param_json, aws))]
        )

    documents = _all(environment, variable, file, lambda: flag_documents(arguments.values, flags, shape))
    if not documents:
        raise ConfigError([Problem(source="parameters", message=_NOTHING)])
    return documents


def _all(*reads: Read) -> list[Document]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for read in reads:
        try:
            documents += read()
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return documents
