"""What setuptools makes of a setup.py and a setup.cfg, and the same as `[tool.setuptools]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomlkit

from carrack.model.conversion.setup_script import Find, SetupScript

SETUP_PY = "setup.py"

METADATA = frozenset(
    {
        *("name", "version", "description", "summary", "long_description", "long_description_content_type"),
        *("author", "author_email", "maintainer", "maintainer_email", "url", "download_url", "project_urls"),
        *("license", "license_file", "license_files", "license_expression", "classifiers", "classifier"),
        *("keywords", "platforms", "python_requires", "install_requires", "extras_require", "entry_points"),
        *("setup_requires", "tests_require", "use_scm_version", "pbr", "zip_safe", "provides", "requires"),
        *("obsoletes", "provides_extras"),
    }
)
LAYOUT = frozenset(
    {
        *("packages", "package_dir", "py_modules", "package_data", "exclude_package_data"),
        *("include_package_data", "data_files", "scripts"),
    }
)
_TESTS = "`setup.py test` is no more; run the tests with the tool that they are written for"
GONE = {
    "test_suite": _TESTS,
    "test_loader": _TESTS,
    "test_runner": _TESTS,
    "dependency_links": "pip reads it no more; what is required has to be on the index",
    "eager_resources": "it is about eggs, which are no more",
    "features": "setuptools has it no more",
    "obsoletes_dist": "no installer reads it",
}
"""Arguments that have no meaning any more, each with what to do instead."""

MOVED: frozenset[str] = METADATA | LAYOUT | GONE.keys()

NAMESPACES = "namespace_packages"
"""pkg_resources' namespaces: setuptools checks them against the packages beside them, so that those stay too."""

_FOR_THE_WHEEL = ("build", "install", "egg_info", "sdist", "bdist_wheel", "dist_info", "develop", "editable")
"""How the names of commands begin that have a part in a wheel."""

_OF_VERSIONS = ("versioneer", "setuptools_scm.", "pbr.")
OF_OTHERS = ("setuptools.", "distutils.", "wheel.", "pbr.", "versioneer", "setuptools_scm.")
"""Modules of commands that come with a build requirement, or go with the static version."""


@dataclass(frozen=True, kw_only=True)
class SetupFacts:
    """The distribution as setuptools has it, after setup.py ran up to its commands."""

    packages: tuple[str, ...] | None = None
    py_modules: tuple[str, ...] | None = None
    package_dir: Mapping[str, str] = field(default_factory=dict)
    package_data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude_package_data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include_package_data: bool = False
    data_files: tuple[tuple[str, tuple[str, ...]], ...] = ()
    scripts: tuple[str, ...] = ()
    namespace_packages: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    license_files: tuple[str, ...] | None = None
    """The patterns that are said; None for setuptools' own."""
    setup_requires: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    """The names of extension modules, and of whatever else a compiler makes."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """The class of each command that setup.py brings, as `module.Class`."""

    @property
    def own_commands(self) -> tuple[str, ...]:
        """Commands with a part in the wheel that are the project's own."""
        return tuple(
            name
            for name, told in self.commands.items()
            if name.startswith(_FOR_THE_WHEEL) and not told.startswith(OF_OTHERS)
        )

    @property
    def only_others_commands(self) -> bool:
        """Whether every command goes with what made the version, so that `cmdclass` says nothing more."""
        return all(told.startswith(_OF_VERSIONS) for told in self.commands.values())

    @property
    def wraps_versioneer(self) -> bool:
        """Whether commands of the project's own stand on versioneer's, which then has to stay."""
        return bool(self.own_commands) and any(
            told.startswith("versioneer") for told in self.commands.values()
        )

    @property
    def needs_script(self) -> bool:
        """Whether something of setup.py has no form in pyproject.toml."""
        return bool(self.compiled or self.own_commands)


def moved(script: SetupScript, facts: SetupFacts | None = None) -> frozenset[str]:
    """The arguments of this setup.py that pyproject.toml has another word for; with `facts`, or that have no effect."""
    names = MOVED - LAYOUT if NAMESPACES in script.keywords else MOVED
    return names | {"cmdclass"} if facts and facts.only_others_commands else names


def read_facts(told: Mapping[str, Any]) -> SetupFacts:
    """The facts as the probe writes them."""
    several = (
        *("packages", "py_modules", "license_files", "scripts", "namespace_packages", "platforms"),
        *("setup_requires", "compiled"),
    )
    mapped = ("package_data", "exclude_package_data")
    values: dict[str, Any] = dict(told)
    values |= {key: tuple(told[key]) for key in several if told.get(key) is not None}
    values |= {key: {name: tuple(globs) for name, globs in told[key].items()} for key in mapped}
    values["data_files"] = tuple((place, tuple(files)) for place, files in told["data_files"])
    return SetupFacts(**values)


def tables(facts: SetupFacts, find: Find | None, *, license_files: bool) -> str:
    """`[tool.setuptools]` and below it, as text; what goes without saying, or stays where it was, is left out.

    `license_files` says whether those are said here: beside a licence that is no expression.
    """
    top: dict[str, Any] = {}
    if facts.package_dir:
        top["package-dir"] = dict(facts.package_dir)
    if facts.py_modules:
        top["py-modules"] = list(facts.py_modules)
    if facts.packages is not None and not find and not (facts.py_modules and not facts.packages):
        top["packages"] = list(facts.packages)
    if (
        not facts.include_package_data
        and facts.packages != ()
        and not (facts.py_modules and not facts.packages)
    ):
        top["include-package-data"] = False
    top |= {
        key: list(value)
        for key, value in (
            ("script-files", facts.scripts),
            ("platforms", facts.platforms),
            ("license-files", facts.license_files if license_files else ()),
        )
        if value
    }
    if facts.namespace_packages:
        return ""
    own = f"[tool.setuptools]\n{tomlkit.dumps(_table(top))}" if top else ""
    return own + "".join(
        f"\n[tool.setuptools.{name}]\n{tomlkit.dumps(told)}" for name, told in _below(facts, find) if told
    )


def options(facts: SetupFacts) -> str:
    """`[options]` of a setup.cfg for pkg_resources' namespaces, and the packages that they are checked against."""
    told = {
        "packages": facts.packages or (),
        NAMESPACES: facts.namespace_packages,
        "package_dir": tuple(f"{name} = {place}" for name, place in facts.package_dir.items()),
    }
    lines = [
        f"{key} =\n" + "".join(f"    {value}\n" for value in values) for key, values in told.items() if values
    ]
    lines += ["include_package_data = true\n"] * facts.include_package_data
    return "[options]\n" + "".join(lines)


def _below(facts: SetupFacts, find: Find | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if find:
        told: dict[str, Any] = {"where": [find.where]} if find.where != "." else {}
        told |= {} if find.namespaces else {"namespaces": False}
        told |= {"include": list(find.include)} if find.include else {}
        told |= {"exclude": list(find.exclude)} if find.exclude else {}
        yield "packages.find", told or {"where": ["."]}
    for name in ("package_data", "exclude_package_data"):
        data: Mapping[str, Sequence[str]] = getattr(facts, name)
        yield (
            name.replace("_", "-"),
            {package or "*": list(globs) for package, globs in data.items() if globs},
        )
    yield "data-files", {place or ".": list(files) for place, files in facts.data_files}


def _table(told: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in told.items():
        if isinstance(value, list):
            array = tomlkit.array()
            array.extend(value)
            table.add(key, array.multiline(len(array.as_string()) > 88))
        elif isinstance(value, dict):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(key, inline)
        else:
            table.add(key, value)
    return table
