"""One host's entry in a netrc file; every other byte of the file stays as it is."""

from __future__ import annotations

import netrc
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from carrack.errors import UsageError
from carrack.model.access import USERNAME, Access

# A word as Python's netrc reads it: quoted, or up to white space; a backslash takes the next byte along.
_WORD = re.compile(rb'"(?:\\.|[^"\\])*"|(?:\\.|[^\s\\])+', re.DOTALL)
_REST_OF_LINE = re.compile(rb"[^\n]*")
_REST_OF_MACRO = re.compile(rb".*?(?:\n\r?\n|\Z)", re.DOTALL)
_KEYS = {b"login": "login", b"user": "login", b"password": "password", b"account": "account"}


def write_entry(file: Path, access: Access) -> bool:
    """Put host, user name and token of `access` into `file`.

    They replace the host's old ones, or become the first entry: a `default` would hide a later one. The file is
    written whole, mode 0600, and takes the old one's place in one step; every other byte of it stays. Returns
    whether others than its owner could read the old file.

    Raises UsageError, with `file` untouched: it is no plain file (a symbolic link would be cut, not followed),
    it cannot be written, or Python's own netrc, with which pip reads it, does not understand it.
    """
    try:
        old, others_could_read = _read(file)
        _replace(file, with_access(old, access), access)
    except OSError as error:
        raise _refusal(file, f"cannot be written: {error.strerror}") from None
    return others_could_read


def with_access(content: bytes, access: Access) -> bytes:
    """Return netrc `content` with an entry for `access`, and everything else byte for byte as it was."""
    host = _host(access).encode()
    values = {"login": USERNAME.encode(), "password": access.token.value.encode()}
    mine = [entry for entry in _entries(content) if entry.host == host]
    if not mine:
        entry = b"machine %b\nlogin %b\npassword %b\n" % (host, *values.values())
        return entry + content  # no empty line between: Python's netrc takes no comment behind one
    for start, end, new in reversed([edit for entry in mine for edit in entry.edits(values)]):
        content = content[:start] + new + content[end:]
    return content


@dataclass(kw_only=True)
class _Entry:
    """A `machine`: its host, where that word ends, and each value's key, start and end, in the file's order."""

    host: bytes
    end: int
    values: list[tuple[str, int, int]] = field(default_factory=list)

    def edits(self, new: Mapping[str, bytes]) -> list[tuple[int, int, bytes]]:
        """Where to put what, in the file's order, so that the entry has the values of `new`."""
        lacking = new.keys() - {key for key, _, _ in self.values}
        added = b"".join(f" {key} ".encode() + value for key, value in new.items() if key in lacking)
        return [(self.end, self.end, added)] + [
            (start, end, new[key]) for key, start, end in self.values if key in new
        ]


def _entries(content: bytes) -> list[_Entry]:
    entries: list[_Entry] = []
    position, in_machine = 0, False
    while word := _WORD.search(content, position):
        position = word.end()
        if word[0].startswith(b"#"):
            position = _end(_REST_OF_LINE, content, position)
        elif word[0] == b"macdef":
            position = _end(_REST_OF_MACRO, content, position)
        elif word[0] == b"default":
            in_machine = False
        elif (word[0] == b"machine" or word[0] in _KEYS) and (value := _WORD.search(content, position)):
            position = value.end()
            if word[0] == b"machine":
                entries.append(_Entry(host=value[0], end=position))
                in_machine = True
            elif in_machine:
                entries[-1].values.append((_KEYS[word[0]], *value.span()))
    return entries


def _end(pattern: re.Pattern[bytes], content: bytes, position: int) -> int:
    match = pattern.match(content, position)
    return match.end() if match else position


def _read(file: Path) -> tuple[bytes, bool]:
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return b"", False
    if not stat.S_ISREG(mode):
        raise _refusal(file, "is not a plain file")
    return file.read_bytes(), bool(mode & 0o077)


def _host(access: Access) -> str:
    """The name that pip, uv and curl look up: without the port."""
    return urlsplit(access.repository_url).hostname or ""


def _replace(file: Path, content: bytes, access: Access) -> None:
    before = _hosts(file, file) if file.exists() else {}
    descriptor, new = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        after = _hosts(Path(new), file)
        login, _, password = after.pop(_host(access), ("", "", ""))
        before.pop(_host(access), None)
        if (login, password) != (USERNAME, access.token.value) or after != before:
            raise _refusal(file, f"an entry for {_host(access)} cannot be put in so that pip finds it")
        os.replace(new, file)
    except BaseException:
        os.unlink(new)
        raise


def _hosts(path: Path, named: Path) -> dict[str, tuple[str, str, str]]:
    try:
        return dict(netrc.netrc(path).hosts)
    except netrc.NetrcParseError as error:  # its own message may repeat a password
        raise _refusal(
            named, f"pip cannot read it; not netrc format at or before line {error.lineno}"
        ) from None
    except UnicodeDecodeError:
        raise _refusal(named, "is not a text file") from None


def _refusal(file: Path, reason: str) -> UsageError:
    return UsageError(
        reason,
        address=str(file),
        untouched=str(file),
        hint="correct it, or name another file with --netrc",
    )
