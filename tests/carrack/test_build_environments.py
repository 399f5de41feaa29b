"""Build environments are kept: found by what they come to, made once, and never used half made or changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from tests.carrack.workbench import Workbench

from carrack.adapters.cache import cache_folder, locked, open_cache, prune
from carrack.adapters.cache.environments import Environments
from carrack.model.build_environment import Installed, comes_to, said_of

DAY = 24 * 60 * 60


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A workbench whose environment is made."""
    bench = Workbench(tmp_path / "bench")
    bench.build(bench.source("first"))
    assert bench.made == 1
    return bench


def places(bench: Workbench) -> list[Path]:
    """The environments that are there."""
    return sorted(path for path in bench.environments.glob("*/*") if path.is_dir())


def test_an_environment_is_found_by_what_it_comes_to(bench: Workbench) -> None:
    """Requirements in other words, and pins of what is not installed, need no other environment, nor any index."""
    shutil.rmtree(bench.links)
    bench.build(bench.source("second", requires=("shared_backend>=1,<2",)))
    bench.constraints.write_text(f"# more\nunrelated==2.0 --hash=sha256:00\n{bench.constraints.read_text()}")
    bench.build(bench.source("third"), bench.source("fourth", requires=("Shared.Backend==1.0",)))
    assert bench.made == 1
    assert len(places(bench)) == 1


def test_another_pin_of_what_is_installed_makes_another_environment(bench: Workbench) -> None:
    """And a requirement more does, too."""
    bench.build(bench.source("more", requires=("shared-backend", "extra-tool")))
    assert bench.made == 2
    text = bench.constraints.read_text().splitlines()
    bench.constraints.write_text("".join(f"{line} --hash=sha256:{'0' * 64}\n" for line in text))
    bench.build(bench.source("pinned"))
    assert bench.made == 3


@pytest.mark.parametrize("harm", ["content", "more", "gone", "env gone", "facts", "half"])
def test_an_environment_that_is_not_as_it_was_made_is_made_anew(bench: Workbench, harm: str) -> None:
    """A file with other content, one more, one less, none at all, or a run that was killed before it was whole."""
    (place,) = places(bench)
    module = next(place.glob("env/lib/*/site-packages/shared_lazily.py"))
    if harm == "content":
        module.write_text("VALUE = 'evil'\n")
    elif harm == "more":
        module.with_name("evil.pth").write_text("")
    elif harm == "gone":
        module.unlink()
    elif harm == "env gone":
        shutil.rmtree(place / "env")
    elif harm == "facts":
        (place / "facts.json").write_text('{"python": "/bin/true"')
    else:
        module.unlink()
        (place / "facts.json").unlink()
    assert bench.build(bench.source("next"))["next"]["lazily"] == "as it was installed"
    assert bench.made == 2
    bench.build(bench.source("after"))
    assert bench.made == 2


@pytest.mark.parametrize("harmed", ['"other"', '"said": "no", "other"'])
def test_an_environment_whose_facts_were_harmed_fits_nothing_else(tmp_path: Path, harmed: str) -> None:
    """What other requirements come to is found by its facts; a fact that is missing is no failure."""
    environments = Environments(tmp_path)
    environments.make(["one"], "", lambda _: {"python": "python", "installed": {"one": ["1", []]}})
    with environments.find(["one>=1"], "") as found:
        assert found
    (facts,) = tmp_path.rglob("facts.json")
    facts.write_text(facts.read_text().replace('"said"', harmed))
    with environments.find(["one>=1"], "") as found:
        assert found is None


def test_runs_at_once_make_one_environment(tmp_path: Path) -> None:
    """The second waits for the first, and uses what that made."""
    bench = Workbench(tmp_path / "bench")
    sources = [bench.source(f"p{number}") for number in range(3)]
    found: dict[str, Any] = {}
    threads = [threading.Thread(target=lambda one=one: found.update(bench.build(one))) for one in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {"p0", "p1", "p2"}
    assert bench.made == 1


def test_a_run_that_is_killed_while_it_makes_one_leaves_nothing_that_is_used(tmp_path: Path) -> None:
    """The lock goes with the run, and what it left is removed."""
    code = f"""
import os, pathlib, signal
from carrack.adapters.cache.environments import Environments
def fill(folder):
    (folder / "half").write_text("")
    os.kill(os.getpid(), signal.SIGKILL)
Environments(pathlib.Path({str(tmp_path)!r})).make(["x"], "", fill)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    environments = Environments(tmp_path)
    (half,) = tmp_path.glob("*/*/env/half")
    with environments.find(["x"], "") as found:
        assert found is None

    def fill(folder: Path) -> Mapping[str, Any]:
        (folder / "whole").write_text("")
        return {"python": "python", "installed": {}}

    environments.make(["x"], "", fill)
    assert not half.exists()
    with environments.find(["x"], "") as found:
        assert found is not None
        assert (found.folder / "env/whole").exists()


def test_a_run_that_is_killed_while_it_removes_one_leaves_nothing_that_is_used(tmp_path: Path) -> None:
    """What says that it is whole goes first."""
    environments = Environments(tmp_path)
    environments.make(["x"], "", lambda _: {"python": "python", "installed": {}})
    (facts,) = tmp_path.glob("*/*/facts.json")
    code = f"""
import os, pathlib, shutil, signal
from carrack.adapters.cache import remove
shutil.rmtree = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
remove(pathlib.Path({str(facts.parent)!r}))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert facts.with_name("env").exists()
    with environments.find(["x"], "") as found:
        assert found is None


def test_one_that_cannot_be_made_leaves_none(tmp_path: Path) -> None:
    """The next run tries again."""
    environments = Environments(tmp_path)

    def fail(folder: Path) -> Mapping[str, Any]:
        raise OSError("no room")

    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            environments.make(["x"], "", fail)
        with environments.find(["x"], "") as found:
            assert found is None


# --- the cache's folder ---


def test_what_nobody_used_for_thirty_days_goes(bench: Workbench) -> None:
    """What was of use since stays, and so does what is in use."""
    (place,) = places(bench)
    cache = bench.folder
    kept = cache / "artifacts" / "of-today"
    old = cache / "artifacts" / "of-old"
    for folder in (kept, old):
        folder.mkdir(parents=True)
        (folder / "file").write_text("12345")
    long_ago = old.stat().st_mtime - 31 * DAY
    os.utime(old, (long_ago, long_ago))
    assert prune(cache) == (1, 5)
    assert kept.exists()
    assert place.exists()
    os.utime(place, (long_ago, long_ago))
    with Environments(bench.environments).find(["shared-backend"], bench.constraints.read_text()) as found:
        assert found is not None  # and its being found is a use
        os.utime(place, (long_ago, long_ago))
        assert prune(cache) == (0, 0)
    things, size = prune(cache)
    assert things == 1
    assert size > 1000
    assert list(place.parent.iterdir()) == []
    bench.build(bench.source("next"))
    assert bench.made == 2


def test_the_lock_of_one_that_could_not_be_made_goes_too(tmp_path: Path) -> None:
    """When it is old, and nobody holds it."""
    with pytest.raises(ZeroDivisionError):
        Environments(tmp_path / "environments").make(["x"], "", lambda _: {"installed": 1 / 0})
    (lock,) = tmp_path.glob("environments/*/*")
    assert lock.suffix == ".lock"
    prune(tmp_path)
    assert lock.exists()
    long_ago = lock.stat().st_mtime - 31 * DAY
    os.utime(lock, (long_ago, long_ago))
    with locked(lock, exclusive=True):
        prune(tmp_path)
        assert lock.exists()
    assert prune(tmp_path) == (0, 0)
    assert not lock.exists()


def test_a_lock_whose_file_was_removed_is_none(tmp_path: Path) -> None:
    """Who waits for a lock while the file is removed, locks the new file."""
    lock = tmp_path / "a.lock"
    order: list[str] = []
    with locked(lock, exclusive=True):
        waiter = threading.Thread(target=lambda: _hold(lock, order))
        waiter.start()
        lock.unlink()
        order.append("removed")
    waiter.join()
    assert order == ["removed", "held, and nobody else may"]


def _hold(lock: Path, order: list[str]) -> None:
    with (
        locked(lock, exclusive=True) as ours,
        locked(lock, exclusive=False, wait=False) as other,
    ):
        order.append("held, and nobody else may" if ours and not other else "shared")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"CARRACK_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/carrack"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/c"}, "/c/.cache/carrack"),
        ({"HOME": "/c"}, "/c/.cache/carrack"),
        ({}, None),
    ],
)
def test_the_cache_is_where_the_user_has_caches(environ: Mapping[str, str], folder: str | None) -> None:
    """XDG Base Directory Specification: a path that is not absolute does not count."""
    assert cache_folder(environ) == (Path(folder) if folder else None)


def test_a_cache_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    """What lies there becomes part of releases; and one of our own is for us alone."""
    assert open_cache(tmp_path / "new") is None
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    (tmp_path / "new").chmod(0o770)
    assert "others than this user may write to it" in str(open_cache(tmp_path / "new"))
    (tmp_path / "file").write_text("")
    assert "File exists" in str(open_cache(tmp_path / "file"))


# --- what requirements come to ---


INSTALLED = {
    canonicalize_name(name): Installed(version=version, requires=requires)
    for name, version, requires in (
        ("tool", "2.1", ("core>=1", "more; extra == 'big'", "old; python_version < '3'")),
        ("core", "1.5", ()),
    )
}


@pytest.mark.parametrize(
    ("requires", "does"),
    [
        (["tool"], True),
        (["Tool>=2,<3", "core"], True),
        (["tool", "absent; python_version < '3'"], True),
        (["core"], False),
        ([], False),
        (["tool<2"], False),
        (["tool[big]"], False),
        (["tool", "absent"], False),
        (["tool @ https://example.com/tool.whl"], False),
        (["not a requirement"], False),
    ],
)
def test_an_environment_serves_what_comes_to_all_of_it(requires: list[str], does: bool) -> None:
    """Nothing missing, nothing too many: a distribution more could change what a backend does."""
    assert comes_to(requires, INSTALLED) is does


def test_an_extra_counts_where_it_is_asked_for() -> None:
    """By whoever asks."""
    installed = {**INSTALLED, canonicalize_name("more"): Installed(version="1")}
    assert comes_to(["tool[big]"], installed)
    assert not comes_to(["tool"], installed)


def test_what_is_said_of_others_is_left_out() -> None:
    """Comments, spaces and continuations do not count; options count for all."""
    text = (
        "# a comment\n--only-binary :all:\ntool==2.1 \\\n    --hash=sha256:aa  # why\nother==1 --hash=sha256:bb\n"
        "tool==2.0 ; python_version < '3.12' --hash=sha256:cc\n"
    )
    said = said_of([canonicalize_name("tool")], text)
    assert said.splitlines() == [
        "--only-binary :all:",
        "tool==2.0 ; python_version < '3.12' --hash=sha256:cc",
        "tool==2.1 --hash=sha256:aa",
    ]
    assert said == said_of([canonicalize_name("tool")], text.replace("\\\n    ", "").replace("other", "x"))
    assert said != said_of([canonicalize_name("tool")], text.replace("aa", "ab"))


def test_what_was_learned_by_a_package_that_lies_is_of_no_harm(bench: Workbench) -> None:
    """A file beside the environment that is no list of names is as good as none."""
    (place,) = places(bench)
    for text in ("", "[]", json.dumps({"modules": [1, "no.such.module", "shared_lazily"], "unfit": []})):
        for file in place.glob("learned-*.json"):
            file.write_text(text)
        assert bench.build(bench.source("next"))["next"]["lazily"] == "as it was installed"
