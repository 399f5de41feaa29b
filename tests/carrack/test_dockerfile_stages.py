"""The stages of a Dockerfile: which a build makes, and what each is called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.carrack.test_dockerfile import PIECES

from carrack.errors import WorkspaceError
from carrack.model.dockerfile import parse
from carrack.model.dockerfile_stages import Stage, platform_values, reached, stages, with_names


def needs(text: str, **arguments: str) -> list[set[int]]:
    """The places of the stages that each stage uses."""
    return [set(stage.needs) for stage in stages(text, arguments)]


def made(text: str, target: str = "") -> list[str]:
    """What the stages are called that a build of `target` makes."""
    return [stage.target for stage in reached(stages(text), target)]


SEVERAL = """\
FROM base AS One
FROM base
COPY --from=one /a /a
FROM base AS unused
RUN --mount=type=bind,from=1,source=/a,target=/b true
FROM one AS last
RUN --mount=type=bind,source=/wheels,target=/mnt,from=1 pip install /mnt/*.whl
"""


def test_a_stage_uses_those_that_it_names() -> None:
    """As its base, in a copy, in a mount; by name in any case, or by number; an image is none of them."""
    assert needs(SEVERAL) == [set(), {0}, {1}, {0, 1}]
    assert needs("FROM a AS b\nFROM b\nCOPY --from=python:3 / /\nCOPY --from=7 / /\n") == [set(), {0}]


def test_a_stage_does_not_use_a_later_one() -> None:
    """A name that comes later in the file, and its own, is an image's."""
    assert needs("FROM b AS a\nCOPY --from=a / /\nFROM x AS b\n") == [set(), set()]


def test_a_build_makes_what_its_target_reaches() -> None:
    """The last stage, if none is named; what it does not use is not made. The target comes last."""
    assert made(SEVERAL) == ["one", "carrack-stage-1", "last"]
    assert made(SEVERAL, "UNUSED") == ["one", "carrack-stage-1", "unused"]
    assert made(SEVERAL, "one") == ["one"]
    with pytest.raises(WorkspaceError, match="there is no stage two: one, carrack-stage-1, unused, last"):
        made(SEVERAL, "two")


def test_variables_have_the_values_of_the_build() -> None:
    """The build's arguments come before the defaults; a default may be made of another."""
    text = 'ARG V=one\nARG W="${V}-x"\nFROM b AS one\nFROM b AS one-x\nFROM b AS two-x\nFROM $W\n'
    assert needs(text)[-1] == {1}
    assert needs(text, V="two")[-1] == {2}
    assert needs(text, W="one")[-1] == {0}
    assert needs("ARG V\nFROM b AS one\nFROM ${V:-one}\nFROM ${V:+no}one\nFROM ${V-one}\n")[1:] == [{0}] * 3


def test_a_variable_without_a_value_may_be_anything() -> None:
    """So every stage counts that may be meant; with a value only that one does."""
    text = "FROM b AS build-amd64\nFROM b AS build-arm64\nFROM b AS other\nFROM build-${TARGETARCH}\n"
    assert needs(text)[-1] == {0, 1}
    assert needs(text, TARGETARCH="arm64")[-1] == {1}
    assert needs(text, **platform_values("linux/amd64"))[-1] == {0}
    assert platform_values("linux/arm/v7")["TARGETVARIANT"] == "v7"


def test_what_has_no_from_is_no_dockerfile() -> None:
    """It is refused, not taken for one without stages."""
    with pytest.raises(WorkspaceError, match="no FROM"):
        stages("# A page\n\nwith words.\n")


def test_every_stage_gets_a_name() -> None:
    """On the last line of its FROM; those that have one keep it, and a FROM in a heredoc is none."""
    text = "FROM a\nFROM b AS c\nRUN <<E\nFROM no\nE\nfrom --platform=x \\\n  # why\n  d \\\n"
    assert with_names(text) == (
        "FROM a AS carrack-stage-0\nFROM b AS c\nRUN <<E\nFROM no\nE\n"
        "from --platform=x \\\n  # why\n  d  AS carrack-stage-2\n"
    )


@given(
    st.lists(st.sampled_from((*PIECES, "FROM a\n", "FROM --platform=x a AS b\n")), max_size=20).map("".join)
)
@settings(deadline=None)
def test_naming_changes_nothing_else(text: str) -> None:
    """Whatever the file: the instructions, their lines and the stages' needs stay; a second time nothing changes."""
    named = with_names(text)
    before, after = parse(text).instructions, parse(named).instructions
    assert [(it.keyword, it.line, it.flags) for it in before] == [
        (it.keyword, it.line, it.flags) for it in after
    ]
    assert with_names(named) == named
    try:
        first, second = stages(text), stages(named)
    except WorkspaceError:
        return
    assert [stage.target for stage in first] == [stage.target for stage in second]
    assert all(
        isinstance(stage, Stage) and set(a.needs) <= set(b.needs)
        for stage, a, b in zip(first, first, second, strict=True)
    )
