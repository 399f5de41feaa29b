"""uv as the resolver, for real, against an index on loopback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.static_index import StaticIndex
from tests.carrack.wheels import make_sdist, make_wheel

from carrack.adapters.environment import isolated
from carrack.adapters.resolver import UvResolver
from carrack.errors import LockError
from carrack.model.lockfile import candidate


class Resolution:
    """Resolves against an index and says the result in words."""

    def __init__(self, index: StaticIndex, environ: Mapping[str, str]) -> None:
        self._resolver = UvResolver(environ=isolated(environ, index.access))

    def __call__(
        self, *requirements: str, exact: Mapping[str, str] | None = None, preferred: Iterable[str] = ()
    ) -> list[str]:
        """The resolution of `requirements` on Python 3.11 and later."""
        chosen = self._resolver.resolve(
            requirements,
            python="3.11",
            exact={canonicalize_name(n): Version(v) for n, v in (exact or {}).items()},
            preferred=[candidate(text, "test") for text in preferred],
        )
        return [str(one) for one in chosen]


@pytest.fixture
def resolve(static_index: StaticIndex, bare_environ: Mapping[str, str]) -> Resolution:
    """The resolver on an index that has `app-lib`, which needs `thing`, in 1.0 and 2.0."""
    for version in ("1.0", "2.0"):
        make_wheel(static_index.folder, "thing", version)
    make_wheel(static_index.folder, "app-lib", "1.0", requires=["thing>=1"])
    return Resolution(static_index, bare_environ)


def test_the_newest_versions_that_fit_are_chosen(resolve: Resolution) -> None:
    """Requirements of requirements are there, each at its newest version."""
    assert resolve("App_Lib") == ["app-lib==1.0", "thing==2.0"]


def test_an_exact_version_is_the_one_chosen(resolve: Resolution) -> None:
    """What the index was seen to hold of us is taken, even where a newer version is there."""
    assert resolve("app-lib", exact={"thing": "1.0"}) == ["app-lib==1.0", "thing==1.0"]


def test_an_exact_version_may_be_a_prerelease(resolve: Resolution, static_index: StaticIndex) -> None:
    """A release candidate that we published is locked, though nobody asked for prereleases."""
    make_wheel(static_index.folder, "thing", "3.0rc1")
    assert resolve("app-lib", exact={"thing": "3.0rc1"}) == ["app-lib==1.0", "thing==3.0rc1"]
    assert resolve("app-lib") == ["app-lib==1.0", "thing==2.0"]


def test_an_exact_version_that_is_not_needed_is_not_chosen(resolve: Resolution) -> None:
    """The receipt has more packages than an app needs."""
    assert resolve("thing", exact={"app-lib": "1.0"}) == ["thing==2.0"]


def test_a_version_published_after_the_last_resolution_is_seen(
    resolve: Resolution, static_index: StaticIndex
) -> None:
    """What uv remembers of a page, old by ten minutes, hides neither ours nor, in an upgrade, any other."""
    make_wheel(static_index.folder, "app-lib", "1.1", requires=["thing>=1"])
    assert resolve("app-lib") == ["app-lib==1.1", "thing==2.0"]
    make_wheel(static_index.folder, "thing", "2.1")
    assert resolve("app-lib", exact={"thing": "2.1"}, preferred=["app-lib==1.0"]) == [
        "app-lib==1.0",
        "thing==2.1",
    ]
    make_wheel(static_index.folder, "thing", "2.2")
    assert resolve("app-lib") == ["app-lib==1.1", "thing==2.2"]


def test_preferred_versions_stay_while_they_fit(resolve: Resolution) -> None:
    """A lock made again does not move what need not move."""
    assert resolve("app-lib", preferred=["thing==1.0"]) == ["app-lib==1.0", "thing==1.0"]
    assert resolve("app-lib", "thing>1", preferred=["thing==1.0"]) == ["app-lib==1.0", "thing==2.0"]


def test_markers_come_with_what_is_needed_in_some_places(
    resolve: Resolution, static_index: StaticIndex
) -> None:
    """The resolution is for every system and every Python from the lowest on; its markers say which."""
    make_wheel(
        static_index.folder,
        "edge",
        "1.0",
        requires=['thing<2; sys_platform == "win32"', 'app-lib; python_version < "3.11"'],
    )
    assert resolve("edge") == ["edge==1.0", 'thing==1.0 ; sys_platform == "win32"']


def test_an_sdist_is_never_chosen(resolve: Resolution, static_index: StaticIndex) -> None:
    """A version without a wheel is passed over for one that has one."""
    make_sdist(static_index.folder, "thing", "9.0")
    assert resolve("thing") == ["thing==2.0"]


def test_where_nothing_fits_uv_explains_it(resolve: Resolution, static_index: StaticIndex) -> None:
    """The error has uv's reasons, and no token."""
    with pytest.raises(LockError, match="no versions fit together") as caught:
        resolve("app-lib", "thing<1")
    assert "thing" in "".join(caught.value.faults)
    assert static_index.token not in "".join(caught.value.faults)
