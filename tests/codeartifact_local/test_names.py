"""The grammar of names, as properties."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from codeartifact_local.naming import (
    DistributionNameError,
    parse_distribution,
    parse_project,
    parse_version,
)
from codeartifact_local.pypi.address import parse_address
from codeartifact_local.pypi.errors import PypiError

NAMES = st.from_regex(re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", re.ASCII), fullmatch=True)
VERSIONS = st.from_regex(
    re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?(\+[a-z0-9]{1,5})?", re.ASCII), fullmatch=True
)


@given(NAMES)
def test_every_name_of_pep_508_is_taken_and_normalised(name: str) -> None:
    """What the grammar allows is parsed to PEP 503's form, and that is stable."""
    assert parse_project(name) == canonicalize_name(name)
    assert parse_project(parse_project(name)) == parse_project(name)


@given(st.text(max_size=40))
def test_every_other_name_is_refused(name: str) -> None:
    """What is taken consists of the grammar's letters, and begins and ends with a letter or digit."""
    try:
        parse_project(name)
    except DistributionNameError:
        return
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name)


@given(NAMES, VERSIONS)
def test_a_distributions_own_file_names_are_taken(name: str, version: str) -> None:
    """A wheel and an sdist named by the rules give back their name and version."""
    escaped = canonicalize_name(name).replace("-", "_")
    parsed = parse_version(version)
    for filename in (f"{escaped}-{parsed}-py3-none-any.whl", f"{escaped}-{parsed}.tar.gz"):
        found = parse_distribution(filename)
        assert (found.name, found.version) == (canonicalize_name(name), parsed)


@given(
    st.text(max_size=60)
    | st.builds("{}-1.0{}".format, st.text(max_size=20), st.sampled_from([".tar.gz", ".zip"]))
)
def test_a_file_name_that_is_taken_is_safe(filename: str) -> None:
    """Whatever is taken has no separator, no parent, no control character, no leading dot, no space."""
    try:
        parse_distribution(filename)
    except DistributionNameError:
        return
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", filename)
    assert ".." not in filename


@given(st.text(max_size=60))
def test_versions_are_pep_440(version: str) -> None:
    """Any text is a version, which then reads the same again, or an error of this package."""
    with suppress(DistributionNameError):
        assert parse_version(str(parse_version(version))) == parse_version(version)


@given(st.binary(max_size=80))
def test_any_path_is_an_address_or_not_found(path: bytes) -> None:
    """No path crashes the parser; what it takes has no separator or parent in any segment."""
    with suppress(PypiError):
        rest = parse_address(b"/pypi/d/acme-000000000000/dev/" + path, "127.0.0.1").rest
        assert all("/" not in part and "\\" not in part and part not in (".", "..") for part in rest)


@pytest.mark.parametrize(
    "path", [b"/pypi/", b"/pypi/d/", b"/pypi/d/acme/dev/", b"/pypi/d/acme-1/dev/simple/"]
)
def test_paths_without_a_repository_are_not_found(path: bytes) -> None:
    """A path that names no domain and repository gets 404."""
    with pytest.raises(PypiError):
        parse_address(path, "127.0.0.1:4873")
