"""IAM policy documents: statements, and whether two documents say the same."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
"""A policy as JSON has it."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that is allowed. `principals` are of a resource's policy; an identity's policy has none."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] = ("*",)
    principals: Mapping[str, Sequence[str]] | None = None
    condition: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        """The statement as IAM reads it (IAM User Guide, "IAM JSON policy elements reference")."""
        found: dict[str, Any] = {"Sid": self.sid, "Effect": "Allow"}
        if self.principals is not None:
            found["Principal"] = {kind: list(names) for kind, names in self.principals.items()}
        found |= {"Action": sorted(self.actions), "Resource": sorted(self.resources)}
        return found | ({"Condition": self.condition} if self.condition else {})


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": [statement.json for statement in statements]}


def trust(statement: Statement) -> dict[str, Any]:
    """A role's trust policy; its resource is the role itself, and not said."""
    told = {key: value for key, value in statement.json.items() if key != "Resource"}
    return {"Version": "2012-10-17", "Statement": [told]}


def size(policy: Document) -> int:
    """Its characters as IAM counts them: without white space."""
    return len(json.dumps(policy, separators=(",", ":")))


def normal(policy: Document) -> list[str]:
    """What a policy says, a line for each key of each statement; the order of statements and lists says nothing."""
    statements = policy.get("Statement", [])
    found = []
    for statement in statements if isinstance(statements, list) else [statements]:
        told = {key: _sorted(value) for key, value in statement.items() if key != "Sid"}
        found.append(json.dumps(told, indent=2, sort_keys=True))
    return "\n".join(sorted(found)).splitlines()


def difference(present: Document, wanted: Document) -> tuple[str, ...]:
    """The lines of a unified diff between what two policies say; none where that is the same."""
    return tuple(difflib.unified_diff(normal(present), normal(wanted), "present", "wanted", lineterm=""))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(one) for key, one in value.items()}
    return sorted(value) if isinstance(value, list) else [value] if isinstance(value, str) else value
