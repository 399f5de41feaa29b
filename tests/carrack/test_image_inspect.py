"""What an image says of itself: read out of its files, written, read again, and held against another one's."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from packaging.tags import Tag
from packaging.version import Version
from tests.carrack.fakes import MemoryEngine, image_of, name
from tests.carrack.repositories import GIT_ENVIRON, repository

from carrack.adapters.git import Git
from carrack.adapters.image_contents import installed
from carrack.adapters.manifest_edits import ManifestEdits
from carrack.adapters.manifest_file import format_manifest, parse_manifest
from carrack.commands.image_inspect import read_manifest, words
from carrack.errors import BuildError, UsageError
from carrack.model.changelog import sections
from carrack.model.image_difference import Change, changed_facts, changes
from carrack.model.image_manifest import LABEL, PLACE, Distribution, Manifest, Wheel, text_digest

SITE = "/opt/venv/lib/python3.12/site-packages"
WHEEL = Wheel(name="alpha-1.0-py3-none-any.whl", sha256="a" * 64)
ALPHA = Distribution(
    name=name("alpha"),
    version=Version("1.0"),
    source="index",
    folder=SITE,
    wheels=(WHEEL,),
    commit="2" * 40,
    tag="alpha-v1.0",
)
PIP = Distribution(name=name("pip"), version=Version("25.0"), source="unlocked", folder="/usr/lib")
MANIFEST = Manifest(
    app="job",
    version="0.1",
    commit="1" * 40,
    dirty=False,
    lock="sha256:lock",
    receipt="sha256:receipt",
    base="python:3.12-slim",
    base_id="sha256:base",
    platform="linux/amd64",
    distributions=(ALPHA, PIP),
)
CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.10] - 2026-02-01

- Ten.

## 1.9

- Nine.

## 1.0 - 2026-01-01

- One.

[1.10]: https://example.com/1.10
"""


def exported(files: Mapping[str, str]) -> io.BytesIO:
    """An archive of an image's files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


def test_reads_what_is_installed() -> None:
    """Name, version and tags come from the metadata, not the folder's name; one without a WHEEL file has no tags."""
    site, other = "opt/venv/lib/python3.12/site-packages", "./usr/lib/python3/dist-packages"
    found = installed(
        exported(
            {
                f"{site}/Native-2.0.dist-info/METADATA": "Name: Na.Tive\nVersion: 2.0.0\n\nName: other\n",
                f"{site}/Native-2.0.dist-info/WHEEL": "Tag: cp312-cp312-linux_x86_64\nTag: cp312-abi3-linux_x86_64\n",
                f"{other}/thing-1.dist-info/METADATA": "Name: thing\nVersion: 1\n",
                f"{site}/broken-1.dist-info/METADATA": "Name: broken\nVersion: not one\n",
                f"{site}/nameless-1.dist-info/METADATA": "Version: 1\n",
                f"{site}/setuptools/_vendor/wheel-1.dist-info/METADATA": "Name: wheel\nVersion: 1\n",
                "opt/thing-2.dist-info/METADATA": "Name: thing\nVersion: 2\n",
            }
        )
    )
    native, thing = found
    assert (native.name, native.version, native.folder) == ("na-tive", Version("2.0"), f"/{site}")
    assert native.tags == {
        Tag("cp312", "cp312", "linux_x86_64"),
        Tag("cp312", "abi3", "linux_x86_64"),
    }
    assert (thing.name, thing.tags, thing.folder) == ("thing", frozenset(), "/usr/lib/python3/dist-packages")


def test_an_archive_that_breaks_off_is_an_error() -> None:
    """What was not seen is not taken for absent."""
    whole = exported({"opt/site-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n" * 500}).getvalue()
    with pytest.raises(BuildError, match="did not give all of the image's files"):
        installed(io.BytesIO(whole[:3000]))


def test_a_manifest_is_read_as_it_was_written() -> None:
    """Keys that a later version adds do not matter."""
    text = format_manifest(MANIFEST)
    assert parse_manifest(text.encode(), "image") == MANIFEST
    assert parse_manifest(text.replace("{", '{"later": 1, ', 1).encode(), "image") == MANIFEST


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"schema": 1', '"schema": 2', "schema"),
        ('"1.0"', '"one"', "distributions.0.version"),
        ('"commit"', '"comit"', "commit"),
        ("{", "[", ""),
    ],
)
def test_what_is_no_manifest_is_an_error(before: str, after: str, said: str) -> None:
    """With the place of the fault, and without what stands there."""
    with pytest.raises(BuildError, match=f"not one that carrack can read: {said}"):
        parse_manifest(format_manifest(MANIFEST).replace(before, after, 1).encode(), "image")


def engine_with(text: str, label: str | None) -> MemoryEngine:
    """An engine with one image that has this manifest and this label."""
    labels = {} if label is None else {LABEL: label}
    return MemoryEngine(
        images={"job": image_of("sha256:1", labels=labels)}, files={("job", str(PLACE)): text.encode()}
    )


def test_only_the_manifest_that_the_label_tells_is_believed() -> None:
    """None where there is no label, or no such image; another one's, or none, is an error."""
    text = format_manifest(MANIFEST)
    digest = text_digest(text)
    assert read_manifest("job", engine_with(text, digest), parse_manifest)[1] == MANIFEST
    with pytest.raises(UsageError, match="did not make it"):
        read_manifest("job", engine_with(text, None), parse_manifest)
    with pytest.raises(UsageError, match="has no such image"):
        read_manifest("another", engine_with(text, digest), parse_manifest)
    with pytest.raises(BuildError, match=r"/opt/carrack/manifest\.json is another one"):
        read_manifest("job", engine_with(f"{text}\n", digest), parse_manifest)
    engine = engine_with(text, digest)
    engine.files.clear()
    with pytest.raises(BuildError, match=r"/opt/carrack/manifest\.json is not there"):
        read_manifest("job", engine, parse_manifest)


def test_a_difference_has_its_kind() -> None:
    """Added, removed, changed, and rebuilt: other bytes under one version; what is the same is left out."""
    rebuilt = replace(ALPHA, wheels=(replace(WHEEL, sha256="b" * 64),))
    beta = replace(ALPHA, name=name("beta"))
    newer = replace(PIP, version=Version("26.0"))
    after = replace(MANIFEST, commit="3" * 40, distributions=(rebuilt, beta, newer))
    assert {one.name: one.kind for one in changes(MANIFEST, after)} == {
        "alpha": "rebuilt",
        "beta": "added",
        "pip": "changed",
    }
    assert {one.name: one.kind for one in changes(after, MANIFEST)}[beta.name] == "removed"
    assert list(changed_facts(MANIFEST, after)) == [("commit", "1" * 40, "3" * 40)]
    assert (changes(MANIFEST, MANIFEST), list(changed_facts(MANIFEST, MANIFEST))) == ((), [])


def test_the_locked_one_of_two_with_one_name_counts() -> None:
    """A base image may have another version of what the lock brings."""
    twice = replace(MANIFEST, distributions=(replace(PIP, name=ALPHA.name), ALPHA))
    assert twice.installed() == {ALPHA.name: ALPHA}


def test_one_of_several_possible_wheels_is_no_difference() -> None:
    """Where an image does not tell which wheel of two it was, an image with one of them is not another."""
    several = replace(ALPHA, wheels=(WHEEL, replace(WHEEL, sha256="c" * 64)))
    assert changes(replace(MANIFEST, distributions=(several, PIP)), MANIFEST) == ()


@pytest.mark.parametrize(
    ("after", "up_to", "expected"),
    [
        ("1.0", "1.10", "## [1.10] - 2026-02-01\n\n- Ten.\n\n## 1.9\n\n- Nine."),
        ("1.9", "1.10", "## [1.10] - 2026-02-01\n\n- Ten."),
        ("0.1", "1.0", "## 1.0 - 2026-01-01\n\n- One."),
        ("1.10", "2.0", ""),
    ],
)
def test_sections_of_a_changelog(after: str, up_to: str, expected: str) -> None:
    """Those of the versions between, by version and not by text, without the links at the end."""
    assert sections(CHANGELOG, Version(after), Version(up_to)) == expected
    assert sections(CHANGELOG.replace("\n", "\r\n"), Version(after), Version(up_to)) == expected


def test_a_changelog_is_read_as_it_was_released(tmp_path: Path) -> None:
    """Out of the newer version's commit; where nobody knows that, as it is now; the older image may come second."""
    repo = repository(tmp_path / "workspace")
    file = "packages/alpha/CHANGELOG.md"
    released = repo.commit({file: "## 2.0\n\n- As it was released.\n"})
    repo.write({file: "## 2.0\n\n- As it is now.\n"})
    texts, manifests = Git(repo.root, GIT_ENVIRON), ManifestEdits(repo.root)
    folders = {ALPHA.name: PurePosixPath("packages/alpha")}

    def said(commit: str | None, distribution: str = "alpha") -> str:
        newer = replace(ALPHA, version=Version("2.0"), commit=commit)
        there, back = (
            words(Change(name=name(distribution), before=one, after=other), folders, texts, manifests)
            for one, other in ((ALPHA, newer), (newer, ALPHA))
        )
        assert there == back
        return there

    assert said(released) == "## 2.0\n\n- As it was released."
    assert said(None) == said("f" * 40) == "## 2.0\n\n- As it is now."
    assert said(released, "pip") == ""
    added = Change(name=ALPHA.name, before=None, after=ALPHA)
    assert words(added, folders, texts, manifests) == ""
