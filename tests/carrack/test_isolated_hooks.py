"""Hooks run in forks of one process, and stay strangers: what a package's code does reaches no other build."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.carrack.repositories import EPOCH
from tests.carrack.workbench import BACKEND, Workbench

from carrack.adapters.builder import fork_client
from carrack.adapters.builder.hooks import Hooks, Turns
from carrack.adapters.builder.worker import _cores
from carrack.adapters.cache.environments import BuildEnvironment, Environments
from carrack.errors import BuildError
from carrack.model.artifact import Kinds

LOOK = """\
import builtins, decimal, gc, json, locale, os, signal, sys, tempfile, threading, warnings, zipfile
mask = os.umask(0)
os.umask(mask)
own = {"SOURCE_DATE_EPOCH", "TMPDIR"}
facts |= {
    "environ": {k: v for k, v in os.environ.items() if k not in own},
    "umask": mask,
    "cwd": os.path.basename(os.getcwd()),
    "path": [entry for entry in sys.path],
    "argv": sys.argv[1],
    "modules": sorted(sys.modules),
    "zip": [one.__module__ for one in (zipfile.ZipFile.extractall, zipfile.is_zipfile, json.loads)],
    "builtins": sorted(vars(builtins)),
    "threads": threading.active_count(),
    "filters": len(warnings.filters),
    "signals": [str(signal.getsignal(one)) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)],
    "limits": [sys.getrecursionlimit(), decimal.getcontext().prec, gc.isenabled()],
    "tmp": os.listdir(tempfile.gettempdir()),
    "stdin": sys.stdin.read(),
    "descriptors": sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else [],
}
"""
ATTACK = """\
import builtins, decimal, gc, json, os, signal, sys, tempfile, threading, time, types, warnings, zipfile
os.environ.clear()
os.environ["SOURCE_DATE_EPOCH"] = "1"
os.environ["EVIL"] = os.environ["PYTHONPATH"] = os.environ["PATH"] = "evil"
os.umask(0o077)
sys.path.insert(0, os.getcwd())
sys.modules["shared_lazily"] = types.ModuleType("shared_lazily")
sys.modules["evil"] = types.ModuleType("evil")
zipfile.ZipFile.extractall = zipfile.is_zipfile = json.loads = lambda *a, **k: "evil"
builtins.evil = True
warnings.simplefilter("ignore")
signal.signal(signal.SIGTERM, lambda *a: None)
sys.setrecursionlimit(77)
decimal.getcontext().prec = 3
gc.disable()
with os.fdopen(os.open(tempfile.gettempdir() + "/evil", os.O_CREAT | os.O_WRONLY), "w") as file:
    file.write("evil")
os.chdir("/")
threading.Thread(target=time.sleep, args=[3600], daemon=True).start()
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """One workbench for tests that leave its environments as they are."""
    bench = Workbench(tmp_path_factory.mktemp("bench"))
    bench.build(bench.source("first", "import zipfile, tempfile, decimal, locale"))
    return bench


def test_nothing_that_a_build_does_to_its_process_reaches_another(bench: Workbench) -> None:
    """Environment, umask, folder, paths, modules, patches, threads, signals, limits: each is as without the attack."""
    alone = bench.build(bench.source("victim", LOOK))["victim"]
    assert alone["umask"] == 0o022
    assert alone["cwd"] == "victim"
    assert alone["stdin"] == ""
    assert alone["tmp"] == []
    attackers = [bench.source(f"attacker-{number}", ATTACK) for number in range(4)]
    assert bench.build(*attackers, bench.source("victim", LOOK))["victim"] == alone
    assert bench.build(bench.source("victim", LOOK))["victim"] == alone


def test_a_hook_sees_what_it_would_see_in_a_process_of_its_own(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for modules that the backend has loaded, a fork is no different from what `build` starts by itself."""
    forked = bench.build(bench.source("victim", LOOK))["victim"]
    # Where a package has modules of the names that are loaded, its hooks run in processes of their own.
    plain = bench.build(bench.source("victim", LOOK, files={"shared_lazily.py": "VALUE = 0\n"}))["victim"]
    assert set(plain.pop("modules")) <= set(forked.pop("modules"))
    assert forked == plain


def test_what_is_loaded_beforehand_is_of_the_environment_or_python(bench: Workbench) -> None:
    """A module of a package's own is loaded for that package alone, by a later one too."""
    code = "import sys; sys.path.insert(0, '.'); import mine; facts['mine'] = mine.NAME"
    look = "import sys; facts['loaded'] = 'mine' in sys.modules"
    fresh = Workbench(bench.folder / "fresh")
    first = fresh.build(fresh.source("one", code, files={"mine.py": "NAME = 'one'\n"}))
    both = fresh.build(
        fresh.source("two", code, files={"mine.py": "NAME = 'two'\n"}), fresh.source("three", look)
    )
    assert first["one"]["mine"] == "one"
    assert both["two"]["mine"] == "two"
    assert both["three"]["loaded"] is False


def test_a_module_that_looks_at_the_build_while_it_is_loaded_is_not_loaded_beforehand(
    bench: Workbench,
) -> None:
    """A backend may take SOURCE_DATE_EPOCH into a constant: each package has its own all the same."""
    fresh = Workbench(bench.folder / "early")
    code = "import shared_early, os; facts['epoch'] = shared_early.EPOCH"
    for _ in range(2):
        sources = [fresh.source(f"p{number}", code, epoch=EPOCH + number) for number in range(3)]
        found = fresh.build(*sources)
        assert [found[f"p{number}"]["epoch"] for number in range(3)] == [str(EPOCH + n) for n in range(3)]


def test_a_module_that_looks_where_it_is_while_it_is_loaded_is_not_loaded_beforehand(
    bench: Workbench,
) -> None:
    """Nor one that looks at the command line: each package has its own folder and arguments, as the first had."""
    fresh = Workbench(bench.folder / "places")
    code = (
        "import os, sys, shared_cwd, shared_cwdb, shared_argv\n"
        "seen = [shared_cwd.SEEN, shared_cwdb.SEEN, shared_argv.SEEN]\n"
        "facts['own'] = [a == b for a, b in zip(seen, [os.getcwd(), os.getcwdb(), sys.argv])]"
    )
    for name in ("first", "second"):
        assert fresh.build(fresh.source(name, code))[name]["own"] == [True, True, True]


PARENT = "import os; facts['parent'] = open(f'/proc/{os.getppid()}/cmdline').read()"


def test_a_backend_that_starts_threads_is_not_forked(bench: Workbench) -> None:
    """A fork of a process with threads may hang: such a backend's hooks run in processes of their own.

    The first package's are in a fork of a process that has nothing loaded, which is when it is learned.
    """
    for code, is_forked in ((f"import shared_thread; {PARENT}", False), (PARENT, True)):
        fresh = Workbench(bench.folder / f"threads-{is_forked}")
        fresh.build(fresh.source("first", code))
        found = fresh.build(fresh.source("again", code), fresh.source("other", PARENT))
        assert {name: "fork_server" in facts["parent"] for name, facts in found.items()} == {
            "again": is_forked,
            "other": is_forked,
        }


def test_a_package_with_a_module_of_a_loaded_name_gets_its_own(bench: Workbench) -> None:
    """Its backend is in its folder (`backend-path`), and so is a module that others have from the environment."""
    found = bench.build(
        bench.source("plain"),
        bench.source(
            "own",
            files={
                "shared_lazily.py": "VALUE = 'my own'\n",
                "shared_backend.py": "import sys; sys.path.insert(0, '.')\n"
                + BACKEND.partition('"""\n\n')[2],
            },
            place='backend-path = ["."]',
        ),
    )
    assert found["plain"]["lazily"] == "as it was installed"
    assert found["own"]["lazily"] == "my own"


def test_an_extra_requirement_of_a_backend_is_there_for_who_asked(bench: Workbench) -> None:
    """What `get_requires_for_build_wheel` adds is installed in an environment that others do not see."""
    look = "import importlib.util; facts['tool'] = importlib.util.find_spec('extra_tool') is not None"
    for kinds in (Kinds.WHEEL, Kinds.BOTH):
        found = bench.build(
            bench.source("asks", look, extra=["extra-tool"]), bench.source("does-not", look), kinds=kinds
        )
        assert found["asks"]["tool"] is True
        assert found["does-not"]["tool"] is False


def test_what_a_build_leaves_running_ends_with_its_hook(bench: Workbench, tmp_path: Path) -> None:
    """A child of a backend does not go on while others are built."""
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "facts['child'] = child.pid"
    )
    child = bench.build(bench.source("leaves", code))["leaves"]["child"]
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    raise AssertionError(f"{child} still runs")


def _runs(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", ""),
        ("import os; os.write(1, b'last words'); os._exit(3)", "last words"),
        ("import ctypes; ctypes.string_at(0)", ""),
        ("print('to stdout'); raise SystemExit('no compiler')", "no compiler"),
        ("import sys; print('x' * 100000); sys.stderr.write('to stderr'); 1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_backend_that_crashes_fails_alone_with_what_it_printed(
    bench: Workbench, code: str, said: str
) -> None:
    """Killed, gone without a word, or with an error: the package is named."""
    with pytest.raises(BuildError, match="wheel: Backend subprocess exited") as caught:
        bench.build(bench.source("crashes", code))
    assert caught.value.address == "crashes"
    assert said in caught.value.output
    assert bench.build(bench.source("next"))


@pytest.mark.skipif(_cores() < 2, reason="one package at a time, and none after one that failed")
def test_packages_that_fail_at_once_are_all_told(bench: Workbench, tmp_path: Path) -> None:
    """In one error, in the order of the release, each with what it printed."""
    code = """
import os, time
open({file!r}, "w").close()
for _ in range(600):
    if len(os.listdir(os.path.dirname({file!r}))) == 2:
        break
    time.sleep(0.05)
raise SystemExit("{name} is broken")
"""
    sources = [
        bench.source(name, code.format(name=name, file=str(tmp_path / name))) for name in ("right", "left")
    ]
    with pytest.raises(BuildError, match=r"^right, left: wheel: Backend subprocess exited") as caught:
        bench.build(*sources)
    right, left = "right is broken", "left is broken"
    assert caught.value.output.index(right) < caught.value.output.index("left: wheel: ")
    assert caught.value.output.index("left: wheel: ") < caught.value.output.index(left)


def test_a_server_that_is_killed_amid_hooks_costs_no_build(bench: Workbench) -> None:
    """What ran is ended and run again, in processes of their own."""
    code = (
        "import os, signal\n"
        "server = os.getppid()\n"
        "if 'fork_server' in open(f'/proc/{server}/cmdline').read():\n"
        "    os.kill(server, signal.SIGKILL)\n"
        "    import time; time.sleep(600)\n"
    )
    found = bench.build(
        *(bench.source(f"p{n}") for n in range(3)), bench.source("kills", code), bench.source("q")
    )
    assert set(found) == {"p0", "p1", "p2", "kills", "q"}


KILLED_EARLY = """
import os, signal, sys
sys.path.append({folder!r})
import fork_server
tell = fork_server._tell
def tell_no_pid(answers, answer):
    if "pid" in answer:
        with open({pid!r}, "w") as file:
            file.write(str(answer["pid"]))
        os.kill(os.getpid(), signal.SIGKILL)
    tell(answers, answer)
fork_server._tell = tell_no_pid
fork_server.main()
"""


def test_a_hook_that_nobody_was_told_of_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is killed once it has forked: who asked starts the hook again, and two would write the same file."""
    program = Path(fork_client.__file__).parent
    (tmp_path / "server.py").write_text(KILLED_EARLY.format(folder=str(program), pid=str(tmp_path / "pid")))
    (tmp_path / "script.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.setattr(fork_client, "_PROGRAM", tmp_path / "server.py")
    server = fork_client.ForkServer.start(sys.executable, {}, [], [])
    assert server is not None
    with pytest.raises(fork_client.ServerGoneError):
        server.hook(
            argv=[str(tmp_path / "script.py")],
            cwd=str(tmp_path),
            environ={},
            output=str(tmp_path / "output"),
            watched=[],
            learned=None,
        )
    server.stop()
    forked = int((tmp_path / "pid").read_text())
    for _ in range(200):
        if not _runs(forked):
            break
        time.sleep(0.05)
    assert not _runs(forked)
    assert not (tmp_path / "ran").exists()


def test_without_fork_hooks_run_in_processes_of_their_own(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As `build` runs them."""
    monkeypatch.delattr(os, "fork")
    environments = Environments(bench.environments)
    with environments.find(["shared-backend"], bench.constraints.read_text()) as found:
        assert found is not None
        hooks = Hooks(found, "shared_backend", {"PATH": os.environ["PATH"]})
        with hooks.turn():
            script = tmp_path / "script.py"
            script.write_text("import os, sys; open(sys.argv[1], 'w').write(str(os.getppid()))\n")
            hooks.run(
                [found.python, str(script), str(tmp_path / "said")],
                str(tmp_path),
                hooks.environ,
                output=tmp_path / "output",
            )
    assert (tmp_path / "said").read_text() == str(os.getpid())


def test_two_packages_that_are_learned_from_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Each is alone with a backend that the other needs next: it runs that one's hooks plainly."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys; open(sys.argv[1], 'w').write(open('/proc/%d/cmdline' % os.getppid()).read())\n"
    )
    both_learn = threading.Barrier(2)

    def package(name: str, first: Hooks, second: Hooks) -> None:
        folder = tmp_path / name
        folder.mkdir()
        with ExitStack() as stack:
            turns = Turns(stack)
            for number, hooks in enumerate((first, second)):
                command = [sys.executable, str(script), str(folder / str(number)), str(folder)]
                turns.at(hooks).run(command, str(folder), hooks.environ, output=folder / "output")
                both_learn.wait(60)

    environment = BuildEnvironment(folder=tmp_path, python=sys.executable, installed={}, listing="")
    one, other = (Hooks(environment, backend, {"PATH": os.environ["PATH"]}) for backend in ("one", "other"))
    threads = [
        threading.Thread(target=package, args=args, daemon=True)
        for args in (("a", one, other), ("b", other, one))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    forked = {name: "fork_server" in (tmp_path / name).read_text() for name in ("a/0", "a/1", "b/0", "b/1")}
    assert forked == {"a/0": True, "a/1": False, "b/0": True, "b/1": False}


# --- the environment itself ---


WRITES = "import shared_lazily as m; open(m.__file__, 'a').write('# infected')"


@pytest.mark.parametrize("extra", [[], pytest.param(["extra-tool"], marks=pytest.mark.slow)])
def test_one_package_that_writes_into_its_environment_is_built_where_nothing_was_kept(
    tmp_path: Path, extra: list[str]
) -> None:
    """That takes the most rounds: all environments are made, found changed, made anew, and made for it alone."""
    own = Workbench(tmp_path / "bench")
    assert (
        own.build(own.source("attacker", WRITES, extra=extra))["attacker"]["lazily"] == "as it was installed"
    )
    assert own.made == (3 if not extra else 5)


@pytest.mark.parametrize(
    "code",
    [
        "import shared_lazily as m, os; s = os.stat(m.__file__); t = open(m.__file__).read();"
        "open(m.__file__, 'w').write(t.replace('as it was installed', 'as it was infected!'));"
        "os.utime(m.__file__, ns=(s.st_atime_ns, s.st_mtime_ns))",
        *(
            pytest.param(f"import shared_lazily as m, os; {code}", marks=pytest.mark.slow)
            for code in (
                "open(m.__file__, 'w').write(\"VALUE = 'evil'\")",
                "open(os.path.dirname(m.__file__) + '/evil.pth', 'w').write('import evil')",
                "os.remove(m.__file__)",
                "os.chmod(m.__file__, 0o777)",
            )
        ),
    ],
)
def test_a_build_that_writes_into_its_environment_spoils_it_for_nobody(tmp_path: Path, code: str) -> None:
    """It is found out, whatever time the file is given; it gets an environment of its own, and so do the others."""
    own = Workbench(tmp_path / "bench")
    own.build(own.source("before"))
    found = own.build(own.source("attacker", code), own.source("victim"))
    assert {name: facts["lazily"] for name, facts in found.items()} == {
        "attacker": "as it was installed",
        "victim": "as it was installed",
    }
    assert any(
        note.startswith("attacker: its build changed its build environment") for note in own.told.notes
    )
    assert own.build(own.source("later"))["later"]["lazily"] == "as it was installed"
