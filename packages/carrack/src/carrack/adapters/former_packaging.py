"""What the packaging files of a former repository say, whatever form they have; none of them is run."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from carrack.model.adoption import FormerPackage
from carrack.model.conversion.constraints import NotPep508Error, requirements, specifier

FILES = (
    *(
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "requirements.txt",
        "versioneer.py",
        "Pipfile",
        "environment.yml",
    ),
    *(".bumpversion.cfg", ".bumpversion.toml"),
)
_TOOLS = {
    "setuptools-scm": r"setuptools[_-]scm|use_scm_version",
    "hatch-vcs": r"hatch-vcs",
    "versioneer": r"versioneer",
    "pbr": r"\bpbr\b",
    "poetry-dynamic-versioning": r"poetry-dynamic-versioning",
    "flit-scm": r"flit_scm|flit-scm",
    "setuptools-git-versioning": r"setuptools-git-versioning",
    "versioningit": r"versioningit",
    "git describe": r"git['\", ]+describe",
}
_BACKENDS = {"hatchling": "hatch", "flit_core": "flit", "flit.": "flit", "poetry": "poetry", "pdm": "pdm"}
_BACKENDS |= {
    "setuptools": "setuptools",
    "uv_build": "uv",
    "maturin": "maturin",
    "scikit_build": "scikit-build",
}
Table = Mapping[str, Any]


def read_former(texts: Mapping[str, str]) -> FormerPackage:
    """Read the texts of `FILES` that a folder has."""
    unread: list[str] = []
    pyproject = _toml(texts.get("pyproject.toml", ""), unread)
    config = _config(texts.get("setup.cfg", ""), unread)
    script = _setup_call(texts.get("setup.py", ""), unread)
    project, tool = _table(pyproject, "project"), _table(pyproject, "tool")
    poetry, flit = _table(tool, "poetry"), _table(tool, "flit", "metadata")
    metadata, options = config.get("metadata", {}), config.get("options", {})
    name = _first(project.get("name"), poetry.get("name"), flit.get("dist-name"), flit.get("module"))
    name = _first(name, metadata.get("name"), script.get("name"))
    version = _first(
        project.get("version"), poetry.get("version"), metadata.get("version"), script.get("version")
    )
    python = _first(
        project.get("requires-python"), flit.get("requires-python"), options.get("python_requires")
    )
    python = _first(python, script.get("python_requires"))
    requires = project.get("dependencies", flit.get("requires"))
    requires = requires or _listed(options.get("install_requires")) or script.get("install_requires") or []
    if isinstance(requires, str):
        requires = _listed(requires)
    if not (pyproject or config or script):
        requires = _listed(texts.get("requirements.txt"))
    if poetry.get("dependencies") and not requires:
        requires, python = _of_poetry(poetry["dependencies"], unread)
    return FormerPackage(
        form=_form(texts, pyproject, metadata),
        versioning=_versioning(texts, project, version),
        name=name,
        version=version if version and version[:1].isdigit() else None,
        requires_python=_specifier(python, unread),
        requires=tuple(_requirements(requires, unread)),
        unread=tuple(unread),
        is_distribution=bool(metadata or poetry or flit or "project" in pyproject or "setup.py" in texts),
    )


def _form(texts: Mapping[str, str], pyproject: Table, metadata: Table) -> str:
    backend = str(_table(pyproject, "build-system").get("build-backend", ""))
    built = next((tool for start, tool in _BACKENDS.items() if backend.startswith(start)), "setuptools")
    if "project" in pyproject:
        return f"PEP 621, built by {built}"
    for tool in ("poetry", "flit"):
        if tool in _table(pyproject, "tool"):
            return tool
    for name, is_it in (("setup.cfg", metadata), ("setup.py", "setup.py" in texts)):
        if is_it:
            return f"{name} with setup.py" if name == "setup.cfg" and "setup.py" in texts else name
    for name in ("requirements.txt", "Pipfile", "environment.yml"):
        if name in texts:
            return f"{name} alone"
    return "none"


def _versioning(texts: Mapping[str, str], project: Table, version: str | None) -> str:
    told = "\n".join(texts.get(name, "") for name in ("pyproject.toml", "setup.cfg", "setup.py"))
    found = [name for name, pattern in _TOOLS.items() if re.search(pattern, told)]
    if found:
        return f"from git, by {found[0]}"
    raised = (
        ".bumpversion.cfg" in texts
        or ".bumpversion.toml" in texts
        or re.search(r"\[(tool\.)?bumpversion", told)
    )
    by = ", raised by bumpversion" if raised else ""
    if version and version[:1].isdigit():
        return f"{version}, static{by}"
    attribute = version if version and version.startswith(("attr:", "file:")) else None
    if "version" in project.get("dynamic", ()) or attribute or "version" in told:
        return f"dynamic: {attribute or 'from the code'}{by}"
    return "not said"


def _toml(text: str, unread: list[str]) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        unread.append(f"pyproject.toml: {error}")
        return {}


def _config(text: str, unread: list[str]) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        unread.append(f"setup.cfg: {str(error).splitlines()[0]}")
    sections = {
        name: {key.replace("-", "_"): value for key, value in parser[name].items()} for name in parser
    }
    return {name: values for name, values in sections.items() if values}


def _setup_call(text: str, unread: list[str]) -> Table:
    """The keywords of `setup(…)` that are written out, or are names of what is; the others are told."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        unread.append("setup.py: not Python 3")
        return {}
    names: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "setup":
            return dict(_values(_keywords(call, names), names, unread))
    return {}


def _keywords(call: ast.Call, names: Mapping[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """The keywords of a call; `**NAME` is what a dict of that name has."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value
            continue
        table = names.get(ast.unparse(keyword.value), keyword.value)
        if isinstance(table, ast.Call) and ast.unparse(table.func) == "dict":
            yield from _keywords(table, {})
        elif isinstance(table, ast.Dict):
            pairs = zip(table.keys, table.values, strict=True)
            yield from ((str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant))


def _values(
    keywords: Iterable[tuple[str, ast.expr]], names: Mapping[str, ast.expr], unread: list[str]
) -> Iterator[tuple[str, Any]]:
    for key, value in keywords:
        if key not in ("name", "version", "python_requires", "install_requires"):
            continue
        try:
            yield key, ast.literal_eval(names.get(value.id, value) if isinstance(value, ast.Name) else value)
        except ValueError:
            if key != "version":
                unread.append(f"setup.py: {key} is computed")


def _of_poetry(table: Table, unread: list[str]) -> tuple[list[str], str | None]:
    """Poetry's constraints in the form of PEP 508; what has none there is told."""
    found: list[str] = []
    python = None
    for name, told in table.items():
        try:
            if name == "python":
                python = specifier(str(told))
            elif not (isinstance(told, Mapping) and told.get("optional")):
                found += requirements(name, told)
        except NotPep508Error as error:
            unread.append(f"pyproject.toml: tool.poetry.dependencies.{name}: {error}")
    return found, python


def _specifier(text: Any, unread: list[str]) -> SpecifierSet | None:
    try:
        return None if text is None else SpecifierSet(str(text))
    except InvalidSpecifier:
        unread.append(f"requires-python: {text!r}")
        return None


def _requirements(texts: Iterable[Any], unread: list[str]) -> Iterator[Requirement]:
    for text in texts:
        try:
            yield Requirement(str(text))
        except InvalidRequirement:
            unread.append(f"requirement: {text!r}")


def _listed(text: str | None) -> list[str]:
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (text or "").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def _first(*values: Any) -> str | None:
    return next((str(value) for value in values if value), None)


def _table(table: Table, *keys: str) -> Table:
    for key in keys:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    return table if isinstance(table, Mapping) else {}
