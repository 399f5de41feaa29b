"""`doctor`: looks at everything between here and an index, and says what to do about what it finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from packaging.utils import NormalizedName

from carrack.commands.index_create import examine
from carrack.errors import CarrackError, DeniedError
from carrack.model import diagnosis, surroundings
from carrack.model.access import Access
from carrack.model.controls import claims
from carrack.model.diagnosis import Check, fail, not_looked_at
from carrack.model.index import Index
from carrack.model.workspace import Workspace
from carrack.ports import DomainAdmin, Machine, ServiceProbe

NEEDED = (
    "GetRepositoryEndpoint",
    "GetPackageVersionAsset",
    "ListPackageVersionAssets",
    "ListPackageVersions",
)
"""What a reader's policy has, and can be tried without a token and without a change."""
OTHERS = ("DescribeDomain", "DescribeRepository", "DescribePackage")
"""What `index create` and publishers look at."""

_BEHIND_SERVICE = ("clock", "credentials", "permissions", "index", "token", "endpoint", "files")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is looked at, and with what."""

    workspace: Workspace
    index: Index
    environ: Mapping[str, str]
    machine: Machine
    service: ServiceProbe
    domain: DomainAdmin
    open: Callable[[], Access]
    now: Callable[[], datetime]


def diagnose(patient: Patient) -> tuple[Check, ...]:
    """Every check, this machine first. Nothing is changed anywhere; a failure is a check, not an error."""
    return (*_machine(patient), *_service(patient))


def _machine(patient: Patient) -> Iterator[Check]:
    apps = {name: app.pythons for name, app in patient.workspace.apps.items()}
    yield surroundings.python(patient.machine.python(), apps)
    yield surroundings.git(patient.machine.git())
    yield surroundings.docker(patient.machine.docker())
    local = urlsplit(patient.index.endpoint).hostname if patient.index.endpoint else None
    yield surroundings.proxies(patient.environ, local)
    yield surroundings.pip(patient.machine.pip_settings())


def _service(patient: Patient) -> Iterator[Check]:
    yield diagnosis.region(patient.index, patient.service.regions())
    try:
        answered = patient.service.reach()
    except CarrackError as error:
        yield _failure("control plane", error)
        yield from not_looked_at(_BEHIND_SERVICE, "control plane")
        return
    yield diagnosis.control_plane(answered)
    yield diagnosis.clock(answered)
    credentials = _attempt(
        "credentials", lambda: diagnosis.credentials(patient.service.identity(), patient.index)
    )
    yield credentials
    if credentials.verdict is diagnosis.Verdict.FAIL:
        yield from not_looked_at(_BEHIND_SERVICE[2:], "credentials")
        return
    yield _attempt("permissions", lambda: _permissions(patient))
    yield _attempt("index", lambda: _index(patient))
    yield from _endpoint(patient)


def _permissions(patient: Patient) -> Check:
    refused = {}
    for action in (*NEEDED, *OTHERS):
        try:
            patient.service.attempt(action, _own_name(patient.workspace))
        except DeniedError as error:
            refused[action] = error.message
    return diagnosis.permissions(refused, NEEDED, (*NEEDED, *OTHERS))


def _index(patient: Patient) -> Check:
    workspace = patient.workspace
    setup = examine([patient.index], patient.domain, claims(workspace.packages, workspace.private_names))
    return diagnosis.index_state(patient.index, setup)


def _endpoint(patient: Patient) -> Iterator[Check]:
    try:
        access = patient.open()
    except CarrackError as error:
        yield _failure("token", error)
        yield from not_looked_at(("endpoint", "files"), "token")
        return
    token = diagnosis.token(access.token, patient.now())
    yield token
    if token.verdict is diagnosis.Verdict.FAIL:
        yield from not_looked_at(("endpoint", "files"), "token")
        return
    endpoint = _attempt("endpoint", lambda: _page(patient, access))
    yield endpoint
    if endpoint.verdict is diagnosis.Verdict.FAIL:
        yield from not_looked_at(("files",), "endpoint")
        return
    names = sorted(patient.workspace.packages)
    yield _attempt("files", lambda: diagnosis.files(_delivery(patient, access, names)))


def _page(patient: Patient, access: Access) -> Check:
    patient.service.page(access, _own_name(patient.workspace))
    return diagnosis.ok("endpoint", access.repository_url)


def _delivery(
    patient: Patient, access: Access, names: Collection[NormalizedName]
) -> diagnosis.Delivery | None:
    """Of the first of our packages that has a file there."""
    found = (patient.service.deliver(access, name) for name in names)
    return next((delivery for delivery in found if delivery), None)


def _own_name(workspace: Workspace) -> NormalizedName:
    """One of our own names, so that nobody upstream hears a new one."""
    return min(workspace.packages)


def _attempt(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except CarrackError as error:
        return _failure(name, error)


def _failure(name: str, error: CarrackError) -> Check:
    return fail(name, error.message, error.hint or "run the same command again")
