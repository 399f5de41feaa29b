"""What differs between two built files of one name, and when that is only the build backend's version."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from tests.carrack.wheels import make_wheel

from carrack.adapters.archives import BuiltArchives
from carrack.model.archive import Members, differences, only_generator_differs

WHEEL, RECORD = "alpha-1.0.dist-info/WHEEL", "alpha-1.0.dist-info/RECORD"


def wheel(
    generator: str = "hatchling 1.33.0", tag: str = "py3-none-any", **others: bytes
) -> dict[str, bytes]:
    """The members of a small wheel; its RECORD follows the others."""
    members = {
        "alpha/__init__.py": b"ONE = 1\nTWO = 2\n",
        WHEEL: f"Wheel-Version: 1.0\nGenerator: {generator}\nTag: {tag}\n".encode(),
        **{name.replace("__", "/") + ".py": content for name, content in others.items()},
    }
    members[RECORD] = "".join(f"{name},sha256={hash(text)},9\n" for name, text in members.items()).encode()
    return members


def test_equal_members_have_no_differences() -> None:
    """Two files with the same members differ in nothing that can be named."""
    assert differences(wheel(), wheel()) == ()
    assert not only_generator_differs(wheel(), wheel())


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (
            b"ONE = 1\nTWO = 2\n",
            b"ONE = 1\nTWO = 3\n",
            "in line 2 the index has 'TWO = 3', this commit builds 'TWO = 2'",
        ),
        (b"ONE = 1\n", b"ONE = 1\nTWO = 2\n", "the index has 2 lines, this commit builds 1"),
        (b"ONE = 1\n", b"ONE = 1\r\n", "only the ends of its lines differ"),
        (b"ONE = 1", b"ONE = 1\n", "only the ends of its lines differ"),
        (b"\0\1", b"\0\2", "its bytes differ"),
        (b"\xff\xfe", b"\xff\xfd", "in line 1 the index has '\\\\xff\\\\xfd'"),
    ],
)
def test_a_differing_member_is_named_with_the_first_line_that_differs(
    here: bytes, there: bytes, said: str
) -> None:
    """The member and the first differing line are named; of what is no text, only the member."""
    (line,) = differences({"alpha/a.py": here}, {"alpha/a.py": there})
    assert line.startswith(f"alpha/a.py: {said}")


def test_a_long_line_is_shortened() -> None:
    """A minified file does not fill the terminal."""
    (line,) = differences({"a.js": b"x" * 5000}, {"a.js": b"y" * 5000})
    assert len(line) < 200


def test_members_on_one_side_only_are_named_by_side() -> None:
    """What only the index has and what only this commit builds are told apart, in the order of their names."""
    assert differences({"new.py": b"", "both.py": b""}, {"both.py": b"", "lost.py": b""}) == (
        "lost.py: only on the index",
        "new.py: only in what this commit builds",
    )


def test_record_is_named_only_where_nothing_else_is() -> None:
    """RECORD follows from the other members, so it is left out beside them, and named when it differs alone."""
    here, there = wheel(), wheel(alpha__more=b"MORE = 1\n")
    assert [line.split(":")[0] for line in differences(here, there)] == ["alpha/more.py"]
    assert [line.split(":")[0] for line in differences(here, {**here, RECORD: b"other\n"})] == [RECORD]


def test_only_the_generator_line_may_differ() -> None:
    """Another release of the backend, and RECORD's line about it, are not a difference of the package."""
    assert only_generator_differs(wheel("hatchling 1.33.0"), wheel("hatchling 1.29.0"))


@pytest.mark.parametrize(
    "there",
    [
        wheel("hatchling 1.29.0", tag="cp311-cp311-linux_x86_64"),
        wheel("hatchling 1.29.0", alpha__more=b""),
        wheel("hatchling 1.29.0") | {"alpha/__init__.py": b"ONE = 2\n"},
        {**wheel(), RECORD: b"other\n"},
        {**wheel("hatchling 1.29.0"), RECORD: wheel()[RECORD] + b"alpha/ghost.py,sha256=x,1\n"},
        {name: text for name, text in wheel("hatchling 1.29.0").items() if name != RECORD},
    ],
    ids=["tag too", "member more", "code too", "RECORD alone", "RECORD says more", "RECORD missing"],
)
def test_anything_beside_the_generator_line_is_a_difference(there: Members) -> None:
    """A tag, a member, a line of code, or a RECORD that says something else: the bytes are another package's."""
    assert not only_generator_differs(wheel(), there)
    assert not only_generator_differs(there, wheel())
    assert differences(wheel(), there)


def test_a_wheels_members_are_its_files(tmp_path: Path) -> None:
    """A real wheel is read member by member; folders are none."""
    members = BuiltArchives().members(make_wheel(tmp_path, "alpha", "1.0"))
    assert sorted(members) == [f"alpha-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")] + [
        "alpha/__init__.py"
    ]
    assert members["alpha/__init__.py"] == b"VERSION = '1.0'\n"


def sdist(folder: Path, name: str, epoch: int, link: str = "pyproject.toml") -> Path:
    """A real sdist whose files have this time, with a link in it."""
    tree = folder / "alpha-1.0"
    (tree / "inner").mkdir(parents=True, exist_ok=True)
    for path in (tree / "inner/pyproject.toml", tree / "pyproject.toml"):
        path.write_text("[project]\n")
        os.utime(path, (epoch + (path.parent != tree), epoch + (path.parent != tree)))
    (tree / "link").unlink(missing_ok=True)
    (tree / "link").symlink_to(link)
    with tarfile.open(folder / name, "w:gz") as archive:
        archive.add(tree, "alpha-1.0")
    return folder / name


def test_an_sdists_members_are_named_without_its_top_folder(tmp_path: Path) -> None:
    """An sdist is read the same way, and a link that points elsewhere is a difference."""
    one = BuiltArchives().members(sdist(tmp_path, "one.tar.gz", 1_700_000_000))
    two = BuiltArchives().members(sdist(tmp_path, "two.tar.gz", 1_700_000_000, link="inner"))
    assert sorted(one) == ["inner/pyproject.toml", "link", "pyproject.toml"]
    assert differences(one, two) == (
        "link: in line 1 the index has 'link to inner', this commit builds 'link to pyproject.toml'",
    )


def test_the_time_of_its_own_pyproject_is_an_sdists_epoch(tmp_path: Path) -> None:
    """The epoch is that of the top pyproject.toml, not of one deeper; without one, nobody knows."""
    archives = BuiltArchives()
    assert archives.epoch(sdist(tmp_path, "one.tar.gz", 1_700_000_000)) == 1_700_000_000
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    assert archives.epoch(tmp_path / "empty.tar.gz") is None
    (tmp_path / "broken.tar.gz").write_bytes(b"somebody else's")
    assert archives.epoch(tmp_path / "broken.tar.gz") is None
