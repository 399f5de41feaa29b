"""What AWS asks for an index: a table with its date and its source. A workspace may have prices of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

_REGIONS = ("us-east-1", "us-east-2", "us-west-2")


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The prices of one region, before taxes, when they were read, and where.

    The free part of each month is the account's, for all of its domains and regions together.
    """

    region: str
    read: date
    source: str
    gb_month: Decimal
    ten_thousand_requests: Decimal
    free_gb: Decimal = Decimal(2)
    free_requests: int = 100_000
    currency: str = "USD"

    def __str__(self) -> str:
        return (
            f"{self.gb_month} {self.currency} a GB, {self.ten_thousand_requests} {self.currency} "
            "per 10,000 requests"
        )


_READ = Prices(
    region="us-east-1",
    read=date(2026, 11, 25),
    source="a copy of AWS's price list for CodeArtifact, in effect since 2021-04-01",
    gb_month=Decimal("0.05"),
    ten_thousand_requests=Decimal("0.05"),
)
"""The offer AWSCodeArtifact, in the rows that were read: storage in us-east-1 and us-west-2, requests in us-east-2, and
the free requests of all regions. The free 2 GB are as others' calculators have them."""

PRICES: Mapping[str, Prices] = {region: replace(_READ, region=region) for region in _REGIONS}
"""By region, as far as they are known."""


def prices_for(region: str, own: Mapping[str, Prices]) -> Prices:
    """The workspace's own prices of a region, else the known ones, else those of us-east-1, whose region tells it."""
    return own.get(region) or PRICES.get(region) or _READ
