"""One client, a server, and the projects `greeting` (to publish) and `app` (which needs it)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.environments import scripts_of
from tests.clients.starts import README, Start, starts
from tests.clients.workplace import Done, Workplace
from tests.codeartifact_local.conftest import DOMAIN, Client, wheel

from codeartifact_local.testing import LocalCodeArtifact

BACKENDS = {
    "uv": ("hatchling", "hatchling.build"),
    "poetry": ("poetry-core", "poetry.core.masonry.api"),
    "pdm": ("pdm-backend", "pdm.backend"),
    "hatch": ("hatchling", "hatchling.build"),
}
OTHERS = {"aws": ("pip", "twine")}  # `aws codeartifact login` is for these
BODY = "word = 'hello'\n"


@dataclass(kw_only=True)
class Bench:
    """What a cell of the matrix works with; `token` may be made a wrong one."""

    client: str
    local: LocalCodeArtifact
    place: Workplace
    token: str = field(repr=False)

    @property
    def start(self) -> Start:
        """What the README tells of this client."""
        return starts(README.read_text(encoding="utf-8"))[self.client]

    def step(self, step: str, *, instead: str | None = None) -> Done:
        """Do a step of the README's start (or the command `instead` with its configuration)."""
        command = instead or self.start.steps[step]
        url = self.local.upload_url(DOMAIN, "dev")
        return self.place.run(
            f"{self.start.configuration}\n{command}",
            folder="greeting" if step in ("build", "publish") else "app",
            TOKEN=self.token,
            URL=url,
            INDEX=self.local.index_url(DOMAIN, "dev", self.token),
        )

    def succeed(self, *steps: str) -> None:
        """Do steps, each of which must work."""
        for step in steps:
            done = self.step(step)
            assert done.exit == 0, (step, done)

    def build(self, body: str = BODY) -> None:
        """Make wheel and sdist of `greeting`; twine has no build of its own, so it gets a wheel."""
        if self.client in BACKENDS:
            self.place.write("greeting/greeting.py", body)
            self.succeed("build")
        else:
            name, content = _wheel(body)
            self.place.write(f"greeting/dist/{name}", content)

    def hold(self) -> None:
        """Let the repository hold `greeting` already."""
        uploaded = Client(self.local, self.local.token(DOMAIN)).upload("dev", _wheel(BODY))
        assert uploaded.status_code == 200, uploaded.text

    def published(self) -> set[str]:
        """The files of greeting 1.0 that the repository holds."""
        found = self.local.client().list_package_version_assets(
            domain=DOMAIN, repository="dev", format="pypi", package="greeting", packageVersion="1.0"
        )
        return {asset["name"] for asset in found["assets"]}

    def installed(self) -> bool:
        """Whether `greeting`, and what it needs from the public index, lie where imports find them."""
        places = {path.parent for path in self.place.folder.rglob("greeting.py") if path.read_text() == BODY}
        return any(
            place.name in ("site", "site-packages") and (place / "iniconfig").is_dir() for place in places
        )


def open_bench(client: str, local: LocalCodeArtifact, folder: Path) -> Bench:
    """A bench whose repository `dev` takes `greeting` and `app` from nowhere else: no stranger's is asked for."""
    local.create(DOMAIN, "dev")
    for name in ("greeting", "app"):
        local.client().put_package_origin_configuration(
            domain=DOMAIN,
            repository="dev",
            format="pypi",
            package=name,
            restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
        )
    scripts = tuple(scripts_of(name) for name in (client, *OTHERS.get(client, ())))
    own = {
        name: value for name, value in local.environ().items() if name.startswith(("AWS_", "CODEARTIFACT"))
    }
    site = {"PIP_TARGET": "site"} if client in ("pip", "aws") else {}
    place = Workplace(folder=folder, scripts=scripts, variables=own | site)
    bench = Bench(client=client, local=local, place=place, token=local.token(DOMAIN))
    if client in BACKENDS:
        place.write("greeting/pyproject.toml", _package(*BACKENDS[client]))
        place.write("app/pyproject.toml", _app(client) + bench.start.manifest)
    return bench


def _wheel(body: str) -> tuple[str, bytes]:
    metadata = "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\nRequires-Dist: iniconfig\n"
    return wheel("greeting", "1.0", body=body, metadata=metadata)


def _package(requirement: str, backend: str) -> str:
    return (
        '[project]\nname = "greeting"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["iniconfig"]\n[build-system]\nrequires = ["{requirement}"]\n'
        f'build-backend = "{backend}"\n'
    )


def _app(client: str) -> str:
    project = '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
    return {
        "uv": f'{project}dependencies = ["greeting"]\n',
        "poetry": f"{project}dependencies = []\n[tool.poetry]\npackage-mode = false\n",
        "pdm": f"{project}dependencies = []\n[tool.pdm]\ndistribution = false\n",
        "hatch": project,
    }[client]
