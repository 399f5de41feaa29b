"""Nothing of the user's pip and uv settings decides where files come from. Each test has its control.

The plant is a place that the user configured: a folder, or a second index. What a tool takes from it when it runs
with the user's settings, carrack's children must not take.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.published import Published
from tests.carrack.static_index import StaticIndex, serve
from tests.carrack.wheels import make_wheel

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.environment import isolated
from carrack.adapters.installer import PipEnvironments
from carrack.adapters.pip_settings import PipSettings, read_pip_settings
from carrack.adapters.resolver import UvResolver
from carrack.adapters.simple_index import SimpleIndex
from carrack.errors import BuildError, LockError
from carrack.ports import Report


@dataclass
class Plant:
    """A place with files, and the user's home folder, in which settings may name that place."""

    folder: Path
    url: str
    home: Path

    def setting(self, path: str, text: str) -> dict[str, str]:
        """Write a settings file under the home folder; no variable is needed."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return {}


Settings = Callable[[Plant], dict[str, str]]

PIP: dict[str, Settings] = {
    "pip.conf find-links": lambda plant: plant.setting(
        ".config/pip/pip.conf", f"[global]\nfind-links = {plant.folder}\n"
    ),
    "pip.conf extra-index-url": lambda plant: plant.setting(
        ".config/pip/pip.conf",
        f"[install]\nextra-index-url = {plant.url}\n[download]\nextra-index-url = {plant.url}\n",
    ),
    "PIP_CONFIG_FILE": lambda plant: (
        plant.setting("mine.conf", f"[global]\nfind-links = {plant.folder}\n")
        | {"PIP_CONFIG_FILE": str(plant.home / "mine.conf")}
    ),
    "PIP_FIND_LINKS": lambda plant: {"PIP_FIND_LINKS": str(plant.folder)},
    "PIP_EXTRA_INDEX_URL": lambda plant: {"PIP_EXTRA_INDEX_URL": plant.url},
}
UV: dict[str, Settings] = {
    "uv.toml find-links": lambda plant: plant.setting(
        ".config/uv/uv.toml", f'find-links = ["{plant.folder}"]\n'
    ),
    "uv.toml index": lambda plant: plant.setting(".config/uv/uv.toml", f'[[index]]\nurl = "{plant.url}"\n'),
    "UV_CONFIG_FILE": lambda plant: (
        plant.setting("mine.toml", f'find-links = ["{plant.folder}"]\n')
        | {"UV_CONFIG_FILE": str(plant.home / "mine.toml")}
    ),
    "UV_FIND_LINKS": lambda plant: {"UV_FIND_LINKS": str(plant.folder)},
    "UV_EXTRA_INDEX_URL": lambda plant: {"UV_EXTRA_INDEX_URL": plant.url},
    "UV_INDEX": lambda plant: {"UV_INDEX": plant.url},
}


@contextmanager
def planted(published: Published, settings: Settings) -> Iterator[tuple[StaticIndex, dict[str, str]]]:
    """A plant to put files into, and the environment of a user whose settings name it."""
    folder = Path(published.environ["HOME"]).parent / "plant"
    with serve(StaticIndex(folder=folder)) as index:
        plant = Plant(
            folder=folder, url=index.access.simple_url_with_token, home=Path(published.environ["HOME"])
        )
        yield index, {**published.environ, **settings(plant)}


def unprotected(published: Published, environ: Mapping[str, str]) -> dict[str, str]:
    """The user's own environment, in which only the address of the private index is set."""
    url = published.index.access.simple_url_with_token
    return {**environ, "PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}


def move(file: Path, index: StaticIndex) -> None:
    """Take a file from where it is and put it into the plant, the very same bytes."""
    shutil.move(file, index.folder / file.name)


def resolved(environ: Mapping[str, str]) -> list[Version]:
    """The versions of `thing` that uv chooses in `environ`, as `carrack lock` runs it."""
    chosen = UvResolver(environ=environ).resolve(["thing"], python="3.11", exact={}, preferred=[])
    return [candidate.version for candidate in chosen]


@pytest.mark.parametrize("settings", UV.values(), ids=UV.keys())
def test_a_lock_takes_no_version_from_the_users_places(published: Published, settings: Settings) -> None:
    """A higher version there is chosen by uv with the user's settings, and not by `carrack lock`."""
    with planted(published, settings) as (plant, environ):
        make_wheel(plant.folder, "thing", "9.0")
        assert resolved(isolated(environ, published.index.access)) == [Version("1.0")]
        assert resolved(unprotected(published, environ)) == [Version("9.0")]


@pytest.mark.parametrize("settings", PIP.values(), ids=PIP.keys())
def test_an_install_takes_no_file_from_the_users_places(
    published: Published, settings: Settings, tmp_path: Path
) -> None:
    """A locked file that only lies there is found by pip with the user's settings, and not by `carrack install`."""
    lock = published.lock()
    with planted(published, settings) as (plant, environ):
        move(next(published.index.folder.glob("thing-*")), plant)
        ours = PipEnvironments(
            environ=isolated(environ, published.index.access), constraints=published.constraints
        )
        ours.create(ours.interpreter(sys.executable), tmp_path / "ours")
        with pytest.raises(LockError, match="could not install the lock"):
            ours.install_locked(tmp_path / "ours", lock.format())
        (tmp_path / "a.lock").write_text(lock.format())
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "-r", "a.lock"],
            cwd=tmp_path,
            env=unprotected(published, environ),
            check=True,
        )
        assert list(tmp_path.glob("thing-1.0-*"))


@pytest.mark.parametrize("name", ["pip.conf find-links", "PIP_EXTRA_INDEX_URL"])
def test_a_build_takes_no_requirement_from_the_users_places(
    published: Published, name: str, tmp_path: Path
) -> None:
    """A pinned backend that only lies there builds with the user's settings, and not in `carrack build`."""
    with planted(published, PIP[name]) as (plant, environ):
        move(next(published.index.folder.glob("tiny_backend-*")), plant)

        def build(environ: Mapping[str, str]) -> int:
            builder = IsolatedBuilder(
                constraints=published.constraints, environ=lambda: environ, seen=environ, report=Report()
            )
            return len(builder.build([published.own], tmp_path / "dist"))

        with pytest.raises(BuildError, match="are not all in the build constraints by hash"):
            build(isolated(environ, published.index.access))
        assert build(unprotected(published, environ)) == 2


def test_an_editable_install_takes_no_requirement_from_the_users_places(
    published: Published, tmp_path: Path
) -> None:
    """A pinned backend that only lies there is found by uv with the user's settings, and not by `--editable`."""
    with planted(published, UV["UV_FIND_LINKS"]) as (plant, environ):
        move(next(published.index.folder.glob("tiny_backend-*")), plant)

        def link(environ: Mapping[str, str]) -> None:
            tool = PipEnvironments(environ=environ, constraints=published.constraints)
            tool.create(tool.interpreter(sys.executable), tmp_path / "environment")
            tool.install_editable(tmp_path / "environment", [published.root / "job"])

        with pytest.raises(LockError, match="could not be installed as editable"):
            link(isolated(environ, published.index.access))
        link(unprotected(published, environ))


def pip_of(environ: Mapping[str, str], conf: str) -> dict[str, str]:
    """The environment of a user whose pip.conf says `conf`."""
    return dict(environ) | Plant(folder=Path(), url="", home=Path(environ["HOME"])).setting(
        ".config/pip/pip.conf", conf
    )


def test_certificates_and_proxies_of_pip_reach_every_tool(bare_environ: Mapping[str, str]) -> None:
    """What says how to reach a host is kept, in the variables that pip, uv and requests read."""
    environ = pip_of(
        bare_environ, "[global]\ncert = /a/ca.pem\nclient-cert = /a/me.pem\nproxy = http://proxy:3128\n"
    )
    ours = isolated(environ, None, read_pip_settings(environ))
    assert {ours[name] for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")} == {"/a/ca.pem"}
    assert {ours[name] for name in ("PIP_CLIENT_CERT", "SSL_CLIENT_CERT")} == {"/a/me.pem"}
    assert {ours[name] for name in ("HTTP_PROXY", "HTTPS_PROXY")} == {"http://proxy:3128"}


def test_variables_win_over_configuration_files(bare_environ: Mapping[str, str]) -> None:
    """A section of the verb wins over the general one and a variable over both, as in pip; what is set, stays."""
    environ = pip_of(bare_environ, "[global]\nproxy = http://a\ncert = /a\n[install]\ncert = /b\n")
    assert read_pip_settings(environ) == PipSettings(proxy="http://a", cert="/b")
    environ |= {"PIP_CERT": "/c", "SSL_CERT_FILE": "/d", "https_proxy": "http://e"}
    settings = read_pip_settings(environ)
    assert settings == PipSettings(proxy="http://a", cert="/c")
    ours = isolated(environ, None, settings)
    assert (ours["SSL_CERT_FILE"], ours["PIP_CERT"], ours["https_proxy"]) == ("/d", "/c", "http://e")
    assert "HTTPS_PROXY" not in ours


def test_a_proxy_is_not_on_the_way_to_a_local_index(published: Published) -> None:
    """A company's proxy cannot reach this machine's loopback, so nothing that goes there passes it."""
    environ = pip_of(published.environ, "[global]\nproxy = http://127.0.0.1:1\n")
    settings = read_pip_settings(environ)
    assert resolved(isolated(environ, published.index.access, settings)) == [Version("1.0")]
    assert len(SimpleIndex(published.index.access, settings).files(canonicalize_name("thing"))) == 1


def test_the_users_own_index_serves_where_no_index_is_chosen(bare_environ: Mapping[str, str]) -> None:
    """`carrack build` without an index uses pip's; the credentials in its address are in no repr."""
    environ = pip_of(bare_environ, "[global]\nindex-url = https://me:secret@mirror.example.com/simple/\n")
    settings = read_pip_settings(environ)
    assert (
        isolated(environ, None, settings)["PIP_INDEX_URL"] == "https://me:secret@mirror.example.com/simple/"
    )
    assert "secret" not in repr(settings)


def test_credentials_of_aws_reach_no_child(published: Published) -> None:
    """pip, uv and build backends get the token of one index at most; what else they need stays."""
    environ = {**published.environ, "AWS_SECRET_ACCESS_KEY": "s", "CODEARTIFACT_AUTH_TOKEN": "t", "LANG": "C"}
    ours = isolated(environ, published.index.access)
    assert not {"AWS_SECRET_ACCESS_KEY", "CODEARTIFACT_AUTH_TOKEN"} & ours.keys()
    assert (ours["LANG"], ours["HOME"]) == ("C", published.environ["HOME"])
