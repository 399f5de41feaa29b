"""Which versions come next and why: policies, groups, pre-releases, commits, change files and changelogs, all pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version
from tests.carrack.fakes import name
from tests.carrack.test_bump import told, workspace, workspaces

from carrack.errors import UsageError
from carrack.model.bumping import BumpPlan, Note, Section, Wish, plan_bumps
from carrack.model.changefile import ChangeFileError, parse_change_file
from carrack.model.changelog import released
from carrack.model.commits import Commit, meaning
from carrack.model.requirements import Policy, moved
from carrack.model.versions import FINAL, Form, Level, before_one, following, raised
from carrack.model.workspace import BumpRules, Workspace

DAY = date(2026, 11, 24)


def wish(package: str, to: Level | str, why: str = "asked for") -> Wish:
    """That a package be raised."""
    return Wish(name=name(package), to=to if isinstance(to, Level) else Version(to), why=why)


def ruled(before: Workspace, **rules: object) -> Workspace:
    """The workspace with these rules."""
    return replace(before, bump_rules=BumpRules(**rules))  # type: ignore[arg-type]


def reasons(plan: BumpPlan) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each package's next version, and why."""
    return {bump.package.name: (str(bump.after), bump.reasons) for bump in plan.bumps}


# Versions.


@pytest.mark.parametrize(
    ("version", "level", "form", "after"),
    [
        ("1.2.3", Level.MINOR, Form(pre="rc"), "1.3.0rc1"),
        ("1.3.0rc1", Level.MINOR, Form(pre="rc"), "1.3.0rc2"),
        ("1.3.0rc1", Level.PATCH, Form(pre="rc"), "1.3.0rc2"),
        ("1.3.0b2", Level.MINOR, Form(pre="rc"), "1.3.0rc1"),
        ("1.3.0rc1", Level.MAJOR, Form(pre="rc"), "2.0.0rc1"),
        ("1.3.1rc1", Level.MINOR, Form(pre="rc"), "1.4.0rc1"),
        ("1.3.0rc2", Level.PATCH, FINAL, "1.3.0"),
        ("1.2.3", Level.PATCH, Form(dev=7), "1.2.4.dev7"),
        ("1.3.0rc1", Level.MINOR, Form(dev=7), "1.3.0.dev7"),
        ("0.3.0", Level.MINOR, Form(pre="a"), "0.4.0a1"),
    ],
)
def test_pre_releases_are_counted(version: str, level: Level, form: Form, after: str) -> None:
    """Of one final version, and of one kind; a snapshot is of the version that comes next."""
    assert str(following(Version(version), level, form)) == after


def test_a_pre_release_does_not_go_back() -> None:
    """From rc to b would be lower, and is refused."""
    with pytest.raises(UsageError, match=r"1\.3\.0b1 is not higher than 1\.3\.0rc1"):
        plan_bumps(workspace(("io", "1.3.0rc1", ())), [wish("io", Level.PATCH)], Form(pre="b"))


@pytest.mark.parametrize(("level", "below"), [("major", "minor"), ("minor", "patch"), ("patch", "patch")])
def test_below_one_the_minor_part_tells_what_breaks(level: str, below: str) -> None:
    """As pins do, which end before the next minor there."""
    assert before_one(Level(level)).value == below


def test_dependents_of_a_pre_release_get_one_too() -> None:
    """Nobody's final version requires what is not final."""
    plan = plan_bumps(
        workspace(("io", "1.0.0", ()), ("rules", "2.0.0", ("io>=1,<2",))),
        [wish("io", Level.MAJOR)],
        Form(pre="rc"),
    )
    assert told(plan.edits) == [
        "io.version: 1.0.0 -> 2.0.0rc1",
        "rules.dependencies: io>=1,<2 -> io>=1,<3",
        "rules.version: 2.0.0 -> 2.0.1rc1",
    ]


# Policies and groups.


@pytest.mark.parametrize(
    ("policy", "new", "after"),
    [
        (Policy.KEEP, "1.5", "io>=1,<2"),
        (Policy.KEEP, "2.0", "io>=1,<3"),
        (Policy.EXACT, "1.5", "io==1.5"),
        (Policy.COMPATIBLE, "1.5", "io>=1,<2"),
        (Policy.COMPATIBLE, "2.1", "io>=2.1,<3"),
        (Policy.MINIMUM, "1.5", "io>=1,<2"),
        (Policy.MINIMUM, "2.1", "io>=2.1"),
    ],
)
def test_a_policy_says_how_a_requirement_follows(policy: Policy, new: str, after: str) -> None:
    """Exact always does, the others where the version is not admitted."""
    assert moved(Requirement("io>=1,<2"), Version(new), policy) == Requirement(after)


def test_an_edge_has_a_policy_of_its_own() -> None:
    """An exact edge raises its dependent with every release; the others stay."""
    before = workspace(
        ("io", "1.0.0", ()), ("rules", "1.0.0", ("io>=1,<2",)), ("tools", "1.0.0", ("io>=1,<2",))
    )
    plan = plan_bumps(
        ruled(before, edges={(name("tools"), name("io")): Policy.EXACT}), [wish("io", Level.MINOR)]
    )
    assert told(plan.edits) == [
        "io.version: 1.0.0 -> 1.1.0",
        "tools.dependencies: io>=1,<2 -> io==1.1.0",
        "tools.version: 1.0.0 -> 1.0.1",
    ]
    assert plan.edits[1].reason == "follows io 1.1.0"


def test_a_group_has_one_version() -> None:
    """The highest that any of it gets; those who require a member follow that."""
    before = ruled(
        workspace(("io", "1.0.0", ()), ("rules", "1.2.0", ()), ("tools", "0.1.0", ("rules<1.3",))),
        groups=((name("io"), name("rules")),),
    )
    plan = plan_bumps(before, [wish("io", Level.MINOR), wish("rules", Level.PATCH, "a fix")])
    assert reasons(plan) == {
        "io": ("1.3.0", ("asked for",)),
        "rules": ("1.3.0", ("a fix", "in lockstep with io: asked for")),
        "tools": ("0.1.1", ("requires rules 1.3.0: in lockstep with io: asked for",)),
    }
    plan = plan_bumps(before, [wish("io", Level.MAJOR)])
    assert reasons(plan) == {
        "io": ("2.0.0", ("asked for",)),
        "rules": ("2.0.0", ("in lockstep with io: asked for",)),
        "tools": ("0.1.1", ("requires rules 2.0.0: in lockstep with io: asked for",)),
    }


def test_of_several_wishes_the_highest_counts_and_all_are_told() -> None:
    """Each reason is kept, and each entry of the changelog."""
    notes = (Note(section=Section.FIXED, text="a"),)
    wishes = [replace(wish("io", Level.PATCH, "fix"), notes=notes), wish("io", Level.MINOR, "feat")]
    (bump,) = plan_bumps(workspace(("io", "1.0.0", ())), wishes).bumps
    assert (str(bump.after), bump.reasons, bump.notes) == ("1.1.0", ("fix", "feat"), notes)


POLICIES = st.sampled_from(Policy)


@settings(deadline=None)  # a busy machine is no fault of the plan
@given(
    workspaces(), st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(Level)), min_size=1), POLICIES
)
def test_whatever_is_wished_everything_holds_together(
    before: Workspace, wishes: list[tuple[str, Level]], policy: Policy
) -> None:
    """Under every policy and with a group: pins admit the new versions, and a group has one version."""
    ws = ruled(before, dependents=policy, groups=((name("b"), name("d")),))
    plan = plan_bumps(ws, [wish(package, level) for package, level in wishes])
    after = {bump.package.name: bump.after for bump in plan.bumps}
    rewritten = {(edit.manifest.parent.name, edit.before): Requirement(edit.after) for edit in plan.edits}
    for package in before.packages.values():
        for requirement in package.requires:
            now = next(
                (
                    new
                    for (owner, old), new in rewritten.items()
                    if owner == package.name and Requirement(old) == requirement
                ),
                requirement,
            )
            version = after.get(name(requirement.name), before.packages[name(requirement.name)].version)
            assert now.specifier.contains(version, prereleases=True)
    assert after.get(name("b")) == after.get(name("d"))
    assert all(bump.after > bump.package.version for bump in plan.bumps)
    assert all(bump.reasons for bump in plan.bumps)


@given(st.sampled_from(["1.2.3", "0.4.0", "2.0.0rc1", "1!1.0"]), st.sampled_from(Level))
def test_a_pre_release_is_below_its_final_and_above_what_was(version: str, level: Level) -> None:
    """For every level."""
    before = Version(version)
    assert before < raised(before, level)
    assert following(before, level, Form(pre="rc")) < raised(before, level)


# Commits.


@pytest.mark.parametrize(
    ("subject", "body", "level", "notes"),
    [
        ("feat: read ndjson", "", "minor", [("Added", "Read ndjson.")]),
        ("feat(io): read ndjson", "", "minor", [("Added", "Read ndjson.")]),
        ("fix: say why!", "", "patch", [("Fixed", "Say why!")]),
        ("perf: be quick", "", "patch", [("Changed", "Be quick.")]),
        ("chore: tidy", "", None, []),
        ("docs(readme): say more", "", None, []),
        ("refactor!: drop v1", "", "major", [("Changed", "**Breaking:** Drop v1.")]),
        (
            "feat: new reader",
            "Words.\n\nBREAKING CHANGE: the old reader\nis gone\nReviewed-by: x",
            "major",
            [("Changed", "**Breaking:** The old reader is gone."), ("Added", "New reader.")],
        ),
        ("chore: x", "BREAKING-CHANGE: y", "major", [("Changed", "**Breaking:** Y.")]),
        ("Mend the reader", "", "patch", [("Changed", "Mend the reader.")]),
        ("FEAT: shout", "", "minor", [("Added", "Shout.")]),
        ("wip : no", "", "patch", [("Changed", "Wip : no.")]),
    ],
)
def test_a_commit_says_its_level(
    subject: str, body: str, level: str | None, notes: list[tuple[str, str]]
) -> None:
    """By Conventional Commits; one that does not follow them is a patch, so that nothing is forgotten."""
    said = meaning(Commit(id="0" * 40, subject=subject, body=body))
    assert (said.level.value if said.level else None) == level
    assert [(note.section.value, note.text) for note in said.notes] == notes


@given(st.text(), st.text())
def test_any_commit_can_be_read(subject: str, body: str) -> None:
    """Whatever people write."""
    meaning(Commit(id="0" * 40, subject=subject, body=body))


# Change files.

FILE = PurePosixPath("changes/blue.md")


def test_a_change_file_asks_for_levels_in_its_own_words() -> None:
    """One entry for each package, in the section that its level belongs to."""
    file = parse_change_file(FILE, "---\n# why\nrecord_io: minor\n'rules': major\n---\n\nReads\nndjson.\n")
    assert [(w.name, w.to, w.why, w.notes[0].section.value, w.notes[0].text) for w in file.wishes()] == [
        ("record-io", Level.MINOR, "changes/blue.md says minor", "Added", "Reads\nndjson."),
        ("rules", Level.MAJOR, "changes/blue.md says major", "Changed", "**Breaking:** Reads\nndjson."),
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "does not begin with"),
        ("record-io: minor", "does not begin with"),
        ("---\nrecord-io: minor\n", "does not begin with"),
        ("---\n---\nwords", "names no package"),
        ("---\nrecord-io: huge\n---\n", "line 2: 'huge' is no level; say record-io: major or minor or patch"),
        ("---\nrecord-io\n---\n", "line 2: '' is no level"),
        ("---\n-: minor\n---\n", "line 2: '-' is no package's name"),
        ("---\nio: minor\nIO: patch\n---\n", "line 3: io is named twice"),
    ],
)
def test_a_broken_change_file_says_its_line(content: str, fault: str) -> None:
    """And what would be right."""
    with pytest.raises(ChangeFileError, match=re.escape(fault)):
        parse_change_file(FILE, content)


# Changelogs.

CHANGELOG = """\
# Changelog

Words.

## [Unreleased]

### Fixed

- By hand.

## [1.0.0] - 2025-01-01

### Added

- All.

[1.0.0]: https://example.com/1.0.0
"""


def test_what_was_unreleased_gets_its_version_and_date() -> None:
    """Entries by hand stay before those of the release, in the order of Keep a Changelog; nothing else moves."""
    notes = [Note(section=Section.FIXED, text="By commit."), Note(section=Section.ADDED, text="New.")]
    after = released(CHANGELOG, Version("1.1.0"), DAY, notes)
    assert after == CHANGELOG.replace(
        "## [Unreleased]\n\n### Fixed\n\n- By hand.\n",
        "## [Unreleased]\n\n## [1.1.0] - 2026-11-24\n\n### Added\n\n- New.\n\n### Fixed\n\n- By hand.\n- By commit.\n",
    )


def test_a_changelog_is_begun_where_there_is_something_to_tell() -> None:
    """And not where there is nothing."""
    assert released(None, Version("1.0"), DAY, []) is None
    begun = released(None, Version("1.0"), DAY, [Note(section=Section.ADDED, text="All.")])
    assert begun is not None
    assert released("\n", Version("1.0"), DAY, [Note(section=Section.ADDED, text="All.")]) == begun
    assert begun.endswith("## [Unreleased]\n\n## [1.0] - 2026-11-24\n\n### Added\n\n- All.\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Log\n", "# Log\n\n## [Unreleased]\n\n## [2.0] - 2026-11-24\n\n### Fixed\n\n- X.\n"),
        (
            "# Log\n\n## 1.0\n\n- A.\n",
            "# Log\n\n## [Unreleased]\n\n## [2.0] - 2026-11-24\n\n### Fixed\n\n- X.\n\n## 1.0\n\n- A.\n",
        ),
        (
            "# Log\n\n## Unreleased\nWords.\n### Notes\nMore.\n",
            "# Log\n\n## Unreleased\n\n## [2.0] - 2026-11-24\n\nWords.\n\n### Fixed\n\n- X.\n\n### Notes\n\nMore.\n",
        ),
        (
            "# Log\n\n## [2.0] - Soon\n\n### Fixed\n\n- A.\n\n## 1.0\n",
            "# Log\n\n## [2.0] - Soon\n\n### Fixed\n\n- A.\n- X.\n\n## 1.0\n",
        ),
        ("# Log\n\n## v2.0\n", "# Log\n\n## v2.0\n\n### Fixed\n\n- X.\n"),
        (
            "Log\n===\n\n1.0 (2025)\n----------\n\n- A.\n",
            "Log\n===\n\n## [Unreleased]\n\n## [2.0] - 2026-11-24\n\n### Fixed\n\n- X.\n\n"
            "1.0 (2025)\n----------\n\n- A.\n",
        ),
        (
            "# 1.0\n\n- A.",
            "## [Unreleased]\n\n## [2.0] - 2026-11-24\n\n### Fixed\n\n- X.\n\n# 1.0\n\n- A.",
        ),
        (
            "# Log\n\n[1.0]: https://example.com\n",
            "# Log\n\n## [Unreleased]\n\n## [2.0] - 2026-11-24\n\n### Fixed\n\n- X.\n\n[1.0]: https://example.com\n",
        ),
    ],
)
def test_changelogs_that_people_have(before: str, after: str) -> None:
    """No Unreleased heading, no brackets, words and headings of their own; one that has the version gets more."""
    assert released(before, Version("2.0"), DAY, [Note(section=Section.FIXED, text="X.")]) == after


def test_line_ends_stay_as_they_are() -> None:
    """Those of Windows too."""
    after = released(CHANGELOG.replace("\n", "\r\n"), Version("1.1.0"), DAY, [])
    assert after is not None
    assert after.count("\n") == after.count("\r\n") > 10


@given(st.text(alphabet="#[]- \nabU.nreleasd1", max_size=200))
def test_no_changelog_loses_a_word(text: str) -> None:
    """Whatever it looks like, every word of it is in what is written, and the version is there once."""
    after = released(text, Version("9.9"), DAY, [Note(section=Section.ADDED, text="New thing.")])
    assert after is not None
    words = [word for word in text.replace("\r", "\n").split() if word.strip("#")]
    assert all(word in after for word in words)
    assert after.count("## [9.9] - 2026-11-24") == 1
