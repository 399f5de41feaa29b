"""docs/fidelity.md and `Settings` tell of the same choices."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

from codeartifact_local import settings

PAGE = (Path(__file__).parents[2] / "docs" / "fidelity.md").read_text(encoding="utf-8")
FIELDS = {field.name for field in dataclasses.fields(settings.Settings)}


def choices(source: str) -> set[str]:
    """The fields of `Settings` whose words say that they are a choice."""
    (told,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == settings.Settings.__name__
    )
    return {
        field.target.id
        for field, words in zip(told.body, told.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(words, ast.Expr) and "A choice" in ast.literal_eval(words.value)
    }


def named(page: str) -> set[str]:
    """The fields of `Settings` that a page names."""
    return set(re.findall(r"`Settings\.(\w+)`", page))


def differences(page: str, fields: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """What is wrong with a page's settings."""
    return sorted(
        [f"{name} is no setting" for name in named(page) - set(fields)]
        + [f"{name} is a choice that the page does not name" for name in set(chosen) - named(page)]
    )


def test_the_page_names_each_choice_and_no_setting_that_is_not_there() -> None:
    """Each setting that the page names exists, and each setting that is a choice is named there."""
    chosen = choices(inspect.getsource(settings))
    assert "listing_seconds" in chosen
    assert differences(PAGE, FIELDS, chosen) == []


def test_the_reader_of_choices_catches() -> None:
    """A setting that is gone is seen, and so is a choice that the page leaves out."""
    source = 'class Settings:\n    pace: int = 1\n    """How fast. A choice: AWS is silent."""\n    other: int = 2\n'
    found = differences("`Settings.gone`", {"pace", "other"}, choices(source))
    assert found == ["gone is no setting", "pace is a choice that the page does not name"]
