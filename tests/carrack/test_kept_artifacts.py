"""Built files are kept by all that makes them, and hashed before they are believed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.in_tree import IN_TREE
from tests.carrack.local import Shell
from tests.carrack.repositories import EPOCH, Repository, repository

from carrack.adapters.cache import prune
from carrack.adapters.cache.artifacts import KeptArtifacts
from carrack.adapters.hashing import describe
from carrack.model.artifact import Artifact, Kinds, Source, digest_of

PINS = "tool==1 --hash=sha256:aa\nother==1 --hash=sha256:bb\n"
BACKEND = """\
import io, os, tarfile, tomllib, zipfile

NAME = tomllib.load(open("pyproject.toml", "rb"))["project"]["name"]

def build_sdist(folder, settings=None):
    with tarfile.open(os.path.join(folder, f"{NAME}-0.1.0.tar.gz"), "w:gz") as sdist:
        for file in ("pyproject.toml", "backend.py", "module.py"):
            sdist.add(file, f"{NAME}-0.1.0/{file}")
    return f"{NAME}-0.1.0.tar.gz"

def build_wheel(folder, settings=None, metadata=None):
    name = f"{NAME}-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr(zipfile.ZipInfo("module.py"), open("module.py").read())
    return name
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A package's folder in a commit; it is not laid out."""
    return Source(
        name=canonicalize_name("alpha"),
        version=Version("0.1.0"),
        path=tmp_path / "not-laid-out",
        epoch=EPOCH,
        build_requires=("tool>=1",),
        constraints=PINS,
        tree="a" * 40,
    )


def built(folder: Path, source: Source, *, tag: str = "py3-none-any") -> tuple[Artifact, ...]:
    """Two files of it."""
    folder.mkdir(exist_ok=True)
    found = []
    for name in ("alpha-0.1.0.tar.gz", f"alpha-0.1.0-{tag}.whl"):
        (folder / name).write_text(f"the bytes of {name}")
        found.append(
            Artifact(
                name=source.name,
                version=Version("0.1.0"),
                path=folder / name,
                file=describe(folder / name),
                constraints=digest_of(PINS),
                installed=("tool",),
            )
        )
    return tuple(found)


@pytest.fixture
def kept(tmp_path: Path, source: Source) -> KeptArtifacts:
    """A cache with that package."""
    made = KeptArtifacts(tmp_path / "cache" / "artifacts")
    made.folder.mkdir(parents=True)
    made.keep([source], built(tmp_path / "built", source), Kinds.BOTH)
    shutil.rmtree(tmp_path / "built")
    return made


def found(kept: KeptArtifacts, source: Source, kinds: Kinds = Kinds.BOTH) -> list[str]:
    """What comes out, as texts."""
    out = kept.folder.parent.parent / "out"
    out.mkdir(exist_ok=True)
    return [a.path.read_text() for a in kept.find([source], out, kinds).get(source.name, ())]


def test_what_was_kept_comes_back_as_it_was(kept: KeptArtifacts, source: Source, tmp_path: Path) -> None:
    """The same facts, for files in another folder."""
    out = tmp_path / "out"
    out.mkdir()
    ours = kept.find([source], out, Kinds.BOTH)[source.name]
    again = built(tmp_path / "built", source)
    assert ours == tuple(replace(one, path=out / one.file.name) for one in again)
    assert all(
        one.path.read_bytes() == other.path.read_bytes() for one, other in zip(ours, again, strict=True)
    )


@pytest.mark.parametrize(
    "other",
    [
        {"tree": "b" * 40},
        {"tree": None},
        {"epoch": EPOCH + 1},
        {"name": canonicalize_name("beta")},
        {"version": Version("0.1.1")},
        {"build_requires": ("tool>=1", "more")},
        {"constraints": PINS.replace("aa", "ab")},
        {"constraints": None},
    ],
    ids=str,
)
def test_whatever_makes_other_bytes_finds_nothing(
    kept: KeptArtifacts, source: Source, other: dict[str, object]
) -> None:
    """Each part of the key counts; and sdists alone are not the half of both."""
    assert found(kept, replace(source, **other)) == []  # type: ignore[arg-type]
    assert found(kept, source, Kinds.WHEEL) == []
    assert len(found(kept, source)) == 2


def test_another_python_finds_nothing(
    kept: KeptArtifacts, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another version, at another place, or with another zlib."""
    monkeypatch.setattr("carrack.adapters.cache.artifacts.interpreter", lambda: "another")
    assert found(kept, source) == []


def test_a_pin_of_another_tool_changes_nothing(kept: KeptArtifacts, source: Source) -> None:
    """What was installed counts; the digest in the receipt is that of the text as it is now."""
    text = PINS.replace("bb", "cc")
    changed = replace(source, constraints=text)
    assert len(found(kept, changed)) == 2
    (one, _) = kept.find([changed], kept.folder, Kinds.BOTH)[source.name]
    assert one.constraints == digest_of(text)


HARM: dict[str, Callable[[bytes], bytes | None]] = {
    "truncated": lambda content: content[:-1],
    "empty": lambda content: b"",
    "poisoned": lambda content: content.replace(b"bytes", b"BYTES"),
    "gone": lambda content: None,
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", ["alpha-0.1.0.tar.gz", "alpha-0.1.0-py3-none-any.whl"])
def test_a_file_that_was_harmed_is_not_given_and_made_anew(
    kept: KeptArtifacts, source: Source, harm: str, name: str, tmp_path: Path
) -> None:
    """Nothing of its package is given; the next build keeps it again."""
    _harm(kept, name, HARM[harm])
    assert found(kept, source) == []
    kept.keep([source], built(tmp_path / "built", source), Kinds.BOTH)
    assert len(found(kept, source)) == 2


@pytest.mark.parametrize(
    "harm",
    [
        *(HARM[name] for name in ("truncated", "empty", "gone")),
        lambda content: content.replace(b"alpha-0.1.0.tar.gz", b"../alpha-0.1.0.tar.gz"),
        lambda content: content.replace(b'"files"', b'"other"'),
        lambda content: b"[]",
        lambda content: content.replace(b'"version": "0.1.0"', b'"version": "none"'),
        lambda content: content.replace(b'"version"', b'"other"'),
        lambda content: content.replace(b'"size"', b'"other"'),
        lambda content: content.replace(b'["tool"]', b"[[1]]"),
        lambda content: content.replace(b'["tool"]', b"1"),
        lambda content: content.replace(b'"alpha-0.1.0.tar.gz"', b'".."'),
    ],
)
def test_facts_that_were_harmed_are_no_facts(
    kept: KeptArtifacts, source: Source, harm: Callable[[bytes], bytes | None], tmp_path: Path
) -> None:
    """They are never followed out of their folder."""
    _harm(kept, "facts.json", harm)
    assert found(kept, source) == []
    kept.keep([source], built(tmp_path / "built", source), Kinds.BOTH)
    assert len(found(kept, source)) == 2


def _harm(kept: KeptArtifacts, name: str, harm: Callable[[bytes], bytes | None]) -> None:
    (path,) = kept.folder.rglob(name)
    before = path.read_bytes()
    after = harm(before)
    assert after != before
    if after is None:
        path.unlink()
    else:
        path.write_bytes(after)


def test_what_another_run_writes_into_the_folder_stays(
    kept: KeptArtifacts, source: Source, tmp_path: Path
) -> None:
    """Two runs may bring the same file to the same folder."""
    others = [tmp_path / "out" / f".{name}.new" for name in ("alpha-0.1.0.tar.gz",)]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half of it")
    assert len(found(kept, source)) == 2
    assert [path.read_text() for path in others] == ["half of it"]
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_what_went_while_the_cache_is_pruned_is_no_failure(
    kept: KeptArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run prunes too."""
    (entry,) = kept.folder.iterdir()
    os.utime(entry, (0, 0))
    real = Path.lstat

    def going(path: Path) -> os.stat_result:
        if path.suffix == ".whl":
            path.unlink(missing_ok=True)
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", going)
        assert prune(kept.folder.parent)[0] == 1
    assert list(kept.folder.iterdir()) == []


def test_a_wheel_that_a_compiler_made_is_not_kept(
    kept: KeptArtifacts, source: Source, tmp_path: Path
) -> None:
    """No key says which compiler and which libraries there were."""
    native = replace(source, tree="c" * 40)
    kept.keep([native], built(tmp_path / "built", native, tag="cp311-cp311-linux_x86_64"), Kinds.BOTH)
    assert found(kept, native) == []


def test_a_cache_without_room_is_no_failure(source: Source, tmp_path: Path) -> None:
    """The files are built; that they are not kept costs the next build its time."""
    (tmp_path / "file").write_text("")
    KeptArtifacts(tmp_path / "file" / "cache").keep([source], built(tmp_path / "built", source), Kinds.BOTH)


# --- the verb ---


@pytest.fixture
def carrack(tmp_path: Path) -> Shell:
    """The command in a workspace of two packages, with a cache of its own."""
    repo = repository(tmp_path / "workspace")
    repo.commit(
        {
            "pyproject.toml": "[tool.carrack]\n",
            "build-constraints.txt": "",
            **{
                f"packages/{name}/{file}": text
                for name in ("alpha", "beta")
                for file, text in {
                    "pyproject.toml": IN_TREE.replace("alpha", name),
                    "backend.py": BACKEND,
                    "module.py": f"NAME = '{name}'\n",
                }.items()
            },
        }
    )
    return Shell(repo.root, {**os.environ, "CARRACK_CACHE": str(tmp_path / "cache")})


def build(carrack: Shell, *arguments: str) -> tuple[dict[str, str], list[str]]:
    """Run it: sha256 by name of what it printed, and which packages it built."""
    shutil.rmtree(carrack.workspace / "dist", ignore_errors=True)
    done = carrack("build", *arguments)
    assert done.returncode == 0, done.stderr
    files = {Path(line).name: describe(Path(line)).sha256 for line in done.stdout.splitlines()}
    lines = (line.split() for line in done.stderr.splitlines())
    return files, [words[1] for words in lines if words[:1] == ["Building"]]


def test_what_did_not_change_is_not_built_again_and_comes_out_the_same(carrack: Shell) -> None:
    """A change in one package builds that one; `--no-cache` builds all, to the very same bytes."""
    first, built_first = build(carrack)
    assert built_first == ["alpha", "beta"]
    assert len(first) == 4
    again, built_again = build(carrack)
    assert (again, built_again) == (first, [])
    anew, built_anew = build(carrack, "--no-cache")
    assert (anew, built_anew) == (first, ["alpha", "beta"])
    repo = Repository(carrack.workspace)
    repo.commit({"packages/beta/module.py": "NAME = 'changed'\n"}, at=EPOCH + 60)
    changed, built_changed = build(carrack)
    assert built_changed == ["beta"]
    assert {name for name in first if changed[name] != first[name]} == {
        "beta-0.1.0.tar.gz",
        "beta-0.1.0-py3-none-any.whl",
    }


def test_other_attributes_above_a_package_build_it_again(carrack: Shell) -> None:
    """They say how its files are laid out, though its tree stays the same."""
    first, _ = build(carrack)
    Repository(carrack.workspace).commit({".gitattributes": "module.py text eol=crlf\n"}, at=EPOCH + 60)
    changed, built_changed = build(carrack)
    assert built_changed == ["alpha", "beta"]
    assert changed["alpha-0.1.0.tar.gz"] != first["alpha-0.1.0.tar.gz"]  # the wheel's backend reads lines


def test_wheels_alone_come_from_the_folders_themselves(carrack: Shell) -> None:
    """And sdists alone; each is kept for itself."""
    for _ in range(2):
        wheels, _ = build(carrack, "--wheel", "alpha")
        sdists, _ = build(carrack, "--sdist", "alpha")
        assert list(wheels) == ["alpha-0.1.0-py3-none-any.whl"]
        assert list(sdists) == ["alpha-0.1.0.tar.gz"]
    both, built_both = build(carrack, "alpha")
    assert built_both == ["alpha"]
    assert both == wheels | sdists
    assert build(carrack, "--wheel", "--sdist", "alpha") == (both, [])


def test_a_poisoned_entry_is_found_out_and_built_again(carrack: Shell, tmp_path: Path) -> None:
    """The bytes that come out are those of the source."""
    first, _ = build(carrack)
    (wheel,) = (tmp_path / "cache").rglob("alpha-*.whl")
    wheel.write_bytes(wheel.read_bytes().replace(b"alpha", b"ALPHA"))
    assert build(carrack) == (first, ["alpha"])
    assert build(carrack) == (first, [])


def test_a_cache_that_cannot_be_used_is_said_and_costs_nothing_else(carrack: Shell, tmp_path: Path) -> None:
    """Everything is built anew."""
    (tmp_path / "file").write_text("")
    done = carrack("build", CARRACK_CACHE=str(tmp_path / "file"))
    assert done.returncode == 0
    assert "nothing of this build is kept for the next" in done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_prune_says_what_it_removed(carrack: Shell, tmp_path: Path) -> None:
    """Nothing that was of use lately; nothing is built."""
    build(carrack)
    assert carrack("build", "--prune").stdout == "removed 0 thing(s) of 0.0 MB\n"
    for folder in (tmp_path / "cache").glob("*/*"):
        os.utime(folder, (0, 0))
    done = carrack("build", "--prune")
    assert done.stdout.startswith("removed 2 thing(s) of ")
    assert build(carrack)[1] == ["alpha", "beta"]
