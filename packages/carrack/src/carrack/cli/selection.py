"""What a name on the command line means in this workspace, or which names there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.errors import PlanError, UsageError
from carrack.model.index import Index
from carrack.model.workspace import App, Workspace


def select_index(workspace: Workspace, name: str | None) -> Index:
    """The index called `name`, else the workspace's default.

    Raises UsageError where neither says one, or there is none of that name.
    """
    chosen = name or workspace.default_index
    if chosen is None:
        raise UsageError(
            "no index was chosen, and the workspace has no default",
            hint=f"say --to NAME (with make: INDEX=NAME), with {_one_of(workspace.indexes)}",
        )
    if chosen not in workspace.indexes:
        raise UsageError(
            f"there is no index {chosen!r}{_instead(chosen, workspace.indexes)}",
            address="pyproject.toml: [tool.carrack.indexes]",
            hint=f"say --to NAME (with make: INDEX=NAME), with {_one_of(workspace.indexes)}",
        )
    return workspace.indexes[chosen]


def index_at(workspace: Workspace, place: str) -> str:
    """The name of the index at `place` (account, region, domain, repository).

    Raises PlanError where the workspace has none there.
    """
    found = next((name for name, index in workspace.indexes.items() if index.place == place), None)
    if found is None:
        raise PlanError(
            f"the plan is for {place}, and no index of this workspace is there",
            address="pyproject.toml: [tool.carrack.indexes]",
            untouched="the index; nothing was written",
        )
    return found


def select_versions(texts: Iterable[str]) -> tuple[tuple[NormalizedName, Version], ...]:
    """The versions that `NAME==VERSION` says, each once. Raises UsageError for what does not say one."""
    found: dict[tuple[NormalizedName, Version], None] = {}
    for text in texts:
        try:
            requirement = Requirement(text)
            (specifier,) = requirement.specifier
            if specifier.operator != "==" or requirement.url or requirement.marker:
                raise ValueError
            found[canonicalize_name(requirement.name), Version(specifier.version)] = None
        except ValueError:  # InvalidRequirement and InvalidVersion are too
            raise UsageError(f"{text!r} is not NAME==VERSION", hint="for example: record-io==1.4.0") from None
    return tuple(found)


def strangers(workspace: Workspace, names: Iterable[NormalizedName]) -> Iterator[str]:
    """A sentence for each of `names` that is no package of the workspace; it may have been one, so it is no error."""
    for name in names:
        if name not in workspace.packages:
            yield f"there is no package {name!r} in this workspace{_instead(name, workspace.packages)}"


def select_app(workspace: Workspace, name: str | None) -> App:
    """The app called `name`, in any spelling, else the only one. Raises UsageError where that is not one app."""
    apps = workspace.apps
    if name is None and len(apps) == 1:
        return next(iter(apps.values()))
    alike = [app for app in apps.values() if name and canonicalize_name(app.name) == canonicalize_name(name)]
    found = apps.get(name or "") or (alike[0] if len(alike) == 1 else None)
    if found is None:
        raise UsageError(
            f"there is no app {name!r}{_instead(name, apps)}"
            if name
            else "the workspace has not exactly one app",
            address="pyproject.toml: [tool.carrack.apps]",
            hint=f"say --app NAME, with {_one_of(apps)}",
        )
    return found


def select_packages(workspace: Workspace, names: Iterable[str]) -> tuple[NormalizedName, ...]:
    """The packages that `names` mean, in any spelling. Raises UsageError for one that is not there."""
    chosen = {canonicalize_name(text): text for text in names}
    for name, text in chosen.items():
        if name not in workspace.packages:
            raise UsageError(
                f"there is no package {text!r}{_instead(name, workspace.packages)}",
                hint=f"name {_one_of(workspace.packages)}",
            )
    return tuple(chosen)


def select_folder(folders: Iterable[PurePosixPath], name: str) -> PurePosixPath:
    """The folder that `name` is, as a path or by its last part in any spelling. Raises UsageError where none is."""
    folders = tuple(folders)
    wanted = canonicalize_name(name.rstrip("/").rpartition("/")[2])
    found = [path for path in folders if path.as_posix() == name.rstrip("/")]
    found = found or [path for path in folders if canonicalize_name(path.name) == wanted]
    if len(found) != 1:
        names = [path.name for path in folders]
        raise UsageError(
            f"there is no folder {name!r} among the packages{_instead(name, names)}",
            address="pyproject.toml: tool.carrack.packages",
            hint=f"name {_one_of(names)}",
        )
    return found[0]


def _instead(word: str, known: Iterable[str]) -> str:
    from batch_params.suggestion import nearest  # here, because it brings more than a good name needs

    close = nearest(word, known)
    return f"; did you mean {close}?" if close else ""


def _one_of(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:_MOST_SHOWN]) or "(none is defined)"
    return f"one of: {shown}" + (f" and {more} more" if (more := len(names) - _MOST_SHOWN) > 0 else "")


_MOST_SHOWN = 20
