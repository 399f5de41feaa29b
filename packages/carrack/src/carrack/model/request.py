"""What a domain's owner is asked for: the commands of the AWS CLI that make an index ready, to be pasted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from carrack.model.changes import (
    PUBLIC,
    AddUpstreams,
    Change,
    CloseName,
    Connect,
    CreateDomain,
    CreateRepository,
    PutPolicy,
    Unseen,
)
from carrack.model.index import Index


def request(index: Index, changes: Iterable[Change], unseen: Iterable[Unseen] = ()) -> str:
    """A text for the owner of `index`'s domain, every line that is not a command a comment of the shell."""
    looks, makes = [_look(index, one) for one in unseen], [_make(index, change) for change in changes]
    lines = [
        f"# To whoever administers CodeArtifact domain {index.domain} "
        f"(account {index.owner}, region {index.region}):"
    ]
    if looks:
        lines += ["# These cannot be seen with our credentials. Are they there?", *map(_command, looks)]
    if makes:
        lines += ["# These are missing. Please run:", *map(_command, makes)]
    return "\n".join(lines)


def _command(words: list[str]) -> str:
    return shlex.join(["aws", "codeartifact", *words])


def _look(index: Index, unseen: Unseen) -> list[str]:
    if unseen.repository is None:
        return ["get-domain-permissions-policy" if unseen.part else "describe-domain", *_domain(index)]
    operations = {
        "": "describe-repository",
        "names": "list-packages",
        "policy": "get-repository-permissions-policy",
    }
    return [operations[unseen.part], *_domain(index), "--repository", unseen.repository]


def _make(index: Index, change: Change) -> list[str]:
    match change:
        case CreateDomain(domain=domain):  # which takes no owner: it is the caller's account
            return ["create-domain", "--region", index.region, "--domain", domain]
        case CreateRepository(repository=repository, upstreams=upstreams):
            return ["create-repository", *_domain(index), "--repository", repository, *_upstreams(upstreams)]
        case Connect(repository=repository):
            operation = "associate-external-connection"
            return [
                *(operation, *_domain(index), "--repository", repository),
                *("--external-connection", PUBLIC),
            ]
        case AddUpstreams(repository=repository, added=added, present=present):
            wanted = _upstreams((*present, *added))
            return ["update-repository", *_domain(index), "--repository", repository, *wanted]
        case CloseName(repository=repository, name=name):
            return [
                *("put-package-origin-configuration", *_domain(index), "--repository", repository),
                *("--format", "pypi", "--package", name, "--restrictions", "publish=ALLOW,upstream=BLOCK"),
            ]
        case PutPolicy(repository=place, document=document):
            kind, where = ("repository", ["--repository", place]) if place else ("domain", [])
            operation = f"put-{kind}-permissions-policy"
            return [operation, *_domain(index), *where, "--policy-document", json.dumps(document)]


def _domain(index: Index) -> list[str]:
    return ["--region", index.region, "--domain", index.domain, "--domain-owner", index.owner]


def _upstreams(names: tuple[str, ...]) -> list[str]:
    return ["--upstreams", *(f"repositoryName={name}" for name in names)] if names else []
