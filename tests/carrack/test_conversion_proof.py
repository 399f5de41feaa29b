"""Two wheels beside each other: what is the same, what is said in another way, what differs."""

from __future__ import annotations

import pytest
from packaging.metadata import RawMetadata

from carrack.model.conversion.licenses import expression
from carrack.model.conversion.proof import Proof, compare
from carrack.model.conversion.wheel import Wheel, read_wheel

HEAD = "Metadata-Version: 2.1\nName: Demo.Thing\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: setuptools (65.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(metadata: str = "", body: str = "Words.\n", *, tags: str = "", **info: str) -> Wheel:
    """A wheel with one module, these fields of METADATA, and these members of its .dist-info."""
    members = {
        "demo.py": b"ONE = 1\n",
        "demo-1.0.dist-info/METADATA": f"{HEAD}{metadata}\n{body}".encode(),
        "demo-1.0.dist-info/WHEEL": (tags or WHEEL).encode(),
        "demo-1.0.dist-info/RECORD": b"whatever",
    }
    members |= {f"demo-1.0.dist-info/{n.replace('__', '.')}": text.encode() for n, text in info.items()}
    return read_wheel(members)


def proof(before: Wheel, after: Wheel, **remade: str) -> Proof:
    """What is found between the two."""
    return compare(before, after, remade)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Home-page: https://e.x", "Project-URL: Homepage, https://e.x", "Project-URL"),
        ("Author: A\nAuthor-email: a@e.x", "Author-email: A <a@e.x>", "Author"),
        ("License: MIT", "License-Expression: MIT", "License"),
        (
            "License: MIT License\nClassifier: License :: OSI Approved :: MIT License",
            "License-Expression: MIT",
            "License",
        ),
        (
            "Requires-Dist: b (>=1)\nRequires-Dist: A",
            "Requires-Dist: a\nRequires-Dist: b>=1",
            "Requires-Dist",
        ),
        (
            "Provides-Extra: x\nRequires-Dist: b ; (python_version<'3') and extra=='x'",
            'Provides-Extra: x\nRequires-Dist: b; extra == "x" and python_version < "3"',
            "Requires-Dist",
        ),
        ("Requires-Python: >=3,<4", "Requires-Python: <4,>=3", "Requires-Python"),
        ("Classifier: A\nClassifier: B", "Classifier: B\nClassifier: A", "Classifier"),
        ("Keywords: a,b", "Keywords: b, a", "Keywords"),
        ("Platform: any", "", "Platform"),
        ("", "Description-Content-Type: text/x-rst", "Description-Content-Type"),
        ("Summary: UNKNOWN", "", "Summary"),
        ("License-File: LICENSE", "License-File: LICENSE\nDynamic: license-file", None),
    ],
)
def test_what_core_metadata_treats_alike_is_no_difference(before: str, after: str, said: str | None) -> None:
    """Order, form and place of a field do not matter; that it is said in another way is told."""
    for one, other in ((before, after), (before, before)):
        assert proof(wheel(f"{one}\n" if one else ""), wheel(f"{other}\n" if other else "")).differences == ()
    notes = proof(wheel(f"{before}\n" if before else ""), wheel(f"{after}\n" if after else "")).same_but
    assert any(said in note for note in notes) if said else notes == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Summary: one", "Summary: two", "Summary: before 'one', after 'two'"),
        ("Requires-Dist: a>=1", "Requires-Dist: a>=2", "Requires-Dist: only before: a>=1; only after: a>=2"),
        ('Requires-Dist: a; python_version < "3"', "Requires-Dist: a", "Requires-Dist"),
        ('Provides-Extra: x\nRequires-Dist: a; extra == "x"', "Requires-Dist: a", "a with [x]"),
        ("Provides-Extra: x", "", "Provides-Extra: only before: x"),
        (
            "Requires-Python: >=3.7",
            "Requires-Python: >=3.8",
            "Requires-Python: before '>=3.7', after '>=3.8'",
        ),
        ("Classifier: A", "", "Classifier: only before: A"),
        ("Home-page: https://e.x", "Project-URL: Homepage, https://e.y", "Project-URL"),
        ("Author: A", "Maintainer: A", "Author"),
        ("License: MIT", "License-Expression: BSD-3-Clause", "License: before 'MIT', after 'BSD-3-Clause'"),
        ("License: MIT", "", "License: before 'MIT', after nothing"),
        ("Keywords: a", "Keywords: b", "Keywords"),
    ],
)
def test_a_field_that_says_something_else_is_a_difference(before: str, after: str, said: str) -> None:
    """Each is named with both sides."""
    found = proof(wheel(f"{before}\n"), wheel(f"{after}\n" if after else "")).differences
    assert any(said in line for line in found), found


def test_a_description_is_compared_by_lines_without_runs_of_empty_ones() -> None:
    """One empty line more is none; another word is told with its line."""
    assert proof(wheel(body="a\n\n\nb\n"), wheel(body="a\n\nb")).differences == ()
    assert proof(wheel(body="a\nb\n"), wheel(body="a\nc\n")).differences == (
        "METADATA: Description: in line 2 before 'b', after 'c'",
    )


def test_files_are_compared_byte_by_byte() -> None:
    """A file that is only on one side, and a line that is another one, are differences."""
    before, after = wheel(), wheel()
    after = Wheel(files={"demo.py": b"ONE = 2\n", "tests/__init__.py": b""}, info=after.info)
    assert proof(before, after).differences == (
        "demo.py: in line 1 before it is 'ONE = 1', after 'ONE = 2'",
        "tests/__init__.py: only in the wheel after the conversion",
    )


def test_a_module_that_is_new_on_purpose_is_told_and_no_difference() -> None:
    """Only that one: another file that changes is a difference still."""
    before = wheel()
    after = Wheel(files={"demo.py": b"ONE = 2\n"}, info=before.info)
    found = compare(before, after, {"src/demo.py": "only says the version now"})
    assert (found.differences, found.same_but) == ((), ("demo.py: only says the version now",))
    assert compare(before, after, {"src/other_demo.py": "x"}).differences


def test_of_what_was_compiled_the_name_is_compared() -> None:
    """Other bytes under the same name are told; another name is a difference."""
    info = wheel().info
    one = Wheel(files={"a.cpython-311-x86_64-linux-gnu.so": b"\x7fELF1"}, info=info)
    two = Wheel(files={"a.cpython-311-x86_64-linux-gnu.so": b"\x7fELF2"}, info=info)
    assert proof(one, two).differences == ()
    assert proof(one, Wheel(files={}, info=info)).differences


def test_entry_points_and_tags_are_compared() -> None:
    """What is installed as a command, and where; fewer tags are told, others are a difference."""
    one, two = "[console_scripts]\nrun = demo:main\n", "[console_scripts]\nrun=demo:main\n"
    assert proof(wheel(entry_points__txt=one), wheel(entry_points__txt=two)).differences == ()
    assert proof(wheel(entry_points__txt=one), wheel()).differences
    universal = WHEEL + "Tag: py2-none-any\n"
    assert proof(wheel(tags=universal), wheel()).same_but == (
        "tags: before py2-none-any, py3-none-any, after py3-none-any",
    )
    assert proof(wheel(), wheel(tags=universal)).differences


def test_licence_files_may_move_and_come_and_not_go() -> None:
    """PEP 639 puts them into `licenses/`, and every backend finds more of them than before."""
    plain, moved = {"LICENSE": "text"}, {"licenses/LICENSE": "text"}
    assert proof(wheel(**plain), wheel(**moved)).differences == ()
    assert proof(wheel(), wheel(**moved)).same_but != ()
    assert proof(wheel(), wheel(**moved)).differences == ()
    assert proof(wheel(**plain), wheel()).differences
    assert proof(wheel(**plain), wheel(**{"licenses/LICENSE": "other"})).differences


def raw(license: str = "", *classifiers: str) -> RawMetadata:
    """Metadata with this licence."""
    made: RawMetadata = {"classifiers": [f"License :: {name}" for name in classifiers]}
    return {**made, "license": license} if license else made


OSI = "OSI Approved :: "


@pytest.mark.parametrize(
    ("told", "sure"),
    [
        (raw("MIT"), "MIT"),
        (raw("The MIT License"), "MIT"),
        (raw("mit license"), "MIT"),
        (raw("Apache License, Version 2.0"), "Apache-2.0"),
        (raw("Apache 2.0", f"{OSI}Apache Software License"), "Apache-2.0"),
        (raw("BSD-3-Clause", f"{OSI}BSD License"), "BSD-3-Clause"),
        (raw("", f"{OSI}MIT License"), "MIT"),
        (raw("", "OSI Approved", f"{OSI}MIT License"), "MIT"),
        (raw("GPL-3.0-or-later"), "GPL-3.0-or-later"),
        (raw("", f"{OSI}GNU General Public License v3 (GPLv3)"), "GPL-3.0-only"),
        (raw("BSD"), None),
        (raw("", f"{OSI}BSD License"), None),
        (raw("", f"{OSI}Apache Software License"), None),
        (raw("GPL-3.0"), None),
        (raw("GPL-3.0+"), None),
        (raw("MIT", f"{OSI}Apache Software License"), None),
        (raw("MIT License", f"{OSI}MIT License", f"{OSI}Academic Free License (AFL)"), None),
        (raw("Proprietary"), None),
        (raw("MIT\nwith more words"), None),
        (raw("UNKNOWN"), None),
        (raw(), None),
    ],
)
def test_a_licence_is_an_expression_where_there_is_no_doubt(told: RawMetadata, sure: str | None) -> None:
    """What may be several, or contradicts itself, is left as it is."""
    assert expression(told) == sure
