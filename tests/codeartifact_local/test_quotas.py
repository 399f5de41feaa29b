"""The service's quotas: 402, with what ran out."""

from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel

from codeartifact_local.settings import Settings
from codeartifact_local.testing import local_codeartifact


def test_domains_repositories_and_files_run_out(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """One more than the setting is ServiceQuotaExceededException (402), and 402 for an upload."""
    settings = Settings(durable=False, domains_per_account=1, repositories_per_domain=2, assets_per_version=1)
    with local_codeartifact(tmp_path, public_index=public_index.url, settings=settings) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        error = client.api.exceptions.ServiceQuotaExceededException
        with pytest.raises(error, match="at most 1 domains") as caught:
            client.api.create_domain(domain="other")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
        with pytest.raises(error, match="at most 2 repositories"):
            client.api.create_repository(domain=DOMAIN, repository="more")
        assert client.upload("dev", wheel("pkg", "1.0")).status_code == 200
        assert client.upload("dev", wheel("pkg", "1.0")).status_code == 200
        assert client.upload("dev", sdist("pkg", "1.0")).status_code == 402
        generic = {
            "domain": DOMAIN,
            "repository": "dev",
            "format": "generic",
            "namespace": "ns",
            "package": "tool",
            "packageVersion": "1",
            "assetContent": b"1",
            "assetSHA256": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
            "unfinished": True,
        }
        client.api.publish_package_version(**generic, assetName="a")
        with pytest.raises(error, match="has 1 files"):
            client.api.publish_package_version(**generic, assetName="b")
