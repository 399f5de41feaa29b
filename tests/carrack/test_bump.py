"""Raising a version: what changes and why, and that the files keep everything else byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version
from tests.carrack.fakes import name, packages_of

from carrack.adapters.manifest_edits import ManifestEdits
from carrack.adapters.manifests import read_workspace
from carrack.errors import UsageError, WorkspaceError
from carrack.model.bumping import Edit, Wish, plan_bumps
from carrack.model.requirements import admitting
from carrack.model.versions import Level, raised
from carrack.model.workspace import App, Package, Workspace


def workspace(*packages: tuple[str, str, tuple[str, ...]], app: tuple[str, ...] = ()) -> Workspace:
    """A workspace with these packages, and one app that requires `app`."""
    job = App(
        name="job",
        path=PurePosixPath("job"),
        requirements=tuple(map(Requirement, app)),
        lock=PurePosixPath("job/lock"),
        pythons=("3.12",),
        manifest=PurePosixPath("job/pyproject.toml"),
    )
    return Workspace(
        root=Path("/workspace"),
        packages=packages_of(*packages),
        apps={"job": job},
        indexes={},
        build_constraints=PurePosixPath("build-constraints.txt"),
    )


def plan_bump(workspace: Workspace, package: NormalizedName, to: Level | Version) -> tuple[Edit, ...]:
    """The edits that raise one package by hand."""
    return plan_bumps(workspace, [Wish(name=package, to=to, why="asked for")]).edits


def told(changes: Iterable[Edit]) -> list[str]:
    """Each change in a line, without its reason."""
    return [
        f"{change.manifest.parent.name}.{change.key[-1]}: {change.before} -> {change.after}"
        for change in changes
    ]


@pytest.mark.parametrize(
    ("version", "major", "minor", "patch"),
    [
        ("1.2.3", "2.0.0", "1.3.0", "1.2.4"),
        ("0.1", "1.0.0", "0.2.0", "0.1.1"),
        ("1.0rc1", "1.0.0", "1.0.0", "1.0.0"),
        ("1.1.0rc1", "2.0.0", "1.1.0", "1.1.0"),
        ("1.1.1rc1", "2.0.0", "1.2.0", "1.1.1"),
        ("1.0.dev3", "1.0.0", "1.0.0", "1.0.0"),
        ("1.0.post1", "2.0.0", "1.1.0", "1.0.1"),
        ("1.2.3.4rc1", "2.0.0", "1.3.0", "1.2.4"),
        ("1!2.0.0", "1!3.0.0", "1!2.1.0", "1!2.0.1"),
    ],
)
def test_a_level_raises_its_part_and_clears_what_follows(
    version: str, major: str, minor: str, patch: str
) -> None:
    """Major, minor and patch of any PEP 440 version; a pre-release's own final will do where it is of that level."""
    assert [str(raised(Version(version), level)) for level in Level] == [major, minor, patch]


VERSIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "", "1!"]),
    st.lists(st.integers(0, 20), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
    st.sampled_from(["", "", "", "a1", "rc2", ".post1", ".dev3"]),
).map(Version)


@given(VERSIONS, st.sampled_from(Level))
def test_a_raised_version_is_final_and_higher(version: Version, level: Level) -> None:
    """Whatever the version and the level, what comes next is a final version above it, in the same epoch."""
    after = raised(version, level)
    assert after > version
    assert str(after) == after.base_version
    assert after.epoch == version.epoch


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("io>=1,<2", "1.9", "io<2,>=1"),
        ("io>=1,<2", "2.0.0", "io>=1,<3"),
        ("io>=0.1,<0.2", "0.2.0", "io>=0.1,<0.3"),
        ("io<=1.4", "1.5", "io<2"),
        ("io==1.2.0", "1.3.0", "io==1.3.0"),
        ("io===1.2.0", "1.3.0", "io===1.3.0"),
        ("io==1.*", "2.0.1", "io==2.*"),
        ("io==1.2.*", "1.3.1", "io==1.3.*"),
        ("io~=1.2", "2.0.3", "io~=2.0"),
        ("io~=1.2.0", "1.3.1", "io~=1.3.1"),
        ("io~=1.2", "2.0rc1", "io>=2.0rc1,<3"),
        ("io>=1,!=2.0,<3", "2.0", "io>=1,<3"),
        ("io>1.0", "1.0.post1", "io>=1.0.post1"),
        ("io<2", "2.0rc1", "io<3"),
        ("io>=1!1,<1!2", "1!2.0", "io>=1!1,<1!3"),
        ('io[csv]>=1,<2 ; python_version > "3"', "2.0", 'io[csv]>=1,<3; python_version > "3"'),
    ],
)
def test_a_pin_keeps_its_form(before: str, new: str, after: str) -> None:
    """Each operator moves in its own way, by the smallest change; what admits the version stays."""
    assert str(admitting(Requirement(before), Version(new))) == str(Requirement(after))


SPECIFIERS = st.builds(
    "{}{}".format, st.sampled_from(["==", "===", "~=", "<", "<=", ">", ">=", "!="]), VERSIONS
) | st.builds(
    "=={}.*".format, st.lists(st.integers(0, 20), min_size=1, max_size=3).map(lambda p: ".".join(map(str, p)))
)


@given(st.lists(SPECIFIERS, min_size=1, max_size=3), VERSIONS)
def test_a_moved_pin_admits_the_new_version(parts: list[str], new: Version) -> None:
    """Whatever a requirement says, after the bump it admits the new version, and its name and marker are its own."""
    valid = [p for p in parts if not p.startswith("~=") or len(Version(p[2:]).release) > 1]  # PEP 440
    requirement = Requirement(f'io[csv]{",".join(valid)}; python_version > "3"')
    after = admitting(requirement, new)
    assert after.specifier.contains(new, prereleases=True)
    assert (after.name, after.extras, str(after.marker)) == ("io", {"csv"}, 'python_version > "3"')


def test_a_bump_that_every_pin_admits_changes_one_line() -> None:
    """Dependents whose pins admit the new version stay as they are."""
    changes = plan_bump(
        workspace(("io", "1.0", ()), ("rules", "1.0", ("io>=1,<2",))), name("io"), Level.MINOR
    )
    assert told(changes) == ["io.version: 1.0 -> 1.1.0"]
    assert [change.reason for change in changes] == ["asked for"]


def test_a_pin_that_does_not_admit_it_moves_and_its_package_gets_a_patch() -> None:
    """The dependent's pin moves, so the dependent is released too, and so on up to the app, which has no version."""
    changes = plan_bump(
        workspace(
            ("io", "1.0.0", ()),
            ("rules", "2.0.0", ("io>=1,<2",)),
            ("tools", "3.0.0", ("rules==2.0.0", "io")),
            app=("tools>=3,<4", "io==1.0.0"),
        ),
        name("io"),
        Level.MAJOR,
    )
    assert told(changes) == [
        "io.version: 1.0.0 -> 2.0.0",
        "rules.dependencies: io>=1,<2 -> io>=1,<3",
        "job.dependencies: io==1.0.0 -> io==2.0.0",
        "rules.version: 2.0.0 -> 2.0.1",
        "tools.dependencies: rules==2.0.0 -> rules==2.0.1",
        "tools.version: 3.0.0 -> 3.0.1",
    ]
    assert changes[3].reason == "requires io 2.0.0: asked for"
    assert changes[5].reason == "requires rules 2.0.1: requires io 2.0.0: asked for"


def test_a_package_that_two_pins_reach_is_raised_once() -> None:
    """At the far corner of a diamond both pins move, and the version moves one step."""
    changes = plan_bump(
        workspace(
            ("a", "1.0.0", ()),
            ("b", "1.0.0", ("a==1.0.0",)),
            ("c", "1.0.0", ("a==1.0.0",)),
            ("d", "1.0.0", ("b==1.0.0", "c==1.0.0")),
        ),
        name("a"),
        Version("1.0.1"),
    )
    assert told(changes).count("d.version: 1.0.0 -> 1.0.1") == 1
    assert {"d.dependencies: b==1.0.0 -> b==1.0.1", "d.dependencies: c==1.0.0 -> c==1.0.1"} <= set(
        told(changes)
    )


@pytest.mark.parametrize("version", ["1.0", "0.9", "1.0rc1"])
def test_a_version_that_is_not_higher_is_refused(version: str) -> None:
    """The same or a lower version is a usage error with the manifest's address."""
    with pytest.raises(UsageError, match=r"is not higher than 1\.0") as caught:
        plan_bump(workspace(("io", "1.0", ())), name("io"), Version(version))
    assert caught.value.address == "packages/io/pyproject.toml: project.version"


PINS = ["{}>={v},<{n}", "{}=={v}", "{}~={v}", "{}>={v}", "{}"]


@st.composite
def workspaces(draw: st.DrawFn) -> Workspace:
    """Five packages, each with pins of any form to packages before it; every pin admits the tree."""
    packages: list[tuple[str, str, tuple[str, ...]]] = []
    for letter in "abcde":
        needs = draw(st.lists(st.sampled_from(packages), unique=True, max_size=3)) if packages else []
        pins = [draw(st.sampled_from(PINS)).format(n, v=v, n=int(v.split(".")[0]) + 1) for n, v, _ in needs]
        version = f"{draw(st.integers(0, 3))}.{draw(st.integers(0, 9))}.{draw(st.integers(0, 9))}"
        packages.append((letter, version, tuple(pins)))
    return workspace(*packages, app=("a", "e"))


@given(workspaces(), st.sampled_from("abcde"), st.sampled_from(Level))
def test_after_any_bump_the_workspace_holds_together(before: Workspace, package: str, level: Level) -> None:
    """Every pin admits its package's new version; a package is changed just when it is raised, and raised higher."""
    changes = plan_bump(before, name(package), level)
    after = applied(before.packages.values(), changes)
    for one in after.values():
        for requirement in one.requires:
            assert requirement.specifier.contains(after[requirement.name].version), (requirement, one)
        old = before.packages[one.name]
        assert (old.requires != one.requires or one.name == package) == (one.version > old.version)
        assert one.version >= old.version


def applied(packages: Iterable[Package], changes: Iterable[Edit]) -> dict[str, Package]:
    """The packages as the changes leave them."""
    made: dict[NormalizedName, Package] = {}
    changes = list(changes)
    for package in packages:
        mine = [change for change in changes if change.manifest == package.path / "pyproject.toml"]
        version = next((c.after for c in mine if c.key[-1] == "version"), str(package.version))
        moved = {Requirement(c.before): c.after for c in mine if c.key[-1] == "dependencies"}
        requires = tuple(moved.get(r, str(r)) for r in package.requires)
        made |= packages_of((package.name, version, requires))
    return {str(key): value for key, value in made.items()}


MANIFEST = """\
# A comment at the top
[project]
name    =  "rules"      # spaces are kept
version = "1.0-rc.1"    # so is this
dependencies = [
    # why io is here
    'io >= 1.0 , < 2',  # pinned
    "click>=8,<9",
]
[tool.other]
version = "1.0-rc.1"
"""


def edit_of(key: str, before: str, after: str) -> Edit:
    """An edit in [project] of the one manifest."""
    manifest = PurePosixPath("pyproject.toml")
    return Edit(manifest=manifest, key=("project", key), before=before, after=after, reason="asked for")


def replace_in(root: Path, edit: Edit) -> None:
    """Carry out one edit."""
    edits = ManifestEdits(root)
    edits.write({edit.manifest: edits.edited(edits.read(edit.manifest) or "", edit)})


def edited(tmp_path: Path, text: str, *changes: tuple[str, str, str]) -> bytes:
    """The manifest after edits of (key, before, after)."""
    file = tmp_path / "pyproject.toml"
    file.write_bytes(text.encode())
    for key, before, after in changes:
        replace_in(tmp_path, edit_of(key, before, after))
    return file.read_bytes()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_its_text_and_no_other_byte(tmp_path: Path, newline: str) -> None:
    """Comments, spaces, quotes, line ends and other tables' keys stay; a version is found however it is spelled."""
    text = MANIFEST.replace("\n", newline)
    after = edited(
        tmp_path, text, ("version", "1.0rc1", "1.0.0"), ("dependencies", "io>=1.0,<2", "io>=1.0,<3")
    ).decode()
    expected = text.replace('version = "1.0-rc.1"    #', 'version = "1.0.0"    #')
    assert after == expected.replace("'io >= 1.0 , < 2'", "'io>=1.0,<3'")


def test_an_edit_keeps_the_files_mode_and_leaves_no_other_file(tmp_path: Path) -> None:
    """The file is replaced in one step, by one with the same permissions."""
    file = tmp_path / "pyproject.toml"
    file.write_text(MANIFEST)
    file.chmod(0o600)
    replace_in(tmp_path, edit_of("version", "1.0rc1", "1.0"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("key", "before"), [("version", "2.0"), ("dependencies", "io>=9")])
def test_a_text_that_is_not_there_any_more_is_refused(tmp_path: Path, key: str, before: str) -> None:
    """A manifest that was changed meanwhile is not written, and named with its key."""
    with pytest.raises(WorkspaceError, match="any more") as caught:
        edited(tmp_path, MANIFEST, (key, before, "3.0"))
    assert caught.value.address == f"pyproject.toml: project.{key}"
    assert (tmp_path / "pyproject.toml").read_text() == MANIFEST


def test_a_bump_is_written_and_read_again(tmp_path: Path) -> None:
    """From files to files: after a major bump the workspace reads without a fault, and the untouched stay untouched."""
    files = {
        "pyproject.toml": (
            '[tool.carrack.apps.job]\npath = "."\nlock = "l"\npythons = ["3.12"]\nrequirements = ["rules"]\n'
        ),
        "packages/io/pyproject.toml": '[project]\nname = "io"\nversion = "1.0"\n',
        "packages/rules/pyproject.toml": MANIFEST,
        "packages/other/pyproject.toml": "[project]\nname='other'\nversion='1.0'\ndependencies=['io']\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for edit in plan_bump(read_workspace(tmp_path, {}), name("io"), Level.MAJOR):
        replace_in(tmp_path, edit)
    after = read_workspace(tmp_path, {})
    assert [str(package) for package in after.packages.values()] == ["io 2.0.0", "other 1.0", "rules 1.0.0"]
    for path in ("pyproject.toml", "packages/other/pyproject.toml"):
        assert (tmp_path / path).read_text() == files[path]
