"""`convert`: a package in a former form becomes PEP 621, a commit a kind, and its wheel is proved to be the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.commands.former import UNTOUCHED, Past, look_at_former
from carrack.errors import BuildError, WorkspaceError
from carrack.model.artifact import Kinds, Source
from carrack.model.conversion.bare import is_bare, make_distribution
from carrack.model.conversion.folder import Folder, Left, Step
from carrack.model.conversion.former import Former
from carrack.model.conversion.kinds import Conversion, convert, to_do
from carrack.model.conversion.noticed import noticed, noticed_in_wheel
from carrack.model.conversion.proof import Proof, compare
from carrack.model.conversion.remedies import last_words
from carrack.model.conversion.wheel import Wheel, read_wheel
from carrack.model.requirements import formatted
from carrack.model.workspace import Package
from carrack.ports import Builder, BuildPins, Folders, History, Log, Manifests


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What a conversion does its work with. `builder` builds with the build constraints in the file it is given."""

    history: History
    log: Log
    manifests: Manifests
    folders: Folders
    past: Past
    builder: Callable[[Path], Builder]
    pins: BuildPins
    constraints: PurePosixPath
    """The workspace's file of them."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A conversion that was tried out: its commits, what is left, and what the two wheels say.

    `proof` is None where the package has its form already. `pins` are the lines that the build constraints lack.
    """

    path: PurePosixPath
    name: str
    steps: tuple[Step, ...]
    left: tuple[Left, ...]
    proof: Proof | None
    why: tuple[str, ...]
    pins: str
    before: Folder

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.pins

    @property
    def differences(self) -> tuple[str, ...]:
        """What somebody has to decide before it is carried out."""
        return self.proof.differences if self.proof else ()


def plan_conversion(path: PurePosixPath, workshop: Workshop, version: Version | None = None) -> Planned:
    """Try the conversion of the package in the folder `path`, as HEAD has it, in folders that go afterwards.

    `version` is for those that do not say one: taken from git without a tag of this package, or no distribution yet.
    Raises WorkspaceError where something has to change first, BuildError where it does not build before or after.
    """
    tree = workshop.history.state([path])
    if tree.uncommitted:
        raise WorkspaceError(
            "a conversion is of what is committed",
            address=str(path),
            faults=tuple(f"{file}: is not committed" for file in tree.uncommitted),
            untouched=UNTOUCHED,
            hint=f"git add {path}, git commit; or git restore {path}",
        )
    with tempfile.TemporaryDirectory(prefix="carrack-convert-") as scratch:
        source = Path(scratch) / path
        source.parent.mkdir(parents=True, exist_ok=True)
        epoch = workshop.history.export(tree.commit, path, source)
        folder = workshop.folders.read(source)
        if not folder.has_valid_pyproject:
            workshop.folders.package(Path(scratch), path)  # which says what is wrong with it
        why = to_do(folder)
        conversion, former = (
            _converted(folder, source, path, epoch, workshop, version) if why else (None, None)
        )
        done = conversion or Conversion(folder=folder)
        _lay_out(source, done, workshop)
        package = workshop.folders.package(Path(scratch), path)
        pins = workshop.pins.missing(tuple(map(formatted, package.build_requires)), _constraints(workshop))
        proof = None
        if why:
            wheel = _built(package, source, epoch, pins, workshop)
            proof = compare(former.wheel if former else None, wheel, done.remade)
    left = (*done.left, *noticed(done.folder))
    return Planned(
        path=path,
        name=str(package.name),
        steps=done.steps,
        left=left,
        proof=proof,
        why=why,
        pins=pins,
        before=folder,
    )


def _converted(
    folder: Folder, source: Path, path: PurePosixPath, epoch: int, workshop: Workshop, version: Version | None
) -> tuple[Conversion, Former | None]:
    if is_bare(folder):
        if version is None:
            raise WorkspaceError(
                "nothing in it says a distribution's name or version, so it is no package yet",
                address=str(path),
                untouched=UNTOUCHED,
                hint=f"carrack convert {path.name} --version 0.1.0 makes it one, by the name of its folder; "
                "or write its pyproject.toml",
            )
        return make_distribution(folder, canonicalize_name(path.name), version), None
    former = look_at_former(folder, source, path, epoch, workshop.past, version)
    conversion = convert(folder, former)
    return replace(conversion, left=(*conversion.left, *noticed_in_wheel(conversion.folder, former))), former


def _lay_out(source: Path, conversion: Conversion, workshop: Workshop) -> None:
    for step in conversion.steps:
        workshop.folders.change(source, step.changes)


def _constraints(workshop: Workshop) -> str:
    return workshop.manifests.read(workshop.constraints) or ""


def _built(package: Package, source: Path, epoch: int, pins: str, workshop: Workshop) -> Wheel:
    """The wheel after the conversion, as every verb will build it."""
    constraints = source.parent / "build-constraints.txt"
    workshop.folders.change(source.parent, {constraints.name: _with_pins(_constraints(workshop), pins)})
    told = Source(
        name=package.name,
        version=package.version,
        path=source,
        epoch=epoch,
        build_requires=tuple(map(formatted, package.build_requires)),
    )
    try:
        made = workshop.builder(constraints).build([told], source.parent / "after", Kinds.BOTH)
    except BuildError as error:
        error.message = f"it does not build after the conversion: {error.message}"
        error.output = "\n".join(last_words(error.output))
        error.untouched = UNTOUCHED
        raise
    path = next(artifact.path for artifact in made if artifact.file.is_wheel)
    return read_wheel(workshop.past.archives.members(path))


def _with_pins(text: str, pins: str) -> str:
    return f"{text.rstrip()}\n{pins}".lstrip("\n") if pins else text


def carry_out(planned: Planned, workshop: Workshop) -> Iterator[tuple[str, str]]:
    """Write and commit each step; gives each commit's id and title when it is made.

    Raises WorkspaceError where git, or a hook of the repository, refuses one: those before it stay, and the same
    command goes on from there.
    """
    for step in planned.steps:
        paths = [planned.path / name for name in step.changes]
        workshop.manifests.write({planned.path / name: text for name, text in step.changes.items()})
        message = step.message(planned.name)
        yield workshop.log.make_commit(paths, message), message.partition("\n")[0]
    if planned.pins:
        workshop.manifests.write({workshop.constraints: _with_pins(_constraints(workshop), planned.pins)})
        message = f"Pin what {planned.name} is built with\n"
        yield workshop.log.make_commit([workshop.constraints], message), message.strip()
