"""Requirements in extras, in groups and of builds: who follows a bump, who comes first, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.carrack.fakes import World, name
from tests.carrack.repositories import Repository
from tests.carrack.test_bump import replace_in, told

from carrack.adapters.manifests import read_workspace
from carrack.errors import WorkspaceError
from carrack.model.bumping import BumpPlan, Wish, plan_bumps
from carrack.model.history import TreeState
from carrack.model.requirements import Policy
from carrack.model.since import compare
from carrack.model.versions import Level
from carrack.model.workspace import BumpRules, Workspace

EXTRA, GROUP, BUILD = "project.optional-dependencies", "dependency-groups", "build-system"


def workspace(root: Path, packages: Mapping[str, str], keys: str = "") -> Workspace:
    """A workspace in `root`; each package has version 1.0.0 and the tables that are said."""
    files = {"pyproject.toml": f'[tool.carrack]\npackages = ["packages/*"]\n{keys}'}
    for one, tables in packages.items():
        files[f"packages/{one}/pyproject.toml"] = f'[project]\nname = "{one}"\nversion = "1.0.0"\n{tables}'
    Repository(root).write(files)
    return read_workspace(root, {})


def bumped(ws: Workspace, package: str, level: Level = Level.MAJOR) -> BumpPlan:
    """The plan that raises one package."""
    return plan_bumps(ws, [Wish(name=name(package), to=level, why="asked for")])


def world(ws: Workspace, **texts: str) -> World:
    """A world with these packages, never released."""
    made = World(packages=dict(ws.packages))
    made.history.commit(**dict.fromkeys(ws.packages, "text"), **texts)
    return made


@pytest.mark.parametrize(
    ("table", "key", "where", "notes"),
    [
        (EXTRA, "csv", " in its extra csv", ["Requires io 2.0.0 in its extra csv."]),
        (GROUP, "csv", " in its group csv", []),
    ],
)
def test_an_extra_and_a_group_follow_with_a_reason(
    tmp_path: Path, table: str, key: str, where: str, notes: list[str]
) -> None:
    """The package gets a new version, because its files change; nobody but its maintainers reads of groups."""
    ws = workspace(tmp_path, {"io": "", "rules": f'[{table}]\n{key} = ["io>=1,<2"]\n'})
    plan = bumped(ws, "io")
    assert told(plan.edits) == [
        "io.version: 1.0.0 -> 2.0.0",
        "rules.csv: io>=1,<2 -> io>=1,<3",
        "rules.version: 1.0.0 -> 1.0.1",
    ]
    assert plan.edits[1].reason == "does not admit io 2.0.0"
    assert plan.bumps[1].reasons == (f"requires io 2.0.0{where}: asked for",)
    assert [note.text for note in plan.bumps[1].notes] == notes


def test_what_admits_the_version_stays(tmp_path: Path) -> None:
    """And a group that means another version than the tree's, which it tests with, does too."""
    tables = f'[{EXTRA}]\ncsv = ["io>=1,<2"]\n[{GROUP}]\nold = ["io==0.9"]\nnew = ["io"]\n'
    ws = workspace(tmp_path, {"io": "", "rules": tables})
    assert told(bumped(ws, "io", Level.MINOR).edits) == ["io.version: 1.0.0 -> 1.1.0"]


def test_a_policy_is_for_what_is_published(tmp_path: Path) -> None:
    """An exact edge is exact in extras; a group follows only where it must, and a package's own extras as well."""
    tables = f'[{EXTRA}]\ncsv = ["io>=1,<2"]\nall = ["rules[csv]"]\n[{GROUP}]\ntest = ["io>=1,<2"]\n'
    ws = workspace(tmp_path, {"io": "", "rules": tables}, '[tool.carrack.bump]\ndependents = "exact"\n')
    assert ws.bump_rules == BumpRules(dependents=Policy.EXACT)
    assert told(bumped(ws, "io", Level.MINOR).edits) == [
        "io.version: 1.0.0 -> 1.1.0",
        "rules.csv: io>=1,<2 -> io==1.1.0",
        "rules.version: 1.0.0 -> 1.0.1",
    ]


def test_every_manifest_of_the_workspace_is_written_once_and_keeps_its_form(tmp_path: Path) -> None:
    """The workspace's own groups and an app's extras follow too, one that is a package as well is written once."""
    app = '[tool.carrack.apps.job]\npath = "packages/job"\nlock = "l"\npythons = ["3.12"]\n'
    group = f'[{GROUP}]\ntools = ["x"]\ndev = [\n  {{include-group = "tools"}},\n  "io<2",  # why\n]\n'
    tables = f'dependencies = ["io<2"]\n[{EXTRA}]\n"c.s.v" = [\'io >= 1, < 2\']  # here\n'
    ws = workspace(tmp_path, {"io": "", "job": tables}, app + group)
    edits = bumped(ws, "io").edits
    for edit in edits:
        replace_in(tmp_path, edit)
    assert (tmp_path / "pyproject.toml").read_text().endswith(group.replace("io<2", "io<3"))
    assert (tmp_path / "packages/job/pyproject.toml").read_text() == (
        '[project]\nname = "job"\nversion = "1.0.1"\ndependencies = ["io<3"]\n'
        f"[{EXTRA}]\n\"c.s.v\" = ['io>=1,<3']  # here\n"
    )
    read_workspace(tmp_path, {})


def test_a_build_requirement_is_met_by_the_index_and_stays(tmp_path: Path) -> None:
    """Builds get the version that the build constraints pin, so that a new one in the tree changes nothing."""
    ws = workspace(tmp_path, {"plugin": "", "rules": f'[{BUILD}]\nrequires = ["plugin>=0.1,<1"]\n'})
    assert told(bumped(ws, "plugin").edits) == ["plugin.version: 1.0.0 -> 2.0.0"]


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (f'[{EXTRA}]\ncsv = ["==x"]', f"{EXTRA}.csv: '==x': "),
        (f'[{EXTRA}]\ncsv = "io"', f"{EXTRA}.csv: input should be"),
        (
            f'[{EXTRA}]\ncsv = ["io>=2"]',
            f"{EXTRA}.csv: 'io>=2' does not admit io 1.0.0, as it is in the tree",
        ),
        (f'[{GROUP}]\ntest = ["==x"]', f"{GROUP}.test: '==x': "),
        (f'[{BUILD}]\nrequires = ["==x"]', f"{BUILD}.requires: '==x': "),
        ('dynamic = ["optional-dependencies"]', "project.dynamic: optional-dependencies must be static"),
    ],
)
def test_a_requirement_that_cannot_be_is_a_fault_with_its_address(
    tmp_path: Path, tables: str, fault: str
) -> None:
    """Wherever it is written."""
    with pytest.raises(WorkspaceError) as caught:
        workspace(tmp_path, {"io": "", "rules": tables})
    assert [one.startswith(f"packages/rules/pyproject.toml: {fault}") for one in caught.value.faults] == [
        True
    ]


def test_what_an_extra_or_a_build_needs_comes_first_unless_that_is_a_circle(tmp_path: Path) -> None:
    """Extras may go in a circle, as pip lets them: the plain requirement decides then. Groups order nothing."""
    io = f'[{EXTRA}]\nrules = ["rules"]\nall = ["io[rules]"]\n[{GROUP}]\ntest = ["tools"]\n'
    rules = f'dependencies = ["io"]\n[{BUILD}]\nrequires = ["plugin"]\n'
    ws = workspace(tmp_path, {"io": io, "rules": rules, "plugin": "", "tools": f'[{EXTRA}]\nx = ["rules"]\n'})
    assert ws.waves() == (("io", "plugin"), ("rules",), ("tools",))
    made = world(ws)
    made.publish("plugin")
    assert [step.package.name for step in made.publish("tools")] == ["io", "rules", "tools"]


def test_an_extra_s_package_is_released_with_who_names_it(tmp_path: Path) -> None:
    """What is needed only in an extra is named by metadata that people install; it goes first."""
    ws = workspace(
        tmp_path,
        {"zeta": "", "rules": f'[{EXTRA}]\nx = ["zeta>=1"]\n[{GROUP}]\nt = ["tools"]\n', "tools": ""},
    )
    made = world(ws)
    made.publish("rules")
    assert made.index.uploads[0] == "zeta-1.0.0.tar.gz"
    assert made.states() == {"zeta": "published", "rules": "published", "tools": "new"}


def test_an_extra_s_package_that_only_changed_stops_nobody(tmp_path: Path) -> None:
    """The index has a version that the extra admits; a plain requirement on it would want a new version."""
    ws = workspace(tmp_path, {"io": "", "rules": f'[{EXTRA}]\nx = ["io>=1"]\n'})
    made = world(ws)
    made.publish()
    made.history.commit(io="changed", rules="changed")
    made.packages = dict(
        workspace(tmp_path / "next", {"io": "", "rules": f'[{EXTRA}]\nx = ["io>=1"]\n'}).packages
    )
    made.raise_version("rules", "1.1.0")
    assert [step.package.name for step in made.publish()] == ["rules"]


def test_extras_are_looked_at_before_the_first_write(tmp_path: Path) -> None:
    """An address that no index serves, and a package that nobody has."""
    tables = f'[{EXTRA}]\nx = ["y @ https://example.com/y-1.0.tar.gz"]\n'
    made = world(workspace(tmp_path / "one", {"rules": tables}))
    with pytest.raises(WorkspaceError, match="cannot be had from an index") as caught:
        made.publish()
    assert caught.value.faults[0].startswith(f"packages/rules/pyproject.toml: {EXTRA}.x: 'y @ https")
    made = world(workspace(tmp_path / "two", {"rules": f'[{EXTRA}]\nx = ["nowhere>=1"]\n'}))
    with pytest.raises(WorkspaceError, match="neither this release nor test has") as caught:
        made.publish()
    assert caught.value.faults == (
        f"packages/rules/pyproject.toml: {EXTRA}.x: 'nowhere>=1': the index knows no such project",
    )
    assert made.index.uploads == []


def test_what_builds_need_is_on_the_index_before(tmp_path: Path) -> None:
    """This release's own does not count, since all is built before the first upload; the remedy is said."""
    made = world(
        workspace(tmp_path, {"plugin": "", "rules": f'[{BUILD}]\nrequires = ["plugin>=1", "hatchling"]\n'})
    )
    with pytest.raises(WorkspaceError, match="are built with what test has, and it lacks") as caught:
        made.publish()
    assert caught.value.faults == (
        "packages/rules/pyproject.toml: build-system.requires: 'plugin>=1': the index knows no such project",
    )
    assert caught.value.hint.startswith(
        "carrack publish --to test plugin; pin it by hash in build-constraints.txt"
    )
    assert (made.builder.built, made.index.uploads) == ([], [])
    made.publish("plugin")
    assert [step.package.name for step in made.publish()] == ["rules"]


def test_a_change_concerns_whom_it_is_tested_with(tmp_path: Path) -> None:
    """A package's own extras and groups count; those of what it needs do not, nor do builds, which use the index's."""
    ws = workspace(
        tmp_path,
        {
            "io": "",
            "rules": f'[{GROUP}]\ntest = ["io"]\n',
            "tools": 'dependencies = ["rules"]\n',
            "built": f'[{BUILD}]\nrequires = ["io"]\n',
            "asks": 'dependencies = ["rich[x]"]\n',
            "rich": f'[{EXTRA}]\nx = ["io"]\ny = ["rules"]\n',
        },
    )
    assert ws.dependents([name("io")]) == {"io", "rules", "rich", "asks"}
    before = {
        ("base", package.path): "new" if package.name == "io" else "t" for package in ws.packages.values()
    }
    tree = TreeState(
        commit="head", shallow=False, trees={package.path: "t" for package in ws.packages.values()}
    )
    states = {str(one.package.name): (one.state, one.reason) for one in compare(ws, "base", tree, before)}
    assert {one for one, (state, _) in states.items() if state != "unchanged"} == {
        "io",
        "rules",
        "rich",
        "asks",
    }
    assert states["asks"] == ("needs", "needs io")


def test_an_app_gets_what_the_extras_that_it_asks_for_need(tmp_path: Path) -> None:
    """And nothing of the others."""
    rules = f'[{EXTRA}]\nx_1 = ["io"]\ny = ["tools"]\nall = ["rules[X.1]"]\n'
    ws = workspace(tmp_path, {"io": "", "tools": "", "rules": rules})
    assert ws.installed_by([Requirement("rules[all]"), Requirement("click")]) == ("rules", "io")
    assert ws.installed_by([Requirement("rules")]) == ("rules",)
