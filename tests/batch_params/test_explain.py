"""`--explain`: every key, its value, where that comes from, and what it hides; secrets are masked everywhere."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, Secret, SecretStr
from tests.batch_params.unhurried import UNHURRIED

from batch_params import load_config
from batch_params.document import Source, read_document
from batch_params.merge import merge
from batch_params.provenance import explained
from batch_params.shape import Shape

PLANTED = "hunter2-correct-horse"
TABLE = """\
KEY             VALUE                                     SOURCE
input_path      "a"                                       job.json:2:17
size            12                                        --size
  shadowed      11                                        CONFIG_JSON:1:41
  shadowed      10                                        default
account.user    "u"                                       job.json:3:23
account.token   "**********"                              job.json:3:37
  shadowed      "**********"                              CONFIG_JSON:1:23
  shadowed      "**********"                              default
account.tokens  ["ssm://t", "**********"]                 job.json:3:58
  shadowed      []                                        default
account.pin     "**********"                              APP_ACCOUNT__PIN
  shadowed      null                                      default
spare           {"user": "x", "token": "**********", "tokens": [], "pin": null}  default
accounts        [{"user": "v", "pin": "**********"}]      job.json:4:15
  shadowed      []                                        default
target.kind     "bucket"                                  job.json:5:22
target.name     "日本"                                      job.json:5:40
labels          {}                                        default
made            (made by the model)                       default
"""


class Account(BaseModel):
    """Secrets beside other things."""

    user: str
    token: SecretStr = SecretStr("ssm://prod/token")
    tokens: list[SecretStr] = []
    pin: Secret[int] | None = None


class Disk(BaseModel):
    """One of two."""

    kind: Literal["disk"]
    path: str = "/"


class Bucket(BaseModel):
    """The other."""

    kind: Literal["bucket"]
    name: str


class Parameters(BaseModel):
    """The usual shapes."""

    input_path: Path
    size: int = 10
    account: Account
    spare: Account = Account(user="x", token=SecretStr(PLANTED))
    accounts: list[Account] = []
    target: Annotated[Disk | Bucket, Field(discriminator="kind")] | None = None
    labels: dict[str, str] = {}
    made: float = Field(default_factory=float)


def run(capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> tuple[object, str, str]:
    """Give the exit code, stdout and stderr of `--explain`."""
    with pytest.raises(SystemExit) as caught:
        load_config(Parameters, argv=["--explain", *argv], environ=environ, env_prefix="APP_")
    out, err = capsys.readouterr()
    return caught.value.code, out, err


def test_every_key_is_shown_with_its_origin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table: the model's order, what is given beneath what is shadowed, defaults, masks."""
    file = tmp_path / "job.json"
    file.write_text(
        '{\n  "input_path": "a",\n  "account": {"user": "u", "token": "hunter2", "tokens": ["ssm://t", "x"]},\n'
        '  "accounts": [{"user": "v", "pin": 47114711}],\n  "target": {"kind": "bucket", "name": "日本"}\n}'
    )
    code, out, err = run(
        capsys,
        "--param-json",
        str(file),
        "--size=12",
        CONFIG_JSON='{"account": {"token": "other"}, "size": 11}',
        APP_ACCOUNT__PIN="123456",
    )
    assert (code, err) == (0, "")
    assert out.replace(str(file), "job.json") == TABLE


def test_what_is_wrong_is_shown_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    """The table on stdout, the problems on stderr, and the code of the problems; an unknown key's value is masked."""
    code, out, err = run(
        capsys, CONFIG_JSON='{"size": "x", "tokne": "hunter2", "account": {"usre": "hunter2"}}'
    )
    assert code == 78
    rows = [line.split() for line in out.splitlines()]
    assert ["input_path", "(missing)"] in rows
    assert ["account.user", "(missing)"] in rows
    assert ["account.usre", '"**********"', "CONFIG_JSON:1:55"] in rows
    assert ["tokne", '"**********"', "CONFIG_JSON:1:24"] in rows
    assert "hunter2" not in out + err
    assert "CONFIG_JSON:1:10: size: must be a valid integer, not a string\n" in err


def test_a_source_that_cannot_be_read_leaves_nothing_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """Only its problem is told."""
    assert run(capsys, CONFIG_JSON="{") == (
        78,
        "",
        "CONFIG_JSON:1:2: invalid JSON: expected a key in double quotes, but the text ends\n",
    )


SHAPES = st.recursive(
    st.just(PLANTED) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(PLANTED), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(["token", "tokens", "pin", "tokne"])


@UNHURRIED
@given(st.dictionaries(FIELDS, SHAPES, min_size=1), st.dictionaries(FIELDS, SHAPES))
def test_a_planted_secret_is_never_explained(upper: dict[str, Any], lower: dict[str, Any]) -> None:
    """However secrets are mistyped, nested, misspelt or shadowed, the table does not hold them."""
    documents = [
        read_document(Source(name=name, data=json.dumps({"account": fields, "accounts": [fields]}).encode()))
        for name, fields in (("lower", lower), ("upper", upper))
    ]
    shape = Shape.of(Parameters)
    assert PLANTED not in explained(merge(documents, shape), shape)
