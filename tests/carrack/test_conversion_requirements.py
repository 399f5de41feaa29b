"""Requirements out of METADATA and out of Poetry's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement

from carrack.model.conversion.constraints import NotPep508Error, requirements, specifier
from carrack.model.conversion.markers import by_extra

EXTRAS = ("fast", "test-all")
ATOMS = (
    'python_version < "3.8"',
    'sys_platform == "win32"',
    'platform_machine not in "arm64 aarch64"',
    'extra == "fast"',
    'extra == "test-all"',
    '"fast" == extra',
)
ENVIRONMENTS = (
    {"python_version": "3.7", "sys_platform": "win32", "platform_machine": "x86_64"},
    {"python_version": "3.12", "sys_platform": "linux", "platform_machine": "aarch64"},
    {"python_version": "3.12", "sys_platform": "win32", "platform_machine": "x86_64"},
)

markers = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
    max_leaves=6,
)


def holds(text: str, environment: dict[str, str], extra: str) -> bool:
    """Whether a requirement is installed there."""
    marker = Requirement(text).marker
    return marker is None or marker.evaluate({**environment, "extra": extra})


@given(markers)
def test_the_base_and_the_extras_together_say_what_the_marker_said(marker: str) -> None:
    """Everywhere, a requirement is installed with an extra exactly where METADATA's own marker would have it so."""
    text = f"thing>=1; {marker}"
    told = by_extra([text], EXTRAS)
    for environment in ENVIRONMENTS:
        for extra in ("", *EXTRAS):
            lists = [*told.base, *(told.extras[extra] if extra else ())]
            assert any(holds(one, environment, "") for one in lists) is holds(text, environment, extra)
    for one in (*told.base, *(one for some in told.extras.values() for one in some)):
        assert "extra" not in str(Requirement(one).marker)


def test_an_extra_is_known_by_any_spelling_of_its_name() -> None:
    """`Test_All` in METADATA is the extra `test-all` of a marker."""
    told = by_extra(['thing; extra == "test-all"'], ["Test_All"])
    assert told.base == ()
    assert told.extras == {"Test_All": ("thing",)}


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        ("^1.2.3", ">=1.2.3,<2.0.0"),
        ("^0.2.3", ">=0.2.3,<0.3.0"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3.0"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.*", "==1.2.*"),
        ("1.2.3", "==1.2.3"),
        ("= 1.2.3", "==1.2.3"),
        (">=1,<2", ">=1,<2"),
        (">= 1.0 <2.0", ">=1.0,<2.0"),
        ("~=1.2", "~=1.2"),
        (">=2.7,!=3.0.*", ">=2.7,!=3.0.*"),
        ("^1.0b2", ">=1.0b2,<2.0"),
        ("*", ""),
    ],
)
def test_a_constraint_of_poetry_is_what_its_documentation_says(constraint: str, said: str) -> None:
    """Carets let everything change but the leftmost part that is not zero, tildes the last part; a version is exact."""
    assert specifier(constraint) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"version": "^1", "extras": ["x"]}, ["thing[x]>=1,<2"]),
        ({"version": "*", "python": "~3.8"}, ['thing; python_version < "3.9" and python_version >= "3.8"']),
        ({"version": "*", "python": "^3.6.1"}, ["thing; python_full_version"]),
        ({"version": "1.0", "platform": "linux"}, ['thing==1.0; sys_platform == "linux"']),
        (
            {"version": "*", "markers": "os_name == 'nt' or os_name == 'x'", "python": "<4"},
            ['thing; (os_name == "nt" or os_name == "x") and python_version < "4.0"'],
        ),
        (
            [{"version": "<3", "python": "<3.7"}, {"version": "^3", "python": ">=3.7"}],
            ['thing<3; python_version < "3.7"', 'thing>=3,<4; python_version >= "3.7"'],
        ),
        ({"git": "https://example.com/t.git", "tag": "v1"}, ["thing @ git+https://example.com/t.git@v1"]),
        ({"git": "git@example.com:a/t.git"}, ["thing @ git+ssh://git@example.com/a/t.git"]),
        ({"url": "https://example.com/t-1.zip"}, ["thing @ https://example.com/t-1.zip"]),
    ],
)
def test_an_entry_of_poetry_is_one_requirement_or_several(told: object, said: list[str]) -> None:
    """Extras, markers, Pythons, platforms, addresses and lists of alternatives have a form in PEP 508."""
    found = list(requirements("thing", told))
    assert len(found) == len(said)
    for one, wanted in zip(found, said, strict=True):
        assert one.startswith(wanted)
        Requirement(one)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"path": "../thing"}, "path on a disk"),
        ("^1 || ^3", "no alternatives"),
        ({"version": "^1", "source": "private"}, "PEP 508 has no source"),
        ("latest", "Invalid"),
        ({"version": "*", "markers": "no marker"}, "marker"),
    ],
)
def test_what_has_no_form_in_pep_508_is_refused_by_name(told: object, why: str) -> None:
    """A path, alternatives, a private source and nonsense are not guessed at."""
    with pytest.raises(NotPep508Error, match=why):
        list(requirements("thing", told))


def test_markers_stay_valid_where_only_parts_of_them_are_left() -> None:
    """Brackets that are needed stay: `(a or b) and extra` is `a or b` for the extra."""
    told = by_extra(
        ['t; (os_name == "a" or os_name == "b") and python_version < "3" and extra == "fast"'], EXTRAS
    )
    (one,) = told.extras["fast"]
    assert Requirement(one).marker == Marker('(os_name == "a" or os_name == "b") and python_version < "3"')
