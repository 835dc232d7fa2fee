"""What a store's own clock says, as the SQL of sums needs it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.commerce.store import Store
from shopkeeper.experiments.question import StoreClock
from shopkeeper.quality.local_days import zone_of


def clock_of(store: Store, since: datetime, until: datetime) -> StoreClock:
    """Return a store with every change of its clock between two moments, found to the second."""
    zone = zone_of(store.time_zone)

    def ahead(moment: datetime) -> int:
        return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    moment = since.astimezone(UTC).replace(microsecond=0)
    offsets = [(datetime(1, 1, 1, tzinfo=UTC), ahead(moment))]
    while moment < until:
        later = min(moment + timedelta(days=1), until)
        if ahead(later) != offsets[-1][1]:
            low, high = moment, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if ahead(middle) == offsets[-1][1] else (low, middle)
            offsets.append((high.replace(microsecond=0), ahead(later)))
        moment = later
    rates = dict(store.tax_rates) if store.price_includes_tax else {}
    return StoreClock(store.store, store.currency, rates, tuple(offsets))
