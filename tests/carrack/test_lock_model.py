"""Locks: what they say, how they are written, and which wheels they hold."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.errors import LockError
from carrack.model.listing import ListedFile
from carrack.model.lock import Candidate, Lock, Pin, requirements_digest
from carrack.model.lockfile import parse
from carrack.model.pinning import needed, pins
from carrack.model.target import Interpreter, Target, targets
from carrack.model.workspace import App

EXAMPLE = f"""\
# carrack-lock: 1
# app: pipeline_app
# python: 3.11 3.12 3.13
# machine: x86_64 aarch64
# requirements: sha256:{"1" * 64}
# receipt: sha256:{"2" * 64}
batch-params==0.1.0 \\
    --hash=sha256:{"a" * 64}
pyarrow==26.0.1 ; python_full_version < "3.11.3" \\
    --hash=sha256:{"b" * 64} \\
    --hash=sha256:{"c" * 64}
"""
X86, ARM = targets(["3.11"], ["x86_64", "aarch64"])
DIGEST = "0123456789abcdef" * 4

names = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).map(canonicalize_name)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}(rc[0-9])?(\+g[0-9a-f]{3})?", fullmatch=True).map(
    Version
)
markers = st.sampled_from(
    [
        None,
        *map(
            Marker, ['python_version < "3.12"', 'sys_platform == "linux" and platform_machine != "aarch64"']
        ),
    ]
)
candidates = st.builds(Candidate, name=names, version=versions, marker=markers)
hashes = st.frozensets(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), min_size=1, max_size=4)
pythons = st.lists(st.integers(11, 14).map("3.{}".format), min_size=1, unique=True).map(tuple)
locks = st.builds(
    Lock,
    app=st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True),
    pythons=pythons,
    machines=st.sampled_from([("x86_64",), ("x86_64", "aarch64")]),
    requirements=st.just("sha256:" + DIGEST),
    receipt=st.just("sha256:" + DIGEST),
    pins=st.frozensets(st.builds(Pin, candidate=candidates, hashes=hashes), max_size=5),
)


def an_app(*requirements: str, pythons: tuple[str, ...] = ("3.11", "3.12")) -> App:
    """An app with these requirements."""
    return App(
        name="app",
        path=PurePosixPath("app"),
        requirements=tuple(Requirement(text) for text in requirements),
        lock=PurePosixPath("app/requirements.lock"),
        manifest=PurePosixPath("app/pyproject.toml"),
        pythons=pythons,
    )


def a_wheel(
    tag: str, *, requires_python: str = "", yanked: bool = False, sha256: str | None = DIGEST
) -> ListedFile:
    """The page's entry for a wheel of `thing` 1.0."""
    return ListedFile(
        name=f"thing-1.0-{tag}.whl",
        sha256=sha256,
        requires_python=SpecifierSet(requires_python),
        yanked=yanked,
    )


THING = Candidate(name=canonicalize_name("thing"), version=Version("1.0"))


def pinned(
    *files: ListedFile, wanted: tuple[Target, ...] = (X86, ARM)
) -> tuple[frozenset[Pin], tuple[str, ...]]:
    """`thing` 1.0 pinned to what a page with `files` has for `wanted`."""
    return pins([THING], {THING.name: files}, wanted)


@given(locks)
def test_a_lock_reads_back_as_it_was_written(lock: Lock) -> None:
    """Parsing what `format` writes gives the same lock, and writing that gives the same text."""
    again = parse(lock.format(), "requirements.lock")
    assert again == lock
    assert again.format() == lock.format()


def test_a_lock_is_what_other_programs_expect() -> None:
    """The text of a lock is a header of comments, then pip requirements with hashes, all in one order."""
    assert parse(EXAMPLE, "x").format() == EXAMPLE
    entries = EXAMPLE.split(f"{'2' * 64}\n")[1].replace("batch", "zbatch")
    assert list(parse(EXAMPLE.replace("batch", "zbatch"), "x").format().splitlines())[6].startswith("pyarrow")
    assert entries.startswith("zbatch")


@pytest.mark.parametrize(
    ("broken", "address", "sentence"),
    [
        (EXAMPLE.replace("# python: 3.11 3.12 3.13\n", ""), "a.lock:1", "no '# python:'"),
        (EXAMPLE.replace("carrack-lock: 1", "carrack-lock: 2"), "a.lock", "another version of carrack"),
        (EXAMPLE.replace("batch-params==0.1.0", "batch-params>=0.1.0"), "a.lock:7", "not 'name==version'"),
        (EXAMPLE.replace("batch-params==0.1.0", "batch-params==0.1.*"), "a.lock:7", "not 'name==version'"),
        (EXAMPLE.replace("b" * 64, "b" * 63), "a.lock:9", "64 hex digits"),
        (EXAMPLE.replace("sha256:" + "a" * 64, "md5:" + "a" * 64), "a.lock:7", "64 hex digits"),
        (EXAMPLE + "--index-url https://index.example.com/simple/\n", "a.lock:12", "needs hashes"),
        (EXAMPLE + "<<<<<<< HEAD\n", "a.lock:12", "needs hashes"),
        (EXAMPLE + "requests==1.0 \\\n", "a.lock:12", "needs hashes"),
    ],
)
def test_a_broken_lock_is_refused_with_file_and_line(broken: str, address: str, sentence: str) -> None:
    """Whatever `format` would not write is an error that says where it stands."""
    with pytest.raises(LockError, match=re.escape(sentence)) as caught:
        parse(broken, "a.lock")
    assert caught.value.address == address


def test_the_digest_of_requirements_does_not_depend_on_order_or_spelling() -> None:
    """Two apps that ask for the same have one digest."""
    assert requirements_digest(an_app("Record_IO>=1,<2", "requests")) == requirements_digest(
        an_app("requests", "record-io<2,>=1")
    )


@pytest.mark.parametrize(
    "other",
    [
        an_app("record-io>=1,<3"),
        an_app("record-io>=1,<2", "requests"),
        an_app("record-io[parquet]>=1,<2"),
        an_app("record-io>=1,<2", pythons=("3.11",)),
    ],
)
def test_the_digest_of_requirements_changes_with_them(other: App) -> None:
    """A requirement, an extra or a Python more or less gives another digest."""
    assert requirements_digest(other) != requirements_digest(an_app("record-io>=1,<2"))


@pytest.mark.parametrize(
    "tag",
    [
        "py3-none-any",
        "py2.py3-none-any",
        "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-manylinux1_x86_64",
        "cp39-abi3-manylinux_2_17_x86_64",
        "py3-none-manylinux_2_5_x86_64",
        "cp311-none-linux_x86_64",
    ],
)
def test_wheels_that_a_target_installs(tag: str) -> None:
    """Pure wheels, the target's own, stable-ABI ones, for glibc up to 2.28."""
    assert X86.installs(a_wheel(tag))


@pytest.mark.parametrize(
    "tag",
    [
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp311-cp311t-manylinux_2_17_x86_64",
        "cp312-abi3-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp311-cp311-manylinux_2_34_x86_64",
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311-win_amd64",
        "pp311-pypy311_pp73-manylinux_2_17_x86_64",
    ],
)
def test_wheels_that_a_target_does_not_install(tag: str) -> None:
    """Those of other interpreters, machines, systems, and of newer glibc."""
    assert not X86.installs(a_wheel(tag))


def test_a_wheel_for_other_pythons_is_not_installed() -> None:
    """Requires-Python of the file itself counts, whatever its tags say."""
    assert X86.installs(a_wheel("py3-none-any", requires_python=">=3.11.4"))
    assert not X86.installs(a_wheel("py3-none-any", requires_python=">=3.12"))


def test_a_pin_has_the_hash_of_every_wheel_that_a_target_installs() -> None:
    """One hash a wheel: for each machine its own and the pure one, and none of other systems or of the sdist."""
    wheels = {
        "cp311-cp311-manylinux_2_17_x86_64": "a" * 64,
        "cp311-cp311-manylinux_2_17_aarch64": "b" * 64,
        "py3-none-any": "c" * 64,
        "cp311-cp311-win_amd64": "d" * 64,
    }
    sdist = ListedFile(name="thing-1.0.tar.gz", sha256="e" * 64)
    other = ListedFile(name="thing-1.1-py3-none-any.whl", sha256="f" * 64)
    made, faults = pinned(*(a_wheel(tag, sha256=h) for tag, h in wheels.items()), sdist, other)
    assert made == {Pin(candidate=THING, hashes=frozenset({"a" * 64, "b" * 64, "c" * 64}))}
    assert faults == ()


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            [a_wheel("cp311-cp311-manylinux_2_17_x86_64")],
            "thing 1.0: no wheel for Python 3.11 on Linux aarch64",
        ),
        (
            [ListedFile(name="thing-1.0.tar.gz", sha256=DIGEST)],
            "thing 1.0: no wheel for Python 3.11 on Linux x86_64, Python 3.11 on Linux aarch64 (only an sdist)",
        ),
        (
            [a_wheel("py3-none-any", yanked=True)],
            "thing 1.0: no wheel for Python 3.11 on Linux x86_64, Python 3.11 on Linux aarch64 "
            "(every file of this version was yanked)",
        ),
        (
            [a_wheel("py3-none-any", sha256=None)],
            "thing 1.0: the index gives no sha256 for thing-1.0-py3-none-any.whl",
        ),
        (
            [],
            "thing 1.0: no wheel for Python 3.11 on Linux x86_64, Python 3.11 on Linux aarch64 "
            "(the index lists no file of this version)",
        ),
    ],
)
def test_what_a_target_cannot_install_is_a_fault(files: list[ListedFile], fault: str) -> None:
    """Package, version and the targets without a wheel are named."""
    assert pinned(*files)[1] == (fault,)


def test_a_yanked_file_beside_another_is_left_out() -> None:
    """What the project took back is not locked where something else serves."""
    made, faults = pinned(
        a_wheel("py3-none-any", sha256="a" * 64),
        a_wheel("cp311-cp311-manylinux_2_17_x86_64", sha256="b" * 64, yanked=True),
    )
    assert made == {Pin(candidate=THING, hashes=frozenset({"a" * 64}))}
    assert faults == ()


def test_what_no_target_needs_is_dropped() -> None:
    """Distributions for Windows, other interpreters and older Pythons are not locked."""
    markers = (
        'sys_platform == "win32"',
        'platform_python_implementation == "PyPy"',
        'python_version < "3.11"',
    )
    nowhere = [Candidate(name=THING.name, version=THING.version, marker=Marker(marker)) for marker in markers]
    assert needed(nowhere, (X86, ARM)) == ()


def test_a_marker_that_always_holds_is_left_out_and_any_other_stays() -> None:
    """A lock says when something is needed only where that differs between its environments."""
    always = Candidate(name=THING.name, version=THING.version, marker=Marker('sys_platform == "linux"'))
    here = Candidate(name=THING.name, version=THING.version, marker=Marker('platform_machine == "x86_64"'))
    patch = Candidate(name=THING.name, version=THING.version, marker=Marker('python_full_version < "3.11.3"'))
    assert needed([always, here, patch], (X86, ARM)) == (THING, here, patch)


def test_only_targets_that_need_a_distribution_must_have_a_wheel() -> None:
    """A distribution for one machine needs no wheel for another."""
    here = Candidate(name=THING.name, version=THING.version, marker=Marker('platform_machine == "x86_64"'))
    _, faults = pins([here], {THING.name: [a_wheel("cp311-cp311-manylinux_2_17_x86_64")]}, (X86, ARM))
    assert faults == ()


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"python": "3.10"}, False),
        ({"machine": "riscv64"}, False),
        ({"system": "Darwin"}, False),
        ({"implementation": "PyPy"}, False),
    ],
)
def test_an_interpreter_is_one_that_a_lock_was_made_for(changed: dict[str, str], fits: bool) -> None:
    """CPython on Linux, of one of the lock's versions and machines."""
    described = {
        "implementation": "CPython",
        "python": "3.11",
        "system": "Linux",
        "machine": "x86_64",
    } | changed
    assert Interpreter(executable="python", **described).is_one_of((X86, ARM)) is fits
