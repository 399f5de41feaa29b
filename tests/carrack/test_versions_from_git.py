"""Whether a package's version is written down, or asked of git: only then do git's tags decide it."""

from __future__ import annotations

import pytest

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.from_git import version_system

SETUP = "import os, subprocess\nversion = compute()\n{}\nsetup(name='alpha', version=version)\n"


def system(call: str) -> str | None:
    """What a package takes its version from whose setup.py does this."""
    return version_system(Folder(names=frozenset({"setup.py"}), texts={"setup.py": SETUP.format(call)}), ())


@pytest.mark.parametrize(
    "call",
    [
        "subprocess.check_output(['git', 'describe', '--tags'])",
        "os.popen('git describe').read()",
        "os.popen('git tag').read()",
        "subprocess.run(['git', 'tag'], check=True)",
        "os.popen('git tag --sort=v:refname | tail -1').read()",
        "os.popen('git tag | tail -1').read()",
    ],
)
def test_a_script_that_asks_git_has_its_version_from_there(call: str) -> None:
    """By a command of its own, in whichever form."""
    assert system(call) == "setup.py"


@pytest.mark.parametrize(
    "call",
    [
        "os.system('git tag v{0}'.format(version))",
        "subprocess.run(['git', 'tag', '-a', version])",
        "os.system('git push --tags')",
    ],
)
def test_a_script_that_makes_a_tag_asks_nothing(call: str) -> None:
    """Shortcuts for publishing are in many old setup.py files; the version is the one that the wheel says."""
    assert system(call) is None
