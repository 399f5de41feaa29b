"""`carrack convert`: each former form becomes PEP 621, for real, with the wheel before and after."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from packaging.version import Version
from tests.carrack.former_forms import CODE, FORMS, README, Form
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository

from carrack.adapters.manifests import read_workspace
from carrack.cli.wiring import Wiring
from carrack.commands.convert import Planned, carry_out, plan_conversion
from carrack.errors import BuildError, UsageError, WorkspaceError
from carrack.ports import Report

pytestmark = pytest.mark.registry

CONSTRAINTS = (Path(__file__).parents[2] / "build-constraints.txt").read_text(encoding="utf-8")
DEMO = PurePosixPath("packages/demo")
QUICK = ("setup.py", "setuptools-scm", "poetry", "flit")
"""The forms that every run of the suite tries; the others are for the slow one."""


@dataclass(frozen=True)
class Former:
    """A workspace with one package in a former form."""

    repo: Repository
    wiring: Wiring

    def plan(self, version: str | None = None) -> Planned:
        """The conversion, tried out."""
        return plan_conversion(DEMO, self.wiring.workshop, Version(version) if version else None)

    def convert(self, version: str | None = None) -> Planned:
        """The conversion, carried out."""
        planned = self.plan(version)
        assert list(carry_out(planned, self.wiring.workshop))
        return planned

    def text(self, name: str) -> str:
        """A file of the package."""
        return (self.repo.root / DEMO / name).read_text(encoding="utf-8")


def former(
    root: Path, environ: Mapping[str, str], files: Mapping[str, str], tag: str | None = None
) -> Former:
    """The workspace in `root`, with these files committed."""
    repo = repository(root / "workspace")
    repo.commit({"pyproject.toml": "[tool.carrack]\n", "build-constraints.txt": CONSTRAINTS, **files})
    if tag:
        repo.git("tag", tag)
    return Former(repo, Wiring(start=repo.root, environ=environ, report=Report()))


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A user with this process's certificates and the public index, and no settings of git."""
    for key, value in GIT_ENVIRON.items():
        if key.startswith("GIT_"):
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return dict(os.environ)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FORMS]
)
def test_each_former_form_becomes_pep_621_and_makes_the_same_wheel(
    tmp_path: Path, environ: Mapping[str, str], name: str
) -> None:
    """A commit a kind, what is not converted with its line, nothing else; then there is nothing to do any more."""
    form = FORMS[name]
    at = former(tmp_path, environ, form.laid_out(), form.tag)
    planned = at.convert()
    assert planned.differences == ()
    _titles(at.repo, planned, form)
    _files(at, form)
    left = [line.under(DEMO) for line in planned.left]
    assert len(left) == len(form.left), left
    for said in form.left:
        assert any(said in line for line in left), (said, left)
    again = at.plan()
    assert (again.is_done, again.why, again.proof) == (True, (), None)
    made = read_workspace(at.repo.root, environ).packages
    assert [(str(one.name), str(one.version)) for one in made.values()] == [("demo", form.version)]


def _titles(repo: Repository, planned: Planned, form: Form) -> None:
    titles = repo.git("log", "--reverse", "--format=%s", "HEAD").splitlines()[1:]
    assert len(titles) == len(form.commits), titles
    assert all(said in title for said, title in zip(form.commits, titles, strict=True)), titles
    assert repo.git("status", "--porcelain") == ""


def _files(at: Former, form: Form) -> None:
    manifest = at.text("pyproject.toml")
    assert [text for text in form.manifest if text not in manifest] == [], manifest
    assert [text for text in form.not_in_manifest if text in manifest] == [], manifest
    assert [name for name in form.gone if (at.repo.root / DEMO / name).exists()] == []
    for name, text in form.others.items():
        assert text in at.text(name), at.text(name)


def test_a_folder_with_requirements_alone_becomes_a_distribution_when_told_a_version(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """Without a version nothing is guessed; lines that are no requirements are left, and pins are told of."""
    requirements = "packaging>=20\n-r more.txt\nnumpy==1.20 --hash=sha256:00\nhttps://example.com/a.zip\n"
    at = former(
        tmp_path,
        environ,
        Form(files={**CODE, "requirements.txt": requirements}, commits=(), manifest=()).laid_out(),
    )
    with pytest.raises(WorkspaceError, match="no package yet") as told:
        at.plan()
    assert "carrack convert demo --version 0.1.0" in told.value.hint
    planned = at.convert("0.1.0")
    assert 'dependencies = [\n    "packaging>=20",\n    "numpy==1.20",\n]' in at.text("pyproject.toml")
    assert [(line.file, line.line) for line in planned.left] == [("requirements.txt", n) for n in (2, 4, 3)]
    assert planned.proof
    assert "there was no wheel before; this one has demo/__init__.py" in planned.proof.same_but[0]
    assert at.plan().is_done


GENERATED = {
    **README,
    **CODE,
    "setup.py": (
        "from setuptools import setup\n"
        "setup(name='demo', version='1.2', packages=['demo'], long_description=open('README.md').read().upper())\n"
    ),
}


@pytest.mark.slow
def test_a_wheel_that_would_differ_is_shown_and_committed_only_when_accepted(
    tmp_path: Path,
    environ: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The difference is named with both sides, nothing is written, and `--accept` is the user's word."""
    at = former(tmp_path, environ, Form(files=GENERATED, commits=(), manifest=()).laid_out())
    head = at.repo.git("rev-parse", "HEAD")
    code, out, err = _carrack(capsys, at.repo.root, "convert", "Demo")
    assert code == 66
    assert "differs   METADATA: Description: in line 1 before '# DEMO', after '# demo'" in out
    assert "left      packages/demo/setup.py:2: the long description is made by code" in out
    assert "the wheel would not be the same" in err
    assert "carrack convert Demo --accept" in err
    assert (at.repo.git("rev-parse", "HEAD"), at.repo.git("status", "--porcelain")) == (head, "")
    code, out, err = _carrack(capsys, at.repo.root, "convert", "demo", "--accept")
    assert code == 0
    assert "Committed" in err
    code, out, err = _carrack(capsys, at.repo.root, "convert", "demo")
    assert (code, out) == (0, "nothing to do: demo is PEP 621 with a static version\n")


def test_a_plan_shows_the_commits_and_their_differences_and_makes_none(
    tmp_path: Path,
    environ: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Words for people, the same facts for a program, exit code 0, and the workspace as it was."""
    at = former(tmp_path, environ, FORMS["flit"].laid_out())
    head = at.repo.git("rev-parse", "HEAD")
    code, out, _ = _carrack(capsys, at.repo.root, "convert", "demo", "--plan")
    assert code == 0
    assert "commit 2  Let pyproject.toml say demo's metadata (PEP 621)\n" in out
    assert "--- packages/demo/pyproject.toml (now)\n+++ packages/demo/pyproject.toml (converted)\n" in out
    assert '\n-dist-name = "demo"\n' in out
    assert "wheel     the same before and after: 1 file, METADATA, entry points\n" in out
    code, out, _ = _carrack(capsys, at.repo.root, "convert", "packages/demo", "--plan", "--json")
    told = json.loads(out)
    assert told["why"] == ["pyproject.toml has no [project]", "[tool.flit.metadata] is from before PEP 621"]
    assert (told["package"], told["differences"], len(told["commits"])) == ("demo", [], 4)
    assert (at.repo.git("rev-parse", "HEAD"), at.repo.git("status", "--porcelain")) == (head, "")


def _carrack(
    capsys: pytest.CaptureFixture[str], root: Path, *arguments: str
) -> tuple[int | str | None, str, str]:
    from carrack.cli.main import main

    with pytest.raises(SystemExit) as ended:
        main(["-C", str(root), *arguments])
    told = capsys.readouterr()
    return ended.value.code or 0, told.out, told.err


@pytest.mark.slow
def test_a_conversion_that_a_hook_stopped_goes_on_where_it_was(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """The commits before it stay; once the hook lets it, the same command ends where it would have."""
    whole = former(tmp_path / "whole", environ, FORMS["setuptools-scm"].laid_out(), "demo-v1.2")
    whole.convert()
    at = former(tmp_path / "stopped", environ, FORMS["setuptools-scm"].laid_out(), "demo-v1.2")
    hook = at.repo.root / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\n! grep -q 'static version' $1\n")
    hook.chmod(0o755)
    with pytest.raises(WorkspaceError, match="git failed"):
        at.convert()
    hook.unlink()
    at.repo.git("reset", "--hard", "-q")
    at.convert()
    assert at.repo.git("rev-parse", "HEAD^{tree}") == whole.repo.git("rev-parse", "HEAD^{tree}")


@pytest.mark.slow
def test_a_version_from_git_is_that_of_the_newest_release_or_is_asked_for(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """Of the tags that lead to HEAD the highest version; commits since are counted; without any it has to be said."""
    files = FORMS["hatch-vcs"].laid_out()
    at = former(tmp_path, environ, files)
    at.repo.git("tag", "other-v9.0")
    with pytest.raises(WorkspaceError, match="no tag demo-v… leads to HEAD") as told:
        at.plan()
    assert "--version X.Y.Z" in told.value.hint
    assert 'version = "3.4"' in str(at.plan("3.4").steps[0].changes["pyproject.toml"])
    for tag in ("demo-v1.10", "demo-v1.9", "demo-vnext"):
        at.repo.git("tag", tag)
    at.repo.commit({"packages/demo/README.md": "# demo\n\nMore.\n"})
    (step,) = at.plan().steps
    assert 'version = "1.10"' in str(step.changes["pyproject.toml"])
    assert "1.10 is that of tag demo-v1.10, the newest release in this history" in step.why
    assert "1 commits since, so bump it before it is published" in step.why


def test_a_version_that_is_written_down_is_not_asked_for(tmp_path: Path, environ: Mapping[str, str]) -> None:
    """`--version` is for those that have none."""
    at = former(tmp_path, environ, FORMS["setup.py"].laid_out())
    with pytest.raises(UsageError, match="written down"):
        at.plan("3.4")


@pytest.mark.slow
def test_bump_raises_the_versions_that_a_conversion_leaves(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """The manifest and the module that the tool for versions wrote go on together."""
    from datetime import date

    from carrack.adapters.manifest_edits import ManifestEdits
    from carrack.commands.bump import literals, write
    from carrack.model.bumping import BumpPlan, Wish, plan_bumps

    at = former(tmp_path, environ, FORMS["setuptools-scm"].laid_out(), "demo-v1.2")
    at.convert()
    workspace = read_workspace(at.repo.root, environ)
    (name,) = workspace.packages
    manifests = ManifestEdits(at.repo.root)
    plan = plan_bumps(workspace, [Wish(name=name, to=Version("2.0"), why="asked for")])
    plan = BumpPlan(bumps=plan.bumps, edits=(*plan.edits, *literals(plan.bumps, manifests)))
    write(plan, (), manifests, date(2026, 1, 1))
    assert 'version = "2.0"' in at.text("pyproject.toml")
    assert '__version__ = "2.0"' in at.text("src/demo/_version.py")


SETUP = "from setuptools import setup\n{}setup(name='demo', version='1.2', packages=['demo']{})\n"


@pytest.mark.parametrize(
    ("setup", "said", "hint"),
    [
        (SETUP.format("", ", use_2to3=True"), "Python 2, and was translated", "2to3 -w"),
        (SETUP.format("print 'hello'\n", ""), "setup.py is Python 2: print is a statement", "Python 3"),
        (SETUP.format("name = unicode('x')\n", ""), "it calls unicode", "Python 3"),
        (SETUP.format("import nowhere_at_all\n", ""), "imports nowhere_at_all", "[build-system] requires"),
        (SETUP.format("", ", install_requires=['a b c']"), "in the form that it has", "pip wheel"),
        (SETUP.format("raise SystemExit(3)\n", ""), "in the form that it has", "pip wheel"),
    ],
    ids=["use_2to3", "print", "unicode", "import", "requirement", "exit"],
)
@pytest.mark.slow
def test_what_does_not_build_as_it_is_is_refused_with_the_reason(
    tmp_path: Path, environ: Mapping[str, str], setup: str, said: str, hint: str
) -> None:
    """One sentence, the end of what the backend printed, what to do; nothing is written."""
    files = Form(files={**README, **CODE, "setup.py": setup}, commits=(), manifest=()).laid_out()
    at = former(tmp_path, environ, files)
    with pytest.raises(BuildError, match="does not build") as told:
        at.plan()
    assert said in told.value.message
    assert hint in told.value.hint
    assert "Traceback" not in told.value.output
    assert at.repo.git("status", "--porcelain") == ""


def test_what_is_not_committed_is_not_converted(tmp_path: Path, environ: Mapping[str, str]) -> None:
    """A conversion is of a commit, so that it can be proved."""
    at = former(tmp_path, environ, FORMS["setup.py"].laid_out())
    at.repo.write({"packages/demo/README.md": "new\n"})
    with pytest.raises(WorkspaceError, match="of what is committed") as told:
        at.plan()
    assert told.value.faults == ("packages/demo/README.md: is not committed",)


def test_a_package_that_has_its_form_is_left(tmp_path: Path, environ: Mapping[str, str]) -> None:
    """Nothing is built to find that out, and other packages that have faults do not matter."""
    files = package("demo") | {"packages/other/setup.py": "", "packages/other/pyproject.toml": "no toml"}
    planned = former(tmp_path, environ, files).plan()
    assert (planned.is_done, planned.proof) == (True, None)


def test_a_setuptools_that_is_too_old_for_pep_621_is_refused(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """Its requirement is named."""
    files = FORMS["only-build-system"].laid_out()
    files["packages/demo/pyproject.toml"] = '[build-system]\nrequires = ["setuptools<60"]\n'
    with pytest.raises(WorkspaceError, match="setuptools<60 is from before PEP 621"):
        former(tmp_path, environ, files).plan()


def test_build_requirements_that_contradict_what_is_pinned_are_refused(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """What other packages are built with does not change unsaid."""
    at = former(tmp_path, environ, FORMS["setup.py"].laid_out())
    at.repo.commit({"build-constraints.txt": "setuptools==70.0.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"})
    with pytest.raises(WorkspaceError, match="does not go with what is pinned") as told:
        at.plan()
    assert any("setuptools" in line for line in told.value.faults)
