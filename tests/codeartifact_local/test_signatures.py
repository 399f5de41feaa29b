"""AWS Signature Version 4, where the server was given a key; botocore's own signer is the other side."""

import datetime
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, HTTP
from tests.codeartifact_local.test_clients import tool

from codeartifact_local.protocol.signature import Key
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, _session, local_codeartifact

KEY = Key(access_key_id="AKIAEXAMPLE", secret_access_key="a/secret+key")


@pytest.fixture(scope="module")
def keyed() -> Iterator[LocalCodeArtifact]:
    """Give a server that one key opens."""
    settings = Settings(durable=False, key=KEY)
    with local_codeartifact(public_index="http://127.0.0.1:9/", settings=settings) as local:
        local.create(DOMAIN, "dev")
        yield local


def client(local: LocalCodeArtifact, **changes: str) -> Any:
    """Return a botocore client with another key or region."""
    arguments = {
        "aws_access_key_id": KEY.access_key_id,
        "aws_secret_access_key": KEY.secret_access_key,
        "region_name": "us-east-1",
    }
    return _session().create_client("codeartifact", endpoint_url=local.url, **(arguments | changes))


def code_of(answer: httpx.Response) -> str:
    """Return the error code of an answer, or its status."""
    return str(answer.headers.get("x-amzn-errortype", answer.status_code))


def test_botocore_with_the_key_is_let_in(keyed: LocalCodeArtifact) -> None:
    """Queries with every kind of character, bodies, and streamed content are signed as the server sees them."""
    api = keyed.client()
    tags = [{"key": "a b/c=d&e", "value": "\N{SNOWMAN} +%"}]
    api.create_package_group(domain=DOMAIN, packageGroup="/npm/space/caf\N{LATIN SMALL LETTER E WITH ACUTE}$")
    api.tag_resource(resourceArn=f"arn:aws:codeartifact:us-east-1:000000000000:domain/{DOMAIN}", tags=tags)
    api.list_packages(domain=DOMAIN, repository="dev", packagePrefix="ab+c&d~é'()*")
    api.publish_package_version(
        domain=DOMAIN,
        repository="dev",
        format="generic",
        namespace="ns",
        package="tool",
        packageVersion="1",
        assetName="a b.bin",
        assetContent=b"1",
        assetSHA256="6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aws_access_key_id": "AKIAOTHER"}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "other"}, "InvalidSignatureException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
    ],
)
def test_other_keys_and_regions_are_refused(
    keyed: LocalCodeArtifact, changes: dict[str, str], code: str
) -> None:
    """Each with the code that AWS's front door has for it."""
    api = client(keyed, **changes)
    with pytest.raises(ClientError) as caught:
        api.list_domains()
    assert caught.value.response["Error"]["Code"] == code
    api.close()


def signed(local: LocalCodeArtifact, signer: type[SigV4Auth] = SigV4Auth) -> AWSRequest:
    """Return a signed request for a tag, as botocore makes it."""
    request = AWSRequest("POST", f"{local.url}/v1/tags?resourceArn=arn%3Aaws%3Ax", data=b"{}")
    signer(Credentials(KEY.access_key_id, KEY.secret_access_key), "codeartifact", "us-east-1").add_auth(
        request
    )
    return request


def send(request: AWSRequest, **changes: Any) -> httpx.Response:
    """Send a request with something changed after it was signed."""
    arguments = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "content": request.data,
    }
    return HTTP.request(**(arguments | changes))


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_what_was_changed_after_signing_is_refused(keyed: LocalCodeArtifact, signer: type[SigV4Auth]) -> None:
    """Method, path, query and body; as it was signed, the request comes through to the operation."""
    request = signed(keyed, signer)
    assert code_of(send(request)) == "ValidationException"  # of the operation: that is no ARN
    for changes in (
        {"url": request.url.replace("aws%3Ax", "aws%3Ay")},
        {"url": request.url.replace("/v1/tags", "/v1/tag")},
        {"content": b'{"a": 1}'},
    ):
        assert code_of(send(request, **changes)) == "InvalidSignatureException", changes
    assert send(request, headers={}).status_code == (403 if signer is SigV4Auth else 400)


def test_unsigned_payloads_are_taken(keyed: LocalCodeArtifact) -> None:
    """UNSIGNED-PAYLOAD in the signed header stands for any body."""
    request = AWSRequest("POST", f"{keyed.url}/v1/domains", data=b"{}")
    request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    SigV4Auth(Credentials(KEY.access_key_id, KEY.secret_access_key), "codeartifact", "us-east-1").add_auth(
        request
    )
    assert send(request, content=b'{"maxResults": 1}').status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("AWS4-HMAC-SHA256", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/x", "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/codeartifact/aws4_request,"
            " SignedHeaders=host, Signature=00",
            "InvalidSignatureException",
        ),
    ],
)
def test_parts_of_a_signature_are_refused(keyed: LocalCodeArtifact, header: str, code: str) -> None:
    """Missing parts are incomplete; an old time is an invalid signature."""
    headers = {"Authorization": header, "X-Amz-Date": "20260101T000000Z"}
    assert code_of(HTTP.post(f"{keyed.url}/v1/domains", headers=headers, content=b"{}")) == code


def test_old_signatures_are_refused(keyed: LocalCodeArtifact, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six minutes are too many, four are not: AWS allows five."""
    now = datetime.datetime.now(datetime.UTC)
    for minutes, status in ((4, 400), (6, 403), (-4, 400), (-6, 403)):
        moved = (now - datetime.timedelta(minutes=minutes)).replace(tzinfo=None)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda moved=moved: moved)
        assert send(signed(keyed)).status_code == status, minutes


def test_the_secret_is_in_no_text(keyed: LocalCodeArtifact) -> None:
    """Neither settings nor key show it."""
    assert KEY.secret_access_key not in repr(keyed.settings)


def test_the_aws_command_and_serve_use_the_key(tmp_path: Path) -> None:
    """The key comes to `run` in the environment, and goes to its command; another one is refused."""
    variables = {
        "CODEARTIFACT_LOCAL_ACCESS_KEY_ID": KEY.access_key_id,
        "CODEARTIFACT_LOCAL_SECRET_ACCESS_KEY": KEY.secret_access_key,
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    }
    aws = tool("aws")
    script = f"{aws} codeartifact create-domain --domain acme --query domain.name && "
    script += f"AWS_SECRET_ACCESS_KEY=other {aws} codeartifact list-domains"
    command = [sys.executable, "-m", "codeartifact_local", "run", "--", "sh", "-c", script]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == '"acme"'
    assert "InvalidSignatureException" in done.stderr
    assert KEY.secret_access_key not in done.stdout + done.stderr


def test_half_a_key_is_a_mistake(tmp_path: Path) -> None:
    """An identifier without its secret stops the start with the names of both variables."""
    variables = {"CODEARTIFACT_LOCAL_ACCESS_KEY_ID": "x", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "codeartifact_local", "run", "--", "true"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "belong together" in done.stderr) == (2, True)
