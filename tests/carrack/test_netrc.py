"""An entry is put into a netrc file; every other byte of the file, and every other host's entry, stays."""

from __future__ import annotations

import netrc
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.carrack.local import index_at

from carrack.adapters.netrc import with_access, write_entry
from carrack.errors import UsageError
from carrack.model.access import Access, Token

HOST = "carrack-111122223333.d.codeartifact.eu-west-1.amazonaws.com"
ACCESS = Access(
    index=index_at(None), repository_url=f"https://{HOST}/pypi/prod/", token=Token(value="eyJ2.new-TOKEN")
)
NEW = f"machine {HOST}\nlogin aws\npassword eyJ2.new-TOKEN\n"


def read(text: str, folder: Path) -> dict[str, tuple[str, str, str]]:
    """What Python's netrc, which pip uses, finds in `text`."""
    (file := folder / "read").write_text(text)
    return dict(netrc.netrc(file).hosts)


def test_a_new_file_holds_the_entry_alone_and_is_the_owner_s_alone(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask."""
    before = os.umask(0)
    try:
        assert write_entry(tmp_path / "netrc", ACCESS) is False
    finally:
        os.umask(before)
    assert (tmp_path / "netrc").read_text() == NEW
    assert stat.S_IMODE((tmp_path / "netrc").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["netrc"]


OTHERS = """\
# kept by hand
machine example.com login ada password "with \\" quote"  # a comment
machine ftp.example.com
    account staff
    login bob
\tpassword x
macdef init
  machine {host} is only text here
  password too

default login anonymous password me@example.com
"""


def test_a_host_that_is_new_comes_first_and_nothing_else_moves(tmp_path: Path) -> None:
    """Before a `default`, which would hide it from some readers; comments and macros keep every byte."""
    others = OTHERS.format(host=HOST)
    text = with_access(others.encode(), ACCESS).decode()
    assert text == NEW + others
    before, after = read(others, tmp_path), read(text, tmp_path)
    assert after == {**before, HOST: ("aws", "", "eyJ2.new-TOKEN")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("machine {h} login aws password old\n", "machine {h} login aws password {t}\n"),
        (
            "machine {h} # renewed daily\n  user bob\n  account staff\n  password old # soon\n",
            "machine {h} # renewed daily\n  user aws\n  account staff\n  password {t} # soon\n",
        ),
        ('machine {h} password "o l d" login aws', "machine {h} password {t} login aws"),
        ("machine {h} account staff\n", "machine {h} login aws password {t} account staff\n"),
        ("machine {h}\nlogin aws\n", "machine {h} password {t}\nlogin aws\n"),
        (
            "machine {h} login a password b\nmachine {h} login c password d\n",
            "machine {h} login aws password {t}\nmachine {h} login aws password {t}\n",
        ),
        ("machine {h}\r\nlogin aws\r\npassword old\r\n", "machine {h}\r\nlogin aws\r\npassword {t}\r\n"),
    ],
)
def test_a_host_s_own_entry_gets_the_new_values_and_keeps_its_form(
    tmp_path: Path, old: str, new: str
) -> None:
    """Comments in it, its account, its order and its line ends stay, and other hosts' entries around it."""
    around = "machine a.example.com login x password y\n\n{}\nmachine z.example.com login x password y\n"
    old, new = (around.format(text.format(h=HOST, t="eyJ2.new-TOKEN")) for text in (old, new))
    assert with_access(old.encode(), ACCESS).decode() == new
    assert read(new, tmp_path)[HOST][::2] == ("aws", "eyJ2.new-TOKEN")


WORD = st.text('abc#"\\.', min_size=1, max_size=5).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
MACHINE = st.tuples(
    st.sampled_from(["machine x.example.com", "machine y.example.com", f"machine {HOST}", "default"]),
    st.lists(st.tuples(st.sampled_from(["login", "password", "account", "user"]), WORD), max_size=4),
    st.sampled_from(["\n", "\n\n", "  # a note\n", "\n# login aws\n", "\nmacdef m\n machine q login w\n\n"]),
).map(lambda parts: parts[0] + "".join(f" {key} {value}" for key, value in parts[1]) + parts[2])


@given(st.lists(MACHINE, max_size=5).map("".join))
def test_whatever_else_a_file_holds_is_read_as_before(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """For any file that Python reads: the entry is found, every other host is as it was, and again is the same."""
    folder = tmp_path_factory.mktemp("netrc")
    before = read(text, folder)
    written = with_access(text.encode(), ACCESS)
    after = read(written.decode(), folder)
    account = before.get(HOST, ("", "", ""))[1]
    assert after == {**before, HOST: ("aws", account, "eyJ2.new-TOKEN")}
    assert with_access(written, ACCESS) == written


def test_a_file_that_others_could_read_is_told_and_closed(tmp_path: Path) -> None:
    """The answer is True, and afterwards nobody else can."""
    (file := tmp_path / "netrc").write_text("machine example.com login x password y\n")
    file.chmod(0o644)
    assert write_entry(file, ACCESS) is True
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().endswith("machine example.com login x password y\n")


def refused(file: Path) -> str:
    """The sentence with which `file` is refused; nothing may lie beside it afterwards that did not before."""
    beside = sorted(file.parent.iterdir())
    with pytest.raises(UsageError) as caught:
        write_entry(file, ACCESS)
    assert caught.value.address == str(file)
    assert sorted(file.parent.iterdir()) == beside
    assert "TOKEN" not in repr(caught.value)
    return caught.value.message


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    """It would be replaced, and the file that it means would stay as it is."""
    (target := tmp_path / "target").write_text("machine example.com login x password y\n")
    (link := tmp_path / "netrc").symlink_to(target)
    assert refused(link) == "is not a plain file"
    assert link.is_symlink()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the system's own reason."""
    (tmp_path / "here").mkdir()
    assert "No such file or directory" in refused_in_nothing(tmp_path / "nowhere" / "netrc")


def refused_in_nothing(file: Path) -> str:
    """As `refused`, in a folder that does not exist."""
    with pytest.raises(UsageError) as caught:
        write_entry(file, ACCESS)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("machine a login b password SECRET\nnonsense SECRET\n", 2),
        ("#two words\n", 1),
        ("macdef m\n text", 2),
    ],
)
def test_a_file_that_pip_would_not_read_is_refused_with_the_line(
    tmp_path: Path, text: str, line: int
) -> None:
    """Pip ignores the whole file then, silently; nothing of what stands in it is repeated."""
    (file := tmp_path / "netrc").write_text(text)
    message = refused(file)
    assert message.startswith("pip cannot read it")
    assert "SECRET" not in message
    assert file.read_text() == text


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """The file stays as it is."""
    (file := tmp_path / "netrc").write_bytes(b"machine \xff\xfe login a password b\n")
    refused(file)
    assert file.read_bytes().startswith(b"machine \xff")
