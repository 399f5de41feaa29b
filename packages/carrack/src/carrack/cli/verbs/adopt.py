"""`carrack adopt`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import click

from carrack.cli.output import printable, show_findings
from carrack.cli.wiring import Wiring
from carrack.commands.adopt import Adopted, Adoption
from carrack.errors import BuildError, CarrackError, ExitCode, UsageError
from carrack.model.adoption import Destination, Finding
from carrack.model.adoption_record import commit_list_path
from carrack.model.diagnosis import Verdict


@click.command("adopt")
@click.argument("source", metavar="URL|PATH|NAME")
@click.option(
    "--subdir", metavar="FOLDER", default=".", help="This folder of the source alone, with its history."
)
@click.option("--name", metavar="NAME", help="The distribution's name, where its files do not say it.")
@click.option("--plan", "plans", is_flag=True, help="Only show what the import would meet; write nothing.")
@click.option("--update", "updates", is_flag=True, help="Bring what the source of package NAME got since.")
@click.option("--from", "place", metavar="URL|PATH", help="With --update: where the source is now.")
@click.option(
    "--no-convert", is_flag=True, help="The import alone: nothing is built, so nothing of the source is run."
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring,
    source: str,
    subdir: str,
    name: str | None,
    plans: bool,
    updates: bool,
    place: str | None,
    no_convert: bool,
    as_json: bool,
) -> int:
    """Bring a former repository under packages/ with its whole history, its tags as PACKAGE-vVERSION.

    The history is rewritten in a temporary repository and proved there, commit by commit; then branch, files and
    tags change together, or nothing does. Look at --plan first: it writes nothing, and ends with 65 where something
    is in the way. After the import come the commits of `carrack convert`, which builds the package, to prove that its
    wheel stays the same.
    """
    if place and not updates:
        raise UsageError("--from is for --update", hint=f"carrack adopt {place}")
    with tempfile.TemporaryDirectory(prefix="carrack-adopt-") as scratch:
        apart = Path(scratch) / "source.git"
        if updates:
            return _update(wiring, source, place, apart, as_json)
        adoption = _adopt(wiring, source, _folder(subdir), name, plans, apart, as_json)
    if plans:
        return ExitCode.WORKSPACE if adoption.failures else ExitCode.DONE
    if not no_convert:
        _convert(wiring, adoption.to)
    return ExitCode.DONE


def _adopt(
    wiring: Wiring,
    text: str,
    subdir: PurePosixPath,
    name: str | None,
    plans: bool,
    apart: Path,
    as_json: bool,
) -> Adoption:
    from carrack.commands.adopt import adopt, examine

    workspace = wiring.workspace_to_fill
    locks = {app.name: lock for app in workspace.apps.values() if (lock := wiring.lock(app))}
    tools = wiring.adoption_tools(text, apart)
    adoption = examine(workspace, locks, tools, subdir, name)
    if plans:
        _show_plan(adoption, as_json)
        return adoption
    if not as_json:
        show_findings([one for one in adoption.findings if one.verdict is not Verdict.OK])
    done = adopt(adoption, tools)
    _show_done(wiring, done, str(adoption.to.name), as_json)
    if done.unsettled:
        wiring.report.note(
            f"git calls {len(done.unsettled)} files changed, by the line endings that .gitattributes ask for: "
            f"git add --renormalize {adoption.to.path}, git commit"
        )
    wiring.report.note(
        f"{commit_list_path(adoption.to.name)} says which commit became which. To share it: git push, git push --tags; "
        "through a pull request only by a merge commit, since squash and rebase lose the history"
    )
    return adoption


def _convert(wiring: Wiring, to: Destination) -> None:
    """The commits after the import. What keeps the package from its new form is an error; the import stays."""
    from carrack.commands.convert import carry_out, plan_conversion

    try:
        workshop = wiring.workshop
        planned = plan_conversion(to.path, workshop)
        for left in planned.left:
            wiring.report.note(f"not converted: {left.under(planned.path)}")
        if planned.differences:
            raise BuildError(
                "the wheel would not be the same after its conversion",
                address=str(to.path),
                output="\n".join(planned.differences),
                untouched="the package is as it was in its own repository",
            )
        for commit, title in carry_out(planned, workshop):
            wiring.report.step("Committed", f"{commit[:12]} {title}")
    except CarrackError as error:
        error.done = f"the import: {to.path} is on the branch, with its history and its tags"
        error.hint = error.hint or f"carrack convert {to.path.name} --plan"
        raise


def _update(wiring: Wiring, name: str, place: str | None, apart: Path, as_json: bool) -> int:
    from carrack.commands.adopt_update import last_record, update

    record = last_record(wiring.landing(apart), name)
    tools = wiring.adoption_tools(place or record.source, apart)
    done = update(record, tools)
    _show_done(wiring, done, record.name, as_json)
    return ExitCode.DONE


def _folder(text: str) -> PurePosixPath:
    folder = PurePosixPath(text)
    if folder.is_absolute() or ".." in folder.parts:
        raise UsageError(
            f"{text!r} is no folder of the source", hint="say --subdir as git ls-files does: libs/one"
        )
    return folder


def _show_plan(adoption: Adoption, as_json: bool) -> None:
    if not as_json:
        show_findings(adoption.findings)
        return
    baseline = adoption.baseline
    facts = {
        "name": adoption.to.name,
        "path": str(adoption.to.path),
        "source": adoption.source.address,
        "commit": adoption.source.refs.head,
        "subdir": str(adoption.source.subdir),
        "baseline": {"tag": baseline.name, "version": str(baseline.version)} if baseline else None,
        "tags": dict(adoption.tags.names),
        "findings": [_facts(one) for one in adoption.findings],
    }
    click.echo(printable(json.dumps(facts, indent=2)))


def _facts(one: Finding) -> dict[str, object]:
    return {
        "topic": one.topic,
        "verdict": one.verdict.value,
        "said": one.said,
        "details": list(one.details),
        "remedy": one.remedy or None,
    }


def _show_done(wiring: Wiring, done: Adopted, name: str, as_json: bool) -> None:
    if as_json:
        facts = {"package": name, "commit": done.commit, "tags": _sorted(done.tags), "proof": str(done.proof)}
        click.echo(printable(json.dumps({**facts, "changed": done.is_news}, indent=2)))
    elif done.is_news:
        click.echo(f"{name}: commit {done.commit[:12]}, {len(done.tags)} tags made")
    else:
        click.echo(f"{name}: nothing came since; {done.proof}")


def _sorted(tags: Sequence[str]) -> list[str]:
    return sorted(tags)
