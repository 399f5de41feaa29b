"""Registries: their addresses, the login to one of ECR's, and answers that are not as they should be."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.pushed_image import digest_of, layer
from tests.carrack.web import Answer, Web

from carrack.adapters.ecr import log_in
from carrack.adapters.engine_push import docker_login, podman_login
from carrack.adapters.pushed_images import PushedImages
from carrack.adapters.registry import HttpRegistry
from carrack.errors import DeniedError, IndexAccessError
from carrack.model.image import Image
from carrack.model.index import Index
from carrack.model.registry import Login, Pushed, Repository, is_tag, own_tag, parse_repository
from carrack.ports import Report

ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
INDEX = Index(name="prod", domain="acme", owner="111122223333", region="eu-central-1", repository="prod")
PLACE = Repository(account="444455556666", region="eu-west-1", host="registry", name="job")
LOGIN = Login(url="http://127.0.0.1:5000", username="AWS", password="a-password")


@pytest.mark.parametrize(
    ("text", "account", "region", "host", "name"),
    [
        ("job", "9", "eu-north-1", "9.dkr.ecr.eu-north-1.amazonaws.com", "job"),
        ("team/a-job_1", "9", "cn-north-1", "9.dkr.ecr.cn-north-1.amazonaws.com.cn", "team/a-job_1"),
        (f"{ECR}/a/b", "111122223333", "eu-west-1", ECR, "a/b"),
        (
            "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/b",
            *("111122223333", "us-east-1", "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com", "b"),
        ),
        (
            "111122223333.dkr-ecr.us-east-1.on.aws/b",
            *("111122223333", "us-east-1", "111122223333.dkr-ecr.us-east-1.on.aws", "b"),
        ),
    ],
)
def test_an_address_says_account_and_region(
    text: str, account: str, region: str, host: str, name: str
) -> None:
    """A whole address speaks for itself; a name is in the account and region that are given."""
    found = parse_repository(text, account="9", region=region)
    assert found == Repository(account=account, region=region, host=host, name=name)
    assert str(found) == f"{host}/{name}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Job",
        "job:1.0",
        "job@sha256:00",
        f"https://{ECR}/job",
        f"{ECR}/",
        "a//b",
        "-a",
        "docker.io/a:b",
        "job\n",
    ],
)
def test_what_is_no_repository_is_refused(text: str) -> None:
    """Tags, digests, schemes and upper case are none of a repository's name."""
    with pytest.raises(ValueError, match="without tag or digest"):
        parse_repository(text, account="9", region="eu-west-1")


def test_tags() -> None:
    """As the OCI distribution specification has them."""
    assert [is_tag(text) for text in ("1.0", "_a-B", "", "-a", "a/b", "a" * 129, "a\n")] == [
        True,
        True,
        *[False] * 5,
    ]


def image(digit: str) -> Image:
    """An image."""
    return Image(
        id=f"sha256:{digit * 64}", names=(), digests=(), platform="linux/amd64", size=1, layers=(), labels={}
    )


def test_an_own_tag_is_always_the_same() -> None:
    """One image's begins its id; that of several does not depend on their order."""
    assert own_tag([image("a")]) == "a" * 12
    assert own_tag([image("a"), image("b")]) == own_tag([image("b"), image("a")]) != own_tag([image("a")])
    assert is_tag(own_tag([image("a"), image("b")]))


def answering(endpoint: str, url: str) -> Login:
    """Log in at an ECR whose registry is at `url`."""
    token = b64encode(b"AWS:a:password").decode()
    told = {"authorizationData": [{"authorizationToken": token, "expiresAt": 1, "proxyEndpoint": url}]}
    with Web(lambda _: Answer(status=200, body=json.dumps(told).encode())) as api:
        return log_in(INDEX, PLACE, endpoint=endpoint or api.url)


@pytest.mark.usefixtures("aws_user")
def test_a_password_goes_over_an_encrypted_connection() -> None:
    """An http address is taken on loopback only; the password is in no repr."""
    assert answering("", "https://other/").url == "https://other"
    login = answering("", "http://localhost:5000")
    assert (login.username, login.password, login.host) == ("AWS", "a:password", "localhost:5000")
    assert "a:password" not in repr(login)
    for url in ("http://other", "http://127.0.0.1.evil:5000", "http://localhost.evil"):
        with pytest.raises(IndexAccessError, match="is not encrypted"):
            answering("", url)


@pytest.mark.usefixtures("aws_user")
def test_no_answer_and_no_permission_name_the_registry() -> None:
    """The account and the region that were asked are said, not those of the index."""
    denied = json.dumps({"__type": "AccessDeniedException", "Message": "no"}).encode()
    with Web(lambda _: Answer(status=400, body=denied)) as api, pytest.raises(DeniedError) as caught:
        log_in(INDEX, PLACE, endpoint=api.url)
    assert caught.value.address == "registry of account 444455556666, region eu-west-1"
    assert "ecr:GetAuthorizationToken" in caught.value.hint
    with pytest.raises(IndexAccessError, match="nothing answers"):
        log_in(INDEX, PLACE, endpoint="http://127.0.0.1:9")


@pytest.mark.usefixtures("aws_user")
def test_a_profile_that_is_not_there_is_one_sentence() -> None:
    """The index's profile is the one that logs in."""
    with pytest.raises(IndexAccessError, match="there is no AWS profile 'releaser'"):
        log_in(replace(INDEX, profile="releaser"), PLACE, endpoint="http://127.0.0.1:9")


def said_of(answer: Answer) -> str:
    """What the registry's user is told of this answer about a tag."""
    with Web(lambda _: answer) as web:
        registry = HttpRegistry(PLACE, replace(LOGIN, url=web.url))
        with pytest.raises(IndexAccessError) as caught:
            registry.manifest("1.0")
    assert caught.value.address == "registry/job"
    return caught.value.message


def test_answers_that_are_not_as_they_should_be() -> None:
    """Another digest than the bytes', something that is no JSON, a refusal with and without words: a sentence each."""
    wrong = Answer(status=200, body=b"{}", headers={"Docker-Content-Digest": "sha256:00"})
    assert "and sha256:00 was told" in said_of(wrong)
    for body in (b"<html>", b"[]", b"\xff"):
        assert "what came is not JSON" in said_of(Answer(status=200, body=body))
    denied = json.dumps({"errors": [{"code": "DENIED", "message": "User may not"}]}).encode()
    assert said_of(Answer(status=403, body=denied)) == "these credentials may not do that: User may not"
    assert said_of(Answer(status=418, body=b"[]")).startswith("the registry answers 418")
    assert said_of(Answer(status=401, body=b'{"errors": []}')).startswith("the registry refused the login")


def test_labels_are_those_of_the_configuration_that_was_named() -> None:
    """They are read by digest; other bytes under it are not believed."""
    config = json.dumps({"config": {"Labels": {"io.carrack.app": "job"}}}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    body = json.dumps({"config": {"digest": digest}}).encode()
    blobs = {"/v2/job/manifests/1.0": body, f"/v2/job/blobs/{digest}": config}
    with Web(lambda asked: Answer(status=200, body=blobs[asked.target])) as web:
        registry = HttpRegistry(PLACE, replace(LOGIN, url=web.url))
        manifest = registry.manifest("1.0")
        assert manifest is not None
        assert (manifest.config, manifest.size) == (digest, len(body))
        assert registry.labels(manifest) == {"io.carrack.app": "job"}
        blobs[f"/v2/job/blobs/{digest}"] = b"{}"
        with pytest.raises(IndexAccessError, match="what came has the digest"):
            registry.labels(manifest)


def test_docker_s_settings_stay_and_its_logins_do_not(tmp_path: Path) -> None:
    """Contexts and headers are the user's; logins and stores of logins are left out; nothing is left behind."""
    (tmp_path / "contexts").mkdir()
    (tmp_path / "contexts" / "kept").write_text("kept")
    theirs = {"currentContext": "theirs", "credsStore": "x", "credHelpers": {"y": "z"}, "auths": {"w": {}}}
    (tmp_path / "config.json").write_text(json.dumps(theirs))
    environ = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_AUTH_CONFIG": '{"auths": {}}', "DOCKER_HOST": "theirs"}
    with docker_login(LOGIN, environ) as variables:
        assert variables.keys() == {"DOCKER_CONFIG", "DOCKER_HOST"}
        folder = Path(variables["DOCKER_CONFIG"])
        settings = json.loads((folder / "config.json").read_text())
        assert settings.keys() == {"currentContext", "auths"}
        assert settings["auths"].keys() == {"127.0.0.1:5000"}
        assert (folder / "contexts" / "kept").read_text() == "kept"
    assert not folder.exists()
    assert (tmp_path / "contexts" / "kept").exists()
    (tmp_path / "config.json").write_text("not JSON")
    with docker_login(LOGIN, environ), docker_login(LOGIN, {"HOME": str(tmp_path / "none")}):
        pass


def test_podman_speaks_without_encryption_to_loopback_alone() -> None:
    """Any other registry is asked over TLS."""
    for url, off in ((LOGIN.url, True), ("https://registry", False)):
        with podman_login(replace(LOGIN, url=url)) as options:
            assert ("--tls-verify=false" in options) is off
            file = Path(options[1])
            assert file.stat().st_mode & 0o777 == 0o600
        assert not file.exists()


def test_a_record_is_kept_once_and_stops_nothing(tmp_path: Path) -> None:
    """The same push again adds no line, unless another came between; where nothing can be written, that is a note."""
    notes: list[str] = []

    class Told(Report):
        def note(self, text: str) -> None:
            notes.append(text)

    pushed = Pushed(
        app="job",
        repository="r",
        digest="sha256:0",
        tag="1",
        images=("sha256:1",),
        lock=None,
        commit=None,
    )
    records = PushedImages(file=tmp_path / ".carrack" / "images.jsonl", report=Told())
    records.append(pushed)
    records.append(pushed)
    records.append(replace(pushed, digest="sha256:2"))
    records.append(replace(pushed, app="other"))
    records.append(replace(pushed, digest="sha256:2"))
    records.append(pushed)
    lines = [json.loads(line) for line in records.file.read_text().splitlines()]
    digests = [line["digest"] for line in lines if line["app"] == "job"]
    assert digests == ["sha256:0", "sha256:2", "sha256:0"]
    (tmp_path / "file").touch()
    replace(records, file=tmp_path / "file" / "images.jsonl").append(pushed)
    assert "the image is pushed, and not noted there" in notes[0]


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([layer({"opt/a": "one"}), layer({"etc": "x"})], b"one"),
        ([layer({"opt/a": "one"}), layer({"opt/a": "two"})], b"two"),
        ([layer({"opt/a": "one"}), layer({"opt/.wh.a": ""})], None),
        ([layer({"opt/a": "one"}), layer({"opt/.wh..wh..opq": ""})], None),
        ([layer({"opt/a": "one"}), layer({".wh.opt": ""})], None),
        ([layer({"opt/a": "one"}), layer({".wh..wh..opq": ""})], None),
        ([layer({"opt/a": "one"}), layer({".wh.opt": "", "opt/a": "two"})], b"two"),
        ([layer({"opt/b": "one"})], None),
        ([layer({"opt/a": "one"}), b"\x28\xb5\x2f\xfd not read"], b"one"),
    ],
    ids=[
        *("below", "on top", "taken away", "what its folder had", "its folder", "everything", "made anew"),
        *("never there", "above is zstd"),
    ],
)
def test_a_file_is_read_out_of_the_layers(layers: list[bytes], found: bytes | None) -> None:
    """The last layer that says something of it counts; the image is not pulled."""
    told = [{"digest": digest_of(one), "size": len(one)} for one in layers]
    blobs = {f"/v2/job/blobs/{digest_of(one)}": one for one in layers}
    blobs["/v2/job/manifests/1.0"] = json.dumps({"layers": told}).encode()
    with Web(lambda asked: Answer(status=200, body=blobs[asked.target])) as web:
        registry = HttpRegistry(PLACE, replace(LOGIN, url=web.url))
        manifest = registry.manifest("1.0")
        assert manifest is not None
        assert registry.read(manifest, PurePosixPath("/opt/a")) == found
        large = replace(manifest, layers=tuple((digest, 10**9) for digest, _ in manifest.layers))
        assert registry.read(large, PurePosixPath("/opt/a")) is None


def test_what_is_asked_for_by_its_digest_has_it() -> None:
    """A registry, or something between, that gives other bytes and their digest is not believed."""
    other = Answer(status=200, body=b"{}", headers={"Docker-Content-Digest": digest_of(b"{}")})
    with Web(lambda _: other) as web:
        registry = HttpRegistry(PLACE, replace(LOGIN, url=web.url))
        assert registry.manifest(digest_of(b"{}")) is not None
        with pytest.raises(IndexAccessError, match="does not answer as it should"):
            registry.manifest(digest_of(b"asked for"))


def test_a_list_has_an_image_for_each_platform() -> None:
    """What a build tool puts beside them, with a platform that is not known, is no image."""
    image_body = json.dumps({"config": {"digest": "sha256:00"}}).encode()
    entries = [
        {
            "digest": digest_of(image_body),
            "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
        },
        {"digest": digest_of(b"{}"), "platform": {"os": "unknown", "architecture": "unknown"}},
    ]
    bodies = {
        "/v2/job/manifests/1.0": json.dumps({"manifests": entries}).encode(),
        f"/v2/job/manifests/{digest_of(image_body)}": image_body,
        f"/v2/job/manifests/{digest_of(b'{}')}": b"{}",
    }
    with Web(lambda asked: Answer(status=200, body=bodies[asked.target])) as web:
        registry = HttpRegistry(PLACE, replace(LOGIN, url=web.url))
        found = registry.manifest("1.0")
        assert found is not None
        images = registry.images(found)
        assert {platform: one.config for platform, one in images.items()} == {"linux/arm64/v8": "sha256:00"}
        only = registry.images(images["linux/arm64/v8"])
        assert list(only.values()) == [images["linux/arm64/v8"]]
