"""Uploads what twine reads of a file, in the form that twine sends, over connections that are kept.

Twine's own `Repository.upload` draws a bar a file, makes a connection a file, sends a 5xx again at once and hands a 4xx
back as if nothing had happened. Here stdout stays clean, every answer has a meaning, and there is one retry policy.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from requests_toolbelt import MultipartEncoder
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.repository import Repository
from twine.utils import make_requests_session

from carrack.adapters.distribution_check import check_distribution
from carrack.adapters.gate import CodeArtifactGate
from carrack.adapters.pace import Pace
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import reason
from carrack.adapters.retry import RETRIED, delays
from carrack.adapters.session import CONNECTIONS, NoCertificatesError, open_session
from carrack.adapters.trust import is_untrusted
from carrack.adapters.turns import Turns
from carrack.errors import BuildError, IndexAccessError, PublishedDiffersError, StoppedError
from carrack.model.access import USERNAME, Access, Token
from carrack.model.artifact import Artifact
from carrack.model.window import Window

_TIMEOUT = (10, 300)
_TELLING = 1 << 20
"""A larger file's time is that of the line, and tells nothing of the service."""


@dataclass(kw_only=True)
class TwineUploader:
    """Implements `ports.Uploader`, also for several threads at once, over as many connections as are on their way.

    All tries together keep to `pace`, the index's own if not said. With a `gate`, each try takes its token, so that a
    long release outlives one; a token that is refused (401) is made anew, once a file. `sleep` waits between tries;
    tests give their own.
    """

    access: Access
    gate: CodeArtifactGate | None = None
    settings: PipSettings | None = None
    pace: Pace | None = None
    sleep: Callable[[float], None] = time.sleep
    _packages: dict[tuple[Path, str], PackageFile] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._pace = self.pace or Pace(self.access.index.publishes_per_second)
        self.turns = Turns(Window(most=CONNECTIONS, per_second=self._pace.per_second))
        self._session = open_session(self.access, self.settings)
        with make_requests_session() as twine:
            self._session.headers = twine.headers  # which say that it is twine

    def turn(self) -> AbstractContextManager[None]:
        """See `ports.Uploader`."""
        return self.turns.turn()

    def check(self, artifact: Artifact) -> None:
        """See `ports.Uploader`: twine's strict check, and name and version as planned."""
        check_distribution(artifact, self._read)

    def upload(self, artifact: Artifact) -> None:
        """See `ports.Uploader`.

        429 and 5xx, and a broken connection, are tried again after `Retry-After` or a growing pause.
        Raises BuildError for a file that twine cannot read, PublishedDiffersError on 409 (other bytes under this
        name), StoppedError when the tries are used up,
        IndexAccessError where another try would change nothing: any other answer, or a certificate not trusted.
        """
        renewed = False
        for delay in delays():
            access = self.gate.open() if self.gate else self.access
            answer, problem = self._try(artifact, access)
            if _is_refused(answer) and self.gate and not renewed and self.gate.renew(access.token):
                renewed, access = True, self.gate.open()
                answer, problem = self._try(artifact, access)
            if answer is not None and answer.status_code not in RETRIED:
                return _judge(answer, artifact, access)
            self.sleep(max(delay, _retry_after(answer)) if delay else 0)
        raise StoppedError(
            f"the index did not take the file: {problem}",
            address=artifact.file.name,
            hint="run the same command again; it goes on where this one stopped",
        )

    def _try(self, artifact: Artifact, access: Access) -> tuple[requests.Response | None, str]:
        try:
            package = self._read(artifact)
        except TwineException as error:
            raise BuildError(str(error), address=artifact.file.name) from None
        self._pace.wait()
        began = time.monotonic()
        try:
            answer = self._post(package, access)
        except requests.RequestException as error:
            if isinstance(error, NoCertificatesError) or is_untrusted(error):
                raise IndexAccessError(
                    f"the index cannot be reached: {reason(error)}",
                    address=artifact.file.name,
                    hint="point REQUESTS_CA_BUNDLE to your organisation's certificates",
                ) from None
            self.turns.refused()
            return None, reason(error)
        if answer.status_code in RETRIED:
            self.turns.refused()
        elif answer.ok and artifact.file.size <= _TELLING:
            self.turns.answered(time.monotonic() - began)
        return answer, f"{answer.status_code} {answer.reason}"

    def _read(self, artifact: Artifact) -> PackageFile:
        """What twine reads of a file, and its hashes: once, since a file that changes later is refused by its hash."""
        key = (artifact.path, artifact.file.sha256)
        if key not in self._packages:
            self._packages[key] = PackageFile.from_filename(str(artifact.path), comment=None)
        return self._packages[key]

    def _post(self, package: PackageFile, access: Access) -> requests.Response:
        """Send twine's form, whose file is read while it is sent."""
        form = Repository._convert_metadata_to_list_of_tuples(package.metadata_dictionary())
        form += [(":action", "file_upload"), ("protocol_version", "1")]
        with open(package.filename, "rb") as file:
            content = (package.basefilename, file, "application/octet-stream")
            body = MultipartEncoder([*form, ("content", content)])
            return self._session.post(
                access.repository_url,
                data=body,
                auth=(USERNAME, access.token.value),
                headers={"Content-Type": body.content_type},
                allow_redirects=False,
                timeout=_TIMEOUT,
            )


def _is_refused(answer: requests.Response | None) -> bool:
    return answer is not None and answer.status_code == requests.codes.unauthorized


def _retry_after(answer: requests.Response | None) -> float:
    """The seconds that the index asks for, at most a minute; a date is as good as nothing said."""
    value = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(value), 60.0) if value.isdecimal() else 0.0


def _judge(answer: requests.Response, artifact: Artifact, access: Access) -> None:
    if 200 <= answer.status_code < 300:
        return
    said = _without(access.token, " ".join(answer.text.split()))[:300] or answer.reason
    match answer.status_code:
        case 409:
            raise PublishedDiffersError(
                f"the index refused the upload: {said}",
                hint=f"carrack publish {artifact.name} --to {access.index.name} compares the bytes member by member",
                address=artifact.file.name,
            )
        case 401 | 403 | 404:
            raise IndexAccessError(
                f"the index did not let us upload ({answer.status_code}): {said}",
                hint="check codeartifact:PublishPackageVersion and the token; then run the same command again",
                address=artifact.file.name,
            )
        case _:
            raise IndexAccessError(
                f"the index refused the file ({answer.status_code}): {said}",
                hint="check repository-endpoint and the proxy; then run the same command again",
                address=artifact.file.name,
            )


def _without(token: Token, said: str) -> str:
    """What was said, but for the token: a proxy's error page may show the request's headers."""
    sent = b64encode(f"{USERNAME}:{token.value}".encode()).decode()
    return said.replace(token.value, "***").replace(sent, "***")
