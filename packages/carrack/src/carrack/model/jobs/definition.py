"""A job definition: what RegisterJobDefinition is sent, and whether a revision of it is there already."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from carrack.model.jobs.job import JSON
from carrack.model.jobs.resources import requirements
from carrack.model.jobs.retry_rules import rules
from carrack.model.jobs.settings import JobSettings

CONTENT = "carrack:content"
"""The tag with the hash of a definition's content."""

_PINNED = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_SENT = (
    *(
        "jobDefinitionName",
        "type",
        "parameters",
        "schedulingPriority",
        "containerProperties",
        "nodeProperties",
    ),
    *("retryStrategy", "propagateTags", "timeout", "tags", "platformCapabilities", "eksProperties"),
    *("ecsProperties", "consumableResourceProperties"),
)
"""What RegisterJobDefinition takes of what DescribeJobDefinitions gives."""
_FILLED_IN = {
    "schedulingPriority": 0,
    "platformVersion": "LATEST",
    "cpuArchitecture": "X86_64",
    "operatingSystemFamily": "LINUX",
}
"""Defaults of RegisterJobDefinition's members: said or not, they mean the same."""
_ORDERED = ("command", "evaluateOnExit")
_NAMED_BY_USERS = ("parameters", "options")


def is_pinned(image: str) -> bool:
    """Whether `image` is `repository@sha256:…`, which never means another image."""
    return bool(_PINNED.fullmatch(image))


def render(settings: JobSettings, image: str, command: Sequence[str]) -> JSON:
    """RegisterJobDefinition's request for an app with these settings, in its image, with the tag of its content.

    What starts in the container is process 1 of `docker-init`, which passes SIGTERM on and reaps what is left.
    """
    definition: dict[str, Any] = {
        "jobDefinitionName": settings.definition,
        "type": "container",
        "platformCapabilities": [settings.platform.upper()],
        "parameters": dict(settings.parameters),
        "containerProperties": _container(settings, image, command),
        "retryStrategy": {
            "attempts": settings.attempts,
            "evaluateOnExit": rules(settings.retry, settings.platform),
        },
        "tags": dict(settings.tags),
    }
    if settings.timeout is not None:
        definition["timeout"] = {"attemptDurationSeconds": settings.timeout}
    return {**definition, "tags": {**settings.tags, CONTENT: content_hash(definition)}}


def _container(settings: JobSettings, image: str, command: Sequence[str]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "image": image,
        "command": list(command),
        "environment": pairs(settings.environment),
        "secrets": pairs(settings.secrets, value="valueFrom"),
        "resourceRequirements": requirements(settings.vcpus, settings.memory, settings.gpus),
        "linuxParameters": {"initProcessEnabled": True},
        "readonlyRootFilesystem": settings.read_only_root,
    }
    if settings.job_role:
        container["jobRoleArn"] = settings.job_role
    if settings.execution_role:
        container["executionRoleArn"] = settings.execution_role
    if settings.log_group:
        options = {"awslogs-group": settings.log_group}
        container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    if settings.platform == "fargate":
        container["networkConfiguration"] = {
            "assignPublicIp": "ENABLED" if settings.public_ip else "DISABLED"
        }
    return container


def pairs(values: Mapping[str, str], *, value: str = "value") -> list[dict[str, str]]:
    """The API's form of names with values, by name."""
    return [{"name": name, value: values[name]} for name in sorted(values)]


def content_hash(definition: JSON) -> str:
    """The sha256 of a definition's canonical JSON, without the tag that holds it: the same content, the same hash."""
    tags = {key: value for key, value in definition.get("tags", {}).items() if key != CONTENT}
    canonical = json.dumps({**definition, "tags": tags}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_same(wanted: JSON, there: JSON) -> bool:
    """Whether the revision that is there is what is wanted: by its tag, by all that is wanted, and nothing beside.

    The console copies tags into a revision that somebody edits, so the tag alone proves nothing. What the service adds
    of its own is no difference. Nor are further tags: they change no job, and are put there without a new revision.
    """
    tags = there.get("tags", {})
    has_tags = all(tags.get(key) == value for key, value in wanted["tags"].items())
    return has_tags and _content(wanted) == _content(there)


def _content(definition: JSON) -> Any:
    return _plain({key: value for key, value in registrable(definition).items() if key != "tags"})


def _plain(told: Any, key: str = "") -> Any:
    """A value in one form, whichever way it is told.

    The service adds empty lists and defaults, drops variables without a value, writes actions in lower case, and keeps
    no order where none is meant.
    """
    if isinstance(told, Mapping) and key not in _NAMED_BY_USERS:
        parts = {name: _plain(value, name) for name, value in told.items()}
        return {name: part for name, part in parts.items() if not _says_nothing(name, part)}
    if isinstance(told, list):
        items = [_plain(one) for one in told]
        if key == "environment":
            items = [one for one in items if "value" in one]
        return items if key in _ORDERED else sorted(items, key=partial(json.dumps, sort_keys=True))
    return told.upper() if key == "action" else told


def _says_nothing(name: str, value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}) or value == _FILLED_IN.get(name)


def registrable(there: JSON) -> JSON:
    """What registers the content of a revision once more."""
    return {key: there[key] for key in _SENT if there.get(key) is not None}


def name_of(there: JSON) -> str:
    """`name:revision` of a revision that DescribeJobDefinitions gives."""
    return f"{there['jobDefinitionName']}:{there['revision']}"


def newest_first(there: Iterable[JSON]) -> list[JSON]:
    """Revisions in the order of their numbers."""
    return sorted(there, key=lambda one: int(one["revision"]), reverse=True)
