"""`job define`: a job definition for an app, registered where its content is new."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

from carrack.errors import JobError, NotReadyError, WorkspaceError
from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.jobs.command_secrets import command_secret_faults
from carrack.model.jobs.definition import is_pinned, is_same, name_of
from carrack.model.jobs.environment import configuration_faults
from carrack.model.jobs.job import JSON
from carrack.model.jobs.limits import definition_faults
from carrack.model.jobs.secrets import Secrecy, secret_faults
from carrack.model.jobs.settings import JobSettings
from carrack.model.workspace import App, Package
from carrack.ports import Batch, Engine, PushRecords, Report


def pushed_image(
    app: str,
    said: str | None,
    records: PushRecords,
    is_there: Callable[[str], bool | None],
    command: CommandLine = CARRACK,
) -> str:
    """The image that is said, else the app's that was pushed last, as `repository@sha256:…`.

    `is_there` says whether a registry has an image that was not pushed from here, None where none is asked. `command`
    writes the next step.

    Raises NotReadyError where there is none, JobError for an image that could be another one tomorrow.
    """
    last = records.last(app)
    image = said or (last.reference if last else None)
    hint = f"{command('image push', '--app', app)}; it prints REPOSITORY@sha256:…"
    if image is None:
        raise NotReadyError(
            f"no image of {app} was pushed from here", hint=f"{hint}, which --image takes too"
        )
    if not is_pinned(image):
        raise JobError(
            "this can mean another image tomorrow; a job definition takes repository@sha256:…",
            address=f"--image {image}",
            hint=hint,
        )
    if (last is None or image != last.reference) and is_there(image) is False:
        raise NotReadyError("the registry has no such image", address=f"--image {image}", hint=hint)
    return image


def own_image(app: str, said: str | None, engine: Engine) -> str:
    """The id of the image that the engine has under the name that is said, else under the app's.

    Raises NotReadyError where it has none.
    """
    image = engine.inspect(said or app)
    if image is None:
        raise NotReadyError(
            "the engine has no such image",
            address=said or app,
            hint=f"carrack image build --app {app} --tag {app}",
        )
    return image.id


def environment(root: Path, app: App, own: Package, command: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The folder of the app's environment, and the command with the program that the image would have of its own.

    Raises WorkspaceError where the command names no program of the app, which has not exactly one.
    """
    folder = str(root / ".carrack" / "envs" / app.name)
    if command and command[0] in own.scripts:
        return folder, command
    if own.command is None:
        raise WorkspaceError(
            f"{own.name} does not install exactly one command, so that the job's must begin with one",
            address=f"pyproject.toml: tool.carrack.apps.{app.name}.job.command",
        )
    return folder, (own.command, *command)


def require_definition(definition: JSON, settings: JobSettings, where: str) -> None:
    """Raise JobError with everything that AWS Batch would refuse in a definition, and every secret in plain text."""
    secrecy = Secrecy(never=settings.not_secret)
    environment = {one["name"]: one["value"] for one in definition["containerProperties"]["environment"]}
    faults = tuple(
        chain(
            definition_faults(definition),
            configuration_faults(environment),
            secret_faults("environment", environment, secrecy),
            secret_faults("parameters", definition["parameters"], secrecy),
            secret_faults("tags", definition["tags"], secrecy),
            command_secret_faults(definition["containerProperties"]["command"], secrecy),
        )
    )
    if faults:
        raise JobError(
            "this is no job definition that AWS Batch takes, and runs",
            faults=faults,
            address=where,
            untouched="the job definitions; nothing was registered",
        )


def define(definition: JSON, batch: Batch, report: Report) -> str:
    """Register a definition that `require_definition` let pass, unless the newest active revision is the same.

    Older revisions stay active. Gives `name:revision`.
    """
    there = batch.definitions(definition["jobDefinitionName"])
    if there and is_same(definition, there[0]):
        report.step("Unchanged", f"{name_of(there[0])} on {batch.place}")
        return name_of(there[0])
    made = batch.register(definition)
    report.step("Registered", f"{made} on {batch.place}")
    if "timeout" not in definition:
        report.note("it has no `timeout`: a job that hangs runs, and costs, until somebody ends it")
    return made
