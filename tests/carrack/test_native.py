"""Native wheels: a version is whole when every declared target has its wheel, wherever that was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from packaging.tags import parse_tag
from packaging.version import Version
from tests.carrack.fakes import INDEX, World, name, packages_of
from tests.carrack.repositories import EPOCH, package, repository
from tests.carrack.wheels import make_sdist, make_wheel

from carrack.adapters.archives import BuiltArchives
from carrack.adapters.prebuilt import PrebuiltArtifacts
from carrack.adapters.projects import read_package
from carrack.commands.receipt import remake_receipt
from carrack.errors import BuildError, StoppedError, WorkspaceError
from carrack.model.artifact import Source
from carrack.model.wheelfile import foreign
from carrack.model.wheels import WheelTarget, wheel_targets

TWO = wheel_targets(["cp311"], ["x86_64", "aarch64"])
X86 = "cp311-cp311-manylinux_2_28_x86_64"
ARM = "cp311-cp311-manylinux_2_28_aarch64"


@pytest.fixture
def world() -> World:
    """A package with two targets, and one that needs it."""
    made = World(packages=packages_of(("fast", "1.0", ()), ("app", "1.0", ("fast>=1",))))
    made.packages[name("fast")] = replace(made.packages[name("fast")], targets=TWO)
    made.history.commit(fast="fast 1\n", app="app 1\n")
    made.builder.tags["fast"] = (X86, ARM)
    return made


@pytest.mark.parametrize(
    ("tag", "serves"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", True),
        ("cp311-cp311-manylinux2014_x86_64", True),
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("cp311-cp311-musllinux_1_2_x86_64", True),
        ("cp311-cp311-linux_x86_64", True),
        ("cp38-abi3-manylinux_2_28_x86_64", True),
        ("py3-none-manylinux_2_28_x86_64", True),
        ("py3-none-any", True),
        ("cp310-cp310-manylinux_2_28_x86_64", False),
        ("cp312-cp312-manylinux_2_28_x86_64", False),
        ("cp312-abi3-manylinux_2_28_x86_64", False),
        ("cp311-cp311-manylinux_2_28_aarch64", False),
        ("cp311-cp311-win_amd64", False),
        ("cp311-cp311-macosx_11_0_x86_64", False),
        ("pp311-pypy311_pp73-manylinux_2_28_x86_64", False),
    ],
)
def test_a_wheel_serves_a_target_by_its_tags(tag: str, serves: bool) -> None:
    """Python and machine must fit; abi3 wheels also are for later Pythons."""
    assert WheelTarget(minor=11, machine="x86_64").is_served_by(parse_tag(tag)) is serves


def test_all_targets_there_is_a_release(world: World) -> None:
    """Three files of the native package, one receipt for all of them."""
    world.publish()
    assert world.states() == {"fast": "published", "app": "published"}
    receipt = remake_receipt(world.sources.workspace, INDEX, world.index, world.journal)
    assert {e.file.name for e in receipt.entries if e.name == "fast"} == {
        "fast-1.0.tar.gz",
        f"fast-1.0-{X86}.whl",
        f"fast-1.0-{ARM}.whl",
    }


def test_a_target_that_is_missing_stops_the_release_before_any_write(world: World) -> None:
    """By name; nothing that needs it goes up either."""
    world.builder.tags["fast"] = (X86,)
    with pytest.raises(BuildError, match="not the whole of it") as caught:
        world.publish()
    assert caught.value.output == "fast 1.0: its wheel for cp311 on aarch64 is missing"
    assert "--artifacts" in caught.value.hint
    assert world.index.uploads == []


def test_a_version_without_one_of_its_targets_is_partial(world: World) -> None:
    """Stopped between two wheels it is in no receipt, so that no lock is made of it; the next run finishes it."""
    world.index.failures[f"fast-1.0-{ARM}.whl"] = StoppedError("gone")
    with pytest.raises(StoppedError):
        world.publish()
    (step, _) = world.learn().plan.steps
    assert step.state.value == "partial"
    assert step.reason.startswith("the index lacks its wheel for cp311 on aarch64; to be finished from ")
    assert remake_receipt(world.sources.workspace, INDEX, world.index, world.journal).entries == ()
    world.publish()
    assert world.states() == {"fast": "published", "app": "published"}


def test_a_native_wheel_of_a_package_without_targets_is_refused(world: World) -> None:
    """Its lock would fail on every other machine; the table to write is named."""
    world.packages[name("fast")] = replace(world.packages[name("fast")], targets=())
    world.builder.tags["fast"] = (X86,)
    with pytest.raises(BuildError) as caught:
        world.publish()
    assert "[tool.carrack.wheels] in packages/fast/pyproject.toml" in caught.value.output
    assert world.index.uploads == []


def declared(root: Path, table: str) -> PurePosixPath:
    """A package with this at the end of its manifest."""
    files = package("fast", "1.0")
    repository(root).write(
        {**files, "packages/fast/pyproject.toml": files["packages/fast/pyproject.toml"] + table}
    )
    return PurePosixPath("packages/fast")


def test_targets_are_declared_in_the_packages_own_manifest(tmp_path: Path) -> None:
    """Pythons by machines; both machines of AWS where none is named."""
    path = declared(tmp_path, '\n[tool.carrack.wheels]\npythons = ["cp311", "cp312"]\n')
    assert list(map(str, read_package(tmp_path, path).targets)) == [
        "cp311 on x86_64",
        "cp311 on aarch64",
        "cp312 on x86_64",
        "cp312 on aarch64",
    ]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('[tool.carrack.wheels]\npythons = ["3.11"]\n', "tool.carrack.wheels.pythons.0: string should match"),
        ("[tool.carrack.wheels]\n", "tool.carrack.wheels.pythons: is missing"),
        (
            '[tool.carrack.wheels]\npythons = ["cp311"]\nmachine = ["x86_64"]\n',
            "tool.carrack.wheels.machine: there is no such key; did you mean 'machines'?",
        ),
        ("[tool.carrack.wheel]\n", "tool.carrack.wheel: there is no such key; did you mean 'wheels'?"),
    ],
)
def test_a_wrong_declaration_is_one_sentence_with_its_key(tmp_path: Path, table: str, fault: str) -> None:
    """With the file and the key."""
    with pytest.raises(WorkspaceError) as caught:
        read_package(tmp_path, declared(tmp_path, "\n" + table))
    assert caught.value.faults[0].startswith(f"packages/fast/pyproject.toml: {fault}")


# --- files built elsewhere ---


def flipped(content: bytes) -> bytes:
    """One bit of the last checksum of a tar.gz, or of the first member of a zip, the other way round."""
    at = -8 if content.startswith(b"\x1f\x8b") else content.index(b"VERSION")
    return content[:at] + bytes([content[at] ^ 1]) + content[at:][1:]


def source(tmp_path: Path, epoch: int = EPOCH) -> Source:
    """What `fast 1.0` would be built from."""
    return Source(
        name=name("fast"), version=Version("1.0"), path=tmp_path, epoch=epoch, build_requires=("hatchling",)
    )


def prebuilt(folder: Path) -> PrebuiltArtifacts:
    """The builder that builds nothing."""
    return PrebuiltArtifacts(folder=folder, archives=BuiltArchives())


def test_files_are_found_at_any_depth_and_nothing_else_is_taken(tmp_path: Path) -> None:
    """As CI's artefacts come, a folder a runner; the sdist first; other packages' files are left."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    make_wheel(tmp_path / "one", "fast", "1.0", tag=X86)
    make_wheel(tmp_path / "two", "fast", "1.0", tag=ARM)
    make_wheel(tmp_path / "two", "fast", "1.1", tag=ARM)
    make_wheel(tmp_path / "two", "slow", "1.0")
    make_sdist(tmp_path, "fast", "1.0", epoch=EPOCH)
    (tmp_path / "notes-1.0.whl.txt").write_text("")
    found = prebuilt(tmp_path).build([source(tmp_path)], tmp_path)
    assert [artifact.file.name for artifact in found] == [
        "fast-1.0.tar.gz",
        f"fast-1.0-{X86}.whl",
        f"fast-1.0-{ARM}.whl",
    ]


def test_no_file_of_a_package_is_an_error_with_the_command_that_makes_one(tmp_path: Path) -> None:
    """With the folder's name; nothing is built."""
    with pytest.raises(BuildError, match=r"has no file of fast 1\.0") as caught:
        prebuilt(tmp_path).build([source(tmp_path)], tmp_path)
    assert caught.value.hint == f"carrack build fast --out {tmp_path}"


def test_two_files_of_one_name_are_an_error(tmp_path: Path) -> None:
    """Which of the two is meant, nobody can know."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        make_wheel(tmp_path / folder, "fast", "1.0")
        (tmp_path / folder / "fast-1.0.tar.gz").write_text(folder)
    with pytest.raises(BuildError, match=r"has fast-1\.0\.tar\.gz more than once, and not the same bytes"):
        prebuilt(tmp_path).build([source(tmp_path)], tmp_path)


def test_a_file_that_every_runner_gave_is_one(tmp_path: Path) -> None:
    """The sdist that they built from, for example."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        make_wheel(tmp_path / folder, "fast", "1.0")
    (found,) = prebuilt(tmp_path).build([source(tmp_path)], tmp_path)
    assert found.path.parent.name == "one"


def test_an_sdist_of_another_commit_is_refused(tmp_path: Path) -> None:
    """Its files' time is not the last commit's."""
    make_sdist(tmp_path, "fast", "1.0", epoch=EPOCH)
    with pytest.raises(BuildError) as caught:
        prebuilt(tmp_path).build([source(tmp_path, epoch=EPOCH + 60)], tmp_path)
    assert caught.value.output.startswith("fast-1.0.tar.gz: was not built from the commit that is released")


@pytest.mark.parametrize("file", ["fast-1.0.tar.gz", f"fast-1.0-{X86}.whl"])
@pytest.mark.parametrize(
    "harm", [lambda _: b"", lambda old: old[: len(old) // 2], flipped], ids=["0", "1/2", "bit"]
)
def test_a_file_that_is_not_whole_is_refused(
    tmp_path: Path, file: str, harm: Callable[[bytes], bytes]
) -> None:
    """Empty, cut off by a transfer, or with a bit that turned: by its name, before anything is written."""
    make_sdist(tmp_path, "fast", "1.0", epoch=EPOCH)
    make_wheel(tmp_path, "fast", "1.0", tag=X86)
    path = tmp_path / file
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(BuildError, match="is no archive that can be read") as caught:
        prebuilt(tmp_path).build([source(tmp_path)], tmp_path)
    assert caught.value.address == file


def test_a_wheel_with_another_platform_s_name_is_refused(tmp_path: Path) -> None:
    """Pip would install it by its name, and its code would not run."""
    make_wheel(tmp_path, "fast", "1.0", tag=X86).rename(tmp_path / f"fast-1.0-{ARM}.whl")
    with pytest.raises(BuildError) as caught:
        prebuilt(tmp_path).build([source(tmp_path)], tmp_path)
    assert caught.value.output == f"fast-1.0-{ARM}.whl: its WHEEL says {X86}, and its name {ARM}"


STATIC = (
    "Metadata-Version: 2.2\nName: fast\nVersion: 1.0\nRequires-Python: >=3.11\nRequires-Dist: io>=1 , <2\n"
)


@pytest.mark.parametrize(
    ("sdist", "wheel", "said"),
    [
        (STATIC, STATIC, []),
        (STATIC, STATIC.replace(">=1 , <2", "<2,>=1"), []),
        (STATIC, STATIC + "Requires-Dist: more\n", ["w: requires more, and the sdist does not"]),
        (STATIC + "Requires-Dist: more\n", STATIC, ["w: does not require more, and the sdist does"]),
        (STATIC + "Dynamic: Requires-Dist\n", STATIC + "Requires-Dist: more\n", []),
        (STATIC.replace("2.2", "2.1"), STATIC + "Requires-Dist: more\n", []),
        (STATIC, STATIC.replace(">=3.11", ">=3.12"), ["w: is for Python >=3.12, and the sdist for >=3.11"]),
        ("", STATIC, []),
    ],
)
def test_a_wheel_requires_what_its_sdist_does(sdist: str, wheel: str, said: list[str]) -> None:
    """But for what the sdist calls dynamic, or is too old to promise."""
    members = {"fast-1.0.dist-info/METADATA": wheel.encode()}
    assert list(foreign("w", members, {"PKG-INFO": sdist.encode()})) == said
