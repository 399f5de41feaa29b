"""`carrack bump`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import PurePosixPath

import click
from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError, WorkspaceError
from carrack.model.bumping import BumpPlan, Wish
from carrack.model.changefile import ChangeFile
from carrack.model.versions import Form, Level


@click.command("bump")
@click.argument("package", required=False)
@click.argument("level", type=click.Choice([level.value for level in Level]), required=False)
@click.option("--to", "version", metavar="VERSION", help="This very version, instead of a level.")
@click.option(
    "--final",
    is_flag=True,
    help="The final version of the pre-release that PACKAGE, or every package, is at.",
)
@click.option(
    "--pre", type=click.Choice(["a", "b", "rc"]), help="Pre-releases of the versions that come next."
)
@click.option(
    "--dev", is_flag=True, help="Snapshots (.devN) of the versions that come next; N counts the commits."
)
@click.option("--index", "to", metavar="NAME", help="The index that says what is released; not for PACKAGE.")
@click.option(
    "--commit", "commits", is_flag=True, help="Commit what was written, with the record of the release."
)
@click.option(
    "--pull-request",
    is_flag=True,
    help="In GitHub Actions: as a commit on the branch carrack/release, and the one pull request of it.",
)
@click.option(
    "--check",
    "since",
    metavar="REF",
    help="Write nothing: does what changed since HEAD left REF say what it means for the next release?",
)
@click.option("--dry-run", is_flag=True, help="Print the changes, and write none.")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring,
    package: str | None,
    level: str | None,
    version: str | None,
    final: bool,
    pre: str | None,
    dev: bool,
    to: str | None,
    commits: bool,
    pull_request: bool,
    since: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Raise versions, the pins of those who need them, and changelogs; every line says why.

    PACKAGE by LEVEL (major, minor, patch), by --to or --final; without PACKAGE what change files and the commits
    since each release ask for (by the index, which says what is released).
    """
    from carrack.commands.bump import literals, message, write
    from carrack.model.bumping import plan_bumps

    if since is not None:
        _check(wiring, since)
        return
    if sum(map(bool, (pre, dev, final, version))) > 1:
        raise UsageError("say one of --to, --final, --pre and --dev")
    if not dry_run and (back := wiring.manifests.put_back()):
        wiring.report.note(
            f"a run was killed amid its writes; as before it are again: {', '.join(map(str, back))}"
        )
    form = Form(pre=pre, dev=wiring.log.commit_count() if dev else None)
    wishes, consumed = _wishes(wiring, to, package, level, version, final)
    plan = plan_bumps(wiring.workspace, wishes, form)
    plan = BumpPlan(bumps=plan.bumps, edits=(*plan.edits, *literals(plan.bumps, wiring.manifests)))
    touched: tuple[PurePosixPath, ...] = ()
    if plan.bumps and not dry_run:
        touched = write(plan, () if dev else consumed, wiring.manifests, datetime.now(UTC).date())
    _show(plan, consumed, as_json)
    if not touched:
        return
    if pull_request:
        _propose(wiring, touched, message(plan.bumps))
    elif commits:
        try:
            made = wiring.log.make_commit(touched, message(plan.bumps))
        except WorkspaceError as error:
            error.done = f"what was planned is written: {', '.join(map(str, touched))}"
            error.untouched = "git's history"
            error.hint = "mend what git says, and git commit these files; or git restore them"
            raise
        wiring.report.step("Committed", made[:12])


RELEASE_BRANCH = "carrack/release"


def _propose(wiring: Wiring, touched: tuple[PurePosixPath, ...], words: str) -> None:
    """The release as a pull request into the branch that was checked out."""
    requests = wiring.pull_requests
    base = wiring.environ.get("GITHUB_REF_NAME", "main")
    news = wiring.log.push_commit(RELEASE_BRANCH, touched, words)
    wiring.report.step("Pushed" if news else "Unchanged", RELEASE_BRANCH)
    title, _, body = words.partition("\n\n")
    wiring.report.step("Proposed", requests.open_or_update(RELEASE_BRANCH, base, title, body.strip()))


def _check(wiring: Wiring, ref: str) -> None:
    from carrack.commands.bump import read_change_files
    from carrack.commands.since import check_said, since

    base, lines = since(wiring.workspace, wiring.history, wiring.log, ref)
    wanted = "changes" in wiring.workspace.bump_rules.sources
    files = read_change_files(wiring.workspace, wiring.manifests) if wanted else ()
    said = check_said(wiring.workspace, lines, base, wiring.committed_texts, wiring.log, files)
    if said:
        show_table(["package", "says"], [[name, words] for name, words in said])
    else:
        click.echo("nothing changed")


def _wishes(
    wiring: Wiring, to: str | None, package: str | None, level: str | None, version: str | None, final: bool
) -> tuple[list[Wish], tuple[ChangeFile, ...]]:
    if package is None:
        if final:
            return _finals(wiring), ()
        if level or version:
            raise UsageError("say which package", hint="carrack bump PACKAGE patch")
        return _gathered(wiring, to)
    if [level is None, version is None, not final].count(False) != 1:
        raise UsageError("say a level, or --to VERSION, or --final", hint=f"carrack bump {package} patch")
    (name,) = wiring.chosen_packages([package])
    return [Wish(name=name, to=_target(wiring, name, level, version), why="asked for")], ()


def _finals(wiring: Wiring) -> list[Wish]:
    names = [name for name, package in wiring.workspace.packages.items() if package.version.is_prerelease]
    if not names:
        raise UsageError("every package is final already", hint="carrack bump PACKAGE patch")
    return [Wish(name=name, to=Level.PATCH, why="asked for") for name in names]


def _target(wiring: Wiring, name: NormalizedName, level: str | None, version: str | None) -> Level | Version:
    if level:
        return Level(level)
    present = wiring.workspace.packages[name].version
    if version is None:
        if not present.is_prerelease:
            raise UsageError(f"{name} {present} is final already", hint=f"carrack bump {name} patch")
        return Level.PATCH
    try:
        return Version(version)
    except InvalidVersion as error:
        raise UsageError(str(error)) from None


def _gathered(wiring: Wiring, to: str | None) -> tuple[list[Wish], tuple[ChangeFile, ...]]:
    """What the sources that the workspace names ask for; a package that change files name is theirs alone."""
    from carrack.cli.releasing import know
    from carrack.commands.bump import read_change_files, wishes_of_commits

    sources = wiring.workspace.bump_rules.sources
    files = read_change_files(wiring.workspace, wiring.manifests) if "changes" in sources else ()
    wishes = [wish for file in files for wish in file.wishes()]
    if "commits" in sources:
        named = {wish.name for wish in wishes}
        _, knowledge = know(wiring, wiring.index(to))
        others = [name for name in wiring.workspace.packages if name not in named]
        wishes += wishes_of_commits(wiring.workspace, knowledge, wiring.log, others) if others else ()
    return wishes, files


def _show(plan: BumpPlan, consumed: tuple[ChangeFile, ...], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_facts(plan, [file.path for file in consumed]), indent=2))
    elif not plan.bumps:
        click.echo("nothing to bump: no change file, and no commit that releases something")
    else:
        rows = [
            [bump.package.name, str(bump.package.version), str(bump.after), "; ".join(bump.reasons)]
            for bump in plan.bumps
        ]
        show_table(["package", "from", "to", "why"], rows)
        for edit in plan.edits:
            if edit.key != ("project", "version"):
                where = f"{edit.manifest}: {'.'.join(edit.key)}"
                click.echo(f"{where}: {edit.before} -> {edit.after} ({edit.reason})")


def _facts(plan: BumpPlan, consumed: list[PurePosixPath]) -> dict[str, object]:
    return {
        "bumps": [
            {
                "package": bump.package.name,
                "from": str(bump.package.version),
                "to": str(bump.after),
                "reasons": list(bump.reasons),
                "notes": [{"section": note.section.value, "text": note.text} for note in bump.notes],
            }
            for bump in plan.bumps
        ],
        "edits": [
            {
                "file": str(edit.manifest),
                "key": ".".join(edit.key),
                "before": edit.before,
                "after": edit.after,
                "reason": edit.reason,
            }
            for edit in plan.edits
        ],
        "consumed": [str(path) for path in consumed],
    }
