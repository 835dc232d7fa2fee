"""Which prices each product may get: candidates, what each rule says to them, and what to do where none is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Final

import numpy as np

from shopkeeper.pricing.policy.price_policy import PricePolicy, Steps
from shopkeeper.pricing.rules.coherence import shared_ladders, shared_opinion, together
from shopkeeper.pricing.rules.constraints import FLOORS, HELD, LAW, MOVES, SCOPE_OF, Bound, bounds_of
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.rules.ladder import BEYOND, CENT, SAME, beside, candidates, charm
from shopkeeper.pricing.rules.limits import Limits, is_named, limits_of
from shopkeeper.pricing.shelf import Flags, Floats, Ints, Shelf

LAST_TO_RELAX: Final = (LAW, "cost_unknown", "over_cost")
"""What is not offered for relaxing while anything else would do: law, and selling at a loss."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The prices a run may choose from.

    Attributes:
        price: Candidates as shown, low to high, shape (pairs, points).
        exists: Which of them are there; endings may coincide.
        allowed: Which follow every rule, at least one a price: where none does it is the current one, or, for
            `infeasible: approach`, those of the moves' range nearest to the rules.
        place: Where the current price stands, shape (pairs,).
        stuck: Prices no candidate of which follows every rule, shape (pairs,).
        bounds: The hard rules.
        limits: The rules of the policy for every price.
        coupling: Prices that belong together; None where none do.
    """

    price: Floats
    exists: Flags
    allowed: Flags
    place: Ints
    stuck: Flags
    bounds: tuple[Bound, ...]
    limits: Limits
    coupling: Coupling | None = None

    @property
    def current(self) -> Floats:
        """The current prices, shape (pairs,)."""
        return np.asarray(self.price[np.arange(len(self.place)), self.place])

    def of_prices(self, rows: Ints) -> Offer:
        """Return the offer of some prices, in their order."""
        cut = {name: getattr(self, name)[rows] for name in ("price", "exists", "allowed", "place", "stuck")}
        return replace(
            self, **cut, bounds=tuple(bound.of_rows(rows) for bound in self.bounds),
            limits=self.limits.of_prices(rows),
            coupling=None if self.coupling is None else self.coupling.of_pairs(rows),
        )  # fmt: skip

    def stuck_alone(self, rows: Ints) -> Flags:
        """Return of which prices no candidate follows even their own rules, shape (rows,)."""
        own, current = self.exists[rows].copy(), self.current[rows]
        for bound in self.bounds:
            own &= bound.of_rows(rows).allows(self.price[rows], current)
        return np.asarray(~own.any(axis=1))

    def broken(self, pair: int, price: float) -> tuple[str, ...]:
        """Return the rules that keep a price out, with their scopes, as `daily_move (key-value items)`."""
        at, current = np.array([[price]]), self.current[pair : pair + 1]
        out = [one.rule for one in self.bounds if not _row(one, pair).allows(at, current)[0, 0]]
        scopes = [self.limits.whose(SCOPE_OF.get(rule, rule), pair) for rule in out]
        return tuple(f"{rule} ({scope})" if scope else rule for rule, scope in zip(out, scopes, strict=True))


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The cheapest way out for a price that no candidate can follow all rules.

    Attributes:
        pair: Row of the shelf.
        rule: The rule to relax.
        bound: What its bound is now, as a shown price.
        price: The shown price that follows all other rules.
        by: How far the bound has to give, a share of it.
        against: The rules it is in conflict with.
    """

    pair: int
    rule: str
    bound: float
    price: float
    by: float
    against: tuple[str, ...]


def make_offer(policy: PricePolicy, shelf: Shelf, day: date, coupling: Coupling | None = None) -> Offer:
    """Return what the prices of a shelf may become on a day.

    Args:
        coupling: Prices that belong together, as `coupling_of` makes it from the policy; none where None.
    """
    shelf = replace(shelf, key_value=shelf.key_value | is_named(shelf, policy.key_value))
    if coupling is not None:
        shelf = shared_opinion(shelf, coupling)
    limits = limits_of(policy, shelf)
    price, exists, place = _ladders(policy, limits, shelf)
    if coupling is not None:
        bands = [steps_of(policy, currency) for currency in shelf.currency]
        steps = [bands[store] for store in shelf.store]
        shared_ladders(price, exists, place, shelf.current, BEYOND * limits.number["daily_move"], steps, coupling)
    bounds = bounds_of(policy, limits, shelf, day)
    allowed = reduce(lambda held, bound: held & bound.allows(price, shelf.current), bounds, exists)
    stuck = np.asarray(~allowed.any(axis=1))
    if stuck.any():
        rows = np.flatnonzero(stuck)
        allowed[rows, place[rows]] = True
        if policy.infeasible == "approach":
            allowed[rows] = _approach(bounds, rows, price[rows], exists[rows], place[rows])
    if coupling is not None:
        masks = together(price, allowed, place, coupling, approach=policy.infeasible == "approach")
        allowed, stuck = masks.allowed, stuck | masks.stuck
    return Offer(price, exists, allowed, place, stuck, bounds, limits, coupling)


def steps_of(policy: PricePolicy, currency: str) -> tuple[Steps, ...]:
    """Return the steps of shown prices of a currency."""
    return policy.endings.get(currency, CENT)


def _ladders(policy: PricePolicy, limits: Limits, shelf: Shelf) -> tuple[Floats, Flags, Ints]:
    price = np.empty((shelf.pairs, 0))
    exists, place = np.empty((shelf.pairs, 0), np.bool_), np.zeros(shelf.pairs, np.int64)
    for currency in sorted(set(shelf.currency)):
        rows = np.flatnonzero(np.array([one == currency for one in shelf.currency])[shelf.store])
        span = BEYOND * limits.number["daily_move"][rows]
        made = candidates(shelf.current[rows], span, steps_of(policy, currency), policy.points)
        if not price.size:
            price = np.zeros((shelf.pairs, made[0].shape[1]))
            exists = np.zeros(price.shape, np.bool_)
        price[rows], exists[rows], place[rows] = made
    return price, exists, place


def _approach(bounds: tuple[Bound, ...], rows: Ints, price: Floats, exists: Flags, place: Ints) -> Flags:
    """Return the one candidate of each row, within holds, law and moves, that breaks the other rules least."""
    current = price[np.arange(len(rows)), place]
    firm, wrong = exists.copy(), np.zeros(price.shape)
    for bound in bounds:
        if bound.rule in (*HELD, *MOVES, LAW):
            firm &= bound.of_rows(rows).allows(price, current)
        else:
            low, high = bound.low[rows, None], bound.high[rows, None]
            weight = 1e3 if bound.rule in FLOORS else 1.0  # no rival and no index is worth a loss
            wrong += weight * (np.maximum(low - price, 0) + np.maximum(price - high, 0)) / price
    firm[np.arange(len(rows)), place] = True
    chosen = np.where(firm, wrong, np.inf).argmin(axis=1)
    return np.asarray(np.arange(price.shape[1]) == chosen[:, None])


def relaxation(policy: PricePolicy, shelf: Shelf, offer: Offer, pair: int) -> Relaxation | None:
    """Return the cheapest single rule to relax for a price that is stuck; None where no single one would do.

    The price it leads to follows all other rules and has a proper ending. Law and loss come last, however little they
    would have to give.
    """
    bands = steps_of(policy, shelf.currency[int(shelf.store[pair])])
    current = float(shelf.current[pair])
    spans = {at: _row(one, pair) for at, one in enumerate(offer.bounds)}
    found = []
    for at, bound in spans.items():
        others = [one for place, one in spans.items() if place != at]
        price = _within(others, current, bands)
        if price is None or bound.allows(np.array([[price]]), np.array([current]))[0, 0]:
            continue
        edge = float(bound.low[0] if price < bound.low[0] else bound.high[0])
        against = tuple(one.rule for one in others if not _meets(one, bound))
        by = abs(price / edge - 1) if edge > 0 else np.inf
        found.append(Relaxation(pair, bound.rule, edge, price, by, against))
    return min(found, key=lambda one: (one.rule in LAST_TO_RELAX, one.by), default=None)


def _within(bounds: list[Bound], current: float, bands: tuple[Steps, ...]) -> float | None:
    """Return the shown price that follows some rules and is nearest to the current one; None where there is none."""
    low = max((float(one.low[0]) for one in bounds), default=0.0)
    high = min((float(one.high[0]) for one in bounds), default=np.inf)
    near = min(max(current, low), high)
    if not near > 0:
        return None
    tried = np.array([[current, *charm(np.array([near, *beside(near, bands)]), bands)]])
    fit = np.logical_and.reduce([one.allows(tried, np.array([current]))[0] for one in bounds])
    return min((float(price) for price in tried[0, fit]), key=lambda price: abs(price - current), default=None)


def _meets(one: Bound, other: Bound) -> bool:
    return bool(one.low[0] <= other.high[0] * (1 + SAME) and other.low[0] <= one.high[0] * (1 + SAME))


def _row(bound: Bound, pair: int) -> Bound:
    return bound.of_rows(np.array([pair]))
