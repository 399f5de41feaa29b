"""Which source is read, and how each of the ways in which it cannot be read is told."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_settings import BaseSettings
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, read_config


class Parameters(BaseModel):
    """One key with a default, so that any object without unknown keys is valid."""

    size: int = 1


class Anything(BaseModel, extra="allow"):
    """A model that takes every object."""


def refusal(argv: list[str], environ: dict[str, str]) -> ConfigError:
    """Give the error that reading raises."""
    with pytest.raises(ConfigError) as caught:
        read_config(Parameters, argv, environ)
    return caught.value


@pytest.mark.parametrize(
    "spelling", ["--param-json {}", "--param_json {}", "--param-json={}", "--param_json={}"]
)
def test_the_flag_names_a_file(tmp_path: Path, spelling: str) -> None:
    """Both spellings of the flag, with a space or an equals sign, read the file."""
    file = tmp_path / "job.json"
    file.write_text('{"size": 2}')
    assert read_config(Parameters, spelling.format(file).split(), {}) == Parameters(size=2)


def test_the_variable_is_read_without_a_flag() -> None:
    """CONFIG_JSON holds the object itself."""
    assert read_config(Parameters, [], {"CONFIG_JSON": '{"size": 3}'}) == Parameters(size=3)


def test_the_file_wins_key_by_key(tmp_path: Path) -> None:
    """Where both are given the variable gives what the file leaves open."""
    file = tmp_path / "job.json"
    file.write_text('{"size": 2}')
    argv = ["--param-json", str(file)]
    assert read_config(Parameters, argv, {"CONFIG_JSON": '{"size": 3}'}).size == 2
    file.write_text("{}")
    assert read_config(Parameters, argv, {"CONFIG_JSON": '{"size": 3}'}).size == 3


def test_all_sources_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A broken variable is an error beside a broken file, not hidden by it."""
    error = refusal(["--param-json", str(tmp_path / "typo.json")], {"CONFIG_JSON": "{broken"})
    assert str(error).splitlines() == [
        "CONFIG_JSON:1:2: invalid JSON: expected a key in double quotes",
        f"{tmp_path}/typo.json: no such file",
    ]


def test_a_missing_file_is_an_error_even_when_the_variable_is_set(tmp_path: Path) -> None:
    """A mistyped path never falls back to CONFIG_JSON."""
    error = refusal(["--param-json", str(tmp_path / "typo.json")], {"CONFIG_JSON": "{}"})
    assert (str(error), error.exit_code) == (f"{tmp_path}/typo.json: no such file", 78)


def test_a_missing_relative_file_says_relative_to_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working folder is part of the message: in a container it is rarely the one that was meant."""
    monkeypatch.chdir(tmp_path)
    assert str(refusal(["--param-json", "typo.json"], {})) == f"typo.json: no such file in {tmp_path}"


def test_an_unfilled_reference_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS Batch leaves `Ref::name` in the command where the job has no such parameter."""
    monkeypatch.chdir(tmp_path)
    assert "submitted without a parameter" in str(refusal(["--param-json", "Ref::config"], {}))


def test_no_source_at_all_names_both() -> None:
    """Without configuration the message says how to give it; defaults alone do not start a job."""
    error = refusal([], {})
    assert error.exit_code == 78
    assert "--param-json FILE" in str(error)
    assert "CONFIG_JSON" in str(error)


def test_a_model_of_pydantic_settings_is_a_bug_of_the_job() -> None:
    """It would read variables by itself, past precedence, errors and `--explain`."""

    class Settings(BaseSettings):
        size: int = 1

    with pytest.raises(TypeError, match="Settings reads sources of its own"):
        read_config(Settings, [], {"CONFIG_JSON": "{}"})


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_variable_is_an_invalid_source_not_an_absent_one(text: str) -> None:
    """CONFIG_JSON='' is named as empty instead of counting as unset."""
    assert str(refusal([], {"CONFIG_JSON": text})).startswith("CONFIG_JSON: is empty")


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    """An empty file is named so, not as a syntax error."""
    file = tmp_path / "job.json"
    file.touch()
    assert str(refusal(["--param-json", str(file)], {})).startswith(f"{file}: is empty")


def test_a_directory_is_called_one(tmp_path: Path) -> None:
    """A folder in place of a file is told apart from a missing file."""
    message = str(refusal(["--param-json", str(tmp_path)], {}))
    assert message == f"{tmp_path}: is a directory, not a JSON file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    """A file without read permission gives the system's reason."""
    file = tmp_path / "job.json"
    file.write_text("{}")
    file.chmod(0)
    assert str(refusal(["--param-json", str(file)], {})) == f"{file}: cannot be read: Permission denied"


def test_a_path_that_the_system_refuses_says_why() -> None:
    """Any other failure to open gives the system's reason, and a path with NUL is no path."""
    assert "cannot be read: File name too long" in str(refusal(["--param-json", "x" * 5000], {}))
    assert str(refusal(["--param-json", "a\0b"], {})) == r"a\x00b: is not a path"


def test_a_file_under_a_file_says_why(tmp_path: Path) -> None:
    """A path that leads through a file is refused with the system's reason."""
    (tmp_path / "file").touch()
    message = str(refusal(["--param-json", str(tmp_path / "file" / "job.json")], {}))
    assert message.endswith("cannot be read: Not a directory")


def test_utf8_is_read_with_and_without_a_mark(tmp_path: Path) -> None:
    """A byte order mark is skipped and does not count as a column; text may be any Unicode."""
    file = tmp_path / "job.json"
    file.write_bytes(b"\xef\xbb\xbf" + '{"ключ": "日本"}'.encode())
    expected = Anything.model_validate({"ключ": "日本"})
    assert read_config(Anything, ["--param-json", str(file)], {}) == expected
    file.write_bytes(b"\xef\xbb\xbf{]")
    assert str(refusal(["--param-json", str(file)], {})).startswith(f"{file}:1:2: invalid JSON")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_unicode_encodings_are_named(tmp_path: Path, encoding: str) -> None:
    """A file with another encoding's byte order mark is refused by that encoding's name."""
    file = tmp_path / "job.json"
    mark = "\ufeff" if encoding.endswith("be") else ""  # the other codecs write it themselves
    file.write_bytes(f"{mark}{{}}".encode(encoding))
    name = encoding.upper().removesuffix("-BE")
    assert str(refusal(["--param-json", str(file)], {})) == f"{file}: is {name}, not UTF-8; save it as UTF-8"


def test_a_byte_that_is_not_utf8_is_placed(tmp_path: Path) -> None:
    """Latin-1 text is refused at the line and column of its first foreign byte."""
    file = tmp_path / "job.json"
    file.write_bytes('{\n"é": "'.encode() + "ü".encode("latin-1") + b'"}')
    message = str(refusal(["--param-json", str(file)], {}))
    assert message == f"{file}:2:7: is not UTF-8 from here on; save it as UTF-8"


def test_a_variable_that_is_not_utf8_is_placed() -> None:
    """Bytes that Python could not decode arrive as surrogates (PEP 383) and are refused by place."""
    assert str(refusal([], {"CONFIG_JSON": '{"a": "\udcff"}'})).startswith("CONFIG_JSON:1:8: is not UTF-8")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[1]", "an array"),
        ('"x"', "a string"),
        ("3", "an integer"),
        ("1.5", "a number with a fraction or an exponent"),
        ("true", "a boolean"),
        ("null", "null"),
    ],
)
def test_the_root_must_be_an_object(text: str, kind: str) -> None:
    """Any other JSON value is refused by its kind."""
    assert (
        str(refusal([], {"CONFIG_JSON": f" {text}"})) == f"CONFIG_JSON:1:2: must be a JSON object, not {kind}"
    )


def test_invalid_json_names_source_line_and_column(tmp_path: Path) -> None:
    """A syntax error is addressed in the source that was read."""
    file = tmp_path / "job.json"
    file.write_text('{\n  "size": 2,\n}')
    assert (
        str(refusal(["--param-json", str(file)], {}))
        == f"{file}:3:1: invalid JSON: trailing comma before '}}'"
    )
    assert str(refusal([], {"CONFIG_JSON": "{bad"})).startswith("CONFIG_JSON:1:2: invalid JSON")


def test_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has no sys.stdin where the caller closed it; that is said, not crashed upon."""
    monkeypatch.setattr(sys, "stdin", None)
    assert str(refusal(["--param-json", "-"], {})) == "standard input: cannot be read: it is closed"


@UNHURRIED
@given(st.text(st.characters()))
def test_no_text_raises_anything_but_config_error(text: str) -> None:
    """Whatever CONFIG_JSON holds, surrogates included, is read or refused with printable single lines."""
    try:
        read_config(Anything, [], {"CONFIG_JSON": text})
    except ConfigError as error:
        assert all(str(problem).isprintable() for problem in error.problems)  # noqa: PT017


@UNHURRIED
@given(st.binary())
def test_no_file_raises_anything_but_config_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Whatever bytes a file holds are read or refused."""
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_bytes(data)
    try:
        read_config(Anything, ["--param-json", str(file)], {})
    except ConfigError as error:
        assert error.exit_code == 78  # noqa: PT017
