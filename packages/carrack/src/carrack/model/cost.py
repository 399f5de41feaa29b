"""What an index costs a month: an estimate, of which each line says whether it is known or assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from carrack.model.habits import Basis, Habit
from carrack.model.index import Index
from carrack.model.prices import Prices

GB = 1 << 30
"""A GB-month is of 2^30 bytes, as for everything that AWS bills from S3's byte-hours (Amazon S3 FAQs, "Billing")."""
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Storage:
    """How much a domain holds, each file once, in however many of its repositories it is."""

    size: int
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an estimate; `amount`, `cost` and `why` are empty where there is nothing to say."""

    what: str
    amount: str
    basis: Basis
    why: str
    cost: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A month of the domain of `index`; every sum is rounded up to the cent."""

    index: Index
    storage: Storage
    habits: tuple[Habit, ...]
    prices: Prices

    @property
    def requests(self) -> int:
        """Those of a month."""
        return sum(habit.requests for habit in self.habits)

    @property
    def storage_cost(self) -> Decimal:
        """What is held, less the free part."""
        gb = Decimal(self.storage.size) / GB
        return _cents(max(gb - self.prices.free_gb, Decimal(0)) * self.prices.gb_month)

    @property
    def requests_cost(self) -> Decimal:
        """What is asked, less the free part."""
        paid = max(self.requests - self.prices.free_requests, 0)
        return _cents(Decimal(paid) / 10_000 * self.prices.ten_thousand_requests)

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.storage_cost + self.requests_cost

    @property
    def prices_basis(self) -> Basis:
        """Dated, or assumed where they are another region's."""
        return Basis.DATED if self.prices.region == self.index.region else Basis.ASSUMED

    def lines(self) -> Iterator[Line]:
        """What the sum is made of, and what is not in it."""
        yield self._storage()
        yield from map(_of, self.habits)
        yield self._requests()
        yield self._free()
        yield self._prices()
        yield Line(
            what="transfer",
            amount="",
            basis=Basis.NOT_COUNTED,
            why="what leaves the region is billed apart, and so are taxes",
        )

    def bottom_line(self) -> Line:
        """What it comes to."""
        return Line(
            what="a month",
            amount="",
            cost=self._money(self.total),
            basis=Basis.ESTIMATE,
            why="each sum is rounded up to the cent",
        )

    def _money(self, amount: Decimal) -> str:
        return f"{amount:,} {self.prices.currency}"

    def _storage(self) -> Line:
        measured = f"what domain {self.index.domain} holds now, each file once, as if it stayed so all month"
        return Line(
            what="storage",
            amount=f"{_gb(self.storage.size)} GB",
            cost=self._money(self.storage_cost),
            basis=self.storage.basis,
            why=measured if self.storage.basis is Basis.MEASURED else "by --storage",
        )

    def _requests(self) -> Line:
        return Line(
            what="together",
            amount=f"{self.requests:,} requests",
            cost=self._money(self.requests_cost),
            basis=Basis.SAID if {habit.basis for habit in self.habits} == {Basis.SAID} else Basis.ASSUMED,
            why="" if self.habits else "none are said: --installs, --releases, --requests",
        )

    def _free(self) -> Line:
        return Line(
            what="free",
            amount=f"{self.prices.free_gb} GB, {self.prices.free_requests:,} requests",
            basis=Basis.ASSUMED,
            why=f"nothing else of account {self.index.owner} uses them, in any region",
        )

    def _prices(self) -> Line:
        prices, region = self.prices, self.index.region
        why = f"{prices.region}'s, read {prices.read} in {prices.source}"
        if self.prices_basis is Basis.ASSUMED:
            why += f"; {region}'s are not known here: say [tool.carrack.prices.{region}]"
        return Line(what="prices", amount=str(prices), basis=self.prices_basis, why=why)


def _of(habit: Habit) -> Line:
    amount = f"{habit.requests:,} requests"
    times = f"{habit.times:,} x {habit.each}: {habit.why}" if habit.each > 1 else habit.why
    return Line(what=habit.name, amount=amount, basis=habit.basis, why=times)


def _gb(size: int) -> str:
    return f"{(Decimal(size) / GB).quantize(_CENT, ROUND_CEILING):,}"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_CEILING)
