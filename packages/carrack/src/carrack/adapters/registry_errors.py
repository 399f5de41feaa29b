"""What a registry refuses, in one sentence each."""

from __future__ import annotations

import requests

from carrack.errors import CarrackError, DeniedError, IndexAccessError, NotReadyError, PublishedDiffersError
from carrack.model.registry import Repository


def refusal(repository: Repository, answer: requests.Response, tag: str) -> CarrackError:
    """An answer that is none of the good ones, as a sentence with the next command."""
    code, said = first_error(answer)
    if code == "NAME_UNKNOWN":
        return missing(repository)
    if "immutable" in said:
        return immutable(repository, tag)
    if answer.status_code == 401:
        return IndexAccessError(
            f"the registry refused the login: {said}",
            address=str(repository),
            hint="see that the repository's account and region are right; then run the same command again",
        )
    if answer.status_code == 403:
        return DeniedError(
            f"these credentials may not do that: {said}",
            address=str(repository),
            hint="they need ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
        )
    return IndexAccessError(
        f"the registry answers {answer.status_code}: {said}",
        address=str(repository),
        hint="run the same command again",
    )


def first_error(answer: requests.Response) -> tuple[str, str]:
    """Code and words of a registry's refusal; of anything else its reason."""
    try:
        error = answer.json()["errors"][0]
        return str(error["code"]), str(error.get("message") or error["code"]).strip()
    except (ValueError, LookupError, TypeError):
        return "", str(answer.reason)


def missing(repository: Repository) -> NotReadyError:
    """What is said where there is no such repository."""
    return NotReadyError(
        f"account {repository.account} has no such repository in region {repository.region}",
        address=str(repository),
        untouched="everything; nothing was pushed",
        hint=f"with credentials of that account: aws ecr create-repository --region {repository.region} "
        f"--repository-name {repository.name} --image-tag-mutability IMMUTABLE",
    )


def immutable(repository: Repository, tag: str) -> PublishedDiffersError:
    """What is said where a tag is another image's for ever."""
    return PublishedDiffersError(
        f"the tag {tag} is another image's, and this repository's tags cannot be moved",
        address=str(repository),
        untouched=f"what the tag {tag} means",
        hint="say another --tag, or none: then the image's own id is its tag",
    )
