"""What helps an old form to be built once more, by the words that its build failed with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.read_git import required_names
from carrack.model.conversion.setup_cfg import sections
from carrack.model.conversion.setup_script import read_script, strings


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A constraint or a requirement of the next attempt, or a refusal with what to do."""

    constraint: str = ""
    requirement: str = ""
    refusal: str = ""
    hint: str = ""


_OLDER_SETUPTOOLS = (
    (r"No module named '(pkg_resources|setuptools\.extern)", "setuptools<81"),
    (r"Invalid (dash-separated|uppercase) key", "setuptools<78"),
    (
        r"setuptools\.command\.test|cannot import name 'test'|'setuptools\.command' has no attribute",
        "setuptools<72",
    ),
    (
        r"No module named 'setuptools\.(command\.(upload|register)|py3[13]compat|lib2to3_ex|_imp|monkey)",
        "setuptools<70",
    ),
    (r"numpy\.distutils|distutils\.msvccompiler", "setuptools<65"),
)
"""What newer releases lack, and the newest that has it (setuptools' own history of releases)."""

_PYTHON_2 = (
    (r"Missing parentheses in call to 'print'", "print is a statement in it"),
    (r"multiple exception types must be parenthesized", "it catches exceptions as Python 2 did"),
    (
        r"name '(unicode|execfile|file|raw_input|basestring|xrange|reduce|reload|unichr)' is not defined",
        "it calls {}",
    ),
    (r"No module named '(ConfigParser|StringIO|urllib2|commands|__builtin__|cPickle)'", "it imports {}"),
)
_NO_C_FILE = re.compile(r"(?:fatal )?error: (?P<stem>[\w/.-]+)\.(?:c|cpp): No such file")
_REMOVED = r"No module named '(imp|distutils|asyncore|lib2to3|pipes|cgi)(?:\.\w+)*'"
_MISSING = re.compile(r"No module named '(?P<name>\w+)[\w.]*'")


def remedy(output: str, folder: Folder) -> Remedy | None:
    """What to do after a build failed with `output`; None where nothing is known."""
    if re.search(r"use_2to3 is invalid|use_2to3", output):
        return Remedy(
            refusal="its code is Python 2, and was translated while it was built (use_2to3)",
            hint="translate it once (2to3 -w, of a Python up to 3.12), take use_2to3 out of setup.py, and commit that",
        )
    for pattern, why in _PYTHON_2:
        if found := re.search(pattern, output):
            said = why.format(found[1]) if found.groups() else why
            return Remedy(
                refusal=f"setup.py is Python 2: {said}",
                hint="let setup.py run with Python 3, and commit that",
            )
    for pattern, constraint in _OLDER_SETUPTOOLS:
        if re.search(pattern, output):
            return Remedy(constraint=constraint)
    if "longintrepr.h" in output:
        return Remedy(
            refusal="its C files were made by a Cython that does not know this Python",
            hint="make them anew with a Cython of today and commit them, or run carrack with Python 3.10",
        )
    if (found := _NO_C_FILE.search(output)) and any(n.endswith(f"{found['stem']}.pyx") for n in folder.names):
        return Remedy(requirement="cython")
    if re.search(r"Cython\.Compiler\.Errors|has no attribute 'cython_sources'", output):
        return Remedy(constraint="cython<3")
    if found := re.search(_REMOVED, output):
        return Remedy(
            refusal=f"it needs the module {found[1]}, which this Python has no more",
            hint="run carrack with an older Python, or take it out of setup.py and commit that",
        )
    return _missing(output, folder)


def _missing(output: str, folder: Folder) -> Remedy | None:
    """A module that setup.py imports and nothing installs: it is, where the project itself requires one of its name."""
    found = _MISSING.search(output)
    if found is None:
        return None
    module = found["name"]
    name = canonicalize_name(module)
    if name in _MEANT or name in required_in(folder):
        return Remedy(requirement=name)
    if any(known.endswith(f"/{module}.py") for known in folder.names):
        return Remedy(
            refusal=f"its modules import each other as only Python 2 can ({module})",
            hint="let it run with Python 3 (from . import …), and commit that",
        )
    return Remedy(
        refusal=f"the build imports {module}, and nothing says which distribution has it",
        hint='name it in pyproject.toml, and commit that: [build-system] requires = ["setuptools", …]',
    )


_MEANT = frozenset({"cffi", "cython", "numpy", "pybind11", "setuptools-scm", "wheel"})
"""Modules that setup.py files import without requiring them, each in the distribution of its own name."""


def required_in(folder: Folder) -> frozenset[str]:
    """The names of all that the folder says it requires, for whatever purpose."""
    lines = [line for file in folder.matching("*requirements*.txt") for _, line in folder.lines(file)]
    cfg = sections(folder)
    lines += [
        line
        for key in ("install_requires", "setup_requires")
        for line in cfg.get("options", {}).get(key, "").splitlines()
    ]
    lines += [line for told in cfg.get("options.extras_require", {}).values() for line in told.splitlines()]
    script = read_script(folder.text("setup.py"))
    for keyword in ("install_requires", "setup_requires", "tests_require", "extras_require"):
        value = script.keywords.get(keyword) if script else None
        lines += list(strings(value)) if value is not None else []
    return frozenset(required_names(line.partition("#")[0] for line in lines if line.strip()))


_LONG = 200


def last_words(output: str) -> tuple[str, ...]:
    """The end of what a failed build printed: where in setup.py it was, and the error itself."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    places = [line.strip() for line in lines if re.match(r'\s*File "[^"]*setup\.py", line', line)]
    where = re.sub(r'File "[^"]*?([^"/]+)", line (\d+).*', r"\1:\2", places[-1]) if places else ""
    errors = [line.strip() for line in lines if re.search(r"\b\w*[eE]rror\b", line)][-2:]
    words = (where, *errors, lines[-1].strip() if lines else "")
    return tuple(dict.fromkeys(text if len(text) < _LONG else f"{text[:_LONG]}…" for text in words if text))
