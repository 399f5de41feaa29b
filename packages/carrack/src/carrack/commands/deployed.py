"""Which images here, and which of AWS Batch's job definitions, have or run what was released."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from carrack.errors import IndexAccessError, NotReadyError
from carrack.model.deployed import Deployed
from carrack.ports import Engine, JobDefinitions, Report

Labels = Callable[[str], Mapping[str, str] | None]
"""The labels of the image that is called so in its registry; None where it has none of that name."""


def deployed(
    engine: Engine | None, definitions: JobDefinitions, labels: Labels, report: Report
) -> Iterator[Deployed]:
    """Every image that the engine has of ours, and every active job definition with its image's labels.

    What a registry or Batch does not tell is None, and a note says why: the plan of a retraction is shown all the same.
    """
    for image in engine.ours() if engine else ():
        names = ", ".join(image.names) or "without a name"
        yield Deployed(place=f"image {names} ({image.id[:19]})", labels=image.labels)

    @cache
    def known(image: str) -> Mapping[str, str] | None:
        try:
            return labels(image)
        except (IndexAccessError, NotReadyError) as error:
            report.note(f"{image}: {error.message}")
            return None

    try:
        active = list(definitions.revisions())
    except IndexAccessError as error:
        report.note(str(error))
        yield Deployed(place="the job definitions of AWS Batch", labels=None)
        return
    for definition in active:
        yield Deployed(
            place=f"job definition {definition.name} ({definition.image})", labels=known(definition.image)
        )
