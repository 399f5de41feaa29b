"""References to secrets: `ssm://name` and `secretsmanager://id#key` in place of the secret itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from batch_params.problems import KeyPath
from batch_params.shape import Shape, parts
from batch_params.strict_json import JsonValue

SSM = "ssm://"
SECRETS_MANAGER = "secretsmanager://"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where a secret is kept; `key` picks one value of a secret that is a JSON object.

    `text` is what was written; the same secret may be written in two ways.
    """

    store: Literal["ssm", "secretsmanager"]
    name: str
    key: str | None = None
    text: str = field(compare=False)

    def __str__(self) -> str:
        """Give the text that was written."""
        return self.text


def reference(text: str) -> Reference | None:
    """Read a reference; None for a text that is something else, such as a secret.

    SSM's hierarchies begin with a slash, which may be left out: `ssm://prod/token` is `/prod/token`.
    """
    if text.startswith(SSM):
        name = text.removeprefix(SSM)
        is_path = "/" in name and not name.startswith(("/", "arn:"))
        return Reference(store="ssm", name=f"/{name}" if is_path else name, text=text)
    if text.startswith(SECRETS_MANAGER):
        name, hash_sign, key = text.removeprefix(SECRETS_MANAGER).partition("#")
        return Reference(store="secretsmanager", name=name, key=key if hash_sign else None, text=text)
    return None


def references(value: JsonValue, shape: Shape) -> Iterator[tuple[KeyPath, Reference]]:
    """Find the references that stand where the model has secrets, and nowhere else."""
    for path, part in shape.secret_parts(value):
        if shape.is_secret(path):
            yield from _inside(path, part)


def _inside(path: KeyPath, value: JsonValue) -> Iterator[tuple[KeyPath, Reference]]:
    if isinstance(value, str) and (found := reference(value)):
        yield path, found
    for step, part in parts(value):
        yield from _inside((*path, step), part)
