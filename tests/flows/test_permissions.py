"""Each part runs its verbs with its own policy and nothing else, and every action of the policy is needed.

The local CodeArtifact stands behind IAM of the tests' own (`iam.py`), which denies whatever the policy does not allow,
and remembers what was asked for. One round of the verbs is enough for all of the tests here.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import ROOT, Carrack, git
from tests.flows.iam import Guard, Need, allows, guarded
from tests.flows.test_killed_publish import holdings

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]


class Round:
    """The verbs, each with the policy of who types it; and what is left to see afterwards."""

    def __init__(self, carrack: Carrack, server: LocalCodeArtifact, guard: Guard) -> None:
        self.carrack, self.server, self.guard = carrack, server, guard

    def run(self, identity: str, *arguments: str) -> Any:
        """`carrack ARGUMENTS` as `identity`."""
        with self.guard.acting_as(identity):
            return self.carrack(*arguments)

    def ok(self, identity: str, *arguments: str) -> None:
        """The same, which must succeed without any denial on the way."""
        self.guard.denied.clear()
        done = self.run(identity, *arguments)
        assert (done.returncode, self.guard.denied) == (0, []), done.stderr + done.stdout


@pytest.fixture(scope="module")
def first_round(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    """Everything, once: set up, publish to staging, lock, promote, install; and a publisher of prod."""
    guard = Guard()
    with guarded(guard), local_codeartifact(tmp_path_factory.mktemp("index")) as server:
        workspace = tmp_path_factory.mktemp("workspace") / "clone"
        git(ROOT, "clone", "--quiet", "--no-local", str(ROOT), str(workspace))
        carrack = Carrack(workspace, server.environ())
        policies = tmp_path_factory.mktemp("policies")
        for name, folder in (("local", "prod"), ("local-staging", "staging")):
            carrack.ok(
                "index", "policies", "--to", name, "--out", str(policies / folder), "--reader", "1" * 12
            )
        guard.policies = {
            "owner": read(policies / "prod" / "owner.identity.json"),
            "reader": read(policies / "prod" / "reader.identity.json"),
            "publisher": read(policies / "prod" / "publisher.identity.json"),
            "staging-publisher": read(policies / "staging" / "publisher.identity.json"),
        }
        found = Round(carrack, server, guard)
        found.ok("owner", "index", "create", "--to", "local", "--yes", "--policies", str(policies / "prod"))
        remove_upstream(server)
        found.ok("owner", "index", "create", "--to", "local", "--yes")
        found.ok("owner", "index", "cost", "--to", "local", "--releases", "1")
        found.ok("staging-publisher", "publish", "--to", "local-staging", "--close-names")
        found.ok("reader", "status", "--to", "local-staging")
        found.ok("reader", "plan", "--to", "local")
        found.ok("reader", "lock", "--to", "local-staging")
        yield found


def read(file: Path) -> dict[str, Any]:
    """A policy."""
    policy: dict[str, Any] = json.loads(file.read_text())
    return policy


def remove_upstream(server: LocalCodeArtifact) -> None:
    """Let `index create` have an upstream to add."""
    server.client().update_repository(domain="carrack", repository="prod", upstreams=[])


@pytest.fixture(scope="module")
def whole_round(first_round: Round) -> Round:
    """The rest of it: a name that is open on prod, a release there, the same by promotion, and installs."""
    client = first_round.server.client()
    where = {"domain": "carrack", "repository": "prod", "format": "pypi"}
    for package in ("record-io", "batch-params"):
        client.put_package_origin_configuration(
            **where, package=package, restrictions={"publish": "ALLOW", "upstream": "ALLOW"}
        )
    first_round.ok("publisher", "publish", "--to", "local", "--close-names", "record-io")
    first_round.ok("publisher", "promote", "local-staging", "local")
    first_round.ok("publisher", "retract", "record-io==0.1.0", "--from", "local", "--break-locks", "--yes")
    again = ("--status", "published", "--yes")
    first_round.ok("publisher", "retract", "record-io==0.1.0", "--from", "local", *again)
    for identity in ("reader", "publisher"):
        shutil.rmtree(first_round.carrack.workspace / ".carrack" / "receipts")  # as on another machine
        first_round.ok(identity, "status", "--to", "local")
    first_round.ok("publisher", "lock", "--to", "local")
    first_round.ok("reader", "install", "--to", "local")
    return first_round


def test_a_reader_publishes_nothing(first_round: Round) -> None:
    """Denied with one sentence; the index has nothing of ours."""
    refused = first_round.run("reader", "publish", "--to", "local")
    assert refused.returncode in (69, 75), refused.stderr
    assert re.search(r"error: .*(403|may not do that)", refused.stderr), refused.stderr
    assert "Traceback" not in refused.stderr
    assert holdings(first_round.server.client(), "prod") == {}


def test_a_reader_s_doctor_finds_nothing_that_fails(first_round: Round) -> None:
    """What a reader may not look at is a warning, and the exit code 0."""
    done = first_round.run("reader", "doctor", "--to", "local")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "denied: DescribeDomain, DescribeRepository, which installing" in done.stdout


def test_a_publisher_of_staging_does_not_publish_to_production(first_round: Round) -> None:
    """Nor does it promote there."""
    for arguments in (["publish", "--to", "local"], ["promote", "local-staging", "local"]):
        refused = first_round.run("staging-publisher", *arguments)
        assert refused.returncode in (69, 75), refused.stderr
        assert "Traceback" not in refused.stderr
    assert holdings(first_round.server.client(), "prod") == {}


def test_a_publisher_sets_nothing_up(first_round: Round) -> None:
    """`index create` as a publisher ends with a request for the owner."""
    asked = first_round.run("publisher", "index", "create", "--to", "local", "--check")
    assert asked.returncode == 78
    assert "cannot be seen" in asked.stdout


@pytest.mark.parametrize("identity", ["reader", "publisher"])
def test_what_a_domain_holds_is_for_its_owner(first_round: Round, identity: str) -> None:
    """Others estimate its cost by the size that they are told; no policy of theirs is widened for it."""
    refused = first_round.run(identity, "index", "cost", "--to", "local")
    assert refused.returncode == 69, refused.stdout
    assert "may not do that" in refused.stderr
    assert "say --storage GB" in refused.stderr
    first_round.ok(identity, "index", "cost", "--to", "local", "--storage", "20")


@pytest.mark.parametrize("identity", ["owner", "reader", "publisher"])
def test_every_action_of_a_policy_is_needed(whole_round: Round, identity: str) -> None:
    """What the policy grants is what the verbs asked for: no action more; and without any one of them they fail."""
    policy, needed = whole_round.guard.policies[identity], succeeded(whole_round, identity)
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert granted == {need.action for need in needed}
    for action in granted:
        assert not all(allows(without(policy, action), need) for need in needed), action


def succeeded(whole_round: Round, identity: str) -> set[Need]:
    """What `identity` needed and got; what the tests above let it ask for in vain is left out."""
    policy = whole_round.guard.policies[identity]
    return {need for need in whole_round.guard.needed[identity] if allows(policy, need)}


def without(policy: Mapping[str, Any], action: str) -> dict[str, Any]:
    """The policy but for one action."""
    statements = [
        {**statement, "Action": [one for one in statement["Action"] if one != action]}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


@pytest.mark.parametrize(
    ("identity", "action"),
    [
        ("reader", "sts:GetServiceBearerToken"),
        ("reader", "codeartifact:ReadFromRepository"),
        ("publisher", "codeartifact:ListPackageVersions"),
    ],
)
def test_without_an_action_the_verb_itself_fails(
    whole_round: Round, monkeypatch: pytest.MonkeyPatch, identity: str, action: str
) -> None:
    """Not on paper only: the request is denied, and the verb ends with a sentence."""
    lesser = without(whole_round.guard.policies[identity], action)
    monkeypatch.setattr(whole_round.guard, "policies", {identity: lesser})
    failed = whole_round.run(identity, "lock", "--to", "local")
    assert failed.returncode in (69, 76), failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_bearer_token_is_for_codeartifact_alone(first_round: Round) -> None:
    """The condition of sts:GetServiceBearerToken names the service; for another it does not hold."""
    policy = first_round.guard.policies["reader"]
    other = (("sts:AWSServiceName", "codeartifactother.amazonaws.com"),)
    assert not allows(policy, Need("sts:GetServiceBearerToken", "*", other))
    assert not allows(policy, Need("sts:GetServiceBearerToken", "*"))
