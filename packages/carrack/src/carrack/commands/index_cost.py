"""`index cost`: what the domain of an index holds, and what people do with it, as a month's cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carrack.errors import IndexAccessError
from carrack.model.cost import GB, Estimate, Storage
from carrack.model.habits import Basis, Habit
from carrack.model.index import Index
from carrack.model.prices import Prices, prices_for
from carrack.ports import DomainSize


def estimate(
    index: Index,
    domain: DomainSize,
    habits: Sequence[Habit],
    own_prices: Mapping[str, Prices],
    *,
    said_gb: int | None = None,
) -> Estimate:
    """What a month of `index`'s domain costs with these habits. Nobody is asked where `said_gb` says what it holds.

    Raises IndexAccessError where there is no such domain, or these credentials may not look at it.
    """
    storage = _measured(domain) if said_gb is None else Storage(size=said_gb * GB, basis=Basis.SAID)
    prices = prices_for(index.region, own_prices)
    return Estimate(index=index, storage=storage, habits=tuple(habits), prices=prices)


def _measured(domain: DomainSize) -> Storage:
    try:
        return Storage(size=domain.size(), basis=Basis.MEASURED)
    except IndexAccessError as error:
        unasked = "or say --storage GB, so that nobody is asked"
        error.hint = f"{error.hint}; {unasked}" if error.hint else unasked
        raise
