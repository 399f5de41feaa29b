"""The step to `[tool.setuptools]`: packages and files, in the place of setup.py and setup.cfg."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carrack.model.conversion.build_system import LEGACY, SETUPTOOLS, is_setuptools
from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Changes, Folder, Left, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.setup_cfg import NAME as SETUP_CFG
from carrack.model.conversion.setup_cfg import find_of, sections, without_packaging
from carrack.model.conversion.setup_script import SetupScript, read_script
from carrack.model.conversion.setuptools import (
    GONE,
    NAMESPACES,
    OF_OTHERS,
    SETUP_PY,
    SetupFacts,
    moved,
    options,
    tables,
)
from carrack.model.conversion.shrinking import without_keywords
from carrack.model.conversion.toml import inserted
from carrack.model.conversion.version_modules import version_modules

_VERSIONEER = "versioneer.py"


def write_layout(folder: Folder, former: Former) -> Turned:
    """`[tool.setuptools]` as setuptools told it; no setup.py where pyproject.toml has a word for all that it said."""
    facts, script = former.facts, read_script(folder.text(SETUP_PY))
    if facts is None or not is_setuptools(folder) or not is_to_do(folder):
        return UNTURNED
    find = (script and script.find()) or find_of(folder)
    changes: dict[str, str | None] = {}
    changes |= _setup_cfg(folder, facts, script)
    changes |= _setup_py(folder, former, script)
    text = folder.text(PYPROJECT)
    if "setuptools" not in folder.table("tool") or set(folder.table("tool", "setuptools")) == {"dynamic"}:
        is_text = isinstance(folder.table("project").get("license"), Mapping)
        text = inserted(text, tables(facts, find, license_files=is_text), "project")
    if not _imports_its_own(folder.changed(changes)):
        text = text.replace(f'"{LEGACY}"', f'"{SETUPTOOLS}"')
    if text != folder.text(PYPROJECT):
        changes[PYPROJECT] = text
    why = "It is what setuptools made of setup.py and setup.cfg."
    return Turned(changes=changes, why=why, left=tuple(_left(folder, former, script)))


def _imports_its_own(folder: Folder) -> bool:
    """Whether there is a setup.py that imports modules beside it, which only the old way of running it can."""
    beside = {name.split("/")[0].removesuffix(".py") for name in folder.names if name.endswith(".py")}
    roots = re.findall(r"^\s*(?:from|import)\s+(\w+)", folder.text(SETUP_PY), re.MULTILINE)
    return not beside.isdisjoint(roots)


def is_to_do(folder: Folder) -> bool:
    """Whether setup.py or setup.cfg say something that pyproject.toml has a word for."""
    script = read_script(folder.text(SETUP_PY))
    if script and not moved(script).isdisjoint(script.keywords):
        return True
    before = folder.text(SETUP_CFG)
    keeps = "versioneer" in folder.text(SETUP_PY)
    return (
        bool(sections(folder)) and without_packaging(before, pbr=_is_pbr(folder), versioneer=keeps) != before
    )


def _is_pbr(folder: Folder) -> bool:
    script = read_script(folder.text(SETUP_PY))
    return bool(script and "pbr" in script.keywords) or "files" in sections(folder)


def _setup_cfg(folder: Folder, facts: SetupFacts, script: SetupScript | None) -> Changes:
    before = folder.text(SETUP_CFG)
    after = without_packaging(before, pbr=_is_pbr(folder), versioneer=facts.wraps_versioneer)
    if facts.namespace_packages and not (script and script.line(NAMESPACES)) and NAMESPACES not in after:
        after = f"{options(facts)}\n{after}".rstrip("\n") + "\n"  # pbr said them
    return {} if after == before else {SETUP_CFG: after or None}


def _setup_py(folder: Folder, former: Former, script: SetupScript | None) -> Changes:
    """What stays of setup.py, and of versioneer beside it."""
    if SETUP_PY not in folder.names:
        return {}
    if not _stays(folder, former):
        return dict.fromkeys(name for name in (SETUP_PY, _VERSIONEER) if name in folder.names)
    if script is None:
        return {}
    rest = without_keywords(folder.text(SETUP_PY), moved(script, former.facts))
    unused = _VERSIONEER in folder.names and not re.search(
        r"^\s*(from|import) versioneer", rest, re.MULTILINE
    )
    gone: dict[str, str | None] = {_VERSIONEER: None} if unused else {}
    return {SETUP_PY: rest, **gone}


def _stays(folder: Folder, former: Former) -> bool:
    """Whether setup.py does something that a table cannot: it compiles, has commands, or writes files."""
    facts = former.facts or SetupFacts()
    written = former.generated(folder).keys() - version_modules(folder, former).keys()
    return facts.needs_script or bool(written) or NAMESPACES in (folder.text(SETUP_PY))


def _left(folder: Folder, former: Former, script: SetupScript | None) -> Iterator[Left]:
    facts = former.facts or SetupFacts()
    for keyword, why in GONE.items():
        if script and script.line(keyword):
            yield Left(file=SETUP_PY, line=script.line(keyword), why=f"{keyword}: {why}")
        key = keyword.replace("_", "[_-]")
        if line := folder.line(SETUP_CFG, rf"^{key}\s*[=:]"):
            yield Left(file=SETUP_CFG, line=line, why=f"{keyword}: {why}")
    for name, told in facts.commands.items():
        if name in facts.own_commands:
            yield Left(
                file=SETUP_PY, line=_command_line(folder, name, script), why=_stays_for(f"command {name}")
            )
        elif not told.startswith(OF_OTHERS):
            why = f"the command `setup.py {name}` has no part in a wheel, and is gone with setup.py"
            if not _stays(folder, former):
                yield Left(file=SETUP_PY, line=_command_line(folder, name, script), why=why)
    if facts.wraps_versioneer:
        why = "versioneer stays, as commands of the project's own stand on its; what it writes is no static version"
        yield Left(file=SETUP_PY, line=folder.line(SETUP_PY, "versioneer"), why=why)
    if facts.compiled:
        line = script.line("ext_modules") if script else None
        yield Left(file=SETUP_PY, line=line, why=_stays_for(f"{', '.join(facts.compiled[:4])} is compiled"))
    if facts.namespace_packages:
        in_script = bool(script and script.line(NAMESPACES))
        file = SETUP_PY if in_script else SETUP_CFG
        line = (
            script.line(NAMESPACES)
            if script and in_script
            else folder.line(SETUP_CFG, r"^namespace[_-]packages")
        )
        why = "namespace_packages: pyproject.toml has no word for pkg_resources' namespaces, so packages stay here; "
        yield Left(
            file=file,
            line=line,
            why=why + "PEP 420's need none, once every one of their distributions has them",
        )
    for name in sorted(former.generated(folder).keys() - version_modules(folder, former).keys()):
        yield Left(file=SETUP_PY, why=_stays_for(f"{name} is written while it builds"))
    if _stays(folder, former) and (script is None or script.hides):
        why = "its arguments are not all written down, so it is left; pyproject.toml wins where both say something"
        yield Left(file=SETUP_PY, line=script.call.lineno if script else None, why=why)


def _stays_for(reason: str) -> str:
    return f"{reason}: pyproject.toml has no word for it, so setup.py stays, with that alone"


def _command_line(folder: Folder, name: str, script: SetupScript | None) -> int | None:
    line = folder.line(SETUP_PY, rf"""['"]?{re.escape(name)}['"]?\s*[:=]""")
    return line or (script.line("cmdclass") if script else None)
