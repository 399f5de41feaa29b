"""`carrack image lint`: each way to leak is found on its line, and nothing is said of what is right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.carrack.good_dockerfiles import GOOD
from tests.carrack.leaking_dockerfiles import LEAKING
from tests.carrack.test_cli import Command
from tests.carrack.test_dockerfile import PIECES
from tests.carrack.test_shell_parser import PIECES as SHELL_PIECES
from tests.docker.test_leaking_images import LEAKS

from carrack.errors import ExitCode
from carrack.model.complaint import Complaint
from carrack.model.credentials import holds_credential, is_credential_name
from carrack.model.dockerfile import parse
from carrack.model.dockerfile_leaks import complaints
from carrack.model.shell_secrets import HOME

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"[ ]?# <- ([\w, ]+)$", re.MULTILINE)
TOKEN = "eyJ2ZXIiOjEsImlzdSI6MTc1.c2VjcmV0c2VjcmV0"


def said(text: str, files: dict[str, str] | None = None) -> list[Complaint]:
    """What is said of a Dockerfile whose context has these files."""
    return list(complaints(parse(text), (files or {}).get))


def rules(text: str, files: dict[str, str] | None = None) -> list[tuple[int, str]]:
    """The lines of which something is said, and by which rule."""
    return [(complaint.line, complaint.rule) for complaint in said(text, files)]


def marked(text: str) -> list[tuple[int, str]]:
    """The lines that have a mark, and the rules in it."""
    found = [(number, MARK.search(line)) for number, line in enumerate(text.split("\n"), 1)]
    return [(number, rule) for number, mark in found if mark for rule in mark[1].split(", ")]


@pytest.mark.parametrize("name", LEAKING)
def test_finds_each_leak_on_its_line(name: str) -> None:
    """Every line that is marked, by the rule of the mark; no other."""
    text = LEAKING[name]
    assert sorted(set(rules(MARK.sub("", text)))) == marked(text)


@pytest.mark.parametrize("leak", sorted(LEAKS.keys() - {"gzip", "zip"}))
def test_says_before_a_build_what_is_found_after_it(leak: str) -> None:
    """Each way in which an image leaks on a real engine; what a file has in it packed cannot be known before."""
    assert said(f"FROM x\n{LEAKS[leak][0]}")


@pytest.mark.parametrize("name", GOOD)
def test_says_nothing_of_a_good_one(name: str) -> None:
    """Ordinary and careful Dockerfiles, by themselves and in small letters."""
    assert said(GOOD[name]) == []


@pytest.mark.parametrize("file", ["Dockerfile", "packages/codeartifact-local/Dockerfile"])
def test_says_nothing_of_our_own(file: str) -> None:
    """The Dockerfiles of this repository are clean, with the folder that they are built from."""
    assert said((ROOT / file).read_text()) == []


@pytest.mark.parametrize(
    ("file", "text", "leaks"),
    [
        ("pip.conf", "[global]\ntimeout = 60\nindex-url = https://mirror.example/simple/\n", False),
        ("pip.conf", f"[global]\nindex-url = https://aws:{TOKEN}@index.example/simple/\n", True),
        (".netrc", "machine index.example login aws password hunter22\n", True),
        (".netrc", "machine index.example\n  login aws\n  password hunter22\n", True),
        (".npmrc", "//npm.example/:_authToken=${NPM_TOKEN}\nsave-exact=true\n", False),
        (".npmrc", "//npm.example/:_authToken=abcdef\n", True),
        (".pypirc", "[acme]\nusername = aws\npassword = hunter22\n", True),
        (".env", "LANG=C.UTF-8\nDB_PASSWORD=\nTOKEN_TTL=60\n", False),
        (".env", 'export DB_PASSWORD="hunter22"\n', True),
        ("uv.toml", '[[index]]\nname = "acme"\nurl = "https://index.example/simple/"\n', False),
        (".git/config", "[remote]\n\turl = https://github.example/a/b\n", False),
        (".git/config", "[http]\n\textraheader = AUTHORIZATION: basic eHg6eHg=\n", True),
        (".aws/credentials", "[default]\naws_secret_access_key = abcdef\n", True),
        ("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n", True),
    ],
)
def test_looks_into_files_that_are_there(file: str, text: str, leaks: bool) -> None:
    """A file for credentials without one in it is let be; of one that is not there the name decides."""
    assert holds_credential(text) is leaks
    if "/" not in file:
        assert rules(f"FROM x\nCOPY {file} /etc/", {file: text}) == ([(2, "copy")] if leaks else [])
        assert rules(f"FROM x\nCOPY {file} /etc/") == [(2, "copy")]


@pytest.mark.parametrize(
    ("source", "path"),
    [(".", ".env"), ("./", ".git/config"), ("src", "src/.npmrc"), ("/", ".aws/credentials")],
)
def test_knows_what_a_folder_brings(source: str, path: str) -> None:
    """A folder with a file in it that holds a credential is told, with the file; one without is fine."""
    (complaint,) = said(f"FROM x\nCOPY {source} /app", {path: f"url = https://aws:{TOKEN}@x.example/\n"})
    assert complaint.said == f"COPY {source} brings {path}, which has a credential in it"
    assert complaint.remedy == f"echo {path} >>.dockerignore"
    assert said(f"FROM x\nCOPY {source} /app", {path: "url = https://x.example/\n"}) == []
    assert (
        said(f"FROM x\nCOPY --from=y {source} /app", {path: f"url = https://aws:{TOKEN}@x.example/\n"}) == []
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "NPM_TOKEN",
            "token",
            "dbPassword",
            "githubToken",
            "AWS_ACCESS_KEY_ID",
            "GH_PAT",
            "SSH_PRIVATE_KEY",
        ),
        *(
            "TOKEN2",
            "DB_PWD",
            "API_KEY",
            "UV_INDEX_ACME_PASSWORD",
            "CREDENTIALS",
            "npm_authtoken",
            "PROD_SECRETS",
        ),
    ],
)
def test_knows_names_of_credentials(name: str) -> None:
    """In any style of writing; the same name of a file or a limit is another thing."""
    assert is_credential_name(name)
    for other in (f"{name}_FILE", f"MAX_{name}", f"{name}_URL", f"PUBLIC_{name}"):
        assert not is_credential_name(other)


def test_says_what_leaks_where_it_is_read_and_what_to_do() -> None:
    """Of a stage that is not in the image: its cache; of one that is: the history; before FROM: attestations."""
    stages = "FROM x AS build\nARG T_TOKEN\nFROM x\nARG T_TOKEN\n"
    run = "RUN pip install -i https://aws:$T_TOKEN@x.example/ y"
    before, build, last, command = said(f"ARG T_TOKEN\n{stages}{run}")
    assert "provenance" in before.where
    assert "--cache-to" in build.where
    assert last.where.startswith("docker history --no-trunc")
    assert "process list" in command.where
    assert "docker history" in command.where
    assert {it.remedy for it in (before, build, last, command)} == {command.remedy}
    assert "RUN --mount=type=secret,id=netrc NETRC=/run/secrets/netrc pip install" in command.remedy


def test_a_stage_that_the_image_is_built_on_is_in_it() -> None:
    """By name, through other stages; a stage from which files are copied is not."""
    text = "FROM x AS a\nARG A_TOKEN\nFROM a AS b\nFROM x AS c\nARG A_TOKEN\nFROM B\nCOPY --from=c / /\n"
    assert ["--cache-to" in complaint.where for complaint in said(text)] == [False, True]


def test_what_a_stage_inherits_is_known() -> None:
    """A variable with a credential in the stage that it is built on is one, whatever it is called."""
    text = "FROM x AS a\nENV HIDDEN=https://u:hunter22@x.example/\nFROM a\nRUN curl -O $HIDDEN\n"
    assert rules(text) == [(2, "env"), (4, "argv")]


REMEDIES = sorted({complaint.remedy for text in LEAKING.values() for complaint in said(MARK.sub("", text))})


@pytest.mark.parametrize("remedy", REMEDIES)
def test_nothing_is_said_of_a_remedy(remedy: str) -> None:
    """The lines that are given to paste are good ones."""
    lines = [line for line in remedy.splitlines() if line.startswith(("RUN ", " && "))]
    assert said("\n".join(["FROM x", *lines])) == []


ANYTHING = st.lists(
    st.sampled_from((*PIECES, *SHELL_PIECES, *REMEDIES, "$TOKEN", "FROM x\n", "echo ", " > f")), max_size=25
)


@given(ANYTHING.map("".join))
@settings(max_examples=300, deadline=None)
def test_reads_anything(text: str) -> None:
    """Whatever the file, linting ends, and each line that is told is one of the file."""
    lines = text.count("\n") + 1
    assert all(1 <= complaint.line <= lines for complaint in said(text))


@given(st.sampled_from(sorted(LEAKING)), st.data())
@settings(deadline=None)
def test_finds_them_however_the_file_is_written(name: str, data: st.DataObject) -> None:
    """With Windows line ends, with lines before it, with instructions in small letters."""
    text = LEAKING[name]
    before = "" if text.startswith("# escape") else "# a comment\n\n" * data.draw(st.integers(0, 3))
    moved = [(line + before.count("\n"), rule) for line, rule in marked(text)]
    ends = data.draw(st.sampled_from(["\n", "\r\n"]))
    small = re.sub(
        r"(?m)^(RUN|ARG|ENV|COPY|FROM) ", lambda word: word[0].lower(), before + MARK.sub("", text)
    )
    assert sorted(set(rules(small.replace("\n", ends)))) == moved


@pytest.mark.parametrize("home", ["~", "$HOME", "${HOME}", HOME])
def test_a_secret_that_is_mounted_at_home_is_known_by_every_name_of_home(home: str) -> None:
    """A copy of it is a leak; one of another file is none."""
    mounted = f"FROM x\nRUN --mount=type=secret,id=netrc,target={HOME}/.netrc cp {home}/%s /etc/netrc\n"
    assert rules(mounted % ".netrc") == [(2, "file")]
    assert rules(mounted % ".profile") == []


def test_never_repeats_a_credential() -> None:
    """What is said of a credential that is written out does not have it."""
    for complaint in said(
        f"FROM x\nENV T_TOKEN={TOKEN}\nRUN curl -u aws:{TOKEN} https://u:{TOKEN}@x.example/"
    ):
        assert TOKEN not in repr(complaint)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a leaking Dockerfile, a good one, and a credential."""
    (tmp_path / "Dockerfile").write_text(
        "FROM x\nARG NPM_TOKEN\nRUN npm config set //x/:_authToken $NPM_TOKEN\n"
    )
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "app.Dockerfile").write_text("FROM x\nCOPY . /app\n")
    (tmp_path / "good" / ".env").write_text("DB_PASSWORD=hunter22\n")
    return tmp_path


def test_the_verb_says_it_and_ends_with_65(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name it is the Dockerfile here; a remedy that was told is not told again; no workspace is needed."""
    done = Command(folder, capsys)("image", "lint")
    lines = done.out.splitlines()
    assert (done.code, done.err) == (ExitCode.WORKSPACE, "")
    assert lines[0] == "Dockerfile:2: ARG keeps what NPM_TOKEN is given, and that is a credential"
    assert (
        lines[2]
        == "  instead  RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci"
    )
    assert lines[4] == "Dockerfile:3: npm writes a credential to .npmrc"
    assert lines[6] == "  instead  as for line 2"


def test_the_verb_takes_several_and_says_which_are_clean(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with its own folder as context, unless one is named; .dockerignore leaves out what is not there then."""
    carrack = Command(folder, capsys)
    done = carrack("image", "lint", "good/app.Dockerfile")
    assert done.out.startswith("good/app.Dockerfile:2: COPY . brings .env, which has a credential in it\n")
    assert (
        carrack("image", "lint", "good/app.Dockerfile", "--context", ".").out
        == "good/app.Dockerfile: no leak found\n"
    )
    (folder / "good" / ".dockerignore").write_text("*\n!src\n")
    assert carrack("image", "lint", "good/app.Dockerfile").code == ExitCode.DONE
    (folder / "good" / "app.Dockerfile.dockerignore").write_text("src\n")
    assert carrack("image", "lint", "good/app.Dockerfile").code == ExitCode.WORKSPACE


def test_the_verb_tells_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a JSON array, one object for each; an empty one where nothing is found."""
    done = Command(folder, capsys)("image", "lint", "--json")
    facts = json.loads(done.out)
    assert [(it["file"], it["line"], it["rule"], it["leaks"]) for it in facts] == [
        ("Dockerfile", 2, "arg", True),
        ("Dockerfile", 3, "file", True),
    ]
    assert set(facts[0]) == {"file", "line", "rule", "leaks", "said", "where", "remedy"}
    clean = Command(folder, capsys)("image", "lint", "--json", "--context", ".", "good/app.Dockerfile")
    assert (clean.code, json.loads(clean.out)) == (0, [])


def test_what_is_no_leak_fails_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A branch that moves is told, and the exit code is 0."""
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN git clone https://github.example/a/b\n")
    done = Command(tmp_path, capsys)("image", "lint")
    assert (done.code, done.out.splitlines()[0]) == (
        *(0, "Dockerfile:2: what is cloned depends on the day: no commit is named"),
    )


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("missing", ExitCode.USAGE, "there is no such file"),
        (".", ExitCode.USAGE, "there is no such file"),
        ("README.md", ExitCode.WORKSPACE, "README.md: it does not begin with FROM: it is no Dockerfile"),
        ("empty", ExitCode.WORKSPACE, "it is no Dockerfile"),
        ("binary", ExitCode.WORKSPACE, "it is no Dockerfile"),
    ],
)
def test_what_is_no_dockerfile_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, code: int, message: str
) -> None:
    """It is never called clean."""
    (tmp_path / "README.md").write_text("# Hello\n\nRead\nfrom here\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 9)
    done = Command(tmp_path, capsys)("image", "lint", file)
    assert done.code == code
    assert message in done.err
    assert "no leak" not in done.out


PAGE = (ROOT / "docs" / "secrets.md").read_text()
BEFORE_AND_AFTER = re.findall(r"```dockerfile\n(.*?)```", PAGE, re.DOTALL)


def test_the_pages_examples_are_what_they_are_shown_as() -> None:
    """Of each pair the first leaks, and of the second nothing is said."""
    assert len(BEFORE_AND_AFTER) == 8
    for before, after in zip(BEFORE_AND_AFTER[::2], BEFORE_AND_AFTER[1::2], strict=True):
        assert any(complaint.leaks for complaint in said(before)), before
        assert said(after) == [], after


@pytest.mark.parametrize(
    ("page", "dockerfile"),
    [
        ("docs/secrets.md", BEFORE_AND_AFTER[0]),
        ("docs/images.md", "FROM node:22\n\nARG NPM_TOKEN\nRUN npm ci\n"),
    ],
)
def test_the_pages_show_what_the_verb_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], page: str, dockerfile: str
) -> None:
    """Word by word."""
    (tmp_path / "Dockerfile").write_text(dockerfile)
    shown = re.search(r"\$ carrack image lint Dockerfile\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert shown is not None
    assert Command(tmp_path, capsys)("image", "lint", "Dockerfile").out == shown[1]


def test_the_page_has_every_rule() -> None:
    """The rules that speak in these tests are those of the page's table."""
    cells = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    documented = {rule for cell in cells for rule in re.findall(r"\w+", cell)}
    assert documented == {rule for text in LEAKING.values() for _, rule in marked(text)}
