"""Which files a build gets: by the patterns of a .dockerignore, as the reference has them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrack.model.dockerignore import ignored

PATTERNS = [
    ("", {".env": False}),
    (".env", {".env": True, "src/.env": False, ".env.prod": False}),
    ("/.env\n  .npmrc  \n", {".env": True, ".npmrc": True}),
    ("**/.env", {".env": True, "src/.env": True, "a/b/c/.env": True, "x.env": False}),
    ("*/.env", {".env": False, "src/.env": True, "a/b/.env": False}),
    (".env*", {".env": True, ".env.prod": True, ".envs/a": True}),
    ("# .env\n\n.git/", {".env": False, ".git/config": True, ".gitignore": False}),
    ("*\n!src\nsrc/.env", {".env": True, "src/a": False, "src/.env": True}),
    ("*\n!src/keep", {"src/keep": False, "src/other": True}),
    ("secrets/**", {"secrets/a/b": True, "secrets": False}),
    ("a/../b", {"b": True, "a": False}),
    (
        "?.conf\n[a-c].ini\n[^x].txt",
        {"p.conf": True, "pp.conf": False, "b.ini": True, "d.ini": False, "y.txt": True},
    ),
    ("x.txt\n[^x].md", {"x.md": False, "y.md": True, "x.txt": True}),
    ("\\#a\na.b", {"#a": True, "a.b": True, "aab": False}),
]


@pytest.mark.parametrize(("patterns", "files"), PATTERNS)
def test_leaves_out_what_the_patterns_say(patterns: str, files: dict[str, bool]) -> None:
    """A folder with all in it; what a later line brings back is there."""
    assert {file: ignored(file, patterns) for file in files} == files


@given(
    st.lists(
        st.sampled_from(["[b-a]", "[[", "[--a]", "[a&&b]", "[^]", *"ab*?[]^!#/.\\\n -"]), max_size=20
    ).map("".join),
    st.text(alphabet="ab./", min_size=1, max_size=8),
)
@settings(deadline=None)
def test_takes_any_pattern(patterns: str, file: str) -> None:
    """Also one that Docker refuses: nothing is raised."""
    ignored(file, patterns)
