"""What a base image brings: asked of the image, taken as given by the lock, and nowhere installed again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from packaging.version import Version
from tests.carrack.fakes import MemoryEngine, image_of, name
from tests.carrack.published import Published, pinned
from tests.carrack.wheels import make_wheel

from carrack.commands.base_image import look_into
from carrack.commands.install import _fitting
from carrack.errors import LockError
from carrack.model.base_image import BaseContents, Brought, moved_base, twice
from carrack.model.lock import Candidate, requirements_digest
from carrack.model.lockfile import parse
from carrack.model.target import Interpreter

METADATA = "Metadata-Version: 2.1\nName: Thing\nVersion: {version}\n{requires}\n"
GPU = "2.5.1+cu124"


def brings(version: str = GPU, requires: str = "Requires-Dist: helper>=1\n", **others: str) -> BaseContents:
    """A base image with `thing` in this version, and others."""
    metadata = METADATA.format(version=version, requires=requires)
    candidate = Candidate(name=name("thing"), version=Version(version))
    return BaseContents(
        brought=(Brought(candidate=candidate, metadata=metadata),),
        others={name(other): Version(text) for other, text in others.items()},
    )


@pytest.fixture
def published(published: Published) -> Published:
    """`record-io` needs `thing`, of which the base image has a version that no index has; that needs `helper`."""
    make_wheel(published.index.folder, "helper", "1.0")
    published.base = brings()
    return published


def test_what_the_base_brings_is_not_pinned_but_what_it_needs_is(published: Published) -> None:
    """The resolver takes the image's own version and metadata; the lock tells both in its header."""
    made = published.lock()
    assert pinned(made) == ["helper==1.0", "record-io==1.4.0", "record-rules==1.1.0"]
    assert f"# base: thing=={GPU}\n" in made.format()
    assert parse(made.format(), "lock") == made
    published.base = BaseContents()
    assert pinned(published.lock()) == ["record-io==1.4.0", "record-rules==1.1.0", "thing==1.0"]


def test_what_does_not_fit_the_base_is_no_lock(published: Published) -> None:
    """A requirement that does not admit the image's version is explained, as the resolver has it."""
    published.requirements = ("record-rules>=1", "thing<2")
    with pytest.raises(LockError, match="no versions fit together") as raised:
        published.lock()
    assert any("thing" in fault for fault in raised.value.faults)


def test_a_base_that_brings_something_else_makes_a_lock_stale(published: Published) -> None:
    """Another version in the image gives another lock; the same one keeps it."""
    made = published.lock()
    assert published.lock(made) is made
    published.base = brings("2.6", "")
    assert moved_base(made, published.base) == (
        f"the base image brought thing=={GPU} when it was made, and brings thing==2.6"
    )
    again = published.lock(made)
    assert pinned(again) == ["record-io==1.4.0", "record-rules==1.1.0"]
    assert (
        moved_base(made, BaseContents())
        == f"the base image brought thing=={GPU} when it was made, and brings nothing"
    )


def test_which_names_a_base_brings_is_part_of_the_requirements(published: Published) -> None:
    """An app that comes to declare one needs another lock; apps that declare none keep the digest that they had."""
    app = published.app
    assert requirements_digest(app) != requirements_digest(replace(app, base_brings=()))
    assert requirements_digest(app) == requirements_digest(replace(app, base="another:2"))


def test_what_is_installed_twice_is_told(published: Published) -> None:
    """Where the image has a locked version too, the app could declare it."""
    published.base = brings(helper="1.0", other="3")
    made = published.lock()
    assert twice(made, published.base) == ("helper",)
    assert twice(made, brings(helper="1.1")) == ()
    published.base = BaseContents(others={name("thing"): Version("1.0")})
    assert twice(published.lock(), published.base) == ()


def test_no_environment_here_has_what_the_base_brings(published: Published) -> None:
    """`carrack install` says so, and names what the lock leaves to the image."""
    here = Interpreter(
        executable="python", implementation="CPython", python="3.12", system="Linux", machine="x86_64"
    )
    with pytest.raises(LockError, match=r"thing==2\.5\.1\+cu124 come with the base image") as raised:
        _fitting(published.workspace, published.app, published.lock(), published.receipt, here, {})
    assert raised.value.hint.startswith("carrack image build --app job")


def engine_with(*distributions: tuple[str, str, str]) -> MemoryEngine:
    """An engine with a base image whose Python lists these."""
    return MemoryEngine(images={"gpu:1": image_of("sha256:1")}, says={"gpu:1": json.dumps(distributions)})


def test_a_base_is_asked_what_it_has(published: Published) -> None:
    """Its Python lists name, version and metadata; the first of two with one name counts, as in an import."""
    engine = engine_with(
        ("Thing", GPU, METADATA), ("old_one", "not a version", ""), ("numpy", "2.1", ""), ("THING", "1.0", "")
    )
    found = look_into(published.app, engine)
    assert found == replace(brings(numpy="2.1"), brought=found.brought)
    assert [(one.candidate, one.metadata) for one in found.brought] == [
        (Candidate(name=name("thing"), version=Version(GPU)), METADATA)
    ]
    assert engine.ran == [("gpu:1", "python3")]


def test_a_base_that_is_not_there_is_pulled(published: Published) -> None:
    """And then asked."""
    engine = engine_with(("thing", "1.0", ""))
    engine.pulled = {"gpu:1": engine.images.pop("gpu:1")}
    look_into(published.app, engine)
    assert engine.pulls == [("gpu:1", None)]


def test_a_base_must_have_what_it_is_said_to_bring(published: Published) -> None:
    """With the key that says it."""
    with pytest.raises(LockError, match="gpu:1 does not have thing") as raised:
        look_into(published.app, engine_with(("numpy", "2.1", "")))
    assert raised.value.address == "pyproject.toml: tool.carrack.apps.job.base-brings"


def test_an_app_without_such_a_base_asks_no_engine(published: Published) -> None:
    """Locks of other apps need none."""
    engine = MemoryEngine()
    assert look_into(replace(published.app, base_brings=()), engine) == BaseContents()
    assert engine.ran == []
