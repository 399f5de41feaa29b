"""`trace`: from a job to the wheels and commits that it ran, and back; from what AWS and the registry keep alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from packaging.requirements import Requirement

from carrack.commands.image_inspect import Parse, proven
from carrack.errors import BuildError, IndexAccessError, JobError, NotReadyError
from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.image_manifest import LABEL, PLACE
from carrack.model.jobs.definition import name_of
from carrack.model.jobs.job import Job, read_job
from carrack.model.trail import Contents, Holder, places_of, versions_of
from carrack.ports import Batch, JobDefinitions, Registry, Report

ReadImage = Callable[[str], tuple[Contents, ...]]
"""What an image, as a job definition names it, says of itself; one for each platform. Empty where nobody has it."""


@dataclass(frozen=True, kw_only=True)
class Trail:
    """A job, the revision that it was started from, its image, and what is in that."""

    job: Job
    image: str
    contents: tuple[Contents, ...]


def trace_job(id: str, batch: Batch, read: ReadImage, command: CommandLine = CARRACK) -> Trail:
    """Follow a job to its code. `command` writes the next step.

    Raises JobError where there is no such job, it ran in no image, or none is known of it: it is not of one container,
    or never started, and its revision was deregistered.
    """
    told = batch.describe([id]).get(id)
    if told is None:
        raise JobError(
            "there is no such job, or it ended so long ago that it is forgotten",
            address=f"{id} on {batch.place}",
            hint=f"{command('trace', 'NAME:REVISION')}, of the definition that it was started from, leads on",
        )
    job = read_job(told)
    image = told.get("container", {}).get("image") or _defined(job, batch)
    if not image:
        raise JobError(
            "no image is known of the job itself: it is not of one container, or never started",
            address=f"{id} on {batch.place}",
            hint=f"{command('trace', job.definition)} reads every image of its definition",
        )
    if image.startswith("/"):
        raise JobError(
            f"it ran in no image, but in the environment {image}, which says nothing of what was in it then",
            address=f"{id} on {batch.place}",
            hint="jobs with `--on container` and on AWS run in images, which do",
        )
    return Trail(job=job, image=image, contents=read(image))


def _defined(job: Job, batch: Batch) -> str | None:
    """The image of the revision that a job was started from; Batch may leave it out of a job that never started."""
    name = job.definition.partition(":")[0]
    revisions = {name_of(one): one for one in batch.definitions(name)}
    image: str | None = revisions.get(job.definition, {}).get("containerProperties", {}).get("image")
    return image


def images_of(name: str, definitions: JobDefinitions) -> tuple[str, ...]:
    """The images of a definition `name:revision`. Raises JobError where Batch does not know it."""
    found = tuple(one.image for one in definitions.revisions(inactive=True) if one.name == name)
    if not found:
        raise JobError(
            "there is no such revision, or it was deregistered so long ago that it is forgotten",
            address=name,
            hint=f"an image of this machine that is called so is read by: carrack image inspect {name}",
        )
    return found


def holders(
    definitions: JobDefinitions,
    read: ReadImage,
    report: Report,
    *,
    package: Requirement | None = None,
    commit: str | None = None,
    inactive: bool = False,
) -> Iterator[Holder]:
    """The job definitions whose image has a version that `package` admits, or something that was made from `commit`.

    Those whose image does not tell, for one platform or for all, are given too, with nothing found: they are not known
    to be free of it.
    """

    @cache
    def known(image: str) -> tuple[Contents, ...]:
        try:
            return read(image)
        except (IndexAccessError, NotReadyError, BuildError) as error:
            report.note(f"{image}: {error.message}")
            return ()

    for one in definitions.revisions(inactive=inactive):
        contents = known(one.image)
        told = contents and all(it.tells if package else it.tells_commits for it in contents)
        found = {
            word
            for it in contents
            for word in (versions_of(it.labels, package) if package else places_of(it, commit or ""))
        }
        if found or not told:
            yield Holder(
                definition=one.name,
                active=one.active,
                image=one.image,
                found=tuple(sorted(found)) or None,
            )


def read_pushed(reference: str, registry: Registry, parse: Parse) -> tuple[Contents, ...]:
    """What the image under a tag or digest of a registry says of itself, without pulling it.

    Raises BuildError where a manifest is not the one that the image's label tells.
    """
    found = registry.manifest(reference)
    if found is None:
        return ()
    read = []
    for platform, image in registry.images(found).items():
        labels = registry.labels(image)
        content = registry.read(image, PLACE) if LABEL in labels else None
        known = content is not None  # a layer may be packed in a way that is not read here
        manifest = parse(proven(content, labels[LABEL], reference), reference) if known else None
        read.append(
            Contents(
                platform=platform or (manifest.platform if manifest else ""), labels=labels, manifest=manifest
            )
        )
    return tuple(read)
