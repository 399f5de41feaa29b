"""Reading a workspace from its pyproject.toml files, and every fault that they can have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.repositories import Repository, package

from carrack.adapters.manifests import find_root, read_workspace
from carrack.adapters.projects import read_package
from carrack.errors import WorkspaceError
from carrack.model.code_sources import GitSource, RuntimeSource, SubmoduleSource
from carrack.model.workspace import Workspace

ROOT = """\
    [tool.carrack]
    packages = ["packages/*"]
    {keys}

    [tool.carrack.apps.job]
    path = "app"
    lock = "app/requirements.lock"
    pythons = ["3.12"]
    {app}

    [tool.carrack.indexes.main]
    domain = "domain"
    owner = "123456789012"
    region = "eu-central-1"
    repository = "prod"
    {index}
"""
APP = package("job", "0.1.0", "beta>=0.1,<0.2", "click>=8,<9", folder=".")


def write(root: Path, *packages: Mapping[str, str], keys: str = "", app: str = "", index: str = "") -> Path:
    """A workspace with one app `job`, one index `main`, and these packages."""
    files = {"pyproject.toml": ROOT.format(keys=keys, app=app, index=index)}
    files["app/pyproject.toml"] = APP["./job/pyproject.toml"]
    for one in packages or (package("alpha"), package("beta", "0.1.0", "alpha>=0.1,<0.2")):
        files |= one
    Repository(root).write(files)
    return root


def read(root: Path, **environ: str) -> Workspace:
    """The workspace at `root`."""
    return read_workspace(root, environ)


def faults(root: Path, **environ: str) -> tuple[str, ...]:
    """Every fault of the workspace at `root`."""
    with pytest.raises(WorkspaceError) as caught:
        read(root, **environ)
    assert caught.value.untouched
    return caught.value.faults


def manifest(text: str, folder: str = "packages/gamma") -> dict[str, str]:
    """One package's pyproject.toml with this text."""
    return {f"{folder}/pyproject.toml": text}


def test_a_workspace_is_its_packages_apps_and_indexes(tmp_path: Path) -> None:
    """Names are normalised, requirements and build requirements kept, and edges inside the workspace found."""
    workspace = read(write(tmp_path, package("Alpha_One"), package("beta", "0.1.0", "alpha.one~=0.1")))
    assert list(workspace.packages) == ["alpha-one", "beta"]
    alpha = workspace.packages[canonicalize_name("alpha-one")]
    assert (alpha.version, alpha.path) == (Version("0.1.0"), PurePosixPath("packages/Alpha_One"))
    assert alpha.build_requires == (Requirement("hatchling>=1.27,<2"),)
    assert str(alpha.requires_python) == ">=3.11"
    assert workspace.dependencies(canonicalize_name("beta")) == ("alpha-one",)
    assert workspace.indexes["main"].domain == "domain"
    assert workspace.build_constraints == PurePosixPath("build-constraints.txt")


def test_the_workspace_is_found_from_any_folder_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package's own pyproject.toml is passed by; a relative folder is looked up from too."""
    root = write(tmp_path / "workspace")
    assert find_root(root / "packages/alpha/src/alpha") == root
    monkeypatch.chdir(root / "packages")
    assert find_root(Path("alpha")) == root
    assert find_root(Path()) == root


def test_a_folder_outside_of_any_workspace_is_an_error_with_its_address(tmp_path: Path) -> None:
    """Without a [tool.carrack] table at or above, the sentence names the folder and the way out."""
    with pytest.raises(WorkspaceError, match=r"no pyproject\.toml here or above") as caught:
        find_root(tmp_path)
    assert caught.value.address == str(tmp_path)
    assert "-C FOLDER" in caught.value.hint


def test_invalid_toml_on_the_way_up_is_named_by_its_own_file(tmp_path: Path) -> None:
    """Where a pyproject.toml on the way is not TOML, that very file is named."""
    root = write(tmp_path / "workspace", manifest("[project\n"))
    with pytest.raises(WorkspaceError, match="not valid TOML") as caught:
        find_root(root / "packages/gamma")
    assert caught.value.address == str(root / "packages/gamma/pyproject.toml")


@pytest.mark.parametrize(
    ("where", "key", "suggested"),
    [
        ("keys", "default-indx", "default-index"),
        ("keys", "build_constraints", "build-constraints"),
        ("app", "requirement", "requirements"),
        ("app", "python", "pythons"),
        ("index", "respository", "repository"),
        ("index", "endpoint_variable", "endpoint-variable"),
    ],
)
def test_an_unknown_key_is_a_fault_that_suggests_the_right_one(
    tmp_path: Path, where: str, key: str, suggested: str
) -> None:
    """At every level a key that means nothing is named in full, with the nearest that does."""
    levels = {"keys": "", "app": ".apps.job", "index": ".indexes.main"}
    (fault,) = faults(write(tmp_path, **{where: f'{key} = "x"'}))
    assert fault == (
        f"pyproject.toml: tool.carrack{levels[where]}.{key}: there is no such key; did you mean {suggested!r}?"
    )


def test_an_unknown_table_is_a_fault_too(tmp_path: Path) -> None:
    """A misspelled [tool.carrack.index.…] suggests `indexes`; a key like nothing lists the known ones."""
    assert "did you mean 'indexes'?" in faults(write(tmp_path / "a", index="[tool.carrack.index.other]"))[0]
    assert "known are: packages, default-index" in faults(write(tmp_path / "b", keys="zzz = 1"))[0]


def test_prices_are_of_a_region_that_an_index_is_in(tmp_path: Path) -> None:
    """A region that is mistyped would silently keep the old prices; so would a mistyped key."""
    prices = "[tool.carrack.prices.{}]\nread = 2027-01-15\ngb-month = 0.05\n{} = 0.04\n"
    right = read(write(tmp_path / "a", index=prices.format("eu-central-1", "ten-thousand-requests")))
    assert str(right.prices["eu-central-1"].ten_thousand_requests) == "0.04"
    elsewhere = write(tmp_path / "b", index=prices.format("eu-centrl-1", "ten-thousand-requests"))
    assert faults(elsewhere) == (
        "pyproject.toml: tool.carrack.prices.eu-centrl-1: no index of the workspace is in that region",
    )
    missing, unknown = faults(
        write(tmp_path / "c", index=prices.format("eu-central-1", "ten-thousand-request"))
    )
    assert missing == "pyproject.toml: tool.carrack.prices.eu-central-1.ten-thousand-requests: is missing"
    assert "did you mean 'ten-thousand-requests'?" in unknown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('endpoint = "ftp://example.com"', "tool.carrack.indexes.main.endpoint"),
        ('endpoint = "http://me:secret@example.com"', "tool.carrack.indexes.main.endpoint"),
        ('store = "!"', "tool.carrack.indexes.main.store"),
    ],
)
def test_a_value_of_the_wrong_form_is_a_fault_that_does_not_repeat_it(
    tmp_path: Path, line: str, said: str
) -> None:
    """The key is named, the value is not: it could be a secret in the wrong place."""
    (fault,) = faults(write(tmp_path, index=line))
    assert said in fault
    assert "secret" not in fault


def test_all_faults_of_all_manifests_are_shown_together(tmp_path: Path) -> None:
    """Four packages with a fault each, an app without a manifest and an unknown default are six faults at once."""
    root = write(
        tmp_path,
        manifest('[project]\nname = "no-version"\n', "packages/a"),
        manifest('[project]\nname = "bad-version"\nversion = "one"\n', "packages/b"),
        manifest('[project]\nname = "bad-need"\nversion = "1"\ndependencies = ["==x"]\n', "packages/c"),
        manifest("not toml", "packages/d"),
        keys='default-index = "other"',
    )
    (root / "app/pyproject.toml").unlink()
    found = faults(root)
    assert [fault.split(": ")[0] for fault in found] == [
        *(f"packages/{folder}/pyproject.toml" for folder in "abcd"),
        "app/pyproject.toml",
        "pyproject.toml",
    ]
    assert found[0].endswith("project.version: is missing")
    assert "project.version" in found[1]
    assert "'==x'" in found[2]
    assert "not valid TOML" in found[3]
    assert found[4].endswith("there is no such file")
    assert found[5] == "pyproject.toml: tool.carrack.default-index: there is no index 'other'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.x]\n", "project: is missing"),
        ('[project]\nversion = "1"\n', "project.name: is missing"),
        ('[project]\nname = "-x-"\nversion = "1"\n', "project.name: "),
        ('[project]\nname = "x"\nversion = 1.0\n', "project.version: input should be a valid string"),
        (
            '[project]\nname = "x"\nversion = "1"\ndependencies = "click"\n',
            "project.dependencies: input should be",
        ),
        ('[project]\nname = "x"\nversion = "1"\nrequires-python = ">>3"\n', "project.requires-python: "),
        ('project = "x"\n', "project: input should be"),
        (
            '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = "hatchling"\n',
            "build-system.requires: input should be",
        ),
        (
            '[project]\nname = "x"\ndynamic = ["version"]\n',
            'project.dynamic: version must be static; write version = "X.Y.Z" under [project]',
        ),
        (
            '[project]\nname = "x"\nversion = "1"\ndynamic = ["dependencies"]\n',
            "project.dynamic: dependencies must be static",
        ),
    ],
)
def test_a_package_manifest_fault_is_one_sentence_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    """Whatever is wrong in a package's pyproject.toml, one sentence names file and key, and nothing crashes."""
    (fault,) = faults(write(tmp_path, manifest(text), package("beta")))
    assert fault.startswith(f"packages/gamma/pyproject.toml: {said}")


def test_two_spellings_of_one_name_are_one_fault(tmp_path: Path) -> None:
    """`my.pkg` and `My_Pkg` are the same distribution on an index; the fault names both manifests."""
    (fault,) = faults(write(tmp_path, package("My_Pkg"), package("my.pkg"), package("beta")))
    assert fault.startswith(
        "packages/my.pkg/pyproject.toml: project.name: packages/My_Pkg/pyproject.toml has"
    )


def test_packages_that_need_each_other_in_a_circle_are_a_fault(tmp_path: Path) -> None:
    """The circle is written out, so that one of its edges can be cut."""
    root = write(
        tmp_path, package("alpha", "1", "beta"), package("beta", "1", "gamma"), package("gamma", "1", "alpha")
    )
    (fault,) = faults(root)
    circle = fault.rpartition(": ")[2].split(" -> ")
    assert circle[0] == circle[-1]
    following = {"alpha": "beta", "beta": "gamma", "gamma": "alpha"}
    assert [following[name] for name in circle[:-1]] == circle[1:]


def test_a_pin_that_does_not_admit_the_tree_is_a_fault(tmp_path: Path) -> None:
    """A requirement of a sibling must admit the sibling as it is in the tree, pre-releases too."""
    read(write(tmp_path / "fits", package("alpha", "1.0rc1"), package("beta", "1", "alpha>=1.0rc1,<2")))
    (fault,) = faults(write(tmp_path, package("alpha", "2.0"), package("beta", "1", "Alpha>=1,<2")))
    assert fault == (
        "packages/beta/pyproject.toml: project.dependencies: 'Alpha<2,>=1' does not admit alpha 2.0, "
        "as it is in the tree"
    )


def test_globs_that_match_nothing_are_a_fault(tmp_path: Path) -> None:
    """A workspace without a package has a wrong glob."""
    (fault,) = faults(write(tmp_path, {}, app='requirements = ["click"]'))
    assert fault == "pyproject.toml: tool.carrack.packages: no package matches packages/*"
    assert read_workspace(tmp_path, {}, may_be_empty=True).packages == {}


@pytest.mark.parametrize("glob", ["/abs/*", "../other/*", ""])
def test_globs_stay_inside_the_workspace(tmp_path: Path, glob: str) -> None:
    """A glob for folders elsewhere is a fault: git is asked about folders of the workspace."""
    write(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text(file.read_text().replace("packages/*", glob))
    assert faults(tmp_path) == (
        "pyproject.toml: tool.carrack.packages.0: must be below the workspace's folder",
    )


def test_an_index_address_comes_from_its_variable(tmp_path: Path) -> None:
    """A set endpoint-variable is the index's endpoint; the ambient AWS variable is nobody's."""
    root = write(tmp_path, index='endpoint-variable = "LOCAL_URL"')
    index = read(root, LOCAL_URL="http://127.0.0.1:1", AWS_ENDPOINT_URL="http://127.0.0.1:2").indexes["main"]
    assert (index.endpoint, index.unset_variable) == ("http://127.0.0.1:1", None)


@pytest.mark.parametrize("value", [None, "", "127.0.0.1:1", "http://aws:token@127.0.0.1:1"])
def test_an_index_whose_variable_holds_no_address_cannot_be_used(tmp_path: Path, value: str | None) -> None:
    """Unset, empty or without an address, the variable never leads to the service's own address instead."""
    root = write(tmp_path, index='endpoint-variable = "LOCAL_URL"')
    index = read(root, **({} if value is None else {"LOCAL_URL": value})).indexes["main"]
    assert (index.endpoint, index.unset_variable) == (None, "LOCAL_URL")


def test_endpoint_and_endpoint_variable_exclude_each_other(tmp_path: Path) -> None:
    """Two places for one address are a fault, so that none of them wins by accident."""
    both = 'endpoint = "http://127.0.0.1:1"\nendpoint-variable = "LOCAL_URL"'
    assert faults(write(tmp_path, index=both)) == (
        "pyproject.toml: tool.carrack.indexes.main: say endpoint or endpoint-variable, not both",
    )


def test_a_repository_endpoint_ends_with_a_slash(tmp_path: Path) -> None:
    """`simple/` is put behind it, so it gets the slash that it may lack."""
    index = read(write(tmp_path, index='repository-endpoint = "https://vpce.example.com/pypi/prod"')).indexes[
        "main"
    ]
    assert index.repository_endpoint == "https://vpce.example.com/pypi/prod/"


def test_an_app_requires_what_its_own_manifest_says(tmp_path: Path) -> None:
    """Without `requirements`, the app's project.dependencies count, and a bump knows where they are written."""
    app = read(write(tmp_path)).apps["job"]
    assert app.requirements == (Requirement("beta>=0.1,<0.2"), Requirement("click>=8,<9"))
    assert (app.manifest, app.key) == (PurePosixPath("app/pyproject.toml"), ("project", "dependencies"))


def test_an_app_requires_what_its_table_says(tmp_path: Path) -> None:
    """With `requirements`, the app needs no pyproject.toml of its own."""
    root = write(tmp_path, app='requirements = ["beta<1"]')
    (root / "app/pyproject.toml").unlink()
    app = read(root).apps["job"]
    assert app.requirements == (Requirement("beta<1"),)
    assert app.manifest == PurePosixPath("pyproject.toml")
    assert app.key == ("tool", "carrack", "apps", "job", "requirements")


def test_one_package_can_be_read_alone(tmp_path: Path) -> None:
    """`read_package` reads a folder, and names every fault of it."""
    root = write(tmp_path)
    assert read_package(root, PurePosixPath("packages/beta")).requires == (Requirement("alpha>=0.1,<0.2"),)
    with pytest.raises(WorkspaceError) as caught:
        read_package(root, PurePosixPath("packages/none"))
    assert caught.value.faults == ("packages/none/pyproject.toml: there is no such file",)


@pytest.mark.parametrize(
    ("tool", "remedy"),
    [
        ("", 'write version = "X.Y.Z" under [project]'),
        ('[tool.hatch.version]\npath = "src/io/__about__.py"\n', "let src/io/__about__.py say importlib"),
        ('[tool.hatch.version]\nsource = "vcs"\n', "remove [tool.hatch.version]"),
        ("[tool.setuptools_scm]\n", "remove [tool.setuptools_scm]"),
        (
            '[tool.setuptools.dynamic]\nversion = { attr = "io.__version__" }\n',
            "let io.__version__ say importlib",
        ),
        ('[tool.pdm.version]\nsource = "scm"\n', "remove [tool.pdm.version]"),
        ('[tool.pdm]\nversion = "x"\n', 'write version = "X.Y.Z" under [project]'),
        ('[tool.hatch.version]\nsource = "code"\npath = "src/io/v.py"\n', "let src/io/v.py say importlib"),
        (
            '[tool.setuptools.dynamic]\nversion = { file = "VERSION" }\n',
            "drop it from dynamic, and remove VERSION",
        ),
        (
            '[tool.poetry]\nversion = "1.4"\n',
            'write version = "1.4" under [project] and drop it from dynamic, and from',
        ),
        ('[build-system]\nrequires = ["flit_core"]\n', "bump raises a __version__ in the code too"),
    ],
)
def test_a_version_that_lives_elsewhere_is_refused_with_its_remedy(
    tmp_path: Path, tool: str, remedy: str
) -> None:
    """By the table that says where it lives."""
    folder = tmp_path / "packages" / "io"
    folder.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.carrack]\n")
    (folder / "pyproject.toml").write_text(f'[project]\nname = "io"\ndynamic = ["version"]\n{tool}')
    with pytest.raises(WorkspaceError) as caught:
        read_workspace(tmp_path, {})
    assert any(remedy in fault for fault in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(
    ("tool", "remedy"),
    [
        ('[tool.poetry]\nname = "io"\n', "write what [tool.poetry] says under [project]"),
        ('[tool.flit.metadata]\nmodule = "io"\n', "write what [tool.flit.metadata] says under [project]"),
        ("", "write name, version and dependencies under [project]; setuptools takes"),
    ],
)
def test_a_manifest_without_a_project_is_refused_with_its_remedy(
    tmp_path: Path, tool: str, remedy: str
) -> None:
    """By the tool that it was written for; each reads [project] too."""
    (fault,) = faults(write(tmp_path, manifest(tool), package("beta")))
    assert fault.startswith(f"packages/gamma/pyproject.toml: project: is missing; {remedy}")


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_package_says_its_source_in_one_line(tmp_path: Path) -> None:
    """A commit of a repository, a submodule, or what is fetched when a job starts."""
    app = f"""\
    [tool.carrack.apps.job.sources]
    Alpha_One = {{ git = "https://git.example.com/alpha.git", commit = "{COMMIT}", subdirectory = "python" }}
    beta = {{ submodule = "vendor/beta" }}
    gamma = {{ runtime = "s3://bucket/wheels" }}
    """
    assert read(write(tmp_path, app=app)).apps["job"].sources == {
        "alpha-one": GitSource(
            url="https://git.example.com/alpha.git", commit=COMMIT, subdirectory=PurePosixPath("python")
        ),
        "beta": SubmoduleSource(path=PurePosixPath("vendor/beta")),
        "gamma": RuntimeSource(prefix="s3://bucket/wheels/"),
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('git = "https://h/a.git", commit = "main"', "'main' is no full commit id"),
        ('git = "https://h/a.git", commit = "0123456"', "'0123456' is no full commit id"),
        (f'git = "https://user:secret@h/a.git", commit = "{COMMIT}"', "no credentials in an address"),
        (f'git = "https://token@h/a.git", commit = "{COMMIT}"', "no credentials in an address"),
        (f'git = "../a", commit = "{COMMIT}"', "say the repository's address"),
        ('git = "https://h/a.git"', "git and commit go together"),
        (f'submodule = "a", commit = "{COMMIT}"', "git and commit go together"),
        (f'git = "https://h/a.git", commit = "{COMMIT}", submodule = "a"', "say one of"),
        (f'git = "https://h/a.git", commit = "{COMMIT}", subdirectory = "../x"', "inside the repository"),
        ('submodule = "../a"', "below"),
        ('runtime = "ftp://h/"', "say where the wheels are put"),
        ('runtime = "https://u:secret@h/"', "without credentials"),
        ('runtime = "s3://b/", subdirectory = "a"', "subdirectory goes with"),
        ("", "say one of"),
        ('sub-module = "a"', "did you mean 'submodule'?"),
    ],
)
def test_a_source_that_could_mean_two_things_is_a_fault(tmp_path: Path, source: str, said: str) -> None:
    """Branches and short ids move, credentials spread, and a line says one thing; the secret is not repeated."""
    found = "\n".join(faults(write(tmp_path, app=f"sources.alpha = {{ {source} }}")))
    assert said in found
    assert "tool.carrack.apps.job.sources.alpha" in found
    assert "secret" not in found


def test_an_app_may_say_where_its_images_go(tmp_path: Path) -> None:
    """A repository is a name or an address of ECR; one with a tag is a fault with its key."""
    address = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/job"
    workspace = read(write(tmp_path / "a", app=f'repository = "{address}"'))
    assert workspace.apps["job"].repository == address
    (fault,) = faults(write(tmp_path / "b", app=f'repository = "{address}:1.0"'))
    assert "tool.carrack.apps.job.repository: must be NAME or ACCOUNT" in fault
