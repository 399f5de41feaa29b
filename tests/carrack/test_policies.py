"""`index policies`: what AWS's own tables say of them, what is refused, and how they are put."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint.data.AdditionalSpecs
import pytest
from cfnlint.helpers import load_resource
from tests.carrack.fakes import name
from tests.carrack.local import BIN, Shell, index_at, shell

from carrack.model import cloudformation, permissions
from carrack.model.permissions import Grounds, Jobs
from carrack.model.policy import difference, size
from codeartifact_local.testing import LocalCodeArtifact

GROUNDS = Grounds(
    index=index_at(None, owner="111122223333", region="eu-west-1"),
    sources={"pypi-store": (), "prod": ("pypi-store",), "staging": ("pypi-store",)},
    names=[name("alpha"), name("beta")],
)
ELSEWHERE = ["444455556666", "arn:aws:iam::777788889999:role/ci"]
SUBJECT, BRANCH = "repo:acme/packages:environment:prod", "repo:acme/packages:ref:refs/heads/main"


def template(grounds: Grounds = GROUNDS) -> dict[str, Any]:
    """Everything in one template."""
    return cloudformation.template(grounds, ELSEWHERE, ELSEWHERE[1:], Jobs(publish=SUBJECT, read=BRANCH))


def complaints(template: dict[str, Any], folder: Path) -> str:
    """What the real cfn-lint says, information included; nothing where it has nothing against a template."""
    file = folder / "template.json"
    file.write_text(json.dumps(template))
    command = [str(BIN / "cfn-lint"), "--include-checks", "I", "--regions", "eu-west-1", "--", str(file)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (found.returncode == 0) == (found.stdout == ""), found.stderr
    return found.stdout


# --- AWS's own tables ---


def test_cfn_lint_has_nothing_against_the_template(tmp_path: Path) -> None:
    """Types, properties, actions and the resources of each action are those that AWS publishes."""
    assert complaints(template(), tmp_path) == ""
    without_github = cloudformation.template(GROUNDS, [], [], None)
    assert complaints(without_github, tmp_path) == ""


@pytest.mark.parametrize(
    ("what", "where", "rule"),
    [
        ("codeartifact:ReadRepository", "Action", "W3037"),
        ("arn:aws:codeartifact:eu-west-1:111122223333:domain/carrack", "Resource", "I3510"),
    ],
)
def test_cfn_lint_would_see_a_mistake(tmp_path: Path, what: str, where: str, rule: str) -> None:
    """An action that is not there, and one on a resource of another kind."""
    wrong = template()
    policy = wrong["Resources"]["ReaderPolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"][-1][where] = [what]
    assert rule in complaints(wrong, tmp_path)


def kinds() -> dict[str, set[str]]:
    """The kinds of resource that each action takes, by cfn-lint's copy of the Service Authorization Reference."""
    table = load_resource(cfnlint.data.AdditionalSpecs, "Policies.json")
    return {
        f"{service}:{action}": set(told.get("Resources", ()))
        for service in ("codeartifact", "sts")
        for action, told in table[service]["Actions"].items()
    }


def pairs(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each action of a policy with the kind of each of its resources; `*` is any."""
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action.lower(), "*" if resource == "*" else resource.split(":")[5].split("/")[0]


def misplaced(policy: dict[str, Any]) -> list[tuple[str, str]]:
    """The pairs that allow nothing, since the action has another kind of resource; or too much, since it has one."""
    table = kinds()
    return [
        (action, kind)
        for action, kind in pairs(policy)
        if (kind == "*") == bool(table[action]) or (kind != "*" and kind not in table[action])
    ]


@pytest.mark.parametrize("policy", [permissions.reader, permissions.publisher, permissions.owner])
def test_every_action_has_a_resource_of_its_own_kind(policy: Any) -> None:
    """No `*` but for actions that have no resource; domain, repository and package each where they belong."""
    assert misplaced(policy(GROUNDS)) == []
    wrong = policy(GROUNDS)
    wrong["Statement"][-1]["Action"] = ["codeartifact:DescribeDomain"]
    assert misplaced(wrong)


# --- what they say ---


def resources(policy: dict[str, Any], action: str) -> list[str]:
    """On what a policy allows `action`, without the beginning of the ARNs."""
    return [
        arn.removeprefix("arn:aws:codeartifact:eu-west-1:111122223333:")
        for statement in policy["Statement"]
        if f"codeartifact:{action}" in statement["Action"]
        for arn in statement["Resource"]
    ]


def test_a_publisher_writes_the_team_s_names_in_the_index_alone() -> None:
    """Not in other repositories, not under other names; it reads what a reader reads, and not from the store."""
    policy = permissions.publisher(GROUNDS)
    assert resources(policy, "PublishPackageVersion") == [
        "package/carrack/prod/pypi//alpha",
        "package/carrack/prod/pypi//beta",
    ]
    assert resources(policy, "ReadFromRepository") == [
        "repository/carrack/prod",
        "repository/carrack/staging",
    ]
    assert resources(permissions.reader(GROUNDS), "PublishPackageVersion") == []


def test_with_every_name_any_package_of_the_index_may_be_written() -> None:
    """Still of no other repository."""
    wide = Grounds(index=GROUNDS.index, sources=GROUNDS.sources, names=GROUNDS.names, every_name=True)
    found = resources(permissions.publisher(wide), "PublishPackageVersion")
    assert found == ["package/carrack/prod/pypi//*"]


def test_an_index_that_is_its_own_store_is_read() -> None:
    """Whoever installs, does so from there."""
    alone = Grounds(index=GROUNDS.index, sources={"prod": ()}, names=[])
    assert resources(permissions.reader(alone), "ReadFromRepository") == ["repository/carrack/prod"]


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_the_partition_is_the_region_s(region: str, partition: str) -> None:
    """In every ARN."""
    there = Grounds(index=index_at(None, region=region), sources=GROUNDS.sources, names=[name("alpha")])
    policy = permissions.domain_policy(there, ["444455556666"], [])
    assert f'"arn:{partition}:iam::444455556666:root"' in json.dumps(policy)
    arns = {arn.split(":")[1] for arn in permissions.reader(there)["Statement"][0]["Resource"]}
    assert arns == {partition}


def test_other_accounts_are_let_in_by_domain_and_repositories_and_only_publishers_write() -> None:
    """Where there are no other accounts, there is no such policy: identities' own policies do."""
    policy = permissions.repository_policy(GROUNDS, "prod", ELSEWHERE[:1], ELSEWHERE[1:])
    assert policy is not None
    writers = [s["Principal"]["AWS"] for s in policy["Statement"] if s["Sid"] == "WritePackages"]
    assert writers == [[ELSEWHERE[1]]]
    assert resources(policy, "PublishPackageVersion")[0] == "package/carrack/prod/pypi//alpha"
    staging = permissions.repository_policy(GROUNDS, "staging", ELSEWHERE[:1], ELSEWHERE[1:])
    assert staging is not None
    assert [statement["Sid"] for statement in staging["Statement"]] == ["Read"]
    assert permissions.domain_policy(GROUNDS, [], []) is None
    assert permissions.repository_policy(GROUNDS, "prod", [], []) is None


def test_repositories_of_similar_names_have_resources_of_their_own() -> None:
    """`a.b` and `a-b` are two in the template, too."""
    grounds = Grounds(index=GROUNDS.index, sources={"a.b": (), "a-b": (), "axb": ()}, names=[])
    made = [key for key in template(grounds)["Resources"] if key.startswith("Repository")]
    assert len(made) == 3
    assert all(key.isalnum() for key in made)


# --- the command ---


@pytest.fixture
def carrack(tmp_path: Path, server: LocalCodeArtifact) -> Shell:
    """A workspace with the package alpha."""
    return shell(tmp_path, server)


def test_github_s_jobs_of_one_branch_or_environment_are_trusted(carrack: Shell) -> None:
    """Subject and audience are compared as a whole; ids in the names, as newer repositories have them, stay."""
    done = carrack("index", "policies", "--github", "acme-1/packages-2", "--branch", "release/1.x")
    assert done.returncode == 0, done.stderr
    (statement,) = json.loads(done.stdout)["github.trust"]["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:acme-1/packages-2:ref:refs/heads/release/1.x",
        }
    }
    assert "Resource" not in statement
    done = carrack("index", "policies", "--github", "acme/packages", "--environment", "prod")
    assert SUBJECT in done.stdout


def test_where_only_an_environment_s_jobs_publish_the_branch_s_only_read(carrack: Shell) -> None:
    """A role each: nobody publishes past the environment's reviewers."""
    done = carrack(
        "index", "policies", "--github", "acme/packages", "--environment", "prod", "--branch", "main"
    )
    found = json.loads(done.stdout)
    subject = "token.actions.githubusercontent.com:sub"
    trusted = {
        name: found[name]["Statement"][0]["Condition"]["StringEquals"][subject]
        for name in found
        if "trust" in name
    }
    assert trusted == {"github.trust": SUBJECT, "github-reader.trust": BRANCH}
    roles = {name: part["Properties"] for name, part in template()["Resources"].items() if "Role" in name}
    assert {name: role["ManagedPolicyArns"] for name, role in roles.items()} == {
        "GitHubRole": [{"Ref": "PublisherPolicy"}],
        "GitHubReaderRole": [{"Ref": "ReaderPolicy"}],
    }
    assert BRANCH not in json.dumps(roles["GitHubRole"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--github", "acme/packages"],
        ["--github", "acme/packages", "--branch", "main", "--environment", "*"],
        ["--github", "acme/*", "--branch", "main"],
        ["--github", "acme/packages", "--branch", "*"],
        ["--github", "acme", "--branch", "main"],
        ["--branch", "main"],
        ["--reader", "1234"],
        ["--publisher", "*"],
    ],
)
def test_what_would_trust_too_many_is_refused(carrack: Shell, arguments: list[str]) -> None:
    """A repository without a branch, patterns, and everybody: exit 64, nothing is printed."""
    refused = carrack("index", "policies", *arguments)
    assert (refused.returncode, refused.stdout) == (64, "")
    assert "Traceback" not in refused.stderr


def test_more_names_than_a_policy_holds_are_refused_with_a_way_out(carrack: Shell) -> None:
    """AWS would refuse it later; `--every-name` fits."""
    manifest = carrack.workspace / "pyproject.toml"
    names = json.dumps([f"a-package-with-a-long-name-{number}" for number in range(80)])
    manifest.write_text(
        manifest.read_text().replace("[tool.carrack]\n", f"[tool.carrack]\nprivate-names = {names}\n")
    )
    refused = carrack("index", "policies")
    assert refused.returncode == 64
    assert "and AWS takes 6144" in refused.stderr
    wide = carrack("index", "policies", "--every-name")
    assert wide.returncode == 0
    assert all(size(policy) < 6144 for policy in json.loads(wide.stdout).values())


def written(carrack: Shell, *arguments: str) -> Path:
    """The folder that `index policies` wrote for another account that reads."""
    folder = carrack.workspace / "policies"
    done = carrack("index", "policies", "--out", str(folder), "--reader", "444455556666", *arguments)
    assert done.returncode == 0, done.stderr
    return folder


def test_policies_are_put_where_there_are_none(carrack: Shell, server: LocalCodeArtifact) -> None:
    """Shown and agreed to as every change is; the service has them afterwards, and a second run changes nothing."""
    folder = written(carrack)
    create = ("index", "create", "--policies", str(folder))
    shown = carrack(*create)
    assert shown.returncode == 64
    assert "put a permissions policy on the domain" in shown.stdout
    assert carrack(*create, "--yes").returncode == 0
    there = server.client().get_repository_permissions_policy(domain="carrack", repository="prod")["policy"]
    assert json.loads(there["document"]) == json.loads((folder / "repository-prod.resource.json").read_text())
    again = carrack(*create)
    assert (again.returncode, "change" in again.stdout) == (0, False), again.stderr
    assert "permissions policy of repository prod" in again.stdout


def test_another_policy_is_never_overwritten(carrack: Shell, server: LocalCodeArtifact) -> None:
    """What it says and what would be said stand side by side; nothing is changed, not even what could be."""
    assert carrack("index", "create", "--yes").returncode == 0
    theirs = (
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "codeartifact:Get*", "Resource": "*"}}'
    )
    server.client().put_domain_permissions_policy(domain="carrack", policyDocument=theirs)
    folder = written(carrack)
    stopped = carrack("index", "create", "--yes", "--policies", str(folder))
    assert stopped.returncode == 69
    assert "the domain has a permissions policy with other statements" in stopped.stderr
    assert '-    "codeartifact:Get*"' in stopped.stdout
    assert '+    "codeartifact:GetAuthorizationToken"' in stopped.stdout
    found = server.client().get_domain_permissions_policy(domain="carrack")["policy"]
    assert found["document"] == theirs
    with pytest.raises(server.client().exceptions.ResourceNotFoundException):
        server.client().get_repository_permissions_policy(domain="carrack", repository="prod")


def test_a_folder_without_policies_is_refused(carrack: Shell, tmp_path: Path) -> None:
    """So is one for a repository that the workspace does not name, and what is no policy."""
    assert "there is no policy" in carrack("index", "create", "--policies", str(tmp_path)).stderr
    file = tmp_path / "repository-theirs.resource.json"
    file.write_text('{"Statement": [{}]}')
    assert "no repository 'theirs'" in carrack("index", "create", "--policies", str(tmp_path)).stderr
    file.rename(tmp_path / "domain.resource.json").write_text("{")
    refused = carrack("index", "create", "--policies", str(tmp_path))
    assert (refused.returncode, "this is not a policy" in refused.stderr) == (64, True)


def test_order_and_single_values_make_no_difference() -> None:
    """AWS gives a policy back as it was put; people reorder theirs."""
    one = {"Statement": [{"Effect": "Allow", "Action": ["b", "a"], "Resource": "*"}, {"Effect": "Deny"}]}
    other = {
        "Statement": [
            {"Effect": "Deny"},
            {"Sid": "x", "Action": ["a", "b"], "Resource": ["*"], "Effect": "Allow"},
        ]
    }
    assert difference(one, other) == ()
    assert difference(one, {"Statement": one["Statement"][:1]}) != ()
