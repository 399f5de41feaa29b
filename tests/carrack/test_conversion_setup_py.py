"""A setup.py read without being run, and made smaller."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.setup_cfg import find_of, without_packaging
from carrack.model.conversion.setup_script import SetupScript, read_script
from carrack.model.conversion.shrinking import without_keywords

SETUP = '''\
#!/usr/bin/env python
"""Sets up."""
from setuptools import setup, find_packages, Extension
import os, re

VERSION = "1." + "2"
names = ["a"]
names.append("b")

# The readme.
with open("README.md") as f:
    long_description = f.read()


def version():
    return re.search("x", open("x").read())


setup(
    name="demo", version=VERSION,
    long_description=long_description,  # as it is
    description=("one "
                 "two"),
    packages=find_packages("src", exclude=["tests"]),
    keywords=names,
    install_requires=open("requirements.txt").read().split(),
    ext_modules=[Extension("demo._fast", [os.path.join("src", "fast.c")])],
)
'''


def script(text: str) -> SetupScript:
    """The script with this text."""
    found = read_script(dedent(text))
    assert found
    return found


def test_what_is_written_down_is_read_and_nothing_else() -> None:
    """Literals, names that are given once and sums of them are read; what is computed or changed is not."""
    read = script(SETUP)
    assert read.literal("name") == "demo"
    assert read.literal("version") == "1.2"
    assert read.literal("description") == "one two"
    assert read.literal("keywords") is None, "it is changed after it was given"
    assert read.literal("install_requires") is None, "it is read from a file"
    assert read.line("install_requires") == 26


def test_a_call_of_find_packages_is_read_where_its_arguments_are_written_down() -> None:
    """The folder and what is left out are known; with an argument that is computed nothing is."""
    find = script(SETUP).find()
    assert find
    assert (find.where, find.exclude, find.namespaces) == ("src", ("tests",), False)
    assert script("from setuptools import *\nsetup(packages=find_packages(exclude=some()))").find() is None
    assert script("from setuptools import *\nsetup(packages=find_packages() + ['more'])").find() is None


def test_arguments_in_a_dictionary_that_is_written_down_are_read() -> None:
    """`setup(**arguments)` hides nothing where `arguments` is a display; where it is anything else it does."""
    read = script(
        "from setuptools import setup\nkw = dict(name='a', zip_safe=False)\nsetup(version='1', **kw)"
    )
    assert (read.literal("name"), read.literal("version"), read.hides) == ("a", "1", False)
    assert script("from setuptools import setup\nsetup(**config())").hides
    assert script("from setuptools import setup\nkw = {'name': 'a'}\nkw['x'] = 1\nsetup(**kw)").hides


@pytest.mark.parametrize("text", ["print 'Python 2'", "import x", "setup(); setup()", "\0"])
def test_what_is_no_python_3_or_has_not_one_call_is_not_read(text: str) -> None:
    """None is given, not a guess."""
    assert read_script(text) is None


def test_a_setup_py_keeps_what_it_needs_for_what_stays() -> None:
    """Arguments go, and with them names, imports and functions that nobody else uses; side effects stay."""
    names = {"name", "version", "long_description", "description", "packages", "keywords", "install_requires"}
    assert without_keywords(SETUP, names) == dedent(
        '''\
        #!/usr/bin/env python
        """Sets up."""
        from setuptools import setup, find_packages, Extension
        import os, re

        names = ["a"]
        names.append("b")


        setup(
            ext_modules=[Extension("demo._fast", [os.path.join("src", "fast.c")])],
        )
        '''
    )


@pytest.mark.parametrize(
    "call",
    [
        "setup(name='a', ext_modules=[])",
        "setup(ext_modules=[], name='a')",
        "setup(ext_modules=[], name=('a'\n  'b'))",
        "setup(ext_modules=[], **dict(name='a'))",
        "setup(ext_modules=[], **{'name': 'a', 'version': '1'})",
        "setup(ext_modules=[], name={'a': (1, 2)}['a'],)",
        "setup(\n  name='ä', # a comment, with (a bracket\n  ext_modules=[],\n)",
    ],
)
def test_an_argument_is_cut_out_wherever_it_stands(call: str) -> None:
    """First, last, over lines, in brackets, in a dictionary, after letters of several bytes: the rest is whole."""
    text = f"from setuptools import setup\n{call}\n"
    read = read_script(without_keywords(text, {"name", "version"}))
    assert read
    assert set(read.keywords) == {"ext_modules"}


def test_imports_from_the_future_and_things_that_are_done_stay() -> None:
    """`from __future__`, calls and changes of the path are no names that nobody uses."""
    text = "from __future__ import print_function\nimport sys\nsys.path.insert(0, '.')\nsetup(name='a')\n"
    text = text.replace("setup(", "from setuptools import setup\nsetup(")
    assert ast.dump(ast.parse(without_keywords(text, {"name"}))) == ast.dump(
        ast.parse(text.replace("name='a'", ""))
    )


CFG = """\
[metadata]
name = demo
long_description =
    one
    two

[options]
packages = find_namespace:

[options.packages.find]
where = src
exclude =
    tests*

[flake8]
# long lines
max-line-length = 120

[egg_info]
tag_build = dev
"""


def test_a_setup_cfg_keeps_the_sections_of_other_tools() -> None:
    """Metadata, options and marks of versions go; a file where nothing is left is empty."""
    assert without_packaging(CFG, pbr=False) == "[flake8]\n# long lines\nmax-line-length = 120\n"
    assert without_packaging(CFG.partition("[flake8]")[0], pbr=False) == ""


def test_a_setup_cfg_without_packaging_in_it_is_left_letter_by_letter() -> None:
    """Nothing is tidied that is not about the package."""
    text = "\n\n\n[flake8]\nignore = E1\n\n\n\n[mypy]\n"
    assert without_packaging(text, pbr=False) == text


def test_the_packages_that_setup_cfg_finds_are_read() -> None:
    """`find_namespace:` with its folder and what is left out."""
    folder = Folder(names=frozenset({"setup.cfg"}), texts={"setup.cfg": CFG})
    find = find_of(folder)
    assert find
    assert (find.where, find.exclude, find.namespaces) == ("src", ("tests*",), True)
