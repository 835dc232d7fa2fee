"""Some products priced again between runs: the offers of these alone, at the demand and shadow prices of the last run.

It gives what the run would have chosen for them, had it known what was told since and its shadow prices stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
import numpy as np

from shopkeeper.errors import NeedsWholeRun
from shopkeeper.pricing.choose import Chosen, OpenShelf, open_shelf
from shopkeeper.pricing.coming_demand import Coming, Outlook, demand_at, seen_rivals
from shopkeeper.pricing.demand.elasticity import of_pairs
from shopkeeper.pricing.house.records import Records
from shopkeeper.pricing.house.standing import Standing, standing_prices
from shopkeeper.pricing.house.told_since import Told, newest, with_told
from shopkeeper.pricing.optimizer.curves import Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.targets import targets_of
from shopkeeper.pricing.proposal import Beside, Feed, PriceKey, Proposal, ProposedPrices
from shopkeeper.pricing.propose import margin_targets, proposals_of
from shopkeeper.pricing.reprice import reprice
from shopkeeper.pricing.residence import KeptStore, Residence
from shopkeeper.pricing.shelf import Floats, Ints
from shopkeeper.pricing.standing_shelf import StandingShelf, StoreState, shelf_of
from shopkeeper.pricing.weekly_prices import WeeklyPrices, narrowed, reasons, silent_of
from shopkeeper.quality.local_days import zone_of

Ask = Callable[[str, Collection[str]], Told]
"""Store and products -> what it was told of them last."""


def priced_again(
    kept: Residence, products: Collection[str], stores: Collection[str], ask: Ask, at: datetime
) -> ProposedPrices:
    """Return proposals for some products of some stores, and for what belongs together with them.

    Raises:
        NeedsWholeRun: the last run does not tell these prices any more; says why.
    """
    kept.refuse_old(at)
    names = kept.about(products, stores)
    records = [
        with_told(found, ask(one.store.store, some)) if some else found
        for one, some in zip(kept.stores, names, strict=True)
        for found in (one.records.of_products(some, at),)
    ]
    states = [
        StoreState(one.store, one.retail, standing_prices(rows, one.retail, kept.reach, Counter()) if some else ())
        for one, some, rows in zip(kept.stores, names, records, strict=True)
    ]
    few = _few(kept, names)
    chosen = _chosen(kept, few, _standing(kept, few, states), at)
    rows = tuple(sorted(proposals_of(chosen, kept.paid[few.pairs]), key=lambda one: one.key))
    there = {row.store for row in rows}
    told = zip(kept.stores, states, records, strict=True)
    return ProposedPrices(
        at=at, model=kept.version, policy=kept.policy_digest, objective=chosen.policy.objective,
        stores=tuple(one.store.store for one in kept.stores if one.store.store in there), rows=rows,
        targets=tuple(margin_targets(chosen, kept.stores[0].store.currency)),
        feeds=tuple(feed for one, state, own in told if one.store.store in there
                    for feed in _feeds(kept, one, state.standings, own)),
        notes=(f"at the shadow prices of the run of {kept.at:%Y-%m-%d %H:%M} UTC",), beside=_beside(kept, rows),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Few:
    """Pairs of the history that are priced again, and the number of each by product and store."""

    pairs: Ints
    number: dict[tuple[str, str], int]


def _few(kept: Residence, names: Sequence[set[str]]) -> _Few:
    keys = [
        (name, one.store.store)
        for one, some in zip(kept.stores, names, strict=True)
        for name in sorted(some)
        if (name, one.store.store) in kept.pairs
    ]
    pairs = np.array([kept.pairs[key] for key in keys], np.int64)
    return _Few(pairs, {key: number for number, key in enumerate(keys)})


def _standing(kept: Residence, few: _Few, states: Sequence[StoreState]) -> StandingShelf:
    standing = shelf_of(states, few.number, of_pairs(kept.slopes, few.pairs), kept.consumer_prices)
    if standing is None:
        raise NeedsWholeRun("nothing of it is on sale")
    return standing


def _chosen(kept: Residence, few: _Few, standing: StandingShelf, at: datetime) -> Chosen:
    day = at.astimezone(zone_of(kept.stores[0].store.time_zone)).date()
    policy = kept.chosen.policy
    opened = open_shelf(policy, standing, day)
    if opened.coming.ending is not None and opened.coming.ending.rows().size:
        raise NeedsWholeRun("its stock has an end, and prices until then are planned")
    held = _held_rows(kept, few.pairs[standing.pair[opened.rows]])
    targets = _targets(kept, opened, standing)
    weekly, now = _weekly(kept, opened, held, targets)
    place = opened.part.places(opened.offer, weekly.chosen)
    return Chosen(
        policy, standing, opened.offer, opened.rows, opened.coming.choices, targets, kept.chosen.groups, weekly, now,
        weekly.known.slopes, opened.part, picked(opened.offer.price, place),
    )  # fmt: skip


def _held_rows(kept: Residence, pairs: Ints) -> Ints:
    """Return the place of some pairs among those the run chose."""
    if not pairs.size:
        raise NeedsWholeRun("nothing of it may be chosen")
    place = np.full(len(kept.paid), -1, np.int64)
    place[kept.chosen.standing.pair[kept.chosen.rows]] = np.arange(len(kept.chosen.rows))
    if (place[pairs] < 0).any():
        raise NeedsWholeRun("the last whole run chose no price of it, as for want of a cost")
    return np.asarray(place[pairs])


def _targets(kept: Residence, opened: OpenShelf, standing: StandingShelf) -> Targets:
    """Return the targets of the run, with the groups of the prices that are chosen again."""
    own, groups = targets_of(kept.chosen.policy, opened.offer.limits, standing.shelf)
    place = {group: number for number, group in enumerate(kept.chosen.groups)}
    numbers = np.array([place.get(group, -1) for group in groups], np.int64)[own.group[opened.rows]]
    if (numbers < 0).any():
        raise NeedsWholeRun("it has a category the last whole run had no price of")
    return replace(kept.chosen.targets, group=numbers)


def _weekly(kept: Residence, opened: OpenShelf, held: Ints, targets: Targets) -> tuple[WeeklyPrices, Demand]:
    """Return the choice and, near today's prices, the demand of the prices that are chosen again."""
    before, policy = kept.weekly, kept.chosen.policy
    known = before.known.of_pairs(held)
    if kept.panel.rival is not None:
        seen = seen_rivals(kept.panel.of_pairs(held), known.slopes, opened.coming)
        known = replace(known, rivals=seen)
    silent = silent_of(known)
    coming = narrowed(opened.coming, silent, opened.part.coupling)
    demand, now = (
        _demand(kept, known, held, one, near, own)
        for one, near, own in (
            (coming, before.demand.reference, before.demand.reference[held]),
            (opened.coming, _current(kept), opened.coming.now()),
        )
    )
    chosen = reprice(coming.choices, demand, targets, before.plan.prices, policy.objective, opened.part.coupling)
    plan = replace(
        before.plan, chosen=chosen, price=picked(coming.choices.price, chosen), curves=curves_of(coming.choices, demand)
    )
    why = reasons(coming.choices, plan, silent, policy.objective)
    return WeeklyPrices(plan.price, chosen, why, plan, coming.choices, demand, before.knowledge, known), now


def _current(kept: Residence) -> Floats:
    """Return what the run's prices were before it, without tax."""
    choices = kept.chosen.choices
    return picked(choices.price, choices.place) / (1 + choices.tax)


def _demand(kept: Residence, known: Outlook, held: Ints, coming: Coming, near: Floats, own: Floats) -> Demand:
    """Return the demand of prices that are chosen again, beside all others of their categories as the run had them.

    Args:
        known, coming, own: Of these prices; `own` are those near which demand is told, without tax.
        near: The same of all prices of the run.
    """
    whole = kept.weekly.known
    beside = np.flatnonzero(np.isin(whole.group, known.group))
    at = np.searchsorted(beside, held)
    price = _put(near[beside], at, own)
    rows = kept.chosen.rows[beside]
    standing, cost = kept.chosen.standing, kept.chosen.choices.cost
    its = replace(
        coming.choices, price=price[:, None], cost=_put(cost[beside], at, coming.choices.cost),
        tax=kept.chosen.choices.tax[beside], place=np.zeros(len(beside), np.int64),
        allowed=np.ones((len(beside), 1), np.bool_),
    )  # fmt: skip
    promo = standing.promo[rows] if coming.promo is None else _put(standing.promo[rows], at, coming.promo)
    together = Coming(choices=its, stock=_put(standing.stock[rows], at, coming.stock), promo=promo)
    outlook = whole.of_pairs(beside)
    outlook = replace(outlook, rivals=_put(outlook.rivals, at, known.rivals))
    return demand_at(outlook, together, price).of_pairs(at)


def _put(values: Floats, at: Ints, own: Floats) -> Floats:
    found = values.copy()
    found[at] = own
    return found


def _beside(kept: Residence, rows: Iterable[Proposal]) -> tuple[Beside, ...]:
    """Return what the other prices of the stores count in the gates of a run."""
    apart: dict[str, list[PriceKey]] = {}
    for row in rows:
        apart.setdefault(row.store, []).append(row.key)
    return tuple(_others(kept, store, keys) for store, keys in sorted(apart.items()))


def _others(kept: Residence, store: str, keys: Collection[PriceKey]) -> Beside:
    whole = kept.whole[store]
    out = [found for key in keys if (found := kept.weights.get(key)) is not None]
    return Beside(
        store=store, prices=whole.prices - len(out), money=whole.money - sum(one.money for one in out),
        unknown=whole.unknown - sum(one.unknown for one in out),
    )  # fmt: skip


def _feeds(kept: Residence, one: KeptStore, standings: Sequence[Standing], records: Records) -> Iterator[Feed]:
    """Yield the feeds of a store as they are now: older by the time since, and with what was told of these prices."""
    age = (records.until - kept.at).total_seconds() / 3600
    fresh = newest(records)
    late, absurd = (_doubted(kept, one.store.store, standings, place) for place in (0, 1))
    for feed in one.feeds:
        treated = dict(feed.treated)
        if feed.feed == "rivals":
            told = {"stale": treated.get("stale", 0) + late, "absurd": treated.get("absurd", 0) + absurd}
            treated |= {name: many for name, many in told.items() if many > 0}
        hours = None if feed.hours is None else feed.hours + age
        moment = fresh.get(feed.feed)
        if moment is not None:
            now = max((records.until - moment).total_seconds() / 3600, 0.0)
            hours = now if hours is None else min(hours, now)
        last = max((x for x in (feed.newest, moment) if x is not None), default=None)
        yield msgspec.structs.replace(feed, hours=hours, newest=last, treated=treated)


def _doubted(kept: Residence, store: str, standings: Sequence[Standing], place: int) -> int:
    """Return how many more of some prices have a rival's price that is left out, than at the run."""
    more = 0
    for one in standings:
        flags = (one.late, one.absurd)[place]
        for row, flag in zip(one.row.tolist(), flags.tolist(), strict=True):
            before = kept.doubted.get((store, one.price_list, one.goods.names[row]), (False, False))[place]
            more += int(flag) - int(before)
    return more
