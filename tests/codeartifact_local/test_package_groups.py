"""Package groups: patterns, hierarchy, and what they let in."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, wheel

from codeartifact_local.controls.patterns import Coordinate, PatternError, parse_pattern


def package(path: str) -> Coordinate:
    """Read a package path, such as /npm/space/name."""
    _, format, namespace, name = path.split("/")
    return Coordinate(format=format, namespace=namespace, name=name)


@pytest.mark.parametrize(
    ("pattern", "path", "strength"),
    [
        ("/*", "/pypi//requests", "STRONG"),
        ("/npm/*", "/npm//react", "STRONG"),
        ("/npm/*", "/pypi//react", None),
        ("/npm/space/*", "/npm/space/aui.components", "STRONG"),
        ("/npm/space/*", "/npm//aui.components", None),
        ("/npm//*", "/npm//react", "STRONG"),
        ("/npm//*", "/npm/space/react", None),
        ("/maven/com.anycompany~", "/maven/com.anycompany.ui/core", "STRONG"),
        ("/maven/com.anycompany~", "/maven/com.anycompanyui/core", None),
        ("/npm/space/foo~", "/npm/space/foo", "STRONG"),
        ("/npm/space/foo~", "/npm/space/foo-bar", "STRONG"),
        ("/npm/space/foo~", "/npm/space/food", None),
        ("/npm/space/foo~", "/npm/space/FOO.bar", "WEAK"),
        ("/npm//AsyncStorage$", "/npm//AsyncStorage", "STRONG"),
        ("/npm//AsyncStorage$", "/npm//asyncstorage", "WEAK"),
        ("/npm//foo-bar$", "/npm//foo..bar", "WEAK"),
        ("/npm//foo-bar$", "/npm//foobar", None),
        ("/npm//caf\N{LATIN SMALL LETTER E WITH ACUTE}$", "/npm//cafe\N{COMBINING ACUTE ACCENT}", "WEAK"),
        ("/pypi//requests$", "/pypi//requests", "STRONG"),
        ("/pypi//requests$", "/pypi//requests-oauth", None),
    ],
)
def test_a_pattern_matches_strongly_weakly_or_not(pattern: str, path: str, strength: str | None) -> None:
    """Words end before punctuation; a variation in case, separators or characters is a weak match."""
    assert parse_pattern(pattern).match(package(path)) == strength


@pytest.mark.parametrize(
    "pattern",
    [
        "//",
        "pypi/*",
        "/pypi",
        "/pypi$",
        "/pypi~",
        "/python/*",
        "/pypi/space/*",
        "/pypi//Requests$",
        "/pypi//name",
        "/pypi//name-~",
        "/npm/space~/name$",
        "/npm//$",
        "/maven//name$",
        "/npm/a/b/c$",
        "/npm/a/b/*",
    ],
)
def test_other_texts_are_no_patterns(pattern: str, client: Client) -> None:
    """They are refused by name, in the pure function and by the operation."""
    with pytest.raises(PatternError, match=re.escape(pattern)):
        parse_pattern(pattern)
    with pytest.raises(ClientError, match="ValidationException"):
        client.api.create_package_group(domain=DOMAIN, packageGroup=pattern)


def create(client: Client, *patterns: str) -> None:
    """Make groups."""
    for pattern in patterns:
        client.api.create_package_group(domain=DOMAIN, packageGroup=pattern)


def restrict(client: Client, pattern: str, **arguments: Any) -> dict[str, Any]:
    """Change the origin configuration of a group."""
    answer: dict[str, Any] = client.api.update_package_group_origin_configuration(
        domain=DOMAIN, packageGroup=pattern, **arguments
    )
    return answer


def test_every_domain_has_a_root_that_stays(client: Client) -> None:
    """It allows everything, cannot inherit, and cannot be deleted."""
    root = client.api.describe_package_group(domain=DOMAIN, packageGroup="/*")["packageGroup"]
    modes = {
        kind: found["effectiveMode"] for kind, found in root["originConfiguration"]["restrictions"].items()
    }
    assert modes == dict.fromkeys(("PUBLISH", "INTERNAL_UPSTREAM", "EXTERNAL_UPSTREAM"), "ALLOW")
    assert "parent" not in root
    with pytest.raises(ClientError, match="cannot be deleted"):
        client.api.delete_package_group(domain=DOMAIN, packageGroup="/*")
    with pytest.raises(ClientError, match="nobody to inherit from"):
        restrict(client, "/*", restrictions={"PUBLISH": "INHERIT"})


def test_groups_make_a_hierarchy(client: Client) -> None:
    """The parent is the most specific group around; with that deleted, it is the next one."""
    create(client, "/npm/*", "/npm/space~", "/npm/space/*", "/npm/space/foo~", "/npm/space/foo$", "/pypi/*")
    parents = {
        group["pattern"]: group.get("parent", {}).get("pattern")
        for group in client.api.list_package_groups(domain=DOMAIN)["packageGroups"]
    }
    assert parents == {
        "/*": None,
        "/npm/*": "/*",
        "/npm/space/*": "/npm/space~",
        "/npm/space/foo$": "/npm/space/foo~",
        "/npm/space/foo~": "/npm/space/*",
        "/npm/space~": "/npm/*",
        "/pypi/*": "/*",
    }
    client.api.delete_package_group(domain=DOMAIN, packageGroup="/npm/space/*")
    below = client.api.list_sub_package_groups(domain=DOMAIN, packageGroup="/npm/space~")["packageGroups"]
    assert [group["pattern"] for group in below] == ["/npm/space/foo~"]
    listed = client.api.list_package_groups(domain=DOMAIN, prefix="/npm/space/")["packageGroups"]
    assert [group["pattern"] for group in listed] == ["/npm/space/foo$", "/npm/space/foo~"]


def test_a_group_is_described_updated_and_unique(client: Client) -> None:
    """Contact and description can be changed; a pattern is taken once; an unknown one is not found."""
    made = client.api.create_package_group(
        domain=DOMAIN, packageGroup="/pypi//acme~", contactInfo="ops@acme", description="ours"
    )["packageGroup"]
    assert made["arn"].endswith(":package-group/acme/pypi//acme~")
    assert (made["contactInfo"], made["parent"]["pattern"]) == ("ops@acme", "/*")
    updated = client.api.update_package_group(
        domain=DOMAIN, packageGroup="/pypi//acme~", description="all ours"
    )["packageGroup"]
    assert (updated["contactInfo"], updated["description"]) == ("ops@acme", "all ours")
    with pytest.raises(client.api.exceptions.ConflictException):
        create(client, "/pypi//acme~")
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.describe_package_group(domain=DOMAIN, packageGroup="/pypi//other~")


def test_modes_are_inherited_from_the_first_parent_that_has_one(client: Client) -> None:
    """effectiveMode, inheritedFrom and the count of the list that counts are told."""
    create(client, "/pypi/*", "/pypi//acme~", "/pypi//acme-core$")
    answer = restrict(
        client,
        "/pypi/*",
        restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "EXTERNAL_UPSTREAM": "BLOCK"},
        addAllowedRepositories=[{"repositoryName": "dev", "originRestrictionType": "PUBLISH"}],
    )
    assert answer["allowedRepositoryUpdates"] == {"PUBLISH": {"ADDED": ["dev"]}}
    found = client.api.describe_package_group(domain=DOMAIN, packageGroup="/pypi//acme-core$")
    restrictions = found["packageGroup"]["originConfiguration"]["restrictions"]
    publish = restrictions["PUBLISH"]
    assert (publish["mode"], publish["effectiveMode"], publish["repositoriesCount"]) == (
        "INHERIT",
        "ALLOW_SPECIFIC_REPOSITORIES",
        1,
    )
    assert publish["inheritedFrom"]["pattern"] == "/pypi/*"
    assert restrictions["INTERNAL_UPSTREAM"]["effectiveMode"] == "ALLOW"
    listed = client.api.list_allowed_repositories_for_group(
        domain=DOMAIN, packageGroup="/pypi/*", originRestrictionType="PUBLISH"
    )
    assert listed["allowedRepositories"] == ["dev"]
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        restrict(
            client,
            "/pypi/*",
            addAllowedRepositories=[{"repositoryName": "nowhere", "originRestrictionType": "PUBLISH"}],
        )


def test_packages_are_associated_with_their_most_specific_group(client: Client) -> None:
    """Those that are there are listed, also for a group that is only thought of; others can be asked for."""
    for name in ("acme-core", "acme", "other"):
        client.upload("dev", wheel(name, "1.0"), name=name)
    create(client, "/pypi//acme~", "/npm//AsyncStorage$")
    found = client.api.list_associated_packages(domain=DOMAIN, packageGroup="/pypi//acme~")["packages"]
    assert [(entry["package"], entry["associationType"]) for entry in found] == [
        ("acme", "STRONG"),
        ("acme-core", "STRONG"),
    ]
    preview = client.api.list_associated_packages(
        domain=DOMAIN, packageGroup="/pypi//acme-core$", preview=True
    )["packages"]
    assert [entry["package"] for entry in preview] == ["acme-core"]
    asked = client.api.get_associated_package_group(domain=DOMAIN, format="npm", package="asyncstorage")
    assert (asked["packageGroup"]["pattern"], asked["associationType"]) == ("/npm//AsyncStorage$", "WEAK")


def test_a_group_decides_who_may_publish(client: Client) -> None:
    """Blocked: 403 everywhere; specific repositories: there alone. Other packages are not concerned."""
    create(client, "/pypi//acme~")
    restrict(client, "/pypi//acme~", restrictions={"PUBLISH": "BLOCK"})
    assert client.upload("dev", wheel("acme", "1.0")).status_code == 403
    assert client.upload("dev", wheel("other", "1.0")).status_code == 200
    allowed = [{"repositoryName": "dev", "originRestrictionType": "PUBLISH"}]
    restrict(
        client,
        "/pypi//acme~",
        restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
        addAllowedRepositories=allowed,
    )
    assert client.upload("dev", wheel("acme", "1.0")).status_code == 200
    assert client.upload("prod", wheel("acme", "1.0")).status_code == 403
    restrict(client, "/pypi//acme~", removeAllowedRepositories=allowed)
    assert client.upload("dev", wheel("acme", "2.0")).status_code == 403


def test_a_group_decides_what_comes_from_the_public_index(
    client: Client, public_index: FakePublicIndex
) -> None:
    """Blocked: a public namesake is not seen; allowed for the store and for dev: dev gets it, prod does not."""
    public_index.add(*wheel("acme", "9.0"))
    create(client, "/pypi//acme~")
    restrict(client, "/pypi//acme~", restrictions={"EXTERNAL_UPSTREAM": "BLOCK"})
    assert client.get("dev", "simple/acme/").status_code == 404
    restrict(
        client,
        "/pypi//acme~",
        restrictions={
            "EXTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES",
            "INTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES",
        },
        addAllowedRepositories=[
            {"repositoryName": "pypi-store", "originRestrictionType": "EXTERNAL_UPSTREAM"},
            {"repositoryName": "dev", "originRestrictionType": "INTERNAL_UPSTREAM"},
        ],
    )
    assert client.filenames("dev", "acme") == ["acme-9.0-py3-none-any.whl"]
    assert client.get("prod", "simple/acme/").status_code == 404


def test_what_was_retained_before_a_block_stays(client: Client, public_index: FakePublicIndex) -> None:
    """Origin controls stop new versions; those that are kept are served on."""
    name, content = wheel("acme", "9.0")
    public_index.add(name, content)
    assert client.get("dev", f"simple/acme/9.0/{name}").content == content
    create(client, "/pypi/*")
    restrict(client, "/pypi/*", restrictions={"EXTERNAL_UPSTREAM": "BLOCK", "INTERNAL_UPSTREAM": "BLOCK"})
    public_index.add(*wheel("acme", "10.0"))
    assert client.filenames("dev", "acme") == [name]


def test_a_variation_of_a_name_is_blocked(client: Client) -> None:
    """A generic package that is a weak match may not be published, whatever its group allows."""
    create(client, "/generic/ns/tool$")
    arguments = {
        "domain": DOMAIN,
        "repository": "dev",
        "format": "generic",
        "namespace": "ns",
        "packageVersion": "1",
        "assetName": "a",
        "assetContent": b"1",
        "assetSHA256": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    }
    assert client.api.publish_package_version(package="tool", **arguments)["status"] == "Published"
    with pytest.raises(client.api.exceptions.AccessDeniedException, match="blocked by its origin controls"):
        client.api.publish_package_version(package="Tool", **arguments)
