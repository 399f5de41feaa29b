"""`init` makes a workspace that stands by itself, in a folder that is empty, with the toolkit that runs."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import pytest
import requests
from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from tests.carrack.fakes import name
from tests.carrack.local import BIN, Shell, upload
from tests.carrack.repositories import GIT_ENVIRON
from tests.carrack.static_index import StaticIndex
from tests.carrack.wheels import make_sdist, make_wheel

from carrack.adapters.build_pins import UvBuildPins
from carrack.adapters.environment import isolated
from carrack.adapters.manifests import read_workspace
from carrack.adapters.new_folder import NewFolder
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.workspace_templates import read_templates
from carrack.commands.init import init
from carrack.errors import ExitCode, LockError, UsageError, WorkspaceError
from carrack.model.controls import TOOLKIT
from carrack.model.index import Index
from carrack.model.new_workspace import index_at, lay_out, name_workspace, required
from carrack.ports import Report
from codeartifact_local.testing import LocalCodeArtifact

ROOT = Path(__file__).parents[2]
PROD = Index(name="prod", domain="acme", owner="1" * 12, region="eu-west-1", repository="prod")
FILES = {
    *(".dockerignore", ".gitignore", "Makefile", "README.md", "pyproject.toml", "scripts/demo.sh"),
    *("packages/acme-jobs-tally/README.md", "packages/acme-jobs-tally/pyproject.toml"),
    *(
        f"packages/acme-jobs-tally/src/acme_jobs_tally/{file}"
        for file in ("__init__.py", "py.typed", "tally.py")
    ),
    *("pipeline_app/README.md", "pipeline_app/pyproject.toml", "pipeline_app/examples/orders.json"),
    *("pipeline_app/examples/orders/2026-01.csv", "pipeline_app/examples/orders/2026-02.csv"),
    *(f"pipeline_app/src/pipeline_app/{file}" for file in ("__init__.py", "main.py", "py.typed")),
    *("tests/acme_jobs_tally/test_tally.py", "tests/pipeline_app/test_main.py"),
}


def laid_out(called: str = "acme-jobs", index: Index | None = None) -> dict[PurePosixPath, str]:
    """The files of a new workspace, but for its pins."""
    return lay_out(read_templates(), name_workspace(called), "0.1.0", index)


def on_disk(folder: Path, files: Mapping[PurePosixPath, str]) -> Path:
    """A folder with these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


# --- names ---


@pytest.mark.parametrize(
    ("text", "package", "module"),
    [
        ("my-pipelines", "my-pipelines-tally", "my_pipelines_tally"),
        ("My.Pipelines_2", "my-pipelines-2-tally", "my_pipelines_2_tally"),
        ("a--b", "a-b-tally", "a_b_tally"),
        ("x", "x-tally", "x_tally"),
        ("class", "class-tally", "class_tally"),
        ("n" * 64, "n" * 64 + "-tally", "n" * 64 + "_tally"),
    ],
)
def test_the_package_is_called_after_the_workspace(text: str, package: str, module: str) -> None:
    """Normalized, so that the name is the same in every place that an index compares it."""
    names = name_workspace(text)
    assert (names.package, names.module) == (package, module)
    assert names.module.isidentifier()


BAD_NAMES = [
    "",
    " ",
    "2024-jobs",
    "-x",
    "x-",
    "x y",
    "データ",
    "a/b",
    "..",
    "x\n",
    "x" * 65,
    "é",
    "a;b",
    "@@name@@",
]


@pytest.mark.parametrize("text", BAD_NAMES)
def test_what_no_distribution_can_be_called_is_refused(text: str) -> None:
    """Before anything is looked at, with the option that says another."""
    with pytest.raises(UsageError, match="is no name that packages could begin with") as refused:
        name_workspace(text)
    assert refused.value.hint == "carrack init FOLDER --name NAME"


# --- what is written ---


def test_the_files_are_these_and_no_place_is_left_in_them() -> None:
    """Neither in their names nor in their texts; and nothing of this repository or this machine is."""
    files = laid_out()
    assert {str(path) for path in files} == FILES
    everything = "\n".join(f"{path}\n{text}" for path, text in files.items())
    assert not re.findall(r"@@|\.in\b(?!put)", everything)
    for stranger in ("record", "Record"):
        assert not re.findall(rf"{stranger}[-_](?:io|rules)", everything)
    assert str(Path.home()) not in everything
    assert str(ROOT) not in everything


def test_carrack_reads_it_without_a_fault(tmp_path: Path) -> None:
    """One package, one app that requires it, one index that is for trying, and the default."""
    workspace = read_workspace(on_disk(tmp_path, laid_out()), {})
    assert list(workspace.packages) == ["acme-jobs-tally"]
    assert [(app.name, str(app.lock)) for app in workspace.apps.values()] == [
        ("pipeline_app", "pipeline_app/requirements.lock")
    ]
    assert workspace.installed_by(workspace.apps["pipeline_app"].requirements) == (name("acme-jobs-tally"),)
    assert list(workspace.indexes) == ["local"]
    assert workspace.default_index == "local"
    assert not workspace.indexes["local"].tags


def test_what_is_required_is_what_the_files_say() -> None:
    """The package of the workspace itself is asked of nobody."""
    build, everything = required(laid_out())
    assert {Requirement(text).name for text in build} == {"editables", "hatchling"}
    assert {Requirement(text).name for text in everything} == {
        *("editables", "hatchling", "carrack", "codeartifact-local", "mypy", "pytest", "ruff"),
        *("batch-params", "pydantic"),
    }


def test_the_toolkit_of_this_repository_is_what_it_asks_for() -> None:
    """Whoever raises a version here past what the templates admit, hears of it here."""
    _, everything = required(lay_out(read_templates(), name_workspace("x"), version("carrack"), None))
    wanted = [Requirement(text) for text in everything]
    for distribution in TOOLKIT:
        manifest = tomllib.loads((ROOT / "packages" / distribution / "pyproject.toml").read_text())
        (specifier,) = {one.specifier for one in wanted if one.name == distribution}
        assert specifier.contains(manifest["project"]["version"], prereleases=True), distribution


@pytest.mark.parametrize("called", ["a", "acme-jobs", "zz" + "z" * 62])
def test_its_python_is_formatted_and_keeps_its_own_rules(tmp_path: Path, called: str) -> None:
    """Whatever the name, which stands among the imports."""
    folder = on_disk(tmp_path, laid_out(called))
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [BIN / "ruff", *command, "--no-cache", "."],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_its_python_is_strictly_typed(tmp_path: Path) -> None:
    """By its own settings; a function without types beside it is all that is found."""
    folder = on_disk(tmp_path, laid_out())
    (folder / "tests" / "control.py").write_text("def untyped(x): ...\n")
    mypy = [str(BIN / "mypy"), "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"]
    done = subprocess.run(mypy, cwd=folder, capture_output=True, text=True, check=False)
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["tests/control.py"], done.stdout


def test_what_stands_there_for_ci_is_what_ci_init_takes(tmp_path: Path) -> None:
    """Once it is uncommented."""
    folder = on_disk(tmp_path, laid_out(index=PROD))
    manifest = folder / "pyproject.toml"
    text = manifest.read_text()
    table = re.search(r"^# \[tool\.carrack\.ci\]\n(?:# .*\n)+", text, re.MULTILINE)
    assert table
    manifest.write_text(text.replace(table[0], re.sub(r"^# ", "", table[0], flags=re.MULTILINE)))
    done = Shell(folder, GIT_ENVIRON)("ci", "init")
    assert done.returncode == 0, done.stderr
    assert "carrack plan --to prod" in (folder / "buildspec.yml").read_text()


# --- whose index ---


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("credentials", ["", "aws:eyJ2ZXIi.token@"])
def test_a_codeartifact_address_says_which_index_it_is(credentials: str, slash: str) -> None:
    """Domain, account, region and repository; the token in it goes nowhere."""
    host = "acme-tools-111122223333.d.codeartifact.eu-west-1.amazonaws.com"
    found = index_at(f"https://{credentials}{host}/pypi/team.python_3/simple{slash}")
    assert found == Index(
        name="team.python_3",
        domain="acme-tools",
        owner="111122223333",
        region="eu-west-1",
        repository="team.python_3",
    )
    assert "eyJ2ZXIi" not in "".join(laid_out(index=found).values())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/simple",
        "https://packages.example.com/simple/",
        "https://acme-1111.d.codeartifact.eu-west-1.amazonaws.com/pypi/prod/simple/",
        "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/npm/prod/",
        "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com.example.com/pypi/prod/simple/",
    ],
)
def test_any_other_address_is_no_index_of_a_workspace(url: str) -> None:
    """It is pip's business alone."""
    assert index_at(url) is None


@pytest.mark.parametrize(
    ("index", "called"),
    [
        (PROD, "prod"),
        (Index(**{**PROD.__dict__, "name": "team.python", "profile": "release"}), "team.python"),
        (Index(**{**PROD.__dict__, "name": "local", "store": "public"}), "shared"),
    ],
)
def test_the_index_that_is_known_is_named_in_the_settings(tmp_path: Path, index: Index, called: str) -> None:
    """As it is, also where its name wants quotes; `local` stays the one on this machine."""
    found = read_workspace(on_disk(tmp_path, laid_out(index=index)), {}).indexes
    assert set(found) == {"local", called}
    assert found[called] == Index(**{**index.__dict__, "name": called})


# --- the verb ---


@dataclass
class Pinned:
    """Implements `ports.Toolkit`: everything is there, and was asked for in these words."""

    there: tuple[str, ...] = ()
    place: str = "an index"
    versions: Mapping[NormalizedName, str] = field(default_factory=lambda: {name("carrack"): "0.1.0"})
    asked: list[Sequence[str]] = field(default_factory=list)

    def pinned(self, requires: Sequence[str], constraints: str) -> str:
        """See `ports.Toolkit`."""
        self.asked.append(requires)
        return "".join(f"{text}  # pinned\n" for text in requires)

    def differing(self, pins: str) -> tuple[str, ...]:
        """See `ports.Toolkit`."""
        return self.there


def made(folder: Path, toolkit: Pinned | None = None) -> tuple[PurePosixPath, ...]:
    """Make a workspace there."""
    names = name_workspace("acme-jobs")
    return init(NewFolder(folder), toolkit or Pinned(), names, read_templates(), Report())


def test_the_toolkit_that_runs_is_what_is_pinned(tmp_path: Path) -> None:
    """By its exact version, beside what the files ask for; nothing else is written than what is told."""
    toolkit = Pinned()
    files = made(tmp_path / "new", toolkit)
    there = {
        str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()
    }
    assert there == {str(path) for path in files} == FILES | {"build-constraints.txt", "requirements-dev.txt"}
    assert "carrack==0.1.0" in toolkit.asked[1]


@pytest.mark.parametrize("there", [".git/HEAD", "folder/inner/"])
def test_an_empty_repository_is_an_empty_folder(tmp_path: Path, there: str) -> None:
    """Git's own files do not count, and git sees no empty folders."""
    place = tmp_path / there
    (place if there.endswith("/") else place.parent).mkdir(parents=True)
    if not there.endswith("/"):
        place.touch()
    assert len(made(tmp_path)) == len(FILES) + 2


@pytest.mark.parametrize("there", ["README.md", ".env", "src/deep/module.py", "link"])
def test_a_folder_with_something_in_it_is_refused_and_nobody_is_asked(tmp_path: Path, there: str) -> None:
    """It is named; a link to nowhere is something too."""
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    if there == "link":
        (tmp_path / there).symlink_to("nowhere")
    else:
        (tmp_path / there).touch()
    toolkit = Pinned()
    with pytest.raises(WorkspaceError, match="is not empty") as refused:
        made(tmp_path, toolkit)
    assert refused.value.faults == (there.partition("/")[0],)
    assert toolkit.asked == []


def test_of_very_much_only_some_is_named(tmp_path: Path) -> None:
    """And how much more there is."""
    for number in range(12):
        (tmp_path / f"{number:02}").touch()
    with pytest.raises(WorkspaceError) as refused:
        made(tmp_path)
    assert refused.value.faults[-2:] == ("09", "… and 2 more")


def test_another_toolkit_under_the_same_name_is_not_pinned(tmp_path: Path) -> None:
    """Nothing is written then."""
    with pytest.raises(LockError, match="another toolkit") as refused:
        made(tmp_path / "new", Pinned(there=("carrack/x.py differs",)))
    assert refused.value.faults == ("carrack/x.py differs",)
    assert list(tmp_path.iterdir()) == []


STEPS = """
import sys
from pathlib import Path, PurePosixPath
from tests.carrack.write_steps import watch
from carrack.adapters.new_folder import NewFolder
from carrack.errors import StoppedError
watch(sys.argv[1], sys.argv[2], int(sys.argv[3]))
try:
    NewFolder(Path(sys.argv[1])).write({PurePosixPath("a/b.txt"): "b", PurePosixPath("c.txt"): "c"})
except StoppedError:
    sys.exit(75)
"""
MOST_STEPS = 20


def ends(folder: Path, how: str, at: int) -> int:
    """Write two files there in a process that is killed, or that the machine fails, at one of its changes."""
    return subprocess.run(
        [sys.executable, "-c", STEPS, folder, how, str(at)], cwd=ROOT, check=False
    ).returncode


def test_a_run_that_was_killed_leaves_nothing_that_the_next_would_refuse(tmp_path: Path) -> None:
    """At whichever of its changes it was; where both files were written already, they are what it refuses."""
    for at in range(1, MOST_STEPS):
        folder = tmp_path / str(at)
        if (code := ends(folder, "kill", at)) == 0:
            break
        assert code == -signal.SIGKILL
        written = [path for path in ("a/b.txt", "c.txt") if (folder / path).exists()]
        assert NewFolder(folder).contents() == (("a", "c.txt") if len(written) == 2 else ()), at
    assert 5 < at < MOST_STEPS - 1


def test_where_one_file_cannot_be_written_there_is_no_folder_either(tmp_path: Path) -> None:
    """And one that was there is as empty as it was."""
    (tmp_path / "there").mkdir()
    for at in range(1, MOST_STEPS):
        codes = {ends(tmp_path / folder, "fail", at) for folder in ("there", "new/folder")}
        if 0 in codes:
            break
        assert codes == {75}
        assert [path.name for path in tmp_path.rglob("*")] == ["there"], at
    assert 5 < at < MOST_STEPS - 1


def run(folder: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `carrack init` as a user does."""
    return Shell(folder, environ)("init", *arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["2024-jobs"], 64, "'2024-jobs' is no name that packages could begin with"),
        (["new", "--name", "a/b"], 64, "'a/b' is no name"),
        (["/", "--name", ""], 64, "'' is no name"),
        (["a", "b"], 64, "unexpected extra argument"),
        (["full"], 65, "full: this folder is not empty\n  thing\n"),
        (["full/thing"], 65, "there can be no new folder here: Not a directory"),
        (["full/thing/new"], 65, "there can be no new folder here: Not a directory"),
        (["loop", "--name", "x"], 65, "there can be no new folder here: Too many levels"),
        (["x" * 300, "--name", "x"], 65, "there can be no new folder here: File name too long"),
        (["new", "--to", "prod"], 65, "no pyproject.toml here or above has a [tool.carrack] table"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, bare_environ: Mapping[str, str], arguments: list[str], code: int, said: str
) -> None:
    """With its exit code and no traceback, and nothing is there afterwards that was not before."""
    work = tmp_path / "work"
    (work / "full").mkdir(parents=True)
    (work / "full" / "thing").touch()
    (work / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    done = run(work, bare_environ, *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_without_git_it_says_so_before_anything_is_written(
    tmp_path: Path, bare_environ: Mapping[str, str]
) -> None:
    """A workspace is of no use without."""
    (tmp_path / "bin").mkdir()
    done = run(tmp_path, {**bare_environ, "PATH": str(tmp_path / "bin")}, "new")
    assert (done.returncode, done.stderr) == (65, "error: git is not on PATH\n  next: install git\n")
    assert not (tmp_path / "new").exists()


def pip_at(index: StaticIndex, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a user whose pip has this index."""
    return {**environ, "PIP_INDEX_URL": index.access.simple_url_with_token}


def test_an_index_without_the_toolkit_is_named_without_its_token(
    tmp_path: Path, static_index: StaticIndex, bare_environ: Mapping[str, str]
) -> None:
    """76, with what is missing and what to do."""
    done = run(tmp_path, pip_at(static_index, bare_environ), "new")
    assert done.returncode == ExitCode.LOCK, done.stderr
    assert f"pip's index: {static_index.access.simple_url}\n" in done.stderr
    assert "was not found" in done.stderr
    assert static_index.token not in done.stderr
    assert not (tmp_path / "new").exists()


def test_an_index_that_refuses_the_token_is_told_as_that(
    tmp_path: Path, static_index: StaticIndex, bare_environ: Mapping[str, str]
) -> None:
    """69, and the token is in no sentence."""
    static_index.token, environ = "another", pip_at(static_index, bare_environ)
    static_index.token = "the-right-one"
    done = run(tmp_path, environ, "new")
    assert done.returncode == ExitCode.INDEX, done.stderr
    assert "does not let us in" in done.stderr
    assert "another" not in done.stderr


def stock(index: StaticIndex, members: Mapping[str, str] | None = None) -> None:
    """Put a wheel of each direct requirement on the index; the toolkit's have `members`, else what wheels have here."""
    _, everything = required(laid_out())
    for wanted in map(Requirement, everything):
        mine = wanted.name in TOOLKIT
        lowest = min((one.version for one in wanted.specifier if one.operator in (">=", "~=")), default="1")
        found = version(wanted.name) if mine else lowest
        make_wheel(index.folder, wanted.name, found, members=members if mine else None)


def test_a_stranger_s_toolkit_of_the_same_version_is_refused(
    tmp_path: Path, static_index: StaticIndex, bare_environ: Mapping[str, str]
) -> None:
    """Though all requirements are met there: the files are compared with those that run, metadata included."""
    stock(
        static_index,
        {"carrack/errors.py": "print('mine')\n", "evil/__init__.py": "", "evil.pth": "import evil\n"},
    )
    done = run(tmp_path, pip_at(static_index, bare_environ), "new")
    assert done.returncode == ExitCode.LOCK, done.stderr
    assert "another toolkit under the name of the one that runs" in done.stderr
    for member in (
        "carrack/errors.py",
        "evil/__init__.py",
        "evil.pth",
        f"carrack-{version('carrack')}.dist-info/METADATA",
    ):
        assert f": {member} is another than that of carrack" in done.stderr
    assert not (tmp_path / "new").exists()


def test_no_code_of_an_index_is_run_to_find_out_what_is_on_it(
    tmp_path: Path, static_index: StaticIndex, bare_environ: Mapping[str, str]
) -> None:
    """A toolkit that has an sdist alone is one that is not there: uv would build it for its metadata."""
    stock(static_index)
    next(static_index.folder.glob("carrack-*.whl")).unlink()
    make_sdist(static_index.folder, "carrack", version("carrack"))
    done = run(tmp_path, pip_at(static_index, bare_environ), "new")
    assert done.returncode == ExitCode.LOCK, done.stderr
    assert "no usable wheels" in done.stderr
    assert not [path for path in static_index.requests if path.endswith(".tar.gz")]


def test_hashes_that_pip_would_refuse_are_not_pinned(tmp_path: Path, server: LocalCodeArtifact) -> None:
    """An index may give md5 beside sha256; uv writes both down, and pip then refuses the whole file."""
    server.create("carrack", "prod")
    upload(server, make_wheel(tmp_path, "thing", "1.0"))
    url = server.index_url("carrack", "prod")
    page = requests.get(f"{url}thing/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}, timeout=30)
    assert set(page.json()["files"][0]["hashes"]) > {"sha256"}
    environ = isolated(server.environ(), settings=PipSettings(index_url=url))
    text = UvBuildPins(environ=environ).missing(["thing"], "")
    assert re.fullmatch(r"thing==1\.0 \\\n    --hash=sha256:[0-9a-f]{64}\n", text)
