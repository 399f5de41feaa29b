"""Pull requests through GitHub's REST API (docs: "REST API endpoints for pull requests", and "for issue comments")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from carrack.adapters.session import new_session
from carrack.errors import IndexAccessError, UsageError

_TIMEOUT = (10, 60)
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """Implements `ports.PullRequests` for one repository. The token goes into one header, and nowhere else."""

    api: str
    repository: str
    token: str = field(repr=False)

    def open_or_update(self, branch: str, base: str, title: str, body: str) -> str:
        """See `ports.PullRequests`."""
        owner = self.repository.partition("/")[0]
        query = {"head": f"{owner}:{branch}", "base": base, "state": "open"}
        found = self._ask("GET", "pulls", params=query)
        words = {"title": title, "body": body}
        if not found:
            return str(self._ask("POST", "pulls", json={**words, "head": branch, "base": base})["html_url"])
        present = found[0]
        if {key: present.get(key) for key in words} != words:
            self._ask("PATCH", f"pulls/{present['number']}", json=words)
        return str(present["html_url"])

    def comment(self, number: int, marker: str, body: str) -> str:
        """See `ports.PullRequests`."""
        text = f"<!-- {marker} -->\n{body}"
        for page in range(1, _PAGES + 1):
            comments = self._ask(
                "GET", f"issues/{number}/comments", params={"per_page": "100", "page": str(page)}
            )
            mine = next((one for one in comments if one["body"].startswith(f"<!-- {marker} -->")), None)
            if mine:
                return str(
                    self._ask("PATCH", f"issues/comments/{mine['id']}", json={"body": text})["html_url"]
                )
            if len(comments) < 100:
                break
        return str(self._ask("POST", f"issues/{number}/comments", json={"body": text})["html_url"])

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        address = f"{self.api}/repos/{self.repository}/{path}"
        try:
            answer = new_session().request(
                method, address, headers=_HEADERS, auth=self._signed, timeout=_TIMEOUT, **arguments
            )
        except requests.RequestException as error:
            raise IndexAccessError(
                f"GitHub's API cannot be reached ({type(error).__name__})", address=address
            ) from None
        if not answer.ok:
            raise IndexAccessError(
                f"GitHub's API answers {answer.status_code}: {_said(answer)}",
                address=address,
                hint="the job wants permissions: contents: write, pull-requests: write; and the repository's settings "
                "must let Actions create pull requests",
            )
        return answer.json()

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As `auth`, because requests puts a netrc file's login in place of a header of ours."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _said(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("message", answer.reason))
    except (ValueError, AttributeError):
        return answer.reason


def github(environ: Mapping[str, str]) -> GitHub:
    """The repository that this job of GitHub Actions is about, by the variables that Actions sets.

    Raises UsageError where they are not set.
    """
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    repository = environ.get("GITHUB_REPOSITORY")
    api = environ.get("GITHUB_API_URL")
    if not (token and repository and api):
        known = {"GITHUB_TOKEN": token, "GITHUB_REPOSITORY": repository, "GITHUB_API_URL": api}
        missing = [name for name, value in known.items() if not value]
        raise UsageError(
            f"{' and '.join(missing)} must be set for GitHub's API",
            hint="in a workflow: env: GITHUB_TOKEN: ${{ github.token }}",
        )
    return GitHub(api=api.rstrip("/"), repository=repository, token=token)
