"""Where the public index is: as pip says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codeartifact_local.upstream.configuration import PipConfigurationError, discover


@pytest.fixture(autouse=True)
def _no_pip_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what configures pip on this machine."""
    for name in [*os.environ]:
        if name.startswith("PIP_") or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def test_without_configuration_it_is_pips_default() -> None:
    """Pip itself is asked for its built-in default."""
    asked = [sys.executable, "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"]
    default = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert discover().address == f"{default}/"


def test_the_configuration_of_pip_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """index-url, cert and proxy come from pip's files, the install section before the global one."""
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://index.example.com/global\ncert = /ca.pem\n"
        "proxy = http://proxy.example.com:3128\n[install]\nindex-url = https://index.example.com/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    found = discover()
    assert found.address == "https://index.example.com/simple/"
    assert (found.certificates, found.proxy) == ("/ca.pem", "http://proxy.example.com:3128")
    other = discover("https://other.example.com/simple")
    assert (other.address, other.certificates) == ("https://other.example.com/simple/", "/ca.pem")


def test_the_environment_goes_before_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """PIP_INDEX_URL is what pip install would use; its credentials are in no repr."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://reader:s3cret-word@index.example.com/simple/")
    found = discover()
    assert found.address == "https://reader:s3cret-word@index.example.com/simple/"
    assert "s3cret" not in repr(found)


def test_an_index_on_this_machine_needs_no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loopback address is taken as it is: no proxy and no certificates are on the way to it."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert discover("http://127.0.0.1:1/simple").address == "http://127.0.0.1:1/simple/"


def test_a_pip_that_does_not_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a working pip the error names the interpreter, and nothing of pip's output."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PipConfigurationError, match="pip of /nowhere/python does not say"):
        discover()
