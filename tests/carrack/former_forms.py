"""Small projects in the forms that packages had before PEP 621; each is a real one that its own backend builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

VERSIONEER = """\
# versioneer's place; this one asks git as the real one does
import subprocess

def get_version():
    told = subprocess.run(["git", "describe", "--tags"], capture_output=True, text=True).stdout.strip()
    try:
        from demo._version import get_versions
        return told.lstrip("v") or get_versions()["version"]
    except ImportError:
        return "0+unknown"

def get_cmdclass():
    from setuptools.command.sdist import sdist
    from setuptools.command.build_py import build_py
    import os
    text = "# versioneer wrote this\\ndef get_versions():\\n    return {'version': %r}\\n"
    class cmd_sdist(sdist):
        def make_release_tree(self, base, files):
            super().make_release_tree(base, files)
            path = os.path.join(base, "demo", "_version.py")
            os.unlink(path)
            open(path, "w").write(text % self.distribution.metadata.version)
    return {"sdist": cmd_sdist}
"""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A package's files, and what becomes of it.

    `manifest` and `gone` are texts that pyproject.toml has and files that are not there afterwards; `left` are parts of
    the lines about what is not converted, all of them; `commits` words of the commits' titles, in their order.
    """

    files: dict[str, str]
    commits: tuple[str, ...]
    manifest: tuple[str, ...]
    not_in_manifest: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)
    """Parts of other files afterwards."""
    tag: str | None = None
    version: str = "1.2"

    def laid_out(self) -> dict[str, str]:
        """The files below `packages/demo`."""
        return {f"packages/demo/{name}": dedent(text) for name, text in self.files.items()}


README = {"README.md": "# demo\n\nSays *hello*.\n", "LICENSE": "Permission is hereby granted.\n"}
CODE = {"demo/__init__.py": '"""Demo."""\n\n__version__ = "1.2"\n', "demo/data/words.txt": "hello\n"}
SRC = {f"src/{name}": text for name, text in CODE.items()}
BUILT, METADATA, VERSION = "built with", "metadata (PEP 621)", "static version"
REQUIRES, LAYOUT, GROUPS, PINS = "what demo requires", "packages and files", "dependency groups", "Pin what"

SETUP_PY = Form(
    files={
        **README,
        **SRC,
        "setup.py": """\
            from setuptools import setup, find_packages

            with open("README.md", encoding="utf-8") as file:
                readme = file.read()

            setup(
                name="demo",
                version="1.2",
                description="Says hello",
                long_description=readme,
                long_description_content_type="text/markdown",
                author="A. Maintainer",
                author_email="a@example.com",
                url="https://example.com",
                project_urls={"Issue tracker": "https://example.com/issues"},
                license="MIT",
                classifiers=["License :: OSI Approved :: MIT License", "Programming Language :: Python :: 3"],
                keywords="hello words",
                packages=find_packages("src"),
                package_dir={"": "src"},
                package_data={"demo": ["data/*.txt"]},
                python_requires=">=3.8",
                install_requires=[
                    "packaging>=20",  # versions
                    "tomli; python_version < '3.11'",
                ],
                extras_require={"fast": ["numpy>1"], "fast:python_version<'3'": ["scipy"]},
                entry_points={"console_scripts": ["demo=demo:main"], "demo.plugins": ["one = demo:one"]},
                tests_require=["pytest"],
                test_suite="tests",
                zip_safe=False,
            )
            """,
    },
    commits=(BUILT, METADATA, GROUPS, LAYOUT, PINS),
    manifest=(
        '"packaging>=20", # versions',
        "'tomli; python_version < \"3.11\"'",
        'license = "MIT"',
        'authors = [{name = "A. Maintainer", email = "a@example.com"}]',
        'readme = "README.md"',
        '[project.urls]\nHomepage = "https://example.com"\n"Issue tracker" = "https://example.com/issues"',
        'fast = [\n    "numpy>1",\n    \'scipy; python_version < "3"\',\n]',
        '[project.scripts]\ndemo = "demo:main"',
        '[project.entry-points."demo.plugins"]\none = "demo:one"',
        'package-dir = {"" = "src"}\ninclude-package-data = false',
        '[tool.setuptools.packages.find]\nwhere = ["src"]\nnamespaces = false',
        '[tool.setuptools.package-data]\ndemo = ["data/*.txt"]',
        '[dependency-groups]\ntest = [\n    "pytest",\n]',
    ),
    not_in_manifest=("MIT License", "dynamic", "__legacy__"),
    gone=("setup.py",),
    left=("setup.py:30: test_suite: `setup.py test` is no more",),
)

SETUP_CFG = Form(
    files={
        **README,
        **CODE,
        "tests/__init__.py": "",
        "environment.yml": "dependencies: [python]\n",
        "setup.py": "import setuptools\nsetuptools.setup()\n",
        "setup.cfg": """\
            [metadata]
            name = demo
            version = attr: demo.__version__
            long_description = file: README.md
            long_description_content_type = text/markdown
            license = BSD
            license_files = LICENSE

            [options]
            packages = find:
            install_requires =
                packaging>=20  # versions
            include_package_data = true

            [options.extras_require]
            all = numpy

            [flake8]
            max-line-length = 100
            """,
        "MANIFEST.in": "recursive-include demo/data *.txt\n",
    },
    commits=(BUILT, METADATA, VERSION, LAYOUT, PINS),
    manifest=(
        'version = "1.2"',
        'license = {text = "BSD"}',
        'license-files = ["LICENSE"]',
        "[tool.setuptools.packages.find]",
    ),
    gone=("setup.py",),
    left=(
        "setup.cfg:6: the licence 'BSD' may be several",
        "tests/ is in the wheel as a package of its own (1 files)",
        "environment.yml:1: is conda's",
    ),
    others={"setup.cfg": "[flake8]\nmax-line-length = 100\n"},
)

REQUIREMENTS_FILE = Form(
    files={
        **README,
        "demo.py": '__version__ = "1.2"\n',
        "requirements.txt": "# what it needs\npackaging>=20  # versions\n-r more.txt\n",
        "more.txt": "",
        "setup.py": """\
            import os, re
            from distutils.core import setup
            here = os.path.dirname(os.path.abspath(__file__))
            version = re.search('__version__ = "(.+)"', open(os.path.join(here, "demo.py")).read()).group(1)
            lines = [line.split("#")[0] for line in open(os.path.join(here, "requirements.txt"))]
            requires = [line.strip() for line in lines if line.strip() and not line.startswith("-")]
            setup(name="demo", version=version, py_modules=["demo"], install_requires=requires,
                  long_description="Says hello, word by word.")
            """,
        "MANIFEST.in": "include *.txt\n",
    },
    commits=(BUILT, METADATA, VERSION, REQUIRES, LAYOUT, PINS),
    manifest=(
        'version = "1.2"',
        'readme = {text = "Says hello, word by word.", content-type = "text/x-rst"}',
        'dependencies = [\n    "packaging>=20", # versions\n]',
        'py-modules = ["demo"]',
    ),
    not_in_manifest=("dynamic", "include-package-data"),
    gone=("setup.py",),
    left=("requirements.txt:1: its lines are in [project] now, and no build reads it any more",),
)

SETUPTOOLS_SCM = Form(
    tag="demo-v1.2",
    files={
        **README,
        "src/demo/__init__.py": "from demo._version import version as __version__\n",
        "src/demo/data/words.txt": "hello\n",
        ".gitignore": "*.pyc\n\n# made by setuptools_scm\n/src/demo/_version.py\n\n*.so\n",
        "pyproject.toml": """\
            [build-system]
            requires = ["setuptools>=45", "setuptools_scm[toml]>=6.2", "wheel"]
            build-backend = "setuptools.build_meta"

            # The version is git's.
            [tool.setuptools_scm]
            write_to = "src/demo/_version.py"

            [tool.black]
            line-length = 100
            """,
        "setup.cfg": """\
            [metadata]
            name = demo
            [options]
            package_dir =
                = src
            packages = find:
            include_package_data = True
            [options.packages.find]
            where = src
            """,
    },
    commits=(BUILT, METADATA, VERSION, LAYOUT, PINS),
    manifest=('requires = ["setuptools>=77.0.3"]', 'version = "1.2"', "[tool.black]\nline-length = 100"),
    not_in_manifest=("scm", "dynamic", "wheel", "include-package-data"),
    gone=("setup.cfg",),
    others={
        "src/demo/_version.py": '__version__ = "1.2"\nversion = __version__\n',
        "MANIFEST.in": "graft src\ninclude .gitignore\ninclude LICENSE\ninclude README.md\n",
        ".gitignore": "*.pyc\n\n\n*.so\n",
    },
)

VERSIONEERS = Form(
    tag="demo-v1.2",
    files={
        **README,
        "demo/__init__.py": "from demo import _version\n__version__ = _version.get_versions()['version']\n",
        "demo/_version.py": "# versioneer wrote this\ndef get_versions():\n    return {'version': '0+unknown'}\n",
        "versioneer.py": VERSIONEER,
        "setup.cfg": "[versioneer]\nVCS = git\ntag_prefix = v\n",
        "setup.py": """\
            import versioneer
            from setuptools import setup
            setup(name="demo", version=versioneer.get_version(), cmdclass=versioneer.get_cmdclass(),
                  packages=["demo"])
            """,
        "MANIFEST.in": "include versioneer.py\n",
    },
    commits=(BUILT, METADATA, VERSION, LAYOUT, PINS),
    manifest=('version = "1.2"', 'build-backend = "setuptools.build_meta"'),
    gone=("setup.py", "setup.cfg", "versioneer.py"),
    others={"demo/_version.py": '__version__ = "1.2"\n\n\ndef get_versions():'},
)

PBR = Form(
    tag="demo-v1.2",
    files={
        **README,
        **CODE,
        "requirements.txt": "packaging>=20\n",
        "setup.py": "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n",
        "setup.cfg": """\
            [metadata]
            name = demo
            summary = Says hello
            description-file = README.md
            description-content-type = text/markdown
            license = Apache-2.0

            [files]
            packages =
                demo

            [entry_points]
            console_scripts =
                demo = demo:main
            """,
    },
    commits=(BUILT, METADATA, VERSION, REQUIRES, LAYOUT, PINS),
    manifest=(
        'version = "1.2"',
        'dependencies = [\n    "packaging>=20",\n]',
        'packages = ["demo"]',
        "[project.scripts]",
    ),
    not_in_manifest=("pbr", "dynamic"),
    gone=("setup.py", "setup.cfg"),
    left=("requirements.txt:1: its lines are in [project] now",),
)

POETRY = Form(
    files={
        **README,
        **SRC,
        "docs/more.md": "more\n",
        "pyproject.toml": """\
            [tool.poetry]
            name = "demo"
            version = "1.2"
            description = "Says hello"
            authors = ["A. Maintainer <a@example.com>"]
            license = "MIT"
            readme = "README.md"
            homepage = "https://example.com"
            packages = [{ include = "demo", from = "src" }]
            include = ["docs/more.md"]

            [tool.poetry.dependencies]
            python = "^3.8"
            packaging = ">=20"  # versions
            numpy = { version = "^1.20", optional = true }
            tomli = { version = "^2", python = "<3.11" }

            [tool.poetry.extras]
            fast = ["numpy"]

            [tool.poetry.scripts]
            demo = "demo:main"

            [tool.poetry.group.dev.dependencies]
            pytest = "^8"
            here = { path = "../here", develop = true }

            # Formatting.
            [tool.black]
            line-length = 100

            [build-system]
            requires = ["poetry>=0.12"]
            build-backend = "poetry.masonry.api"
            """,
    },
    commits=(BUILT, METADATA, GROUPS, PINS),
    manifest=(
        'requires = ["poetry-core>=2.2,<3"]\nbuild-backend = "poetry.core.masonry.api"',
        '[tool.poetry]\npackages = [{ include = "demo", from = "src" }]\ninclude = ["docs/more.md"]',
        'requires-python = ">=3.8,<4.0"',
        '"packaging>=20", # versions',
        "'tomli>=2,<3; python_version < \"3.11\"'",
        '[project.optional-dependencies]\nfast = [\n    "numpy>=1.20,<2.0",\n]',
        '[dependency-groups]\ndev = [\n    "pytest>=8,<9",\n]',
        "# Formatting.\n[tool.black]",
    ),
    left=("pyproject.toml:26: here is a path on a disk; make it a package",),
)

FLIT = Form(
    files={
        **README,
        "hello/__init__.py": '"""Says hello"""\n__version__ = "1.2"\n',
        "pyproject.toml": """\
            [build-system]
            requires = ["flit"]
            build-backend = "flit.buildapi"

            [tool.flit.metadata]
            module = "hello"
            dist-name = "demo"
            author = "A. Maintainer"
            author-email = "a@example.com"
            home-page = "https://example.com"
            description-file = "README.md"
            requires = ["packaging >=20"]

            [tool.flit.metadata.requires-extra]
            test = ["pytest"]

            [tool.flit.scripts]
            demo = "hello:main"

            [tool.flit.sdist]
            exclude = ["doc/*"]
            """,
    },
    commits=(BUILT, METADATA, VERSION, PINS),
    manifest=(
        'requires = ["flit_core>=3.12,<5"]\nbuild-backend = "flit_core.buildapi"',
        'description = "Says hello"',
        '[tool.flit.module]\nname = "hello"',
        '[tool.flit.sdist]\nexclude = ["doc/*"]',
        '[project.optional-dependencies]\ntest = [\n    "pytest",\n]',
    ),
    not_in_manifest=("tool.flit.metadata", "tool.flit.scripts", "dynamic"),
)

HATCH_VCS = Form(
    tag="demo-v1.2",
    files={
        **README,
        "src/demo/__init__.py": "from demo._version import __version__\n",
        ".gitignore": "_version.py\n",
        "pyproject.toml": """\
            [build-system]
            requires = ["hatchling", "hatch-vcs"]
            build-backend = "hatchling.build"

            [project]
            # Its name.
            name = "demo"
            dynamic = ["version", "urls"]
            description = "Says hello"
            readme = "README.md"

            [tool.hatch.version]
            source = "vcs"

            [tool.hatch.build.hooks.vcs]
            version-file = "src/demo/_version.py"

            [tool.hatch.metadata.hooks.vcs.urls]
            Source = "https://example.com/demo"

            [tool.hatch.build.targets.sdist]
            exclude = ["docs"]
            """,
    },
    commits=(VERSION,),
    manifest=(
        '# Its name.\nname = "demo"\nversion = "1.2"\ndescription',
        'requires = ["hatchling"]',
        '[project.urls]\nSource = "https://example.com/demo"',
        '[tool.hatch.build.targets.sdist]\nexclude = ["docs"]',
    ),
    not_in_manifest=("vcs", "dynamic"),
    gone=(".gitignore",),
    others={"src/demo/_version.py": '__version__ = "1.2"\n'},
)

PDM = Form(
    tag="demo-v1.2",
    files={
        **README,
        **SRC,
        "pyproject.toml": """\
            [build-system]
            requires = ["pdm-backend"]
            build-backend = "pdm.backend"

            [project]
            name = "demo"
            dynamic = ["version"]
            dependencies = ["packaging>=20"]

            [tool.pdm.version]
            source = "scm"

            [tool.pdm.dev-dependencies]
            test = ["pytest", "-e file:///${PROJECT_ROOT}/../here#egg=here"]
            lint = ["ruff>=0.1"]
            """,
    },
    commits=(VERSION, GROUPS, PINS),
    manifest=(
        'version = "1.2"',
        '[dependency-groups]\ntest = [\n    "pytest",\n]\nlint = [\n    "ruff>=0.1",\n]',
    ),
    not_in_manifest=("tool.pdm.version",),
    left=("-e file:///${PROJECT_ROOT}/../here#egg=here' is no requirement",),
)

NATIVE = Form(
    files={
        **README,
        **CODE,
        "fast.c": """\
            #include <Python.h>
            static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, NULL};
            PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
            """,
        "setup.py": """\
            import re
            from setuptools import setup, Extension
            from setuptools.command.build_ext import build_ext

            VERSION = "1.2"


            class gentle(build_ext):
                pass


            def readme():
                return open("README.md").read()


            setup(
                name="demo",
                version=VERSION,
                long_description=readme(),
                packages=["demo"],
                ext_modules=[Extension("demo._fast", ["fast.c"])],
                cmdclass={"build_ext": gentle},
            )
            """,
    },
    commits=(BUILT, METADATA, LAYOUT, PINS),
    manifest=('packages = ["demo"]', 'build-backend = "setuptools.build_meta"\n'),
    left=(
        "setup.py:22: command build_ext: pyproject.toml has no word for it",
        "setup.py:21: demo._fast is compiled",
        'say for which, [tool.carrack.wheels] pythons = ["cp312"]',
    ),
    others={
        "setup.py": dedent(
            """\
            from setuptools import setup, Extension
            from setuptools.command.build_ext import build_ext


            class gentle(build_ext):
                pass


            setup(
                ext_modules=[Extension("demo._fast", ["fast.c"])],
                cmdclass={"build_ext": gentle},
            )
            """
        )
    },
)

NAMESPACE = Form(
    files={
        **README,
        "acme/__init__.py": "__import__('pkg_resources').declare_namespace(__name__)\n",
        "acme/demo/__init__.py": "",
        "setup.py": """\
            from setuptools import setup, find_packages
            setup(name="demo", version="1.2", packages=find_packages(), namespace_packages=["acme"])
            """,
    },
    commits=(BUILT, METADATA, LAYOUT, PINS),
    manifest=('version = "1.2"',),
    not_in_manifest=("tool.setuptools",),
    left=("setup.py:2: namespace_packages: pyproject.toml has no word for",),
    others={"setup.py": 'setup(packages=find_packages(), namespace_packages=["acme"])'},
)

ONLY_BUILD_SYSTEM = Form(
    files={
        **README,
        **CODE,
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "wheel"]\n\n[tool.black]\nline-length = 100\n',
        "setup.py": """\
            import pkg_resources
            from setuptools import setup
            requirement = pkg_resources.Requirement.parse("packaging>=20")
            setup(name="demo", version="1.2", packages=["demo"], install_requires=[str(requirement)])
            """,
    },
    commits=(BUILT, METADATA, LAYOUT, PINS),
    manifest=(
        'requires = ["setuptools>=77.0.3"]\nbuild-backend = "setuptools.build_meta"',
        '"packaging>=20"',
        "[tool.black]",
    ),
    gone=("setup.py",),
)

FORMS = {
    "setup.py": SETUP_PY,
    "setup.cfg": SETUP_CFG,
    "requirements.txt": REQUIREMENTS_FILE,
    "setuptools-scm": SETUPTOOLS_SCM,
    "versioneer": VERSIONEERS,
    "pbr": PBR,
    "poetry": POETRY,
    "flit": FLIT,
    "hatch-vcs": HATCH_VCS,
    "pdm": PDM,
    "native": NATIVE,
    "namespace": NAMESPACE,
    "only-build-system": ONLY_BUILD_SYSTEM,
}
