"""Names are closed to the public index before anything is published, and what is denied becomes a request."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from packaging.utils import NormalizedName
from tests.carrack.fakes import name
from tests.carrack.local import BIN, Shell, index_at, shell
from tests.carrack.static_index import StaticIndex
from tests.carrack.wheels import make_wheel

from carrack.adapters.manifests import read_workspace
from carrack.errors import WorkspaceError
from carrack.model.changes import PUBLIC, Change, CloseName, Left, Right, Unseen, sentences
from carrack.model.controls import OURS, TOOLKIT, Claims, Controls, claims
from carrack.model.domain import DomainState, Repository, plan_setup
from carrack.model.request import request
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

PROD = index_at("http://x")
ALPHA, BETA = name("alpha"), name("beta")
INGESTED = Controls(publish=False, upstream=True)
REPOSITORIES = {
    "pypi-store": Repository(connections=(PUBLIC,)),
    "prod": Repository(upstreams=("pypi-store",)),
}


def state(**controls: Controls) -> DomainState:
    """A ready domain whose prod knows these names."""
    known = {("prod", name(package)): found for package, found in controls.items()}
    return DomainState(exists=True, repositories=REPOSITORIES, controls=known)


def closings(found: tuple[Change, ...]) -> list[tuple[str, NormalizedName]]:
    """The repository and name of each."""
    assert all(isinstance(change, CloseName) for change in found)
    return [(change.repository, change.name) for change in found if isinstance(change, CloseName)]


# --- the plan ---


def test_every_name_is_closed_in_every_repository_that_the_workspace_names() -> None:
    """The store too: a stranger's package would reach whoever installs from there."""
    setup = plan_setup([PROD], state(), Claims(ours=frozenset({ALPHA, BETA})))
    assert closings(setup.changes) == [
        ("pypi-store", ALPHA),
        ("pypi-store", BETA),
        ("prod", ALPHA),
        ("prod", BETA),
    ]
    assert sentences(setup.changes)[1] == (
        "close names alpha, beta in repository prod: publish ALLOW, upstream BLOCK"
    )


def test_a_new_repository_comes_before_its_names() -> None:
    """A name can only be closed in a repository that is there."""
    setup = plan_setup([PROD], DomainState(exists=False), Claims(ours=frozenset({ALPHA})))
    assert [type(change).__name__ for change in setup.changes] == [
        *("CreateDomain", "CreateRepository", "Connect", "CreateRepository"),
        *("CloseName", "CloseName"),
    ]


@pytest.mark.parametrize("found", [OURS, Controls(publish=False, upstream=False)])
def test_a_name_that_is_closed_is_right(found: Controls) -> None:
    """Also one that somebody closed to publishing: that is not opened again."""
    setup = plan_setup([PROD], state(alpha=found), Claims(ours=frozenset({ALPHA})))
    assert closings(setup.changes) == [("pypi-store", ALPHA)]
    assert Right(text="names in repository prod closed to upstream: alpha") in setup.findings


def test_a_name_of_the_workspace_is_closed_though_upstream_fed_it() -> None:
    """The sentence says what it is now, since installing the public package of that name ends there."""
    setup = plan_setup([PROD], state(alpha=INGESTED), Claims(ours=frozenset({ALPHA})))
    assert (
        "alpha in repository prod: publish ALLOW, upstream BLOCK (now publish BLOCK, upstream ALLOW)"
        in str(setup.changes[-1])
    )


def test_the_toolkit_s_names_are_closed_unless_somebody_installs_them_from_upstream() -> None:
    """Such a name is left open and said so; in private-names it is the team's, and closed."""
    carrack = name("carrack")
    setup = plan_setup([PROD], state(carrack=INGESTED), claims([ALPHA]))
    assert ("prod", carrack) not in closings(setup.changes)
    assert ("prod", name("batch-params")) in closings(setup.changes)
    (left,) = [finding for finding in setup.findings if isinstance(finding, Left)]
    assert "carrack in repository prod comes from upstream already" in str(left)
    said = plan_setup([PROD], state(carrack=INGESTED), claims([ALPHA], [carrack]))
    assert ("prod", carrack) in closings(said.changes)


def test_the_settings_say_which_other_names_are_the_team_s() -> None:
    """Not said, they are the toolkit's; an empty list is none; a package of the workspace is claimed anyway."""
    assert claims([ALPHA]).names == tuple(sorted({ALPHA, *TOOLKIT}))
    assert claims([ALPHA], []).names == (ALPHA,)
    assert claims([ALPHA], [BETA]) == Claims(ours=frozenset({ALPHA, BETA}))


def test_private_names_are_read_in_any_spelling_and_checked(tmp_path: Path) -> None:
    """`Some_Tool` is some-tool; what is no name is a fault with its key."""
    package = tmp_path / "packages" / "alpha"
    package.mkdir(parents=True)
    (package / "pyproject.toml").write_text('[project]\nname = "alpha"\nversion = "1.0"\n')
    manifest = tmp_path / "pyproject.toml"
    manifest.write_text('[tool.carrack]\nprivate-names = ["Some_Tool"]\n')
    assert read_workspace(tmp_path, {}).private_names == ("some-tool",)
    manifest.write_text('[tool.carrack]\nprivate-names = ["no name"]\n')
    with pytest.raises(WorkspaceError) as caught:
        read_workspace(tmp_path, {})
    assert "tool.carrack.private-names.0: " in caught.value.faults[0]


# --- on a real domain ---


@pytest.fixture
def public(static_index: StaticIndex) -> Iterator[LocalCodeArtifact]:
    """A local CodeArtifact behind which a stranger has an `alpha` on the public index."""
    make_wheel(static_index.folder, "alpha", "99.0")
    with local_codeartifact(public_index=static_index.access.simple_url_with_token) as server:
        yield server


def page(server: LocalCodeArtifact, repository: str) -> int:
    """The status of alpha's page there."""
    url = f"{server.upload_url('carrack', repository)}simple/alpha/"
    return requests.get(url, auth=("aws", server.token("carrack")), timeout=30).status_code


def test_a_stranger_s_namesake_does_not_come_in(public: LocalCodeArtifact, tmp_path: Path) -> None:
    """Without the first set-up it does; after it, from no repository, before anything was published."""
    public.create("carrack", "other")
    assert page(public, "other") == 200
    carrack = shell(tmp_path, public)
    assert carrack("index", "create", "--yes").returncode == 0
    assert [page(public, repository) for repository in ("prod", "staging", "pypi-store")] == [404, 404, 404]
    again = carrack("index", "create")
    assert (again.returncode, "change" in again.stdout) == (0, False), again.stderr
    assert "names in repository prod closed to upstream: alpha, batch-params, carrack" in again.stdout


def names_closed(server: LocalCodeArtifact, repository: str = "prod") -> set[str]:
    """The packages that a repository knows with our controls."""
    found = server.client().list_packages(
        domain="carrack", repository=repository, publish="ALLOW", upstream="BLOCK"
    )
    return {package["package"] for package in found["packages"]}


# --- what is denied ---


def pasted(text: str, carrack: Shell) -> None:
    """Run the commands of a request with the real `aws`, as the domain's owner would."""
    subprocess.run(
        ["bash", "-euc", text],
        env={**carrack.environ, "PATH": f"{BIN}:/usr/bin:/bin"},
        check=True,
        capture_output=True,
        timeout=300,
    )


@pytest.mark.slow
def test_the_request_is_what_makes_the_index_ready(server: LocalCodeArtifact, tmp_path: Path) -> None:
    """`--check` changes nothing and ends with 78; what it prints, pasted by the owner, is all that is missing."""
    carrack = shell(tmp_path, server)
    asked = carrack("index", "create", "--check")
    assert asked.returncode == 78
    assert not server.client().list_domains()["domains"]
    request = asked.stdout.partition("\n\n")[2]
    assert request.startswith("# To whoever administers CodeArtifact domain carrack (account 000000000000")
    pasted(request, carrack)
    ready = carrack("index", "create", "--check")
    assert ready.returncode == 0, ready.stdout + ready.stderr
    assert names_closed(server) == {"alpha", "batch-params", "carrack", "codeartifact-local"}


def test_a_denied_first_change_is_a_request(server: LocalCodeArtifact, tmp_path: Path) -> None:
    """Exit 78; every change is in the request; nothing was changed, and no traceback is shown."""
    carrack = shell(tmp_path, server)
    server.faults.fail("CreateDomain", times=None, status=403)
    denied = carrack("index", "create", "--yes")
    assert denied.returncode == 78
    assert "aws codeartifact create-domain --region us-east-1 --domain carrack\n" in denied.stdout
    assert denied.stdout.count("aws codeartifact put-package-origin-configuration") == 12
    assert "these credentials may not do that" in denied.stderr
    assert "nothing was changed" in denied.stderr
    assert "Traceback" not in denied.stderr


def test_a_denied_later_change_asks_for_the_rest_only(server: LocalCodeArtifact, tmp_path: Path) -> None:
    """What was made stays and is said; the request has what is left; the owner's part done, it is ready."""
    carrack = shell(tmp_path, server)
    server.faults.fail("PutPackageOriginConfiguration", times=None, status=403)
    denied = carrack("index", "create", "--yes")
    assert denied.returncode == 78
    assert "create-repository" not in denied.stdout.partition("\n\n")[2]
    assert "done: create domain carrack; create repository pypi-store" in denied.stderr
    server.faults.clear()
    assert carrack("index", "create", "--yes").returncode == 0
    assert "alpha" in names_closed(server)


@pytest.mark.parametrize(
    ("operation", "sentence", "look"),
    [
        ("DescribeDomain", "the domain cannot be seen", "aws codeartifact describe-domain"),
        ("DescribeRepository", "repository prod cannot be seen", "aws codeartifact describe-repository"),
        ("DescribePackage", "the names in repository prod cannot be seen", "aws codeartifact list-packages"),
    ],
)
def test_what_may_not_be_looked_at_is_not_called_ready(
    server: LocalCodeArtifact, tmp_path: Path, operation: str, sentence: str, look: str
) -> None:
    """It is named, the owner is asked to look, and the exit code is 78; with the permission, 0."""
    carrack = shell(tmp_path, server)
    assert carrack("index", "create", "--yes").returncode == 0
    server.faults.fail(operation, times=None, status=403)
    for arguments in (["--check"], ["--yes"]):
        hidden = carrack("index", "create", *arguments)
        assert hidden.returncode == 78, hidden.stderr
        assert sentence in hidden.stdout
        assert look in hidden.stdout
    server.faults.clear()
    assert carrack("index", "create", "--check").returncode == 0


def test_a_request_is_for_a_shell() -> None:
    """Every line is a comment or a command, whatever the service said."""
    unseen = Unseen(repository="prod", refusal="no; rm -rf")
    text = request(PROD, [CloseName(repository="prod", name=ALPHA)], [unseen])
    assert all(line.startswith(("# ", "aws codeartifact ")) for line in text.splitlines())
    assert "rm -rf" not in text
