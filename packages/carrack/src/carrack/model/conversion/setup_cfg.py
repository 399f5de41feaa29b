"""A setup.cfg: what it says, and its text without that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from configparser import ConfigParser, Error

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.setup_script import Find

NAME = "setup.cfg"
_HEADER = re.compile(r"^\[(?P<name>[^\]]+)\]")
_HEADERS = re.compile(_HEADER.pattern, re.MULTILINE)
_KEY = re.compile(r"^(?P<key>[A-Za-z0-9_.\-]+)\s*[:=]")
_PBR = frozenset({"files", "pbr", "entry_points", "extras", "backwards_compat", "global"})
_TAGS = ("tag_build", "tag_date", "tag_svn_revision", "tag-build", "tag-date", "tag-svn-revision")


def sections(folder: Folder) -> Mapping[str, Mapping[str, str]]:
    """Every section of setup.cfg, its keys with `_` for `-`; none where it is no configuration file."""
    parser = ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(folder.text(NAME))
    except Error:
        return {}
    return {
        name: {key.replace("-", "_"): value or "" for key, value in parser[name].items()}
        for name in parser.sections()
    }


def find_of(folder: Folder) -> Find | None:
    """What `packages = find:` looks for; None where packages are listed, or nothing is said."""
    told = sections(folder)
    packages = told.get("options", {}).get("packages", "").strip()
    if packages not in ("find:", "find_namespace:"):
        return None
    how = told.get("options.packages.find", {})
    include, exclude = (tuple(_listed(how.get(key, ""))) for key in ("include", "exclude"))
    where = how.get("where", ".").strip()
    return Find(where=where, include=include, exclude=exclude, namespaces=packages == "find_namespace:")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]


_LAYOUT = ("packages", "package_dir", "py_modules", "include_package_data", "namespace_packages")
_LAYOUTS = (
    "options.packages.find",
    "options.package_data",
    "options.exclude_package_data",
    "options.data_files",
)
"""What stays where there are pkg_resources' namespaces, for which pyproject.toml has no word."""


def is_packaging(section: str, *, pbr: bool) -> bool:
    """Whether a section is about the distribution itself; the others are of other tools, or of single commands."""
    return (
        section in ("metadata", "options", "versioneer")
        or section.startswith("options.")
        or (pbr and section in _PBR)
    )


def without_packaging(text: str, *, pbr: bool, versioneer: bool = False) -> str:
    """The setup.cfg without what pyproject.toml says now; empty where nothing but comments is left.

    With `versioneer` its section stays.
    """
    told = [found["name"].strip() for found in _HEADERS.finditer(text)]
    if not any(is_packaging(name, pbr=pbr) or name == "egg_info" for name in told):
        return text
    namespaces = bool(re.search(r"^namespace[_-]packages\s*[=:]", text, re.MULTILINE))
    kept = {"versioneer"} if versioneer else set()

    def goes(section: str, key: str | None) -> bool:
        told = section not in kept and _goes(section, key, pbr=pbr, namespaces=namespaces)
        return told or _is_tag(section, key)

    rest = _filtered(text, goes)
    rest = re.sub(r"^\[(egg_info|options)\]\s*(?=^\[|\Z)", "", rest, flags=re.MULTILINE)
    rest = re.sub(r"\n{3,}", "\n\n", rest).strip("\n")
    return rest + "\n" if _HEADERS.search(rest) else ""


def _goes(section: str, key: str | None, *, pbr: bool, namespaces: bool) -> bool:
    if section == "options" and (key is None or (namespaces and key.replace("-", "_") in _LAYOUT)):
        return False
    return is_packaging(section, pbr=pbr) and not (namespaces and section in _LAYOUTS)


def _is_tag(section: str, key: str | None) -> bool:
    """Marks that setuptools would add to the version, which is static now."""
    return section == "egg_info" and key in _TAGS


def _filtered(text: str, goes: Callable[[str, str | None], bool]) -> str:
    kept, section, key = [], "", None
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            section, key = header["name"].strip(), None
        elif found := _KEY.match(line):
            key = found["key"]
        if not goes(section, key):
            kept.append(line)
    return "".join(kept)
