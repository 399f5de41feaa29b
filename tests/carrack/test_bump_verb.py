"""`carrack bump`, typed in a real repository: what it reads, writes and commits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.carrack.repositories import Repository, package, repository
from tests.carrack.test_cli import ROOT, Command
from tests.carrack.test_plan_verb import carrack as carrack  # the command, with index and builder in memory

PACKAGES = {**package("alpha"), **package("beta", "0.1.0", "alpha>=0.1,<0.2"), **package("gamma", "1.2.0")}
PACKAGES |= {f"packages/{name}/module.py": f"{name}\n" for name in ("alpha", "beta", "gamma")}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with three packages, beta needing alpha, in one commit."""
    made = repository(tmp_path / "workspace")
    made.commit({"pyproject.toml": ROOT, **PACKAGES})
    return made


def say(repo: Repository, message: str, files: dict[str, str]) -> str:
    """Commit files with a message."""
    repo.write(files)
    repo.git("add", "--all")
    repo.git("commit", "-qm", message)
    return repo.git("rev-parse", "--short=12", "HEAD")


def rows(out: str) -> list[str]:
    """The lines of a printed result, blanks between columns made one."""
    return [" ".join(line.split()) for line in out.splitlines()]


def test_commits_since_each_release_say_what_comes_next(carrack: Command, repo: Repository) -> None:
    """Only of what changed; below 1.0 a feature is a patch; the dependent's pin admits it, so that it stays."""
    carrack("publish", "--to", "prod")
    feat = say(repo, "feat: read more", {"packages/alpha/more.py": "1\n"})
    chore = say(repo, "chore: tidy", {"packages/alpha/more.py": "2\n", "packages/beta/x.py": "1\n"})
    shown = carrack("bump", "--index", "prod")
    assert rows(shown.out) == ["package from to why", f"alpha 0.1.0 0.1.1 {feat} feat: read more"], shown.err
    assert chore not in shown.out
    today = datetime.now(UTC).date()
    log = (repo.root / "packages/alpha/CHANGELOG.md").read_text()
    assert log.endswith(f"## [0.1.1] - {today:%Y-%m-%d}\n\n### Added\n\n- Read more.\n")


def test_a_breaking_commit_reaches_who_needs_it(carrack: Command, repo: Repository) -> None:
    """With the whole chain of reasons, and an entry in each changelog."""
    carrack("publish", "--to", "prod")
    commit = say(repo, "feat!: read otherwise", {"packages/alpha/more.py": "1\n"})
    shown = rows(carrack("bump", "--index", "prod").out)
    assert shown[1:] == [
        f"alpha 0.1.0 0.2.0 {commit} feat!: read otherwise",
        f"beta 0.1.0 0.1.1 requires alpha 0.2.0: {commit} feat!: read otherwise",
        "packages/beta/pyproject.toml: project.dependencies: alpha>=0.1,<0.2 -> alpha>=0.1,<0.3 "
        "(does not admit alpha 0.2.0)",
    ]
    assert "- Requires alpha 0.2.0." in (repo.root / "packages/beta/CHANGELOG.md").read_text()
    assert "- **Breaking:** Read otherwise." in (repo.root / "packages/alpha/CHANGELOG.md").read_text()


def test_nothing_to_bump_writes_nothing(carrack: Command, repo: Repository) -> None:
    """Nothing changed, or only in ways that release nothing; also where everything is new."""
    assert "nothing to bump" in carrack("bump", "--index", "prod").out
    carrack("publish", "--to", "prod")
    say(repo, "docs: more words", {"packages/alpha/README.md": "# more\n"})
    assert "nothing to bump" in carrack("bump", "--index", "prod").out
    assert repo.git("status", "--porcelain") == ""


def test_change_files_are_read_and_removed(carrack: Command, repo: Repository) -> None:
    """They speak for the packages that they name; commits for the others. Their words go into the changelogs."""
    carrack("publish", "--to", "prod")
    say(
        repo,
        "feat!: everything",
        {
            "packages/alpha/a.py": "1\n",
            "packages/gamma/a.py": "1\n",
            "changes/README.md": "How to write one.\n",
            "changes/blue.md": "---\nalpha: patch\n---\nMends reading.\n",
        },
    )
    shown = rows(carrack("bump", "--index", "prod").out)
    assert shown[1] == "alpha 0.1.0 0.1.1 changes/blue.md says patch"
    assert shown[2].startswith("gamma 1.2.0 2.0.0 ")
    assert not (repo.root / "changes/blue.md").exists()
    assert (repo.root / "changes/README.md").exists()
    assert "### Fixed\n\n- Mends reading." in (repo.root / "packages/alpha/CHANGELOG.md").read_text()


def test_change_files_alone_need_no_index(carrack: Command, repo: Repository) -> None:
    """Where the workspace says that levels come from them."""
    repo.commit(
        {
            "pyproject.toml": f'[tool.carrack.bump]\nsources = ["changes"]\n{ROOT}',
            "changes/blue.md": "---\ngamma: minor\n---\n",
        }
    )
    shown = carrack("bump")
    assert (shown.code, rows(shown.out)[1]) == (0, "gamma 1.2.0 1.3.0 changes/blue.md says minor"), shown.err


def test_broken_change_files_are_all_named_and_nothing_is_written(carrack: Command, repo: Repository) -> None:
    """By file and line, and by package where there is none of that name."""
    say(
        repo,
        "x",
        {
            "changes/a.md": "words\n",
            "changes/b.md": "---\nalpha: huge\n---\n",
            "changes/c.md": "---\ndelta: minor\n---\n",
        },
    )
    shown = carrack("bump", "--index", "prod")
    assert (shown.code, shown.out) == (65, "")
    for said in (
        "changes/a.md: it does not",
        "changes/b.md: line 2: 'huge'",
        "changes/c.md: there is no package 'delta'",
    ):
        assert said in shown.err
    assert repo.git("status", "--porcelain") == ""


def test_the_release_commit_is_the_record(carrack: Command, repo: Repository) -> None:
    """It has what was written and nothing else that was staged, and trailers that git can read."""
    repo.write({"other.txt": "staged by hand\n", "changes/blue.md": "---\nalpha: minor\n---\nMore.\n"})
    repo.git("add", "changes")
    repo.git("commit", "-qm", "a change file")
    repo.git("add", "other.txt")
    shown = carrack("bump", "--index", "prod", "--commit")
    assert shown.code == 0, shown.err
    assert repo.git("log", "-1", "--format=%s") == "Release alpha 0.2.0, beta 0.1.1"
    trailers = repo.git("log", "-1", "--format=%(trailers:key=Carrack-Release,valueonly)").split("\n")
    assert [line for line in trailers if line] == ["alpha 0.2.0", "beta 0.1.1"]
    assert "beta 0.1.0 -> 0.1.1: requires alpha 0.2.0: changes/blue.md says minor" in repo.git("log", "-1")
    assert sorted(repo.git("show", "--name-only", "--format=").split()) == [
        "changes/blue.md",
        "packages/alpha/CHANGELOG.md",
        "packages/alpha/pyproject.toml",
        "packages/beta/CHANGELOG.md",
        "packages/beta/pyproject.toml",
    ]
    assert repo.git("status", "--porcelain") == "A  other.txt"


def test_versions_in_the_code_follow(carrack: Command, repo: Repository) -> None:
    """Where a module repeats the version as a literal; other text stays, and a literal that says another is left."""
    module = '"""Words."""\n\n__version__ = "0.1.0"  # 0.1.0\nother = "0.1.0"\n'
    repo.commit(
        {
            "packages/alpha/src/alpha/__init__.py": module,
            "packages/alpha/src/alpha/_version.py": '__version__ = "9"\n',
        }
    )
    shown = carrack("bump", "alpha", "patch")
    assert (
        "packages/alpha/src/alpha/__init__.py: __version__: 0.1.0 -> 0.1.1 (repeats the version)" in shown.out
    )
    after = (repo.root / "packages/alpha/src/alpha/__init__.py").read_text()
    assert after == module.replace('__version__ = "0.1.0"', '__version__ = "0.1.1"')


def test_pre_releases_and_the_way_out(carrack: Command, repo: Repository) -> None:
    """rc1, rc2, final; and what is final already says so."""
    for arguments, version in (
        (("gamma", "minor", "--pre", "rc"), "1.3.0rc1"),
        (("gamma", "minor", "--pre", "rc"), "1.3.0rc2"),
        (("gamma", "--final"), "1.3.0"),
    ):
        assert rows(carrack("bump", *arguments).out)[1].split()[2] == version
    shown = carrack("bump", "gamma", "--final")
    assert (shown.code, "gamma 1.3.0 is final already" in shown.err) == (64, True)


def test_all_pre_releases_end_together(carrack: Command, repo: Repository) -> None:
    """`--final` without a package; a version that is final stays."""
    carrack("bump", "alpha", "minor", "--pre", "b")
    carrack("bump", "beta", "--to", "0.2.0.dev3")
    assert rows(carrack("bump", "--final").out)[1:] == [
        "alpha 0.2.0b1 0.2.0 asked for",
        "beta 0.2.0.dev3 0.2.0 asked for",
    ]


PROSE = """\
Reads **ndjson**:

- quickly
- with `io.read`:

  ```python
  io.read("x",
          y=1)
  ```
"""


def test_the_prose_of_a_change_file_stays_markdown(carrack: Command, repo: Repository) -> None:
    """Paragraphs, lists and code are as they were, in the entry; what is a list has entries of its own."""
    repo.commit(
        {
            "changes/a.md": f"\ufeff---\r\nalpha: minor\r\ngamma: major\r\n---\r\n{PROSE}",
            "changes/b.md": "---\nalpha: patch\ngamma: major\n---\n\n- One.\n- Two.\n",
        }
    )
    assert carrack("bump", "--index", "prod").code == 0
    entry = PROSE.strip().replace("\n", "\n  ").replace("\n  \n", "\n\n")
    alpha = (repo.root / "packages/alpha/CHANGELOG.md").read_text()
    assert alpha.endswith(f"### Added\n\n- {entry}\n\n### Fixed\n\n- One.\n- Two.\n")
    gamma = (repo.root / "packages/gamma/CHANGELOG.md").read_text()
    assert f"### Changed\n\n- **Breaking:** {entry}\n- **Breaking:**\n\n  - One.\n  - Two.\n" in gamma


def test_a_snapshot_counts_commits_and_leaves_changelogs_and_change_files(
    carrack: Command, repo: Repository
) -> None:
    """It is thrown away after its publish."""
    say(repo, "x", {"changes/blue.md": "---\nalpha: minor\n---\nMore.\n"})
    shown = carrack("bump", "--index", "prod", "--dev")
    assert rows(shown.out)[1].split()[2] == "0.2.0.dev2", shown.err
    assert (repo.root / "changes/blue.md").exists()
    assert not (repo.root / "packages/alpha/CHANGELOG.md").exists()


def test_json_has_everything(carrack: Command, repo: Repository) -> None:
    """Bumps, edits, entries and the files that a bump uses up."""
    say(repo, "x", {"changes/blue.md": "---\nalpha: minor\n---\nMore.\n"})
    facts = json.loads(carrack("bump", "--index", "prod", "--json", "--dry-run").out)
    assert facts["consumed"] == ["changes/blue.md"]
    assert facts["bumps"][0]["notes"] == [{"section": "Added", "text": "More."}]
    assert [edit["key"] for edit in facts["edits"]] == [
        "project.version",
        "project.dependencies",
        "project.version",
    ]
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--final",), "every package is final already"),
        (("gamma", "--final", "--pre", "rc"), "say one of"),
        (("gamma", "--to", "2.0", "--dev"), "say one of"),
        (("gamma", "--pre", "rc"), "say a level"),
        (("gamma", "minor", "--final"), "say a level"),
        (("gamma", "minor", "--pre", "rc", "--dev"), "say one of"),
    ],
)
def test_a_bump_that_says_too_little_or_too_much(
    carrack: Command, arguments: tuple[str, ...], said: str
) -> None:
    """Is a usage error with the next command."""
    shown = carrack("bump", *arguments)
    assert (shown.code, said in shown.err) == (64, True), shown.err


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('dependents = "loose"', "tool.carrack.bump.dependents"),
        ('edges = { "alpha" = "exact" }', "tool.carrack.bump.edges"),
        ('edges = { "alpha -> delta" = "exact" }', "there is no package 'delta'"),
        ('groups = [["alpha"]]', "tool.carrack.bump.groups"),
        ('groups = [["alpha", "beta"], ["beta", "gamma"]]', "beta is in two groups"),
        ('policy = "exact"', "there is no such key"),
    ],
)
def test_rules_that_cannot_be_are_faults_of_the_workspace(
    carrack: Command, repo: Repository, table: str, fault: str
) -> None:
    """By their key."""
    repo.write({"pyproject.toml": f"[tool.carrack.bump]\n{table}\n{ROOT}"})
    shown = carrack("bump", "alpha", "patch")
    assert (shown.code, fault in shown.err) == (65, True), shown.err


def test_a_refused_commit_says_what_is_done(carrack: Command, repo: Repository) -> None:
    """A hook that refuses: the files are written, and the next command is said."""
    hook = repo.root / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    hook.chmod(0o755)
    shown = carrack("bump", "gamma", "patch", "--commit")
    assert (shown.code, "no such luck" in shown.err, "is written" in shown.err) == (65, True, True), shown.err
