"""`carrack adopt`, typed in real repositories: what comes, what is proved, and what stays as it was."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.former import SETUP, Former, former, odd
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository
from tests.carrack.test_cli import BIN, Command, Result
from tests.carrack.web import Answer, Asked, Web

from carrack.adapters.filter_repo import FilterRepo
from carrack.adapters.landing import Landing
from carrack.errors import StoppedError


class Importing(Command):
    """The command, which leaves what comes in its old form."""

    def __call__(self, *arguments: str, at: str = ".", **environ: str) -> Result:
        """Run `carrack ARGUMENTS`, without the conversion."""
        alone = ["--no-convert"] if arguments[0] == "adopt" else []
        return super().__call__(*arguments, *alone, at=at, **environ)


ROOT = '[tool.carrack]\npackages = ["packages/*"]\n'


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with one package."""
    made = repository(tmp_path / "workspace")
    made.commit({"pyproject.toml": ROOT, **package("alpha")})
    return made


@pytest.fixture
def carrack(repo: Repository, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace."""
    return Importing(repo.root, capsys)


@pytest.fixture
def source(tmp_path: Path) -> Former:
    """A small former repository."""
    return former(tmp_path / "old-tool")


def everything(repo: Repository) -> tuple[str, ...]:
    """What a refusal must leave: refs, files, index, and what git calls changed."""
    return (
        repo.git("for-each-ref"),
        repo.git("rev-parse", "HEAD"),
        repo.git("status", "--porcelain", "--ignored"),
        repo.git("ls-files", "-s"),
    )


def trailers(repo: Repository, commit: str = "HEAD") -> dict[str, str]:
    """Those of a commit, as git reads them."""
    told = repo.git("log", "-1", "--format=%(trailers:only,unfold)", commit)
    return dict(line.split(": ", 1) for line in told.splitlines())


def test_the_whole_history_comes_and_the_tree_is_the_source_s(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """One merge commit; the folder's tree is HEAD's of the source; each commit of its is seen from here."""
    before = repo.git("rev-parse", "HEAD")
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    assert repo.git("rev-parse", "HEAD^1") == before
    assert repo.git("rev-list", "--count", "HEAD^2") == source.git("rev-list", "--count", "HEAD") == "5"
    log = repo.git("log", "--format=%s %an %at", "--full-history", "HEAD^2", "--", "packages/old-tool")
    assert log == source.git("log", "--format=%s %an %at", "--full-history")
    assert repo.git("status", "--porcelain") == ""
    assert (repo.root / "packages/old-tool/old_tool.py").read_text() == "one = 11\n"
    assert "5 commits, each with its own tree, and 2 tags" in done.err
    repo.git("fsck", "--strict")


def test_tags_get_the_names_of_releases(carrack: Command, repo: Repository, source: Former) -> None:
    """`PACKAGE-vVERSION`, on the rewritten commits; one with a message keeps it, and is named by its new name."""
    carrack("adopt", str(source.root))
    assert repo.git("tag").splitlines() == ["old-tool-v1.0", "old-tool-v1.2.0"]
    assert repo.git("cat-file", "-t", "old-tool-v1.2.0") == "tag"
    assert "tag old-tool-v1.2.0" in repo.git("cat-file", "tag", "old-tool-v1.2.0")
    assert repo.git("rev-parse", "old-tool-v1.0:packages/old-tool") == source.git("rev-parse", "v1.0^{tree}")
    assert repo.git("describe", "--match", "old-tool-v*", "HEAD^2") == "old-tool-v1.2.0"


def test_the_merge_commit_says_where_it_came_from(carrack: Command, repo: Repository, source: Former) -> None:
    """Source, commit, folder, rewritten commit, tool and the newest release are trailers that git reads."""
    carrack("adopt", str(source.root))
    told = trailers(repo)
    assert told.pop("Carrack-Rewritten-By").startswith("git-filter-repo 2.")
    assert told == {
        "Carrack-Adopted": "old-tool",
        "Carrack-Source": str(source.root),
        "Carrack-Source-Commit": source.git("rev-parse", "HEAD"),
        "Carrack-Folder": "packages/old-tool",
        "Carrack-History": repo.git("rev-parse", "HEAD^2"),
        "Carrack-Baseline": "old-tool-v1.2.0 1.2.0",
    }


def test_an_old_commit_id_leads_to_the_new_commit(carrack: Command, repo: Repository, source: Former) -> None:
    """`git grep OLD adopted/` finds the commit that an old link means, and messages stay word by word."""
    carrack("adopt", str(source.root))
    old = source.git("rev-parse", "v1.0")
    line = repo.git("grep", "-h", old[:9], "--", "adopted").split()
    assert line == [old, repo.git("rev-parse", "old-tool-v1.0")]
    assert repo.git("log", "-1", "--format=%B", line[1]) == "Begin, see #1"


def test_everything_odd_comes_as_it_is(carrack: Command, repo: Repository, tmp_path: Path) -> None:
    """Empty commits, roots, octopuses, bytes that are no UTF-8, modes, links, line ends, tags of trees and tags."""
    source = odd(tmp_path / "old-tool")
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    ours, theirs = (
        [line.split()[1:] for line in one.git("log", "--format=%h %p", head, "--").splitlines()]
        for one, head in ((repo, "HEAD^2"), (source, "HEAD"))
    )
    assert [len(parents) for parents in ours] == [len(parents) for parents in theirs]
    assert max(map(len, ours)) == 4, "the octopus has all of its arms"
    assert ours.count([]) == 2, "both roots"
    bodies = [Former(one.root).raw("log", "--format=%an%n%B", "--encoding=ISO-8859-1", head)
              for one, head in ((repo, "HEAD^2"), (source, "HEAD"))]  # fmt: skip
    assert bodies[0] == bodies[1]
    tags = Former(repo.root).raw("tag").splitlines()
    assert b"old-tool-caf\xe9" in tags
    assert {b"old-tool-v1.3", b"old-tool-nightly", b"old-tool-nested"} <= set(tags)
    assert b"old-tool-a-tree" not in tags
    assert (repo.root / "packages/old-tool/link.py").is_symlink()
    assert (repo.root / "packages/old-tool/run.sh").stat().st_mode & 0o100
    assert (repo.root / "packages/old-tool/dos.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert repo.git("status", "--porcelain") == ""


def test_a_plan_writes_nothing(carrack: Command, repo: Repository, source: Former) -> None:
    """Neither refs, files nor objects; stdout has the lines alone."""
    before, objects = everything(repo), repo.git("count-objects", "-v")
    shown = carrack("adopt", str(source.root), "--plan")
    assert shown.code == 0, shown.err
    assert everything(repo) == before
    assert repo.git("count-objects", "-v") == objects
    topics = [line.split()[1] for line in shown.out.splitlines() if line.startswith(("ok", "warn", "fail"))]
    assert topics == [
        *("source", "packaging", "tags", "size", "secrets", "messages"),
        *("python", "pydantic", "pins", "folder"),
    ]
    assert "5 commits, 1 merge" in shown.out


def test_a_plan_can_be_read_by_a_program(carrack: Command, tmp_path: Path) -> None:
    """The same facts as JSON, whatever bytes the source's names have."""
    source = odd(tmp_path / "old-tool")
    told = json.loads(carrack("adopt", str(source.root), "--plan", "--json").out)
    assert told["name"] == "old-tool"
    assert told["baseline"] == {"tag": "old-tool-v1.3", "version": "1.3"}
    assert told["tags"]["v1.2.0"] == "old-tool-v1.2.0"
    topics = {one["topic"]: one for one in told["findings"]}
    assert topics["source"]["said"].endswith("2 roots")
    assert topics["tags"]["verdict"] == "warn"
    assert any("a-tree does not come" in line for line in topics["tags"]["details"])


def test_one_folder_comes_alone(carrack: Command, repo: Repository, tmp_path: Path) -> None:
    """With --subdir only commits of that folder come; a tag before its time does not; every change of it is there."""
    source = Former(repository(tmp_path / "mono").root)
    source.say("Others first", {"other/file": "1\n"})
    source.tag("v0.1")
    source.say("The library", {"libs/tool/setup.py": SETUP, "libs/tool/old_tool.py": "1\n"})
    source.say("Others again", {"other/file": "2\n"})
    source.say("Empty")
    source.git("switch", "-qc", "side")
    source.say("On the side", {"libs/tool/side.py": "1\n"})
    source.git("switch", "-q", "main")
    source.say("Others between", {"other/file": "3\n"})
    source.git("merge", "-q", "--no-ff", "-m", "Join", "side")
    source.tag("v1.2.0")
    done = carrack("adopt", str(source.root), "--subdir", "libs/tool/")
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:packages/old-tool") == source.git("rev-parse", "HEAD:libs/tool")
    assert repo.git("tag") == "old-tool-v1.2.0"
    said = repo.git("log", "--format=%s", "HEAD^2").splitlines()
    assert [line for line in said if line != "Join"] == ["On the side", "The library"]
    assert trailers(repo)["Carrack-Source-Folder"] == "libs/tool"
    listed = repo.git("cat-file", "blob", "HEAD:adopted/old-tool.commits")
    assert f"{source.git('rev-parse', 'v0.1')} -" in listed
    assert carrack("adopt", "--update", "old-tool").out.startswith("old-tool: nothing came since")


@pytest.mark.parametrize(
    ("subdir", "said"),
    [("no/such", "HEAD has no folder no/such"), ("../up", "is no folder of the source")],
)
def test_a_folder_that_is_not_there_is_refused(
    carrack: Command, source: Former, subdir: str, said: str
) -> None:
    """With a sentence, before anything is rewritten."""
    assert said in carrack("adopt", str(source.root), "--subdir", subdir).err


def _shallow(source: Former, to: Path) -> str:
    source.git("clone", "-q", "--depth=2", f"file://{source.root}", str(to))
    return str(to)


def _empty(source: Former, to: Path) -> str:
    return str(repository(to).root)


def _folder_of_one(source: Former, to: Path) -> str:
    source.say("Deeper", {"deep/file": ""})
    return str(source.root / "deep")


def _no_repository(source: Former, to: Path) -> str:
    to.mkdir()
    return str(to)


def _grafted(source: Former, to: Path) -> str:
    grafts = source.root / ".git/info/grafts"
    grafts.write_text(f"{source.git('rev-parse', 'HEAD')}\n")
    return str(source.root)


def _unborn_head(source: Former, to: Path) -> str:
    source.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
    return str(source.root)


def _broken(source: Former, to: Path) -> str:
    blob = source.git("rev-parse", "v1.0:old_tool.py")
    (source.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    return str(source.root)


def _computed_name(source: Former, to: Path) -> str:
    source.say("Computed", {"setup.py": "from setuptools import setup\n\nsetup(name=open('NAME').read())\n"})
    return str(source.root)


@pytest.mark.parametrize(
    ("make", "said", "remedy"),
    [
        (_shallow, "is a shallow clone", "fetch --unshallow"),
        (_empty, "the repository is empty", ""),
        (_folder_of_one, "is a folder of a repository", "--subdir deep"),
        (_no_repository, "git cannot fetch it", "git ls-remote"),
        (_grafted, "has grafts", "--convert-graft-file"),
        (_unborn_head, "its HEAD is on no commit", "git switch"),
        (_broken, "git cannot fetch it", "git ls-remote"),
        (_computed_name, "compute the distribution's name", "--name old-tool"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_source_that_cannot_come_whole_is_refused(
    carrack: Command,
    repo: Repository,
    source: Former,
    tmp_path: Path,
    make: Callable[[Former, Path], str],
    said: str,
    remedy: str,
) -> None:
    """One sentence, the remedy, and nothing written."""
    before = everything(repo)
    ended = carrack("adopt", make(source, tmp_path / "made"), GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert ended.code == 65, ended.err
    assert said in ended.err
    assert remedy in ended.err
    assert everything(repo) == before


def test_replace_refs_change_nothing(carrack: Command, repo: Repository, source: Former) -> None:
    """The commits come as they are, not as somebody's replace refs show them; the plan says so."""
    head = source.git("rev-parse", "HEAD")
    source.git("replace", "--graft", head)
    assert source.git("rev-list", "--count", "HEAD") == "1", "the control: git shows a short history here"
    assert "1 replace ref: the true commits come" in carrack("adopt", str(source.root), "--plan").out
    assert carrack("adopt", str(source.root)).code == 0
    assert repo.git("rev-list", "--count", "HEAD^2") == "5"


def test_a_detached_head_comes(carrack: Command, repo: Repository, source: Former) -> None:
    """What HEAD is on comes, though no branch leads there."""
    source.git("switch", "-q", "--detach")
    commit = source.say("On no branch", {"loose.py": "1\n"})
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert trailers(repo)["Carrack-Source-Commit"] == commit
    assert (repo.root / "packages/old-tool/loose.py").exists()


@pytest.mark.parametrize("form", ["bare", "worktree", "bundle", "file", "relative", "dot-git"])
def test_a_source_may_be_given_in_many_ways(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path, form: str
) -> None:
    """A bare repository, a linked work tree, a bundle, a file:// address, a relative path, its .git."""
    bare = tmp_path / "bare.git"
    source.git("clone", "-q", "--bare", str(source.root), str(bare))
    source.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    source.git("bundle", "create", "-q", str(tmp_path / "old.bundle"), "HEAD", "main", "--tags")
    places = {
        "bare": str(bare),
        "worktree": str(tmp_path / "tree"),
        "bundle": str(tmp_path / "old.bundle"),
        "file": f"file://{bare}",
        "relative": "../old-tool",
        "dot-git": str(source.root / ".git"),
    }
    done = carrack("adopt", places[form])
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    assert len(repo.git("tag").splitlines()) == 2


def test_ssh_addresses_go_through_git(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """`git@host:path` is git's own ssh, with the user's own settings; the name of the host is kept, and no password."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    done = carrack("adopt", f"git@host.example:{source.root}", GIT_SSH=str(ssh), GIT_SSH_VARIANT="simple")
    assert done.code == 0, done.err
    assert "git@host.example" in (tmp_path / "said").read_text()
    assert trailers(repo)["Carrack-Source"] == f"git@host.example:{source.root}"


def test_credentials_in_an_address_reach_the_server_and_nobody_else(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """The server gets them; no child's command line, no message, no line that is printed, no file has them."""
    bare = tmp_path / "old-tool.git"
    source.git("clone", "-q", "--bare", str(source.root), str(bare))
    Repository(bare).git("update-server-info")
    right = "Basic " + base64.b64encode(b"deploy:s3cr%t-t0ken").decode()
    spied = spy_on_git(tmp_path)

    def reply(asked: Asked) -> Answer:
        if asked.headers.get("authorization", asked.headers.get("Authorization")) != right:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        file = bare / asked.target.partition("?")[0].removeprefix("/acme/old-tool.git/")
        return Answer(200, file.read_bytes()) if file.is_file() else Answer(404)

    with Web(reply) as web:
        address = web.url.replace("http://", "http://deploy:s3cr%25t-t0ken@") + "/acme/old-tool.git?token=q"
        done = carrack("adopt", address, PATH=f"{spied}:{GIT_ENVIRON['PATH']}")
        clean = f"{web.url}/acme/old-tool.git"
        wrong = carrack("adopt", address.replace("t0ken", "wrong"), "--name", "again")
    assert done.code == 0, done.err
    assert trailers(repo)["Carrack-Source"] == clean
    assert wrong.code == 65
    said = (tmp_path / "argv").read_text()
    assert f"ls-remote --symref -- {clean}" in said, "the control: the spy sees command lines"
    for text in (done.out, done.err, wrong.err, said, repo.git("log", "--format=%B")):
        assert "t0ken" not in text
        assert "wrong" not in text
        assert "deploy" not in text
    for file in (repo.root / ".git").rglob("*"):
        assert not file.is_file() or b"t0ken" not in file.read_bytes(), file


def spy_on_git(tmp_path: Path) -> Path:
    """A folder with a git that writes down its command line, and is then the real one."""
    folder = tmp_path / "spy"
    folder.mkdir()
    real = shutil.which("git")
    (folder / "git").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/argv\nexec {real} "$@"\n')
    (folder / "git").chmod(0o755)
    return folder


def _change(repo: Repository) -> None:
    repo.write({"pyproject.toml": ROOT + "# changed\n"})


def _stage(repo: Repository) -> None:
    repo.write({"new.txt": "new\n"})
    repo.git("add", "new.txt")


def _occupy(repo: Repository) -> None:
    repo.write({"packages/old-tool/notes.txt": "mine\n"})


def _detach(repo: Repository) -> None:
    repo.git("switch", "-q", "--detach")


def _merging(repo: Repository) -> None:
    repo.git("switch", "-qc", "side")
    repo.commit({"side.txt": ""})
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "side")


def _tagged(repo: Repository) -> None:
    repo.git("tag", "old-tool-v1.0")


def _same_name(repo: Repository) -> None:
    files = package("old-tool", folder="packages/elsewhere/..")
    repo.commit(
        {
            path.replace("packages/elsewhere/../old-tool", "packages/tool"): text
            for path, text in files.items()
        }
    )


def _requiring_more(repo: Repository) -> None:
    repo.commit(package("beta", "0.1.0", "old-tool>=2"))


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (_change, "branch: 1 files of the workspace are changed"),
        (_stage, "branch: 1 files of the workspace are changed"),
        (_occupy, "folder: packages/old-tool is there already"),
        (_detach, "branch: HEAD is detached"),
        (_merging, "branch: a merge is not finished"),
        (_tagged, "tags: 1 tags that would be made are there already"),
        (_same_name, "name: packages/tool has the name old-tool already"),
        (_requiring_more, "used by: they do not admit 1.2.0"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_workspace_that_is_not_ready_is_left_as_it_is(
    carrack: Command, repo: Repository, source: Former, prepare: Callable[[Repository], None], said: str
) -> None:
    """The plan says it as a failure, with 65; the import refuses, and touches nothing."""
    prepare(repo)
    before = everything(repo)
    planned = carrack("adopt", str(source.root), "--plan")
    assert planned.code == 65
    assert " ".join(said.replace(":", "", 1).split()) in " ".join(planned.out.split())
    ended = carrack("adopt", str(source.root))
    assert ended.code == 65
    assert said in ended.err
    assert "nothing was written" in ended.err
    assert everything(repo) == before


def _refusing_hook(repo: Repository) -> None:
    hook = repo.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ngrep -q old-tool-v1.2.0 && test "$1" = prepared && exit 1\nexit 0\n')
    hook.chmod(0o755)


def _untracked_in_the_way(repo: Repository) -> None:
    repo.commit({".gitignore": "adopted/\n"})
    repo.write({"adopted/old-tool.commits": "mine\n"})


@pytest.mark.parametrize("prepare", [_refusing_hook, _untracked_in_the_way], ids=lambda one: one.__name__)
def test_a_failure_while_writing_puts_everything_back(
    carrack: Command, repo: Repository, source: Former, prepare: Callable[[Repository], None]
) -> None:
    """A hook that refuses the tags, an ignored file in the way: branch, files, index and tags are as they were."""
    prepare(repo)
    before = everything(repo)
    ended = carrack("adopt", str(source.root))
    assert ended.code == 65, ended.err
    assert "branch, tags and files are as they were" in ended.err
    assert everything(repo) == before
    assert not (repo.root / "packages/old-tool").exists()


def test_a_signal_while_writing_waits_for_the_end(repo: Repository, source: Former) -> None:
    """Whoever ends it in the middle finds all of it there, and no lock of git's left behind."""
    hook = repo.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    carrack = "$(cut -d' ' -f4 /proc/$PPID/stat)"  # the parent of the git that runs this hook
    hook.write_text(
        f'#!/bin/sh\ngrep -q old-tool-v1.2.0 && test "$1" = prepared && kill -TERM {carrack}\nexit 0\n'
    )
    hook.chmod(0o755)
    command = [str(BIN / "carrack"), "adopt", "--no-convert", str(source.root)]
    ended = subprocess.run(
        command, cwd=repo.root, env=GIT_ENVIRON, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 143, ended.stderr
    assert repo.git("rev-parse", "HEAD:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    assert len(repo.git("tag").splitlines()) == 2
    assert repo.git("status", "--porcelain") == ""
    assert list((repo.root / ".git").rglob("*.lock")) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--path=packages/old-tool/run.sh", "--invert-paths"), "the newest commit has other files"),
        (("--path=packages/old-tool/setup.py", "--invert-paths", "--prune-empty=always"), "is lost"),
        (("--prune-empty=always",), "is lost"),
        (("--refname-callback=return refname.replace(b'tags/v1.0', b'tags/x')",), "tag x is of no source"),
        (("--tag-callback=tag.skip()",), "tag v1.2.0 is lost"),
        (("--commit-callback=commit.parents = commit.parents[:1]",), "with other parents"),
    ],
    ids=["file", "files", "empty", "name", "tag", "parents"],
)
def test_a_rewriting_that_is_wrong_is_found_out(
    carrack: Command,
    repo: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: tuple[str, ...],
    said: str,
) -> None:
    """A tool that loses a file, a commit, a parent or a tag is not believed: the proof names it, nothing is written."""
    source, before, real = odd(tmp_path / "old-tool"), everything(repo), FilterRepo._run
    monkeypatch.setattr(FilterRepo, "_run", lambda self, *options: real(self, *options, *wrong))
    ended = carrack("adopt", str(source.root))
    assert ended.code == 65, ended.err
    assert "is not the source's history" in ended.err
    assert said in ended.err
    assert everything(repo) == before


def test_submodules_go_into_the_root_s_gitmodules(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """In a commit of its own; `git submodule status` and `update` work, a relative address is the source's own."""
    near = Former(repository(tmp_path / "near").root)
    near.say("A module", {"module.py": "1\n"})
    source.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(near.root), "vendor/near")
    source.git("config", "-f", ".gitmodules", "submodule.vendor/near.url", "../near")
    source.say("With a submodule")
    shown = carrack("adopt", str(source.root), "--plan")
    assert "vendor/near at" in shown.out
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("submodule", "status").split()[1] == "packages/old-tool/vendor/near"
    told = repo.git("config", "-f", ".gitmodules", "--get", "submodule.packages/old-tool/vendor/near.url")
    assert told == str(near.root)
    assert not (repo.root / "packages/old-tool/.gitmodules").exists()
    assert repo.git("log", "-1", "--format=%s") == "Move the submodules of old-tool to the root"
    assert repo.git("rev-parse", "HEAD^:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    repo.git("-c", "protocol.file.allow=always", "submodule", "update", "--init", "-q")
    assert (repo.root / "packages/old-tool/vendor/near/module.py").exists()


def test_submodules_of_a_folder_and_of_later_come_too(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """With --subdir the source's .gitmodules lies elsewhere; a submodule that is added later comes with an update."""
    near = Former(repository(tmp_path / "near").root)
    near.say("A module", {"module.py": "1\n"})
    source.say("A folder", {"lib/setup.py": SETUP})
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(near.root))
    source.git(*add, "lib/one")
    source.say("One")
    assert carrack("adopt", str(source.root), "--subdir", "lib").code == 0
    assert repo.git("submodule", "status").split()[1] == "packages/old-tool/one"
    source.git(*add, "lib/two")
    source.git(*add, "elsewhere")
    source.say("Two")
    done = carrack("adopt", "--update", "old-tool")
    assert done.code == 0, done.err
    paths = [line.split()[1] for line in repo.git("submodule", "status").splitlines()]
    assert paths == ["packages/old-tool/one", "packages/old-tool/two"]


def test_trees_of_git_s_first_years_are_compared_by_their_files(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """A mode that no git writes any more makes another id of the same files: told, counted, and no fault."""
    blob = bytes.fromhex(source.git("rev-parse", "HEAD:old_tool.py"))
    tree = source.raw(
        *("hash-object", "-t", "tree", "-w", "--literally", "--stdin"),
        told=b"100664 old_tool.py\0"
        + blob
        + b"100644 setup.py\0"
        + bytes.fromhex(source.git("rev-parse", "HEAD:setup.py")),
    ).decode()
    source.git("reset", "-q", "--hard", source.git("commit-tree", "-m", "Old modes", "-p", "HEAD", tree))
    source.say("Today", {"old_tool.py": "one = 2\n"})
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert "6 commits" not in done.err
    assert "7 commits, each with its own tree, and 2 tags; 1 of the trees by files instead of ids" in done.err


def test_a_linked_work_tree_is_a_workspace(
    repo: Repository, source: Former, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its branch moves, and no other; the tags are the repository's."""
    repo.git("worktree", "add", "-q", "-b", "adoption", str(tmp_path / "beside"))
    before = repo.git("rev-parse", "main")
    done = Importing(tmp_path / "beside", capsys)("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "main") == before
    assert repo.git("rev-parse", "adoption:packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    assert Repository(tmp_path / "beside").git("status", "--porcelain") == ""


def test_a_workspace_that_signs_its_commits_signs_this_one(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """`commit.gpgSign` counts for the merge commit; what signs is the workspace's own program."""
    signer = tmp_path / "signer"
    signer.write_text(
        '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "-----BEGIN PGP SIGNATURE-----"\n'
    )
    signer.chmod(0o755)
    repo.git("config", "commit.gpgSign", "true")
    repo.git("config", "gpg.program", str(signer))
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert "BEGIN PGP SIGNATURE" in repo.git("cat-file", "commit", "HEAD")


def test_a_workspace_may_be_a_folder_of_its_repository(
    source: Former, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its packages are below that folder, and so is what comes; the repository's other files stay."""
    repo = repository(tmp_path / "mono")
    files = {"pyproject.toml": ROOT, **package("alpha")}
    repo.commit({f"python/{name}": text for name, text in files.items()} | {"web/index.js": "1\n"})
    carrack = Importing(repo.root / "python", capsys)
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:python/packages/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    assert repo.git("status", "--porcelain") == ""
    assert carrack("adopt", "--update", "old-tool").code == 0
    assert (repo.root / "python/adopted/old-tool.commits").exists()


def test_commits_are_by_who_works_in_the_workspace(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """The repository's own configuration counts for the merge commit, as for any commit there."""
    repo.git("config", "user.name", "Own Name")
    environ = {key: "" for key in GIT_ENVIRON if key.startswith("GIT_")}
    with pytest.MonkeyPatch.context() as patch:
        for key in environ:
            patch.delitem(GIT_ENVIRON, key)
        done = carrack("adopt", str(source.root), EMAIL="own@example.com")
    assert done.code == 0, done.err
    assert repo.git("log", "-1", "--format=%an %cn") == "Own Name Own Name"


def test_later_commits_of_the_source_come_as_a_merge(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """The rewritten ids of old commits come out equal, so that only new ones come; what was done here stays."""
    carrack("adopt", str(source.root))
    first = repo.git("rev-parse", "HEAD^2")
    repo.commit({"packages/old-tool/pyproject.toml": "# converted\n"})
    source.say("Later", {"later.py": "1\n"}, at=EPOCH + 500)
    source.tag("v1.3.0", "old-tool 1.3.0")
    done = carrack("adopt", "--update", "Old_Tool")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].endswith(", 1 tags made")
    assert repo.git("rev-parse", "HEAD^2^") == first
    assert (repo.root / "packages/old-tool/later.py").exists()
    assert (repo.root / "packages/old-tool/pyproject.toml").read_text() == "# converted\n"
    assert repo.git("rev-parse", "old-tool-v1.3.0^{commit}") == repo.git("rev-parse", "HEAD^2")
    assert trailers(repo)["Carrack-Source-Commit"] == source.git("rev-parse", "HEAD")
    assert source.git("rev-parse", "HEAD") in repo.git("cat-file", "blob", "HEAD:adopted/old-tool.commits")
    assert repo.git("status", "--porcelain") == ""
    again = carrack("adopt", "--update", "old-tool")
    assert again.out.startswith("old-tool: nothing came since")
    source.tag("v1.4.0")
    assert carrack("adopt", "--update", "old-tool").out.endswith(", 1 tags made\n")
    assert "old-tool-v1.4.0" in repo.git("tag").split()


def test_an_odd_history_can_be_brought_again(carrack: Command, repo: Repository, tmp_path: Path) -> None:
    """Later branches, merged into the middle of the source's history, change no id of what came before."""
    source = odd(tmp_path / "old-tool")
    source.say(f"As in {source.git('rev-parse', 'v1.0')[:8]}, and in {source.git('rev-parse', 'HEAD~1')}")
    carrack("adopt", str(source.root))
    first = repo.git("rev-parse", "HEAD^2")
    source.git("switch", "-qc", "late", "v1.0")
    source.say("From early on", {"late.py": "1\n"}, at=EPOCH - 1000)
    source.git("switch", "-q", "main")
    source.git("merge", "-q", "--no-ff", "-m", "Late", "late")
    done = carrack("adopt", "--update", "old-tool")
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD^2^1") == first
    assert (repo.root / "packages/old-tool/late.py").exists()


def test_an_update_that_conflicts_leaves_everything_and_can_be_ended_by_hand(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """The files are named; the commit to merge is kept under a ref of its own; afterwards the update goes on."""
    carrack("adopt", str(source.root))
    repo.git("rm", "-q", "packages/old-tool/setup.py")
    repo.commit({"packages/old-tool/old_tool.py": "one = 'here'\n"})
    source.say("Both changed", {"setup.py": SETUP + "# more\n", "old_tool.py": "one = 'there'\n"})
    source.tag("v2.0")
    before = everything(repo)
    ended = carrack("adopt", "--update", "old-tool")
    assert ended.code == 65
    assert "packages/old-tool/setup.py deleted in HEAD and modified in" in ended.err
    assert "Merge conflict in packages/old-tool/old_tool.py" in ended.err
    assert "git merge refs/carrack/adopted/old-tool" in ended.err
    ref = repo.git("for-each-ref", "refs/carrack")
    assert everything(repo)[1:] == before[1:]
    assert repo.git("for-each-ref").replace(f"{ref}\n", "").replace(ref, "") == before[0]
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "-q", "refs/carrack/adopted/old-tool")
    repo.git("rm", "-q", "packages/old-tool/setup.py")
    repo.write({"packages/old-tool/old_tool.py": "one = 'both'\n"})
    repo.git("add", "--all")
    repo.git("commit", "-qm", "Merged by hand")
    done = carrack("adopt", "--update", "old-tool")
    assert done.code == 0, done.err
    assert "old-tool-v2.0" in repo.git("tag").split()
    assert (repo.root / "packages/old-tool/old_tool.py").read_text() == "one = 'both'\n"


def _rewritten(source: Former, repo: Repository) -> None:
    source.git("commit", "-q", "--amend", "-m", "Another past")
    source.git("tag", "-d", "v1.2.0")


def _squashed(source: Former, repo: Repository) -> None:
    message = repo.git("log", "-1", "--format=%B")
    repo.git("reset", "-q", "--soft", "HEAD^1")
    repo.git("commit", "-qm", message)


def _another_branch(source: Former, repo: Repository) -> None:
    source.git("switch", "-q", "topic")


def _unknown(source: Former, repo: Repository) -> None:
    repo.git("reset", "-q", "--hard", "HEAD^1")


@pytest.mark.parametrize(
    ("happen", "said"),
    [
        (_rewritten, "its history was rewritten"),
        (_squashed, "was squashed or rebased"),
        (_another_branch, "it is another branch"),
        (_unknown, "this branch has no import of old-tool"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_update_that_cannot_be_one_is_refused(
    carrack: Command,
    repo: Repository,
    source: Former,
    happen: Callable[[Former, Repository], None],
    said: str,
) -> None:
    """The reason in a sentence, and nothing written."""
    carrack("adopt", str(source.root))
    happen(source, repo)
    before = everything(repo)
    ended = carrack("adopt", "--update", "old-tool")
    assert ended.code == 65
    assert said in ended.err
    assert everything(repo) == before


def test_packages_come_where_the_workspace_has_them(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """The first pattern of folders says where; without one there is no place, and a sentence says what to write."""
    repo.commit({"pyproject.toml": ROOT.replace('"packages/*"', '"packages/alpha", "libs/*"')})
    done = carrack("adopt", str(source.root))
    assert done.code == 0, done.err
    assert repo.git("rev-parse", "HEAD:libs/old-tool") == source.git("rev-parse", "HEAD^{tree}")
    repo.commit({"pyproject.toml": ROOT.replace('"packages/*"', '"packages/alpha"')})
    ended = carrack("adopt", str(source.root), "--name", "again")
    assert ended.code == 64
    assert 'packages = ["packages/*"]' in ended.err


def test_an_update_needs_no_workspace_that_can_be_read(
    carrack: Command, repo: Repository, source: Former
) -> None:
    """While what came is not converted, or another package is broken, later commits come all the same."""
    carrack("adopt", str(source.root))
    repo.commit({"packages/old-tool/pyproject.toml": "[project]\nname = 'old-tool'\ndynamic = ['version']\n"})
    assert carrack("status", "--to", "x").code == 65, "the control: it cannot be read"
    source.say("Later", {"later.py": "1\n"})
    assert carrack("adopt", "--update", "old-tool").code == 0
    assert (repo.root / "packages/old-tool/later.py").exists()


def test_a_source_that_moved_is_said_once(
    carrack: Command, repo: Repository, source: Former, tmp_path: Path
) -> None:
    """`--from` says where it is now; the next update knows it."""
    carrack("adopt", str(source.root))
    moved = Former(Path(shutil.move(source.root, tmp_path / "moved")))
    assert carrack("adopt", "--update", "old-tool").code == 65
    moved.say("There", {"there.py": "1\n"})
    assert carrack("adopt", "--update", "old-tool", "--from", str(moved.root)).code == 0
    assert carrack("adopt", "--update", "old-tool").code == 0
    assert (repo.root / "packages/old-tool/there.py").exists()


def test_a_way_back_that_fails_says_so(repo: Repository, tmp_path: Path) -> None:
    """Where somebody moved the branch meanwhile, the error says how to go back, and does not do it over them."""
    landing = Landing(root=repo.root, apart=tmp_path / "none", environ=GIT_ENVIRON)
    ground = landing.ground(PurePosixPath("packages/none"))
    repo.commit({"meanwhile.txt": ""})
    with pytest.raises(StoppedError) as caught:
        landing._back(ground, None)
    assert f"git reset --hard {ground.commit}" in caught.value.hint
    assert (repo.root / "meanwhile.txt").exists()
