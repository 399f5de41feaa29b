"""What an image is built from, and what keeps it from being one. tests/docker builds real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import pytest
from packaging.tags import parse_tag
from packaging.version import Version
from tests.carrack.fakes import INDEX, MemoryEngine, Told, image_of, name
from tests.carrack.published import Published
from tests.carrack.repositories import package, repository

from carrack.adapters.build_context import WorkspaceContexts
from carrack.adapters.git import Git
from carrack.adapters.manifest_file import format_manifest
from carrack.commands.image_build import ImageTools, Order, build_image, for_platform, require_fresh, tagged
from carrack.commands.image_order import own_dockerfile
from carrack.commands.image_sources import shared
from carrack.errors import BuildError, LockError, WorkspaceError
from carrack.model.image import Recipe
from carrack.model.image_contents import Installed
from carrack.model.image_manifest import LABEL, Origin, text_digest
from carrack.model.listing import ListedFile
from carrack.model.lock import Candidate, Lock, Pin
from carrack.model.receipt import Receipt
from carrack.model.secret_forms import Leak
from carrack.model.workspace import App, Package

SITE = "/opt/venv/lib/python3.12/site-packages"
OURS, OTHER = "a" * 64, "b" * 64
BASE = "python:3.12-slim"


def locked(distribution: str, version: str, *hashes: str) -> Pin:
    """A pin."""
    return Pin(
        candidate=Candidate(name=name(distribution), version=Version(version)), hashes=frozenset(hashes)
    )


LOCK = Lock(
    app="job",
    pythons=("3.11", "3.12"),
    machines=("x86_64",),
    requirements="sha256:requirements",
    receipt="sha256:receipt",
    pins=frozenset({locked("alpha", "1.0", OURS), locked("native", "2.0", OTHER, "c" * 64)}),
)
PAGES = {
    name("alpha"): [ListedFile(name="alpha-1.0-py3-none-any.whl", sha256=OURS)],
    name("native"): [
        ListedFile(name="native-2.0-cp312-cp312-manylinux_2_28_x86_64.whl", sha256=OTHER),
        ListedFile(name="native-2.0-cp311-cp311-manylinux_2_28_x86_64.whl", sha256="c" * 64),
    ],
}


def installed(distribution: str, version: str, tag: str = "py3-none-any", folder: str = SITE) -> Installed:
    """A distribution in an image."""
    return Installed(
        name=name(distribution), version=Version(version), tags=frozenset(parse_tag(tag)), folder=folder
    )


ALL = (
    installed("alpha", "1.0"),
    installed("native", "2.0", "cp312-cp312-manylinux_2_28_x86_64"),
    installed("job", "0.1"),
    installed("pip", "25.0", folder="/usr/local/lib/python3.12/site-packages"),
)


class Building:
    """A build in an engine that is not there, of a workspace that is."""

    def __init__(self, root: Path) -> None:
        self.repository = repository(root)
        self.repository.commit({**package("job", folder="."), "build-constraints.txt": "hatchling\n"})
        self.engine = MemoryEngine(images={BASE: image_of("sha256:base")})
        self.found: tuple[Installed, ...] = ALL
        self.leaks: dict[str, Leak] = {}
        self.report = Told()
        self.app = App(
            name="job",
            path=PurePosixPath("job"),
            requirements=(),
            lock=PurePosixPath("job/requirements.lock"),
            pythons=("3.11", "3.12"),
            manifest=PurePosixPath("job/pyproject.toml"),
        )

    @property
    def tools(self) -> ImageTools:
        """The engine, and what it gives is in the image."""

        def scan(saved: IO[bytes]) -> tuple[Leak, ...]:
            found = self.leaks.get(saved.read().decode())
            return (found,) if found else ()

        return ImageTools(
            engine=self.engine,
            contexts=WorkspaceContexts(git=Git(self.repository.root, {"PATH": "/usr/bin:/bin"})),
            installed=lambda exported: self.found,
            scan=scan,
            format=format_manifest,
            report=self.report,
        )

    @property
    def order(self) -> Order:
        """The order of the app's image."""
        return Order(
            app=self.app,
            own=Package(name=name("job"), version=Version("0.1"), path=PurePosixPath("job")),
            lock=LOCK,
            placed=shared(LOCK, [name("alpha")]),
            dockerfile=f"FROM {BASE} AS early\nFROM {BASE}\nCOPY --from=early / /\n",
            commit="1" * 40,
            dirty=False,
            origins={(name("alpha"), Version("1.0")): Origin(commit="2" * 40, tag="alpha-v1.0")},
            pages=PAGES,
            paths=(PurePosixPath("job"), PurePosixPath("build-constraints.txt")),
            recipe=Recipe(
                dockerfile=PurePosixPath("carrack-image/Dockerfile"), secrets={"netrc": "the token"}
            ),
            added={"check_lock.py": b"pass\n"},
        )

    def __call__(self) -> str:
        """Build it."""
        return build_image(self.order, self.tools)


@pytest.fixture
def building(tmp_path: Path) -> Building:
    """A build that would succeed."""
    return Building(tmp_path / "workspace")


def test_the_context_has_the_app_the_lock_and_what_carrack_adds(building: Building) -> None:
    """Of the lock a part, though git may ignore it; the Dockerfile with a name for every stage; and nothing else."""
    building.repository.write({"elsewhere/file": "", "job/.gitignore": "ignored\n", "job/ignored": "secret"})
    building()
    (first, _) = building.engine.contexts.values()
    assert set(first) == {
        "build-constraints.txt",
        "carrack-image/Dockerfile",
        "carrack-image/check_lock.py",
        "job/.gitignore",
        "job/README.md",
        "job/pyproject.toml",
        "job/requirements.lock",
        "job/src/job/__init__.py",
    }
    assert first["job/requirements.lock"].decode() == shared(LOCK, [name("alpha")]).format()
    assert b"AS carrack-stage-1" in first["carrack-image/Dockerfile"]


def test_the_manifest_tells_the_origin_of_everything(building: Building) -> None:
    """Of several locked wheels it names the one for the image's Python, and it is the one that the label tells."""
    built = building()
    files = building.engine.contexts[built]
    text = files["manifest.json"].decode()
    assert building.engine.recipes[built].labels[LABEL] == text_digest(text)
    told = json.loads(text)
    found = {one["name"]: (one["source"], one["wheels"], one["tag"]) for one in told["distributions"]}
    wheels = [{"name": file.name, "sha256": file.sha256} for pages in PAGES.values() for file in pages]
    assert found == {
        "alpha": ("index", wheels[:1], "alpha-v1.0"),
        "native": ("index", wheels[1:2], None),
        "job": ("app", [], None),
        "pip": ("unlocked", [], None),
    }
    assert (told["base"], told["base_id"], told["platform"]) == (BASE, "sha256:base", "linux/amd64")
    assert b"COPY manifest.json /opt/carrack/manifest.json" in files["Dockerfile"]


def test_the_token_is_given_to_the_first_build_only(building: Building) -> None:
    """The build that puts the manifest on has no secret, no argument and none of the workspace's files."""
    built = building()
    (first, _) = building.engine.recipes.values()
    assert first.secrets == {"netrc": "the token"}
    assert building.engine.recipes[built].secrets == {}
    assert set(building.engine.contexts[built]) == {"Dockerfile", "manifest.json"}


def test_an_image_that_lacks_something_locked_is_refused(building: Building) -> None:
    """What is missing, or there in another version, is named; no manifest is put on, and no name stays."""
    building.found = (installed("alpha", "1.1"), *ALL[2:])
    with pytest.raises(BuildError, match="does not have what the lock names") as raised:
        building()
    assert raised.value.output.splitlines() == [
        "alpha 1.0 is locked, and the image has 1.1",
        "native 2.0 is locked, and the image does not have it",
    ]
    assert len(building.engine.recipes) == 1
    assert not [called for called in building.engine.images if called.startswith("carrack-")]


@pytest.mark.parametrize("place", [f"sha256:{1:064x}", "stage early"])
def test_an_image_with_a_secret_is_refused(building: Building, place: str) -> None:
    """Whether it is in the image or in a stage of it."""
    building.leaks = {place: Leak(layer="1", member="etc/netrc", form="plain")}
    with pytest.raises(BuildError, match="a secret of the build is in 1 places"):
        building()
    assert len(building.engine.recipes) == 1


def test_a_base_that_the_engine_lacks_is_pulled(building: Building) -> None:
    """Also where it has it for another platform only."""
    base = building.engine.images.pop(BASE)
    building.engine.pulled[BASE] = base
    building()
    building()
    assert building.engine.pulls == [(BASE, None)]
    building.engine.pulled[BASE] = image_of("sha256:arm", platform="linux/arm64")
    build_image(for_platform(building.order, "linux/arm64/v8"), building.tools)
    build_image(for_platform(building.order, "linux/arm64"), building.tools)
    assert building.engine.pulls == [(BASE, None), (BASE, "linux/arm64/v8")]


def test_names_tell_the_machine_where_there_are_several() -> None:
    """One image has the names that were given; of several each has its machine at the end."""
    engine = MemoryEngine(images={"a": image_of("a"), "b": image_of("b")})
    assert list(tagged(["app", "host:5000/app:1"], {None: "a"}, engine)) == [
        ("app:latest", "a"),
        ("host:5000/app:1", "a"),
    ]
    several = tagged(["app:1"], {"linux/amd64": "a", "linux/arm64/v8": "b"}, engine)
    assert list(several) == [("app:1-amd64", "a"), ("app:1-arm64-v8", "b")]
    assert engine.images["app:1-arm64-v8"].id == "b"


def test_of_two_copies_the_one_beside_the_others_is_the_locks(building: Building) -> None:
    """A base image may have the very version that the lock brings; its copy is none of the lock's."""
    elsewhere = installed("alpha", "1.0", folder="/a/python3.12/site-packages")
    building.found = (elsewhere, *ALL)
    told = json.loads(building.engine.contexts[building()]["manifest.json"])["distributions"]
    found = {one["folder"]: one["source"] for one in told if one["name"] == "alpha"}
    assert found == {elsewhere.folder: "unlocked", SITE: "index"}


def test_what_the_base_is_to_bring_must_be_there(building: Building) -> None:
    """It is the base's in the manifest; without it, or with another version, the image is refused."""
    pip = Candidate(name=name("pip"), version=Version("25.0"))
    order = replace(building.order, lock=replace(LOCK, brings=frozenset({pip})))
    built = build_image(order, building.tools)
    told = json.loads(building.engine.contexts[built]["manifest.json"])["distributions"]
    assert {one["name"]: one["source"] for one in told}["pip"] == "base"
    building.found = ALL[:-1]
    with pytest.raises(BuildError) as raised:
        build_image(order, building.tools)
    assert raised.value.output == "pip 25.0 is locked, and the image does not have it"


def test_a_marker_that_the_image_s_python_does_not_meet_is_no_fault(building: Building) -> None:
    """What only another Python needs is not missed; what this one may need is."""
    lock = replace(LOCK, pins=LOCK.pins | {_conditional("backport", 'python_version < "3.12"')})
    build_image(replace(building.order, lock=lock), building.tools)
    lock = replace(LOCK, pins=LOCK.pins | {_conditional("needed", 'python_version >= "3.12"')})
    with pytest.raises(BuildError) as raised:
        build_image(replace(building.order, lock=lock), building.tools)
    assert raised.value.output == "needed 1.0 is locked, and the image does not have it"


def _conditional(distribution: str, marker: str) -> Pin:
    from packaging.markers import Marker

    pin = locked(distribution, "1.0", "d" * 64)
    return replace(pin, candidate=replace(pin.candidate, marker=Marker(marker)))


@pytest.mark.parametrize(
    ("scripts", "command"), [(("serve",), "serve"), (("serve", "my-app"), "my-app"), (("my-app",), "my-app")]
)
def test_the_command_is_the_apps(published: Published, scripts: tuple[str, ...], command: str) -> None:
    """The only one that it installs, or the one that is called as it is."""
    own = Package(name=name("my-app"), version=Version("1"), path=PurePosixPath("app"), scripts=scripts)
    assert own_dockerfile(published.workspace, published.app, own, "@@command@@") == command


@pytest.mark.parametrize(("scripts", "said"), [((), "has none"), (("a", "b"), "has a, b, none of which")])
def test_an_app_without_a_command_gets_no_dockerfile(
    published: Published, scripts: tuple[str, ...], said: str
) -> None:
    """Nothing is guessed about which of several it is."""
    own = Package(name=name("my-app"), version=Version("1"), path=PurePosixPath("app"), scripts=scripts)
    with pytest.raises(WorkspaceError, match=said):
        own_dockerfile(published.workspace, published.app, own, "@@command@@")


def test_a_lock_must_be_there_and_be_this_indexs(published: Published) -> None:
    """No lock, a stale one, and one of other files than the index holds are refused with the command that makes one."""
    workspace, app, receipt = published.workspace, published.app, published.receipt
    lock = published.lock()
    assert require_fresh(workspace, app, lock, receipt, {}) == lock
    other = Receipt(index=INDEX, entries=receipt.entries[:-2])
    stale = replace(lock, requirements="sha256:0")
    for made, held, said in (
        (None, receipt, "there is no such file yet"),
        (stale, receipt, "the requirements, Pythons or machines of job changed"),
        (lock, other, "does not hold"),
    ):
        with pytest.raises(LockError, match=said) as raised:
            require_fresh(workspace, app, made, held, {})
        assert raised.value.hint == f"carrack lock --to {held.index.name} --app job"
