"""What `carrack adopt --plan` says of a source: each finding, and none where there is nothing to find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tests.carrack.former import SETUP, Former, former
from tests.carrack.repositories import Repository, package, repository
from tests.carrack.test_adopt import ROOT, Importing
from tests.carrack.test_cli import Command
from tests.carrack.test_plan_verb import carrack as memory_carrack

from carrack.adapters.former_packaging import read_former
from carrack.model.adoption import SourceTag
from carrack.model.adoption_conflicts import disjoint
from carrack.model.adoption_secrets import PATTERNS, secrets_in
from carrack.model.adoption_tags import map_tags, version_of
from carrack.model.source_address import parse_address

__all__ = ["memory_carrack"]

APP = """
[tool.carrack.apps.job]
path = "job"
requirements = ["alpha", "click>=8"]
lock = "job/requirements.lock"
pythons = ["3.11", "3.12"]
[tool.carrack.indexes.prod]
domain = "domain"
owner = "123456789012"
region = "eu-central-1"
repository = "prod"
"""
LOCK = """\
# carrack-lock: 1
# app: job
# python: 3.11 3.12
# machine: x86_64
# requirements: sha256:0
# receipt: sha256:0
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with a package that wants pydantic 2, and an app whose lock has it."""
    made = repository(tmp_path / "workspace")
    pins = {"pydantic": "2.12.0", "click": "8.3.0", "rich": "14.0.0"}
    lock = LOCK + "".join(f"{n}=={v} \\\n    --hash=sha256:{'0' * 64}\n" for n, v in sorted(pins.items()))
    files = package("alpha", "0.1.0", "pydantic>=2,<3", "requests>=2.31")
    made.commit({"pyproject.toml": ROOT + APP, "job/requirements.lock": lock, **files})
    return made


@pytest.fixture
def carrack(repo: Repository, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace."""
    return Importing(repo.root, capsys)


@pytest.fixture
def source(tmp_path: Path) -> Former:
    """A small former repository."""
    return former(tmp_path / "old-tool")


def plan(carrack: Command, source: Former, *options: str) -> dict[str, Any]:
    """The findings by their topic."""
    shown = carrack("adopt", str(source.root), "--plan", "--json", *options)
    return {one["topic"]: one for one in json.loads(shown.out)["findings"]}


def test_secrets_are_told_by_commit_path_and_line_and_never_printed(carrack: Command, source: Former) -> None:
    """Each once in each file, where it came first, though it is gone since; the secret itself is nowhere."""
    key = "AKIA" + "QWERTYUIOP234567"
    token = "ghp_" + "a1" * 18
    commit = source.say("Configure", {"conf.ini": f"[aws]\n\nkey = {key}\n", "deploy.sh": f"T={token}\n"})
    source.say("More", {"conf.ini": f"[aws]\n\nkey = {key}\nmore = 1\n"})
    source.say("Remove them", {"conf.ini": "[aws]\n", "deploy.sh": "T=$TOKEN\n"})
    found = plan(carrack, source)["secrets"]
    assert found["verdict"] == "warn"
    assert sorted(found["details"]) == [
        f"{commit[:12]} conf.ini:3  AWS access key id",
        f"{commit[:12]} deploy.sh:1  GitHub token",
    ]
    shown = carrack("adopt", str(source.root), "--plan")
    imported = carrack("adopt", str(source.root))
    for text in (shown.out, shown.err, imported.out, imported.err):
        assert key not in text
        assert token not in text
    assert imported.code == 0, "nothing leaves this machine before somebody pushes"


SECRETS = {
    "AWS access key id": "AKIA" + "A2B3C4D5E6F7G2H3",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIE" * 16,
    "GitHub token": "github_pat_" + "a" * 82,
    "GitLab token": "glpat-" + "a1B2" * 5,
    "Slack token": "xoxb-123456789012-" + "a1B2" * 6,
    "Slack webhook": "https://hooks.slack.com/services/T00AA11BB/B00AA11BB/" + "a1B2" * 6,
    "package index token": "pypi-" + "AgE" + "a1B2" * 20,
    "password in a URL": "postgresql://app:hunter2hunter2@db.acme.io/app",
}


def test_every_pattern_finds_its_own() -> None:
    """One of each form is found as what it is, and as nothing else."""
    assert {pattern.what for pattern in PATTERNS} == SECRETS.keys()
    for what, secret in SECRETS.items():
        assert [(line, kind) for line, kind, _ in secrets_in(f"x = 1\ny = '{secret}'\n".encode())] == [
            (2, what)
        ]


@pytest.mark.parametrize(
    "innocent",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "MIIE" * 16,
        "ghp_short",
        "https://user:password@host.com/",
        "https://user:secretsecret@example.com/",
        "https://host.com:8080/a@b.c",
        "glpat-",
        "xoxb-",
        "YAKIAA2B3C4D5E6F7G2H3",
        "sha256:" + "ab" * 32,
    ],
)
def test_what_only_looks_like_a_secret_is_none(innocent: str) -> None:
    """Documentation's own examples, placeholders, public keys, prefixes alone, hashes."""
    assert list(secrets_in(f"x = '{innocent}'\n".encode())) == []


def test_git_lfs_is_told_with_its_pointers(carrack: Command, source: Former) -> None:
    """What .gitattributes sends there, and the files that are pointers; the remedy names both transfers."""
    oid = "0" * 64
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n"
    source.say(
        "Large", {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "data/a.bin": pointer}
    )
    found = plan(carrack, source)["lfs"]
    assert found["details"] == [".gitattributes: *.bin filter=lfs diff=lfs merge=lfs -text", "data/a.bin"]
    assert "git lfs fetch --all" in found["remedy"]
    assert "git lfs push --all" in found["remedy"]
    required = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "filter.lfs.smudge",
        "GIT_CONFIG_VALUE_0": "git-lfs smudge",
    }
    required |= {"GIT_CONFIG_KEY_1": "filter.lfs.clean", "GIT_CONFIG_VALUE_1": "cat"}
    assert carrack("adopt", str(source.root), **required).code == 0


def test_files_that_need_a_look_are_told(carrack: Command, source: Former) -> None:
    """CI files below the root, names that differ in case only, links that lead out, and what is big."""
    files = {".travis.yml": "", ".github/workflows/test.yml": "", "docs/Read.txt": "", "docs/read.txt": ""}
    files |= {".mailmap": "A <a@example.com>\n", ".gitattributes": "[attr]unix text eol=lf\n*.py unix\n"}
    source.say("Files", files)
    (source.root / "out").symlink_to("../../elsewhere")
    (source.root / "in").symlink_to("docs/../old_tool.py")
    (source.root / "big.bin").write_bytes(b"\0" * (51 * 1024 * 1024))
    big = source.say("Big")
    source.git("rm", "-q", "big.bin")
    source.say("No more big")
    found = plan(carrack, source)
    assert found["ci"]["details"] == [".github/workflows/test.yml", ".travis.yml"]
    assert found["root"]["details"] == [".mailmap", ".gitattributes: [attr]unix text eol=lf"]
    assert found["names"]["details"] == ["docs/Read.txt, docs/read.txt"]
    assert found["links"]["details"] == ["out -> ../../elsewhere"]
    assert found["size"]["details"] == [f"{big[:12]} big.bin  51 MB"]
    assert found["messages"]["said"].startswith("2 with #NUMBER")


def test_what_stays_behind_is_told(carrack: Command, source: Former) -> None:
    """Branches with commits of their own, and pull requests; a branch that is merged leaves nothing."""
    source.git("switch", "-qc", "idea")
    source.git("update-ref", "refs/pull/7/head", source.say("An idea", {"idea.py": ""}))
    source.git("switch", "-q", "main")
    assert plan(carrack, source)["stays behind"]["said"] == "branches: idea; 1 pull request"


def test_a_quiet_source_has_nothing_of_it(carrack: Command, tmp_path: Path) -> None:
    """The control: none of these lines where there is nothing to say."""
    source = Former(repository(tmp_path / "quiet").root)
    source.say("Begin", {"setup.py": SETUP.replace(")", ', python_requires=">=3.8")')})
    found = plan(carrack, source)
    assert found.keys() == {
        *("source", "packaging", "tags", "size", "secrets", "python", "pydantic", "pins", "folder"),
    }
    assert {one["verdict"] for one in found.values()} == {"ok"}


def _requiring(source: Former, *requires: str, python: str = ">=3.8") -> None:
    manifest = package("old-tool", "2.0", *requires)["packages/old-tool/pyproject.toml"]
    source.git("rm", "-q", "setup.py")
    source.say("PEP 621", {"pyproject.toml": manifest.replace(">=3.11", python)})


def test_what_does_not_fit_the_apps_and_packages_is_told(carrack: Command, source: Former) -> None:
    """Python, pydantic 1 against 2, a lock's pin, a package's range; what fits, or is for others, is not."""
    _requiring(
        source,
        *("pydantic<2", "click<8.2", "rich>=13", "requests<2", "colorama<0.1; sys_platform == 'win32'"),
        *("typing-extensions", "click<5; python_version < '3.8'"),
        python=">=3.7,<3.12",
    )
    found = plan(carrack, source)
    assert found["python"]["details"] == ["job has Python 3.12"]
    assert found["pydantic"]["verdict"] == "warn"
    assert found["pydantic"]["details"] == [
        "pydantic<2: job's lock has 2.12.0",
        "pydantic<2: alpha 0.1.0 requires pydantic<3,>=2",
    ]
    assert found["pins"]["details"] == [
        "click<8.2: job's lock has 8.3.0",
        "requests<2: alpha 0.1.0 requires requests>=2.31",
    ]


def test_what_fits_is_no_conflict(carrack: Command, source: Former) -> None:
    """The control: the same names, in ranges that go together."""
    _requiring(source, "pydantic>=1.10", "click>=8,<9", "requests>=2")
    found = plan(carrack, source)
    assert {topic: found[topic]["verdict"] for topic in ("python", "pydantic", "pins")} == {
        "python": "ok",
        "pydantic": "ok",
        "pins": "ok",
    }
    assert found["pydantic"]["said"] == "pydantic>=1.10: pydantic 1 and 2"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("<2", ">=2", True),
        ("<2", ">=1.9", False),
        (">1,<2", ">=1.5", False),
        (">1", "<=1", True),
        ("==1.4.*", ">=1.4.7", False),
        ("==1.4.2", "!=1.4.2", True),
        ("~=1.4.2", ">=1.5", True),
        ("", "<0.1", False),
        (">=2,<3", ">2.5", False),
    ],
)
def test_ranges_are_disjoint_or_not(one: str, other: str, expected: bool) -> None:
    """Two specifiers that no version meets."""
    assert disjoint(SpecifierSet(one), SpecifierSet(other)) is expected
    assert disjoint(SpecifierSet(other), SpecifierSet(one)) is expected


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.0", "1.0"),
        ("1.0", "1.0"),
        ("V1.2.3", "1.2.3"),
        ("v.1.2", "1.2"),
        ("release-1.0", "1.0"),
        ("rel_1_0", "1.0"),
        ("rel-1.4", "1.4"),
        ("release/v2.0rc1", "2.0rc1"),
        ("pyfoo_2.4.7", "2.4.7"),
        ("py-foo-2.4", "2.4"),
        ("py-foo-v2.4", "2.4"),
        ("pyfoo/2.4", "2.4"),
        ("version-3", "3"),
        ("1.0-rc.1", "1.0rc1"),
        ("2.0b5", "2.0b5"),
        ("1.0.0.dev0", "1.0.0.dev0"),
        ("1.4.2-final", "1.4.2"),
        ("r1.2", "1.2"),
        ("nightly", None),
        ("test-v1.0", None),
        ("wheels-1", None),
        ("r1234", None),
        ("2023.1-eom", None),
        ("3.2.0_docs", None),
        ("dev0", None),
        ("other-1.0", None),
        ("v1.0-3-gabcdef", None),
    ],
)
def test_a_tag_says_a_version_or_none(tag: str, version: str | None) -> None:
    """Names that people give to releases, and names that only look like it."""
    said = version_of(tag, ["py-foo", "pyfoo"])
    assert str(said) == str(version)


def test_tags_that_would_be_one_are_told_apart() -> None:
    """The same commit: one comes. Another commit: both come, neither as the release. No two have one name."""
    tags = [
        *(SourceTag(name="1.0", commit="a"), SourceTag(name="v1.0", commit="a", annotated=True)),
        *(SourceTag(name="2.0", commit="b"), SourceTag(name="v2.0", commit="c")),
        *(SourceTag(name="tag-2.0", commit="b"), SourceTag(name="foo/bar", commit="a")),
        *(SourceTag(name="foo-bar", commit="b"), SourceTag(name="tree", commit=None)),
    ]
    mapped = map_tags(canonicalize_name("foo"), tags, ["foo"])
    assert mapped.names == {
        "v1.0": "foo-v1.0",
        "2.0": "foo-tag-2.0",
        "v2.0": "foo-tag-v2.0",
        "tag-2.0": "foo-tag-tag-2.0",
        "foo/bar": "foo-foo-bar",
        "foo-bar": "foo-tag-foo-bar",
    }
    assert mapped.left.keys() == {"1.0", "tree"}
    assert len(set(mapped.names.values())) == len(mapped.names)


def test_the_baseline_is_the_newest_release_of_head_s_own_line(carrack: Command, source: Former) -> None:
    """Not a higher number of long ago, nor of a branch that HEAD does not have; the latter is told."""
    source.tag("2013.1", commit="v1.0")
    source.git("switch", "-qc", "maintenance", "v1.0")
    source.say("Patch", {"patch.py": ""})
    source.tag("v1.0.1")
    source.git("switch", "-q", "main")
    told = json.loads(carrack("adopt", str(source.root), "--plan", "--json").out)
    assert told["baseline"]["version"] == "1.2.0"
    details = {one["topic"]: one for one in told["findings"]}["tags"]["details"]
    assert "2013.1 is newer, and not on HEAD's line" in details


SCM = "from setuptools import setup\nsetup(use_scm_version=True)\n"
PBR = "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n"
VERSIONEER = "import versioneer\nsetup(version=versioneer.get_version())\n"
ATTRIBUTE = {"setup.cfg": "[metadata]\nname = x\nversion = attr: x.__version__\n", "setup.py": "setup()\n"}
POETRY = {"pyproject.toml": '[tool.poetry]\nname = "x"\nversion = "1.0"\n', ".bumpversion.cfg": ""}
FLIT = '[tool.flit.metadata]\nmodule = "x"\n[build-system]\nbuild-backend = "flit_core.buildapi"\n'
DYNAMIC = (
    '[project]\nname = "x"\ndynamic = ["version"]\n[build-system]\nbuild-backend = "flit_core.buildapi"\n'
)
VCS = DYNAMIC.replace("flit_core.buildapi", "hatchling.build") + 'requires = ["hatch-vcs"]\n'


@pytest.mark.parametrize(
    ("files", "form", "versioning"),
    [
        ({"setup.py": SETUP}, "setup.py", "1.2.0, static"),
        ({"setup.py": SCM}, "setup.py", "from git, by setuptools-scm"),
        ({"setup.py": PBR}, "setup.py", "from git, by pbr"),
        ({"setup.py": VERSIONEER}, "setup.py", "from git, by versioneer"),
        ({"setup.py": "print 'two'\n"}, "setup.py", "not said"),
        (ATTRIBUTE, "setup.cfg with setup.py", "dynamic: attr: x.__version__"),
        (POETRY, "poetry", "1.0, static, raised by bumpversion"),
        ({"pyproject.toml": FLIT}, "flit", "not said"),
        ({"pyproject.toml": VCS}, "PEP 621, built by hatch", "from git, by hatch-vcs"),
        ({"pyproject.toml": DYNAMIC}, "PEP 621, built by flit", "dynamic: from the code"),
        ({"requirements.txt": "click\n"}, "requirements.txt alone", "not said"),
        ({}, "none", "not said"),
    ],
)
def test_the_form_and_the_version_are_read_without_running_anything(
    files: dict[str, str], form: str, versioning: str
) -> None:
    """The forms that there were before PEP 621, and the ways to make a version."""
    read = read_former(files)
    assert (read.form, read.versioning) == (form, versioning)


def test_requirements_are_read_from_every_form() -> None:
    """As PEP 508; what is computed, or has no such form, is told and never guessed."""
    wanted = {"click>=7", "six"}
    script = "REQ = ['click>=7', 'six']\nsetup(name='x', install_requires=REQ, python_requires='>=3.6')\n"
    config = "[metadata]\nname = x\n[options]\npython_requires = >=3.6\ninstall_requires =\n  click>=7\n  six  # old\n"
    flit = '[tool.flit.metadata]\nmodule = "x"\nrequires = ["click>=7", "six"]\nrequires-python = ">=3.6"\n'
    poetry = (
        '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "^3.6"\nclick = ">=7"\nsix = "*"\n'
    )
    poetry += 'old = "1 || 2"\n'
    table = script.replace("setup(", "args = dict(") + "setup(**args)\n"
    for files in (
        {"setup.py": script},
        {"setup.py": table.replace("install_requires=REQ", "install_requires=['click>=7', 'six']")},
        {"setup.cfg": config},
        {"pyproject.toml": flit},
        {"pyproject.toml": poetry},
    ):
        read = read_former(files)
        assert {str(one) for one in read.requires} == wanted, files
        assert read.requires_python is not None
        assert read.requires_python.contains("3.8")
    (unread,) = read.unread
    assert unread.startswith("pyproject.toml: tool.poetry.dependencies.old: PEP 440 has no alternatives")
    computed = read_former({"setup.py": "setup(name='x', install_requires=open('r').readlines())\n"})
    assert computed.unread == ("setup.py: install_requires is computed",)


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("https://u:p@host/acme/tool.git?token=x#y", "https://host/acme/tool.git", "tool"),
        ("https://TOKEN@host/acme/tool", "https://host/acme/tool", "tool"),
        ("ssh://git:p@host:22/acme/tool.git", "ssh://git@host:22/acme/tool.git", "tool"),
        ("git@host:acme/tool.git", "git@host:acme/tool.git", "tool"),
        ("git@host:tool", "git@host:tool", "tool"),
        ("../tool/", "../tool/", "tool"),
        ("/srv/tool/.git", "/srv/tool/.git", "tool"),
        ("file:///srv/tool.git", "file:///srv/tool.git", "tool"),
    ],
)
def test_an_address_is_kept_without_credentials(text: str, url: str, name: str) -> None:
    """Of http and https neither user nor password nor query stay; ssh keeps its user."""
    address = parse_address(text)
    assert (address.url, address.name) == (url, name)
    assert "p@" not in repr(address)


@pytest.mark.parametrize(
    ("base", "other", "expected"),
    [
        ("https://host/acme/tool.git", "../data.git", "https://host/acme/data.git"),
        ("https://host/acme/tool.git", "../../other/data.git", "https://host/other/data.git"),
        ("git@host:acme/tool.git", "../data.git", "git@host:acme/data.git"),
        ("/srv/tool", "./data", "/srv/tool/data"),
        ("/srv/tool", "https://host/data", "https://host/data"),
    ],
)
def test_a_submodule_s_relative_address_is_the_source_s(base: str, other: str, expected: str) -> None:
    """As git-submodule's manual says: relative to the superproject's own address."""
    assert parse_address(base).relative(other) == expected


def test_the_next_version_of_what_was_adopted_comes_from_the_commits_since_its_tag(
    memory_carrack: Command, repo: Repository, source: Former
) -> None:
    """The index does not know it, so its tag is where its last release was."""
    _requiring(source)
    source.tag("v2.0")
    source.say("feat: read more", {"src/old_tool/more.py": "1\n"})
    assert memory_carrack("adopt", str(source.root), "--no-convert").code == 0
    told = memory_carrack("status", "--to", "prod").out
    assert "mistagged" in told
    shown = memory_carrack("bump", "--index", "prod", "--dry-run").out
    assert "old-tool  2.0   2.1" in shown
    assert "feat: read more" in shown
