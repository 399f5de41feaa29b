"""The services that parameters come from: S3, SSM's Parameter Store, Secrets Manager."""

import functools
from collections.abc import Sequence
from typing import Any

from batch_params.aws.asking import Answers, ask
from batch_params.aws.patience import patiently
from batch_params.aws.unavailable import UnavailableError, unavailable
from batch_params.transport import MAX_BYTES, S3Address


class Aws:
    """The services, as boto3's own settings lead there.

    What was read is kept as long as this object. boto3 is imported with the first request.
    """

    def __init__(self) -> None:
        self._parameters: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def object(self, address: S3Address) -> bytes:
        """Read an object. Raises UnavailableError where that fails, or where it is larger than `MAX_BYTES`."""
        client = _client("s3")

        def read() -> bytes:
            found = client.get_object(Bucket=address.bucket, Key=address.key)
            data: bytes = found["Body"].read(MAX_BYTES + 1)
            return data

        if len(data := patiently(read)) > MAX_BYTES:
            raise UnavailableError(f"is larger than {MAX_BYTES // 1024**2} MiB")
        return data

    def parameters(self, names: Sequence[str]) -> Answers:
        """Read parameters of SSM, decrypted: the value of each, or why there is none.

        Raises UnavailableError where boto3 is missing or not set up.
        """
        missing = [name for name in names if name not in self._parameters]
        answers = _parameters(missing) if missing else {}
        return _remembered(self._parameters, answers, names)

    def secrets(self, ids: Sequence[str]) -> Answers:
        """Read texts from Secrets Manager, current versions: each by its id, or why there is none.

        Raises UnavailableError where boto3 is missing or not set up.
        """
        missing = [id_ for id_ in ids if id_ not in self._secrets]
        answers = _secrets(missing) if missing else {}
        return _remembered(self._secrets, answers, ids)


@functools.cache
def process_aws() -> Aws:
    """Give the one `Aws` of this process, so that nothing is read twice."""
    return Aws()


def _parameters(names: Sequence[str]) -> Answers:
    client = _client("ssm")

    def several(some: Sequence[str]) -> dict[str, str]:
        # An answer has the name without the version or label that was asked for: those are asked for one by one.
        plain = [name for name in some if name.count(":") == (5 if name.startswith("arn:") else 0)]
        found = client.get_parameters(Names=plain, WithDecryption=True)["Parameters"] if plain else []
        return {each[name]: each["Value"] for each in found for name in ("Name", "ARN") if name in each}

    def one(name: str) -> str:
        value: str = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return value

    return ask(names, at_once=10, several=several, one=one)  # GetParameters takes ten names at most


def _secrets(ids: Sequence[str]) -> Answers:
    client = _client("secretsmanager")

    def several(some: Sequence[str]) -> dict[str, str]:
        found = client.batch_get_secret_value(SecretIdList=some)["SecretValues"]
        texts = [each for each in found if "SecretString" in each]
        return {each[name]: each["SecretString"] for each in texts for name in ("Name", "ARN")}

    def one(id_: str) -> str:
        found = client.get_secret_value(SecretId=id_)
        if "SecretString" not in found:
            raise UnavailableError("is binary; only texts are read")
        text: str = found["SecretString"]
        return text

    return ask(ids, at_once=20, several=several, one=one)  # BatchGetSecretValue takes twenty ids at most


def _client(service: str) -> Any:
    try:
        import boto3  # here, because most jobs need none of it
        from botocore.config import Config
    except ImportError:
        raise UnavailableError("boto3 is needed to read it: install batch-params[aws]") from None
    once = {"mode": "standard", "total_max_attempts": 1}  # `patiently` repeats
    try:
        return boto3.client(service, config=Config(retries=once, connect_timeout=5, read_timeout=20))
    except Exception as error:
        raise unavailable(error) from None


def _remembered(known: dict[str, str], answers: Answers, names: Sequence[str]) -> Answers:
    known.update((name, answer) for name, answer in answers.items() if isinstance(answer, str))
    return {name: answers[name] if name in answers else known[name] for name in names}
