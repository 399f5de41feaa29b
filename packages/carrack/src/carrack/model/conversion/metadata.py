"""The step to PEP 621: `[project]` from what the wheel says, in the place of what the former form said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import tomlkit

from carrack.model.conversion import flit, poetry
from carrack.model.conversion.build_system import is_setuptools
from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Changes, Folder, Left, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.licenses import PREFIX, expression, text_of
from carrack.model.conversion.project import fields, project_text, tables
from carrack.model.conversion.readme import Readme, find_readme, kind_of, squeezed
from carrack.model.conversion.setup_cfg import sections
from carrack.model.conversion.setup_script import constants, read_script
from carrack.model.conversion.toml import inserted
from carrack.model.conversion.toml import text_of as toml_of


def write_metadata(folder: Folder, former: Former) -> Turned:
    """`[project]` with all that the wheel says. What the next steps make static is dynamic still."""
    if "project" in folder.table():
        return UNTURNED
    readme = find_readme(former.wheel.metadata, folder)
    dynamic = set(_dynamic(folder, readme))
    if poetry.adds_classifiers(folder, former.wheel.metadata):
        dynamic.add("classifiers")
    notes = former.notes(folder)
    file = readme or _some_readme(folder, former)
    told = fields(former.wheel, former.version.public, file, notes, _license_files(former))
    name = former.wheel.metadata["name"]
    below = tables(former.wheel, notes)
    document = folder.pyproject
    poetry.without_moved(document, dynamic)
    if module := flit.module_of(folder):
        flit.without_moved(document, module, name)
    text = inserted(toml_of(document), project_text(name, told, below, dynamic), "build-system")
    changes: dict[str, str | None] = {}
    if readme and "readme" in dynamic and is_setuptools(folder):
        text = inserted(text, _joined(readme))
        changes |= _ended((readme.file, *readme.others[:-1]), folder)
    left = (*_left(former.folder, former, readme), *poetry.left_of_dependencies(former.folder))
    why = "It is what the METADATA of its wheel said before."
    return Turned(changes={**changes, PYPROJECT: text}, why=why, left=left)


def _dynamic(folder: Folder, readme: Readme | None) -> Iterator[str]:
    """The fields that other files than this one say until the next steps."""
    if readme and readme.others and (is_setuptools(folder) or "readme" in folder.table("tool", "poetry")):
        yield "readme"
    if flit.module_of(folder):
        yield "version"
    if not is_setuptools(folder):
        return
    script = read_script(folder.text("setup.py"))
    cfg = sections(folder)
    version = cfg.get("metadata", {}).get("version", ":")
    if ":" in version and not (script and isinstance(script.literal("version"), str)):
        yield "version"
    if requirements_file(folder):
        yield "dependencies"


def requirements_file(folder: Folder) -> tuple[str, int | None] | None:
    """The file, with a line, that reads the requirements from another file; None where they are written down in it."""
    script = read_script(folder.text("setup.py"))
    if script and "install_requires" in script.keywords and script.literal("install_requires") is None:
        line = folder.line("setup.py", r"requirements[\w./-]*\.txt|parse_requirements")
        if line:
            return "setup.py", line
    if sections(folder).get("options", {}).get("install_requires", "").strip().startswith("file:"):
        return "setup.cfg", folder.line("setup.cfg", r"install.requires\s*[=:]\s*file:")
    if script and "pbr" in script.keywords and "requirements.txt" in folder.texts:
        return "setup.py", script.line("pbr")
    return None


def _license_files(former: Former) -> tuple[str, ...] | None:
    """PEP 639 lets only an expression have files beside it; setuptools' own key has them beside a text."""
    is_text = text_of(former.wheel.metadata) and expression(former.wheel.metadata) is None
    return former.facts.license_files if former.facts and not is_text else None


def _some_readme(folder: Folder, former: Former) -> Readme | None:
    """Where no file is the whole description: its text, if setup.py or setup.cfg say it word by word.

    Else a readme, and what differs then is shown with the wheel.
    """
    raw = former.wheel.metadata
    if not raw.get("description", "").strip():
        return None
    if _is_written_down(folder, former):
        return Readme(file="", content_type=kind_of(raw), text=raw["description"].strip("\n"))
    files = sorted(name for name in folder.texts if re.match(r"readme(\.\w+)?$", name, re.IGNORECASE))
    return Readme(file=files[0], content_type=kind_of(raw)) if files else None


def _is_written_down(folder: Folder, former: Former) -> bool:
    """Whether a constant of setup.py, or setup.cfg, is the whole description."""
    wanted = squeezed(former.wheel.metadata.get("description", ""))
    told = sections(folder).get("metadata", {}).get("long_description", "")
    texts = [told, *constants(folder.text("setup.py"))]
    return any(squeezed(text) == wanted for text in texts)


def _joined(readme: Readme) -> str:
    told = tomlkit.inline_table()
    told.update({"file": [readme.file, *readme.others], "content-type": readme.content_type})
    return f"[tool.setuptools.dynamic]\nreadme = {told.as_string()}\n"


def _ended(files: Iterable[str], folder: Folder) -> Changes:
    """Files that another one follows, with a line end; setuptools puts no more than one between them."""
    texts = {file: folder.text(file) for file in files}
    return {file: f"{text}\n" for file, text in texts.items() if not text.endswith("\n")}


def _left(folder: Folder, former: Former, readme: Readme | None) -> Iterator[Left]:
    raw = former.wheel.metadata
    if readme is None and raw.get("description", "").strip() and not _is_written_down(folder, former):
        where = _where(folder, "long_description", "description")
        yield Left(
            file=where[0], line=where[1], why="the long description is made by code, and is no file's text"
        )
    licensed = [text for text in raw.get("classifiers", ()) if text.startswith(PREFIX)]
    if expression(raw) is None and (text_of(raw) or licensed):
        where = _where(folder, "license", "license")
        said = repr(text_of(raw).splitlines()[0] if text_of(raw) else licensed[0])
        why = f'the licence {said} may be several; write the expression that it is: license = "…" (PEP 639)'
        yield Left(file=where[0], line=where[1], why=why)
    for requirement in raw.get("requires_dist", ()):
        if re.search(r"@\s*(?!file:)\w", requirement):
            why = f"{requirement.partition('@')[0].strip()} is required by address, which no index serves; "
            yield Left(
                file=PYPROJECT, why=why + "publish refuses it: make it a package, or require it by version"
            )


def _where(folder: Folder, keyword: str, key: str) -> tuple[str, int | None]:
    """The file and line where a former form says something."""
    script = read_script(folder.text("setup.py"))
    if script and script.line(keyword):
        return "setup.py", script.line(keyword)
    for file in ("setup.cfg", PYPROJECT):
        line = folder.line(file, rf"^\s*{key.replace('_', '.')}\w*\s*[=:]")
        if line:
            return file, line
    return PYPROJECT, None
