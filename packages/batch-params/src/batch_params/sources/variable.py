"""`CONFIG_JSON`: the JSON object itself, compressed, or at a pinned address in S3."""

from collections.abc import Mapping

from batch_params.aws.service import Aws
from batch_params.aws.unavailable import UnavailableError
from batch_params.document import Source
from batch_params.problems import ConfigError, Problem
from batch_params.transport import CONFIG_JSON, CONFIG_JSON_GZ, S3Address, TransportError, unzipped


def variable_source(environ: Mapping[str, str], aws: Aws) -> Source | None:
    """Read `CONFIG_JSON` or `CONFIG_JSON_GZ`; None where neither is set.

    Raises ConfigError where both are, where the compressed form is damaged, or where the object in S3 has no
    SHA-256 in its address, has another one, or cannot be read.
    """
    if CONFIG_JSON in environ and CONFIG_JSON_GZ in environ:
        raise _refused(CONFIG_JSON, f"is set, and so is {CONFIG_JSON_GZ}; set one of them")
    if CONFIG_JSON_GZ in environ:
        try:
            return Source(name=CONFIG_JSON_GZ, data=unzipped(environ[CONFIG_JSON_GZ]))
        except TransportError as error:
            raise _refused(CONFIG_JSON_GZ, str(error)) from None
    if CONFIG_JSON not in environ:
        return None
    if environ[CONFIG_JSON].startswith("s3://"):
        return _stored(environ[CONFIG_JSON], aws)
    # A variable that is not UTF-8 arrives with surrogates (PEP 383); decoding the bytes again says where.
    return Source(name=CONFIG_JSON, data=environ[CONFIG_JSON].encode("utf-8", "surrogatepass"))


def _stored(text: str, aws: Aws) -> Source:
    try:
        address = S3Address.parse(text)
        if address.sha256 is None:
            raise _refused(CONFIG_JSON, f"{address} has no #sha256= with the hash of what should be there")
        return Source(name=f"s3://{address.bucket}/{address.key}", data=address.checked(aws.object(address)))
    except TransportError as error:
        raise _refused(CONFIG_JSON, str(error)) from None
    except UnavailableError as error:
        raise ConfigError(
            [Problem(source=CONFIG_JSON, message=f"{text}: {error}", exit_code=error.exit_code)]
        ) from None


def _refused(source: str, message: str) -> ConfigError:
    return ConfigError([Problem(source=source, message=message)])
