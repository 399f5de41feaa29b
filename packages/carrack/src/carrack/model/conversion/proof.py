"""Whether a wheel is the same after the conversion: its files, its METADATA, its entry points."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any

from packaging.metadata import RawMetadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.model.archive import Sides, differences
from carrack.model.conversion.licenses import PREFIX, expression, text_of
from carrack.model.conversion.markers import by_extra
from carrack.model.conversion.wheel import Wheel

BEFORE_AND_AFTER = Sides(
    only_here="only in the wheel after the conversion",
    only_there="only in the wheel before it",
    here="after",
    there="before it is",
)

_DERIVED = re.compile(
    r"RECORD|METADATA|WHEEL|entry_points\.txt|top_level\.txt|namespace_packages\.txt|zip-safe|pbr\.json"
)
"""Members of `.dist-info` that are compared by what they say, or that no installer reads."""

_COMPILED = (".so", ".pyd")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """`differences` are for the user to decide; `same_but` what is said in another way, or differs on purpose."""

    differences: tuple[str, ...]
    same_but: tuple[str, ...]
    files: int


def compare(before: Wheel | None, after: Wheel, remade: Mapping[str, str]) -> Proof:
    """The wheels before, None where there was none, and after.

    `remade` are files of the folder that are new on purpose, each with the reason.
    Without being a difference, a field may be said in another way that core metadata treats alike: order, empty lines,
    Home-page as a Project-URL, a name and an address in one field, a licence and its classifier as an expression. What
    was compiled is not compared byte by byte, nor backends' own files (RECORD, WHEEL's Generator, top_level.txt).
    """
    if before is None:
        told = f"there was no wheel before; this one has {', '.join(sorted(after.files)) or 'no file'}"
        return Proof(differences=(), same_but=(told,), files=len(after.files))
    found: list[str] = []
    notes: list[str] = []
    _compare_metadata(before.metadata, after.metadata, found, notes)
    if before.entry_points != after.entry_points:
        found.append(f"entry points: before {_flat(before.entry_points)}, after {_flat(after.entry_points)}")
    _compare_tags(before, after, found, notes)
    on_purpose = {name: why for source, why in remade.items() for name in _of(source, before, after)}
    ours, theirs = _compared(after, on_purpose), _compared(before, on_purpose)
    for name in [name for name in after.info if name.startswith("licenses/")]:
        plain = f"dist-info/{name.removeprefix('licenses/')}"
        if plain not in theirs:
            notes.append(f"{plain}: is in the wheel now, where PEP 639 wants a licence's text")
            del ours[plain]
    found += differences(ours, theirs, BEFORE_AND_AFTER)
    notes += (f"{name}: {why}" for name, why in sorted(on_purpose.items()))
    compiled = [name for name in before.files if name.endswith(_COMPILED) and name in after.files]
    notes += (f"{name}: is compiled, so its bytes are not compared" for name in sorted(compiled))
    if "pbr.json" in before.info:
        notes.append("pbr.json, AUTHORS: said what pbr found in git")
    return Proof(differences=tuple(found), same_but=tuple(notes), files=len(after.files))


def _of(source: str, *wheels: Wheel) -> Iterator[str]:
    names = {name for wheel in wheels for name in wheel.files}
    return (name for name in names if source == name or source.endswith(f"/{name}"))


def _compared(wheel: Wheel, on_purpose: Mapping[str, str]) -> dict[str, bytes]:
    """The members that are compared byte by byte; of what is compiled the name alone."""
    info = {
        # `licenses/` is where PEP 639 puts them; pbr's AUTHORS is git's log
        f"dist-info/{name.removeprefix('licenses/')}": content
        for name, content in wheel.info.items()
        if not _DERIVED.fullmatch(name) and not ("pbr.json" in wheel.info and name.endswith("AUTHORS"))
    }
    files = {name: content for name, content in wheel.files.items() if name not in on_purpose}
    return info | {name: b"" if name.endswith(_COMPILED) else content for name, content in files.items()}


def _compare_tags(before: Wheel, after: Wheel, found: list[str], notes: list[str]) -> None:
    if before.tags == after.tags:
        return
    text = f"tags: before {', '.join(sorted(before.tags))}, after {', '.join(sorted(after.tags))}"
    (notes if after.tags < before.tags else found).append(text)


def _flat(points: Mapping[str, Mapping[str, str]]) -> list[str]:
    return sorted(
        f"{group}: {name} = {said}" for group, told in points.items() for name, said in told.items()
    )


def _compare_metadata(before: RawMetadata, after: RawMetadata, found: list[str], notes: list[str]) -> None:
    said_otherwise = []
    licensed = expression(before) if after.get("license_expression") else None
    for field, (keys, meaning) in _FIELDS.items():
        was, is_now = meaning(before), meaning(after)
        if field == "Classifier" and licensed:
            was, is_now = _without_licences(was), _without_licences(is_now)
        if field == "License" and licensed and licensed == after.get("license_expression"):
            is_now = was
        if was != is_now:
            found.append(f"METADATA: {field}: {_change(was, is_now)}")
        elif any(before.get(key) != after.get(key) for key in keys):
            said_otherwise.append(field)
    if said_otherwise:
        notes.append(f"METADATA says the same in another form: {', '.join(said_otherwise)}")


def _without_licences(classifiers: frozenset[str]) -> frozenset[str]:
    return frozenset(text for text in classifiers if not text.startswith(PREFIX))


def _change(was: Any, is_now: Any) -> str:
    if isinstance(was, frozenset) and isinstance(is_now, frozenset):
        gone, new = (sorted(map(str, some)) for some in (was - is_now, is_now - was))
        parts = [f"only before: {', '.join(gone)}"] * bool(gone) + [f"only after: {', '.join(new)}"] * bool(
            new
        )
        return "; ".join(parts)
    if isinstance(was, tuple) and isinstance(is_now, tuple):
        pairs = enumerate(zip(was, is_now, strict=False), start=1)
        first = next(((n, a, b) for n, (a, b) in pairs if a != b), None)
        if first:
            return f"in line {first[0]} before {_short(first[1])}, after {_short(first[2])}"
        return f"before {len(was)} lines, after {len(is_now)}"
    return f"before {_short(was)}, after {_short(is_now)}"


def _short(value: Any) -> str:
    text = repr(str(value)) if value is not None else "nothing"
    return text if len(text) <= 70 else f"{text[:67]}…"


def _text(key: str) -> Callable[[RawMetadata], Any]:
    def meaning(raw: RawMetadata) -> Any:
        said = " ".join(str(raw.get(key, "")).split())
        return None if said in ("", "UNKNOWN") else said

    return meaning


def _description(raw: RawMetadata) -> tuple[str, ...]:
    """Its lines, with one empty line for several."""
    text = re.sub(r"\n\s*\n", "\n\n", raw.get("description", "").strip())
    return () if text == "UNKNOWN" else tuple(line.rstrip() for line in text.splitlines())


def _content_type(raw: RawMetadata) -> str:
    """Without its parameters, which say what is the default: UTF-8, and GitHub's Markdown."""
    return (raw.get("description_content_type") or "text/x-rst").partition(";")[0].strip().lower()


def _several(key: str) -> Callable[[RawMetadata], frozenset[str]]:
    def meaning(raw: RawMetadata) -> frozenset[str]:
        told: Sequence[str] = raw.get(key, ())  # type: ignore[assignment]
        return frozenset(text.strip() for text in told if text.strip() not in ("", "UNKNOWN", "any"))

    return meaning


def _people(which: str) -> Callable[[RawMetadata], frozenset[str]]:
    def meaning(raw: RawMetadata) -> frozenset[str]:
        told = getaddresses([str(raw.get(f"{which}_email", ""))])
        names = {part.strip() for part in str(raw.get(which, "")).split(",")}
        return frozenset(
            text for text in {*names, *(t for pair in told for t in pair)} if text not in ("", "UNKNOWN")
        )

    return meaning


def _urls(raw: RawMetadata) -> frozenset[str]:
    urls = {label.lower(): url for label, url in raw.get("project_urls", {}).items()}
    for label, key in (("homepage", "home_page"), ("download", "download_url")):
        url = raw.get(key)
        if url and url != "UNKNOWN":
            urls.setdefault(label, str(url))
    return frozenset(f"{label} {url}" for label, url in urls.items())


def _requires(raw: RawMetadata) -> frozenset[str]:
    told = by_extra(raw.get("requires_dist", ()), raw.get("provides_extra", ()))
    lists = {"": told.base} | {canonicalize_name(extra): texts for extra, texts in told.extras.items()}
    return frozenset(
        f"{_normal(text)}{f' with [{extra}]' if extra else ''}"
        for extra, texts in lists.items()
        for text in texts
    )


def _normal(text: str) -> str:
    requirement = Requirement(text)
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)


def _extras(raw: RawMetadata) -> frozenset[str]:
    return frozenset(canonicalize_name(extra) for extra in raw.get("provides_extra", ()))


def _python(raw: RawMetadata) -> SpecifierSet:
    return SpecifierSet(raw.get("requires_python", ""))


def _license(raw: RawMetadata) -> str | None:
    return raw.get("license_expression") or " ".join(text_of(raw).split()) or None


def _keywords(raw: RawMetadata) -> frozenset[str]:
    return frozenset(word.strip() for word in raw.get("keywords", ()) if word.strip())


_FIELDS: Mapping[str, tuple[tuple[str, ...], Callable[[RawMetadata], Any]]] = {
    "Name": (("name",), lambda raw: canonicalize_name(raw["name"])),
    "Version": (("version",), lambda raw: Version(raw["version"]).public),
    "Summary": (("summary",), _text("summary")),
    "Description": ((), _description),
    "Description-Content-Type": (("description_content_type",), _content_type),
    "Keywords": (("keywords",), _keywords),
    "Classifier": (("classifiers",), _several("classifiers")),
    "Author": (("author", "author_email"), _people("author")),
    "Maintainer": (("maintainer", "maintainer_email"), _people("maintainer")),
    "License": (("license", "license_expression"), _license),
    "Project-URL": (("project_urls", "home_page", "download_url"), _urls),
    "Requires-Python": (("requires_python",), _python),
    "Requires-Dist": (("requires_dist",), _requires),
    "Provides-Extra": (("provides_extra",), _extras),
    "Platform": (("platforms",), _several("platforms")),
}
"""What METADATA says (core metadata specification), each with its raw fields and what they mean."""
