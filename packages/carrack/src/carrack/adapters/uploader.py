"""Uploads through twine as a library; what its commands get wrong for us is put right here.

Twine's `check()` prints to stdout and returns True on failure, and its `Repository.upload` prints to stdout, sends
a 5xx again at once and hands a 4xx back as if nothing had happened. Here stdout stays clean, every answer has a
meaning, and there is one retry policy.
"""

from __future__ import annotations

import contextlib
import io
import logging
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

import requests
from packaging.utils import canonicalize_name, canonicalize_version
from twine.commands import check as twine_check
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.repository import Repository

from carrack.adapters.gate import CodeArtifactGate
from carrack.adapters.pace import Pace
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import reason
from carrack.adapters.retry import RETRIED, delays
from carrack.adapters.session import open_session
from carrack.errors import BuildError, IndexAccessError, PublishedDiffersError, StoppedError
from carrack.model.access import USERNAME, Access, Token
from carrack.model.artifact import Artifact

_TIMEOUT = (10, 300)

PUBLISHES_PER_SECOND = 10
"""AWS CodeArtifact User Guide, "Quotas": PublishPackageVersion requests a second and account, by default."""


@dataclass(frozen=True, kw_only=True)
class TwineUploader:
    """Implements `ports.Uploader`, also for several threads at once.

    All tries together keep to `pace`. With a `gate`, each try takes its token, so that a long release outlives one;
    a token that is refused (401) is made anew, once a file. `sleep` waits between tries; tests give their own.
    """

    access: Access
    gate: CodeArtifactGate | None = None
    settings: PipSettings | None = None
    pace: Pace = field(default_factory=lambda: Pace(PUBLISHES_PER_SECOND))
    sleep: Callable[[float], None] = time.sleep

    def check(self, artifact: Artifact) -> None:
        """See `ports.Uploader`: twine's strict check, and name and version as planned."""
        with _quiet() as said:
            try:
                failed = twine_check.check([str(artifact.path)], strict=True)
                package = PackageFile.from_filename(str(artifact.path), comment=None)
            except TwineException as error:
                raise BuildError(str(error), address=artifact.file.name, untouched="the index") from None
        if failed:
            raise BuildError(
                "twine's strict check does not pass",
                hint='give the package a README.md, and say readme = "README.md" under [project]',
                address=artifact.file.name,
                output=said.getvalue().strip(),
                untouched="the index",
            )
        metadata = package.metadata
        name, version = str(metadata["name"]), str(metadata["version"])
        found = (canonicalize_name(name), canonicalize_version(version))
        if found != (artifact.name, canonicalize_version(artifact.version)):
            raise BuildError(
                f"its metadata says {name} {version}, but {artifact.name} {artifact.version} was planned",
                address=artifact.file.name,
                untouched="the index",
            )

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
            package = PackageFile.from_filename(str(artifact.path), comment=None)
        except TwineException as error:
            raise BuildError(str(error), address=artifact.file.name) from None
        repository = Repository(
            access.repository_url, USERNAME, access.token.value, disable_progress_bar=True
        )
        repository.session = _bounded(open_session(access, self.settings), repository.session)
        self.pace.wait()
        try:
            with _STDOUT_KEPT:
                answer = repository.upload(package, max_redirects=1)
        except requests.exceptions.SSLError:
            raise IndexAccessError(
                "the index's certificate is not trusted",
                address=artifact.file.name,
                hint="point REQUESTS_CA_BUNDLE to your organisation's certificates",
            ) from None
        except requests.RequestException as error:
            return None, reason(error)
        finally:
            repository.close()
        return answer, f"{answer.status_code} {answer.reason}"


def _bounded(session: requests.Session, twine: requests.Session) -> requests.Session:
    """Our session, which tries once, named as twine's and with time limits: twine's calls give none."""
    session.headers = twine.headers
    session.request = partial(session.request, timeout=_TIMEOUT)  # type: ignore[method-assign]
    return session


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


class _StdoutKept:
    """Keeps what twine prints off stdout while any thread is inside: `redirect_stdout` alone is for one thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._outside = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._outside.enter_context(_quiet())

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._outside.close()


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep what twine prints and logs off the terminal, and give it to the caller."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("twine")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with contextlib.redirect_stdout(said):
            yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


_STDOUT_KEPT = _StdoutKept()
