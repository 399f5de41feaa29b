"""A request as it may be shown, in the logs of CI too."""

from __future__ import annotations

import json
from typing import Any

from carrack.model.jobs.command_secrets import masked_command
from carrack.model.jobs.environment import CONFIGURATION
from carrack.model.jobs.job import JSON
from carrack.model.jobs.secrets import BY_NAMES, MASK, Secrecy, masked, plain_secrets

PLAIN, PACKED = CONFIGURATION


def shown(told: JSON, secrecy: Secrecy = BY_NAMES) -> dict[str, Any]:
    """SubmitJob's or RegisterJobDefinition's request exactly, but for secrets in plain text, which are masked.

    One that has such is not sent. The configuration is looked into; compressed it is shown, or masked, as a whole.
    """
    found = dict(told)
    for member in ("containerOverrides", "containerProperties"):
        if container := found.get(member):
            environment = [
                _variable(one["name"], one["value"], secrecy) for one in container.get("environment", ())
            ]
            command = masked_command(container.get("command", ()), secrecy)
            masks = {"environment": environment, "command": command}
            found[member] = {**container, **{key: value for key, value in masks.items() if value}}
    for member in ("parameters", "tags"):
        if values := found.get(member):
            found[member] = masked(values, secrecy)
    return found


def _variable(name: str, value: str, secrecy: Secrecy) -> dict[str, str]:
    try:
        if name == PLAIN and not value.startswith("s3://"):
            document = json.loads(value)
            if any(plain_secrets(document, secrecy)):
                value = json.dumps(masked(document, secrecy), ensure_ascii=False, separators=(",", ":"))
        elif name == PACKED:
            value = MASK if any(plain_secrets(unpacked(value), secrecy)) else value
        else:
            value = masked({name: value}, secrecy)[name]
    except ValueError:  # another tool's, or damaged: nobody knows what is in it
        value = MASK
    return {"name": name, "value": value}


def unpacked(value: str) -> Any:
    """The configuration that the compressed form holds."""
    from batch_params.transport import unzipped

    return json.loads(unzipped(value))
