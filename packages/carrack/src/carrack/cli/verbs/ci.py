"""`carrack ci`: init."""

from __future__ import annotations

from importlib.resources import files

import click

from carrack.cli.wiring import Wiring

_GITHUB = ("pull-request.yml", "release.yml")
_CODEBUILD = ("buildspec.yml",)


@click.group("ci")
def command() -> None:
    """What CI runs."""


@command.command("init")
@click.option("--github", "kinds", flag_value="github", help="Only the workflows of GitHub Actions.")
@click.option("--codebuild", "kinds", flag_value="codebuild", help="Only the buildspec of AWS CodeBuild.")
@click.option("--force", is_flag=True, help="Also over files that are there with other words.")
@click.option(
    "--check", is_flag=True, help="Write nothing; end with 65 where a file is not as it would be written."
)
@click.pass_obj
def init(wiring: Wiring, kinds: str | None, force: bool, check: bool) -> None:
    """Write the workflows for pull requests and releases, and the buildspec, by [tool.carrack.ci] in pyproject.toml.

    A second time there is nothing to do. A file with other words is shown as a difference, and left.
    """
    from carrack.cli.selection import select_index
    from carrack.commands.ci_init import prepare, write
    from carrack.errors import UsageError, WorkspaceError

    names = {"github": _GITHUB, "codebuild": _CODEBUILD}.get(kinds or "", _GITHUB + _CODEBUILD)
    told = wiring.workspace.ci
    if not told.setup:
        raise UsageError(
            "it is not said how a runner gets carrack onto its PATH",
            address="pyproject.toml: tool.carrack.ci.setup",
            hint='for example setup = ["python -m pip install --require-hashes -r requirements-release.txt"]',
        )
    index = select_index(wiring.workspace, told.index)
    folder = files("carrack") / "templates"
    place = wiring.log.place()
    if kinds != "codebuild" and place is not None and place.parts:
        raise WorkspaceError(
            f"GitHub reads workflows at the top of a repository alone, and this workspace is its folder {place}",
            address="pyproject.toml: [tool.carrack]",
            untouched="everything; nothing was written",
            hint=f'have [tool.carrack] in the top\'s pyproject.toml, with packages = ["{place}/packages/*"]; '
            "or carrack ci init --codebuild",
        )
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    values: dict[str, str | tuple[str, ...]] = {
        "index": index.name,
        "region": index.region,
        "role": told.role,
        "reader": told.reader,
        "token": told.token,
        "branch": told.branch,
        "python": told.python,
        "setup": told.setup,
        "test": told.test,
    }
    made = prepare(texts, values, wiring.manifests)
    if check:
        stale = [str(file.path) for file in made if not file.is_there]
        if stale:
            raise WorkspaceError(
                f"{', '.join(stale)}: not as `ci init` writes it", hint="carrack ci init --force"
            )
        return
    for path in write(made, wiring.manifests, force=force):
        wiring.report.step("Wrote", str(path))
    native = [package.name for package in wiring.workspace.packages.values() if package.targets]
    if native:
        wiring.report.note(
            f"{', '.join(native)}: these jobs build no native wheels; release them with publish --artifacts"
        )
    if all(file.is_there for file in made):
        click.echo("nothing to do: the files are there")
