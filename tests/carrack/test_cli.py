"""The command line: what goes to stdout, what to stderr, and with which exit code it ends."""

from __future__ import annotations

import errno
import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from tests.carrack.fakes import MemoryIndex
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository

from carrack.cli import main as module
from carrack.cli.main import VERBS, main
from carrack.cli.output import TerminalReport, show_error, show_table
from carrack.cli.selection import select_app, select_packages
from carrack.cli.wiring import Wiring
from carrack.errors import (
    BuildError,
    CarrackError,
    ExitCode,
    IndexAccessError,
    LockError,
    PublishedDiffersError,
    StoppedError,
    UsageError,
    WorkspaceError,
)

BIN = Path(sys.executable).parent
ROOT = """\
[tool.carrack.indexes.prod]
domain = "domain"
owner = "123456789012"
region = "eu-central-1"
repository = "prod"
[tool.carrack.indexes.local]
domain = "domain"
owner = "000000000000"
region = "us-east-1"
repository = "prod"
endpoint-variable = "LOCAL_URL"
"""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`carrack` in a folder, in this process."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, at: str = ".", **environ: str) -> Result:
        """Run `carrack ARGUMENTS` to its end, with this environment and no other."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder / at)
            for key in os.environ:
                patch.delenv(key)
            for key, value in {**GIT_ENVIRON, "HOME": str(self.folder), **environ}.items():
                patch.setenv(key, value)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        shown = self.capsys.readouterr()
        assert "Traceback" not in shown.err
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, shown.out, shown.err)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with two packages, in one commit."""
    made = repository(tmp_path / "workspace")
    made.commit({"pyproject.toml": ROOT, **package("alpha"), **package("beta", "0.1.0", "alpha>=0.1,<0.2")})
    return made


@pytest.fixture
def carrack(repo: Repository, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace."""
    return Command(repo.root, capsys)


def failing(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Result:
    """What `carrack` says and ends with when a verb raises this."""

    def verb(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module.cli, "main", verb)
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    assert isinstance(ended.value.code, int)
    return Result(ended.value.code, *capsys.readouterr())


def test_help_lists_every_verb_in_the_order_of_a_release(carrack: Command) -> None:
    """`--help` shows each verb and what it is for, on stdout, from any folder."""
    result = carrack("--help", at="packages")
    words = " ".join(result.out.split())
    places = [words.index(f"{verb} {text}") for verb, text in VERBS.items()]
    assert places == sorted(places)
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_own_help(carrack: Command, verb: str) -> None:
    """Each verb in the table is a command, and says how it is used."""
    result = carrack(verb, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: carrack {verb} ")


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    """`carrack --version`, as it is on PATH, names the installed version."""
    done = subprocess.run(
        [BIN / "carrack", "--version"], env={}, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert version("carrack") in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-verb"],
        ["publish", "--no-such-option"],
        ["bump", "alpha", "huge"],
        ["-C", "nowhere", "status"],
    ],
)
def test_a_wrong_command_line_is_a_usage_error(carrack: Command, arguments: list[str]) -> None:
    """Click's own complaints end with 64, on stderr."""
    result = carrack(*arguments)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert "Error" in result.err


@pytest.mark.parametrize("verb", ["publish", "status"])
def test_without_an_index_the_choices_are_named(carrack: Command, verb: str) -> None:
    """No index is guessed, whatever the AWS variables say; the next command is said, with the names to choose from."""
    result = carrack(
        verb, AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_REGION="eu-west-1", LOCAL_URL="http://127.0.0.1:1"
    )
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.splitlines() == [
        "error: no index was chosen, and the workspace has no default",
        "  next: say --to NAME (with make: INDEX=NAME), with one of: local, prod",
    ]


def test_an_unknown_index_is_a_usage_error(carrack: Command) -> None:
    """The choices are named here too."""
    result = carrack("publish", "--to", "production")
    assert result.code == ExitCode.USAGE
    assert "there is no index 'production'" in result.err
    assert "local, prod" in result.err


@pytest.mark.parametrize("value", [{}, {"LOCAL_URL": ""}])
def test_an_index_whose_address_is_not_set_is_not_replaced_by_another(
    carrack: Command, value: Mapping[str, str]
) -> None:
    """The index is named first; without its variable, nothing is asked anywhere, and the way to it is said."""
    result = carrack("publish", "--to", "local", **value)
    assert (result.code, result.out) == (ExitCode.INDEX, "")
    assert result.err.splitlines()[0].startswith(
        "index local: account 000000000000, region us-east-1, domain domain"
    )
    assert "the variable LOCAL_URL" in result.err
    assert "codeartifact-local" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--to", "prod", "Alhpa"),
        ("status", "--since", "HEAD", "beta", "Alhpa"),
        ("plan", "--to", "prod", "Alhpa"),
        ("build", "Alhpa"),
        ("publish", "--to", "prod", "BETA", "Alhpa"),
        ("promote", "prod", "local", "Alhpa"),
        ("bump", "Alhpa", "patch"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_name_that_is_no_packages_is_answered_with_the_one_that_was_meant(
    carrack: Command, arguments: tuple[str, ...]
) -> None:
    """In every verb that takes packages: a usage error, before anything is asked."""
    result = carrack(*arguments)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert "there is no package 'Alhpa'; did you mean alpha?" in result.err


def test_a_name_is_taken_in_any_spelling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case, dots, dashes and underscores are the same to pip, and here; twice the same name is once."""
    repo = repository(tmp_path / "workspace")
    app = '[tool.carrack.apps.the_job]\npath = "job"\nrequirements = []\nlock = "lock"\npythons = ["3.12"]\n'
    repo.commit({"pyproject.toml": ROOT + app, **package("big-one"), **package("other")})
    workspace = Wiring(start=repo.root, environ={}).workspace
    assert select_packages(workspace, ["Big_One", "big.one", "BIG--ONE"]) == ("big-one",)
    assert Command(repo.root, capsys)("bump", "Big.One", "patch", "--dry-run").out.count("big-one") == 1
    for spelling in ("the_job", "The-Job", "the.job"):
        assert select_app(workspace, spelling).name == "the_job"
    with pytest.raises(UsageError, match="there is no app 'the-jab'; did you mean the_job"):
        select_app(workspace, "the-jab")


def test_of_many_packages_some_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who mistypes one of a thousand does not get the other nine hundred to read."""
    repo = repository(tmp_path / "workspace")
    files = {path: text for number in range(22) for path, text in package(f"number-{number:02}").items()}
    repo.commit({"pyproject.toml": ROOT, **files})
    err = Command(repo.root, capsys)("build", "xyz").err
    assert "number-19 and 2 more" in err
    assert "number-20" not in err


def test_faults_of_the_workspace_are_shown_together(carrack: Command, repo: Repository) -> None:
    """Each fault is a line below the sentence."""
    for name in ("alpha", "beta"):
        file = repo.root / f"packages/{name}/pyproject.toml"
        file.write_text(file.read_text().replace('version = "0.1.0"', 'version = "one"'))
    result = carrack("bump", "alpha", "minor")
    assert (result.code, result.out) == (ExitCode.WORKSPACE, "")
    first, *faults, last = result.err.splitlines()
    assert first == "error: the workspace has 2 faults"
    assert [fault.split(":")[0] for fault in faults] == [
        "  packages/alpha/pyproject.toml",
        "  packages/beta/pyproject.toml",
    ]
    assert last == "  untouched: everything; nothing was written"


def test_outside_of_a_workspace_the_way_in_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without a workspace is an error of the workspace's kind, with -C as the way out."""
    result = Command(tmp_path, capsys)("status", "--to", "x")
    assert result.code == ExitCode.WORKSPACE
    assert "-C FOLDER" in result.err


def test_c_works_from_anywhere_below_and_above(carrack: Command) -> None:
    """`-C` takes a folder inside the workspace, relative to where one is."""
    assert carrack("-C", "alpha", "bump", "alpha", "patch", "--dry-run", at="packages").code == 0
    assert carrack("-C", "workspace", "bump", "alpha", "patch", "--dry-run", at="..").code == 0


def test_a_dry_run_of_bump_prints_the_changes_and_writes_none(carrack: Command, repo: Repository) -> None:
    """Each change is one line on stdout with its reason; without --dry-run the same lines are written."""
    dry = carrack("bump", "alpha", "minor", "--dry-run")
    assert dry.out.splitlines() == [
        "package  from   to     why",
        "alpha    0.1.0  0.2.0  asked for",
        "beta     0.1.0  0.1.1  requires alpha 0.2.0: asked for",
        "packages/beta/pyproject.toml: project.dependencies: alpha>=0.1,<0.2 -> alpha>=0.1,<0.3 "
        "(does not admit alpha 0.2.0)",
    ]
    assert repo.git("status", "--porcelain") == ""
    assert carrack("bump", "alpha", "--to", "0.2.0").out == dry.out
    assert repo.git("diff", "--name-only").splitlines() == [
        f"packages/{name}/pyproject.toml" for name in ("alpha", "beta")
    ]


@pytest.mark.parametrize("arguments", [[], ["minor", "--to", "2.0"], ["--to", "two"]])
def test_bump_wants_a_level_or_a_version(carrack: Command, arguments: list[str]) -> None:
    """Neither, both, or no version at all is a usage error."""
    assert carrack("bump", "alpha", *arguments).code == ExitCode.USAGE


@pytest.mark.registry
def test_build_prints_the_files_and_tells_what_is_not_in_them(carrack: Command, repo: Repository) -> None:
    """Paths on stdout, progress and notes on stderr; without constraints it is an error of the build's kind."""
    (repo.root / ".git/shallow").write_text(repo.git("rev-parse", "HEAD") + "\n")
    missing = carrack("build", "alpha")
    assert (missing.code, missing.out) == (ExitCode.BUILD, "")
    assert "note this is a shallow clone" in missing.err
    (repo.root / ".git/shallow").unlink()
    assert missing.err.splitlines()[-1].startswith("  next: printf '%s\\n' 'hatchling")
    constraints = (Path(__file__).parents[2] / "build-constraints.txt").read_text()
    repo.write({"build-constraints.txt": constraints, "packages/alpha/new.py": ""})
    certificates = {key: os.environ[key] for key in ("PIP_CERT", "SSL_CERT_FILE") if key in os.environ}
    result = carrack("build", "alpha", "--out", "files", **certificates)
    assert result.code == 0, result.err
    assert [Path(line).name for line in result.out.splitlines()] == [
        "alpha-0.1.0.tar.gz",
        "alpha-0.1.0-py3-none-any.whl",
    ]
    assert all((repo.root / line).is_file() for line in result.out.splitlines())
    assert result.err.splitlines() == [
        "        note packages/alpha/new.py: is not committed, so it is not in the build",
        "    Building alpha 0.1.0",
    ]


WHERE: dict[str, Any] = {
    "address": "file: key",
    "done": "one of two",
    "untouched": "the other",
    "hint": "carrack publish",
}


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (UsageError("m", **WHERE), 64, []),
        (WorkspaceError("m", faults=("a", "b"), **WHERE), 65, ["a", "b"]),
        (BuildError("m", output="a\nb", **WHERE), 66, ["a", "b"]),
        (IndexAccessError("m", **WHERE), 69, []),
        (PublishedDiffersError("m", differences=("a", "b"), **WHERE), 73, ["a", "b"]),
        (StoppedError("m", **WHERE), 75, []),
        (LockError("m", **WHERE), 76, []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, CarrackError) else "",
)
def test_an_error_says_where_what_is_done_what_is_not_and_what_is_next(
    error: CarrackError,
    code: int,
    details: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every kind of error has its exit code, all of its parts on stderr, and no traceback."""
    result = failing(error, monkeypatch, capsys)
    assert (result.code, result.out) == (code, "")
    assert result.err.splitlines() == [
        "error: file: key: m",
        *(f"  {line}" for line in details),
        "  done: one of two",
        "  untouched: the other",
        "  next: carrack publish",
    ]


def test_every_error_of_ours_has_an_exit_code_of_its_own() -> None:
    """No two kinds share a code, and none of them is a bug's or success."""
    kinds = CarrackError.__subclasses__()
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert not {kind.exit_code for kind in kinds} & {ExitCode.BUG, ExitCode.DONE}


@pytest.mark.parametrize("read_from", [(), ("/usr/lib/alpha.whl", None)], ids=["written", "copied"])
def test_a_full_disk_is_told_as_one_and_is_no_bug(
    read_from: tuple[str, None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with this machine gets a sentence with its path, no traceback, and 75: the command goes on."""
    full = OSError(errno.ENOSPC, "No space left on device", *read_from, "/tmp/carrack-1/alpha.whl")  # noqa: S108
    result = failing(full, monkeypatch, capsys)
    assert (result.code, result.out) == (ExitCode.RESUMABLE, "")
    assert result.err.startswith(
        "error: /tmp/carrack-1/alpha.whl: this machine does not let us go on: No space left on device\n"
    )
    assert "run the same command again" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyError("k"), AssertionError()], ids=repr)
def test_a_bug_shows_its_traceback_and_ends_with_70(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody foresaw is not dressed up as a user's error."""
    result = failing(error, monkeypatch, capsys)
    assert (result.code, result.out) == (ExitCode.BUG, "")
    assert result.err.startswith("Traceback")
    assert type(error).__name__ in result.err.splitlines()[-1]


def test_control_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupt is one line and the shell's own code for it."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.cli, "invoke", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "\nStopped. What was done stays done, and the same command goes on.\n"


def test_progress_is_a_right_aligned_verb_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Steps and notes line up on stderr."""
    TerminalReport().step("Uploading", "a.whl")
    TerminalReport().note("something")
    assert capsys.readouterr() == ("", "   Uploading a.whl\n        note something\n")


def test_colour_follows_no_color_and_force_color(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """FORCE_COLOR colours a pipe, NO_COLOR wins over it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_error(UsageError("m"))
    assert "\x1b[" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    show_error(UsageError("m"))
    assert capsys.readouterr().err == "error: m\n"


def test_no_color_is_kept_on_a_terminal(repo: Repository) -> None:
    """On a real terminal there are colours, and with NO_COLOR there are none."""

    def shown(**environ: str) -> bytes:
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            child = subprocess.Popen(
                [BIN / "carrack", "publish"],
                cwd=repo.root,
                env={**GIT_ENVIRON, "TERM": "xterm", **environ},
                stdout=theirs,
                stderr=theirs,
                stdin=theirs,
            )
            os.close(theirs)
            read = b""
            while chunk := _read(terminal.fileno()):
                read += chunk
            assert child.wait() == ExitCode.USAGE
        return read

    assert b"\x1b[" in shown()
    assert b"\x1b[" not in shown(NO_COLOR="1")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # what Linux says when the other side has closed
        return b""


def test_a_table_shows_its_cells_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brackets and colons are no markup; a pipe gets each row on one line, however long, FORCE_COLOR or not."""
    long = "x" * 300
    show_table(["a", "b"], [["[tool.carrack]", ":smile:"], [long, "2"]])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["a", "b"], ["[tool.carrack]", ":smile:"], [long, "2"]]
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_table(["a", "b"], [[long, "2"]])
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("40", ["name   why", "alpha  files changed since a1b2c3d4 was", "       released as 1.0"]),
        ("20", None),
    ],
)
def test_on_a_terminal_the_prose_of_a_table_is_folded(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    lines: list[str] | None,
) -> None:
    """The last column goes on below itself; where there is no room for that, the terminal breaks the line."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    prose = "files changed since a1b2c3d4 was released as 1.0"
    show_table(["name", "why"], [["alpha", prose]])
    assert capsys.readouterr().out.splitlines() == (lines or ["name   why", f"alpha  {prose}"])


def test_json_is_on_stdout_alone(carrack: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`status --json` prints one JSON value, with null where the index has nothing; the index is named on stderr."""
    monkeypatch.setattr(Wiring, "reader", lambda *_: MemoryIndex())
    shown = carrack("status", "--to", "prod", "--json")
    assert shown.code == 0
    assert json.loads(shown.out)[0] == {
        "package": "alpha",
        "tree": "0.1.0",
        "index": None,
        "state": "new",
        "reason": "the index does not know this package",
    }
    assert shown.err.startswith("index prod: account 123456789012")


@pytest.mark.parametrize("redirect", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_is_no_bug(repo: Repository, redirect: str) -> None:
    """A scheduler may start a command without stdin, stdout or stderr: what it would say goes nowhere."""
    shown = "from carrack.cli.output import show_table; show_table(['a'], [['b']])"
    program = (
        f"from carrack.cli.main import main, _open_what_is_closed; _open_what_is_closed(); {shown}; main()"
    )
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'"$0" -c "$1" -C "$2" status --to local {redirect}',
            sys.executable,
            program,
            repo.root,
        ],
        env={**GIT_ENVIRON, "LOCAL_URL": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == ExitCode.INDEX


def test_a_mistyped_verb_is_answered_with_the_one_that_was_meant(carrack: Command) -> None:
    """The nearest verb is named, and nothing is when none is near; both are usage errors."""
    near, far = carrack("instal"), carrack("xyz")
    assert (near.code, far.code) == (64, 64)
    assert "there is no verb 'instal'; did you mean install?" in near.err
    assert "did you mean" not in far.err


@pytest.mark.registry
def test_sigterm_leaves_no_temporary_file(repo: Repository, tmp_path: Path) -> None:
    """A build that is told to end amid its work exits with 143, and what it had laid out on disk is gone."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    shutil.copy(Path(__file__).parents[2] / "build-constraints.txt", repo.root)
    cache = tmp_path / "cache"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(scratch),
        "CARRACK_CACHE": str(cache),
    }
    with subprocess.Popen(
        [BIN / "carrack", "build"], cwd=repo.root, env=environ, stderr=subprocess.DEVNULL
    ) as building:
        deadline = time.monotonic() + 20
        while not any(cache.glob("environments/*/*/env/*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        building.terminate()
    assert building.returncode == 143
    assert not any(scratch.iterdir())
    assert not any(cache.glob("environments/*/*/*"))
