"""The rule baseline: how shops without a model set prices, written and frozen before the optimizer it is compared with.

Cost plus the category's mark-up; the lowest credible rival is matched down to a least margin, and followed up a little;
slow movers are discounted, what runs short is dearer, what a season leaves over is marked down by age; charm endings.
`tuning.py` sets its parameters on the shop's own history. Each fault of `faults.toml` can be switched on.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from shopkeeper.simulation.prices.faults import NO_FAULTS, Faults
from shopkeeper.simulation.prices.limits import credible, last_known
from shopkeeper.simulation.prices.ports import Choice, Flags, Floats, Integers, Offer, Seen, Shelf

RECENT: Final = 4
"""Weeks that tell how a product sells now."""
YEAR: Final = 52
ENOUGH: Final = 4.0
"""Expected units in the recent weeks below which nothing is called slow: chance alone would do it."""
SLOW: Final = 0.6
"""Share of the expected sales below which a product is slow."""
AGEING: Final = ((2, 0.40), (4, 0.30), (6, 0.20), (8, 0.10))
"""Markdown by how many weeks of a season are left, where stock will outlast them."""


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of the rules.

    Attributes:
        markup_scale: Times the mark-up of each category.
        least_margin: Down to which rivals are matched, a share of the price.
        follow_up: How far above its own cost-plus price the shop goes where all rivals are dearer, a share of it.
        slow_discount: Off the price of a slow mover.
        scarce_raise: On the price of what sells out, with all that is under way, before an order given now arrives.
        ageing: Times the markdowns of `AGEING`.
    """

    markup_scale: float = 1.0
    least_margin: float = 0.15
    follow_up: float = 0.03
    slow_discount: float = 0.05
    scarce_raise: float = 0.0
    ageing: float = 1.0


GRID: Final[Mapping[str, Sequence[float]]] = {
    "markup_scale": (0.80, 0.85, 0.90, 0.95, 1.0, 1.05, 1.10),
    "least_margin": (0.10, 0.15, 0.20, 0.25, 0.30),
    "follow_up": (0.0, 0.03, 0.06, 0.10),
    "slow_discount": (0.0, 0.05, 0.10),
    "scarce_raise": (0.0, 0.05, 0.10),
    "ageing": (0.0, 0.5, 1.0, 1.5),
}
"""What tuning may choose from, by parameter; searched one parameter after the other, in this order."""


class Rules:
    """The rule baseline as a policy.

    Args:
        book: Its parameters.
        faults: Those that are switched on.
    """

    def __init__(self, book: RuleBook, faults: Faults = NO_FAULTS) -> None:
        self._book = book
        self._faults = faults

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the prices the rules give, rounded to the allowed ladder."""
        price = offer.nearest(self.wanted(seen))
        return Choice(price, price)

    def wanted(self, seen: Seen) -> Floats:
        """Return the prices before limits and rounding."""
        plus = seen.cost_now * (1 + seen.shelf.markup * self._book.markup_scale)
        matched = self._matched(seen, plus)
        rate, slow = self._pace(seen)
        adjusted = matched * (1 - self._discount(seen, slow)) * (1 + self._raise(seen, rate))
        return adjusted * (1 - self._aged(seen, rate))

    def _matched(self, seen: Seen, plus: Floats) -> Floats:
        """Match the lowest credible rival down to the least margin; where all are dearer, follow a little."""
        fresh = last_known(seen.rivals)
        stale = self._faults.of("stale_rivals", seen.shelf.pairs)
        if stale.any():
            old = seen.rivals[: max(1, len(seen.rivals) - self._faults.sizes["stale_rivals"].weeks)]
            fresh = np.where(stale[:, None], last_known(old), fresh)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pairs no rival of which was seen
            lowest = np.nanmin(credible(fresh, plus), axis=1)
        floor = seen.cost_now / (1 - self._book.least_margin)
        below = np.maximum(lowest, np.minimum(floor, plus))
        above = np.minimum(lowest, plus * (1 + self._book.follow_up))
        return np.where(np.isnan(lowest), plus, np.where(lowest < plus, below, above))

    def _pace(self, seen: Seen) -> tuple[Floats, Flags]:
        """Return units a week now, and which pairs sell less than they should."""
        pairs = seen.shelf.pairs
        recent = rate_of(seen.units[-RECENT:], seen.in_stock[-RECENT:])
        before = slice(-RECENT - YEAR, -RECENT)
        usual = rate_of(seen.units[before], seen.in_stock[before])
        blind = self._faults.of("stock_outs_low", pairs)
        told = np.where(blind, seen.units[-RECENT:].mean(axis=0), recent)
        index = np.where(self._faults.of("ignored_season", pairs), 1.0, season_index(seen.units, seen.shelf))
        expected = usual * index
        unsure = np.isnan(recent) & ~blind
        slow = (told < SLOW * expected) & (expected * RECENT >= ENOUGH) & ~unsure
        return np.where(np.isnan(recent), np.nan_to_num(usual), recent), slow

    def _discount(self, seen: Seen, slow: Flags) -> Floats:
        """Return what comes off what is taken for slow; the two faults that misread demand take off what they say."""
        taken = np.full(seen.shelf.pairs, self._book.slow_discount)
        for name in ("ignored_season", "stock_outs_low"):
            if name in self._faults.sizes:
                taken = np.where(self._faults.hit[name], np.maximum(taken, self._faults.sizes[name].discount), taken)
        return np.where(slow & ~seen.shelf.seasonal, taken, 0.0)

    def _raise(self, seen: Seen, rate: Floats) -> Floats:
        scarce = (seen.stock + seen.inbound < rate * seen.shelf.lead_weeks) & ~seen.shelf.seasonal
        return np.where(scarce & ~self._faults.of("stock_outs_low", seen.shelf.pairs), self._book.scarce_raise, 0.0)

    def _aged(self, seen: Seen, rate: Floats) -> Floats:
        depth = np.zeros(seen.shelf.pairs)
        for weeks, markdown in reversed(AGEING):
            depth[seen.weeks_left <= weeks] = markdown
        lasts = seen.stock > rate * np.where(np.isinf(seen.weeks_left), 0.0, seen.weeks_left)
        due = lasts & ~self._faults.of("ageing_kept", seen.shelf.pairs)
        return np.where(due, np.minimum(depth * self._book.ageing, 0.9), 0.0)


def rate_of(units: Integers, in_stock: Floats) -> Floats:
    """Return units a week in stock, NaN where there never was any."""
    exposed = in_stock.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(exposed > 0, units.sum(axis=0) / exposed, np.nan))


def season_index(units: Integers, shelf: Shelf) -> Floats:
    """Return how a pair's category sold in its store in these weeks a year ago, times the mean of the year after it.

    1 where there is no year of history, or where it sold nothing.
    """
    if len(units) < YEAR + RECENT:
        return np.ones(shelf.pairs)
    group = shelf.category * (int(shelf.store.max()) + 1) + shelf.store
    year = units[-YEAR - RECENT : -RECENT]
    then = np.bincount(group, weights=year[:RECENT].sum(axis=0)) / RECENT
    mean = np.bincount(group, weights=year.sum(axis=0)) / YEAR
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.where((mean > 0) & (then > 0), then / mean, 1.0)
    return np.asarray(index[group])
