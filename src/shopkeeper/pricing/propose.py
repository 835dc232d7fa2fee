"""What a run proposes for every price, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.exploration.exploring import KINDS, Tries
from shopkeeper.pricing.intervals import WIDE
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.solve import free_worth
from shopkeeper.pricing.proposal import ExplorationSum, MarginTarget, Outcome, Proposal, Span, Tried, Why
from shopkeeper.pricing.rules.coherence import broken_together
from shopkeeper.pricing.rules.constraints import HELD, SCOPE_OF, UNKNOWN_COST
from shopkeeper.pricing.rules.offer import Offer
from shopkeeper.pricing.rules.relaxation_together import cheapest_relaxation
from shopkeeper.pricing.shelf import Flags, Floats, Ints
from shopkeeper.pricing.weekly_prices import REASONS

BLOCKS_NAMED: Final = 100
"""Blocks that are stuck together whose cheapest way out is looked for: a tenth of a second each."""
BETTER: Final = 1e-9
"""Share of its worth by which a price that is kept out must be better to be named."""


def proposals_of(chosen: Chosen, paid: Flags) -> Iterator[Proposal]:
    """Yield the proposal of every price, in the order of the shelf.

    Args:
        paid: Of which pairs the price is known from sales alone.
    """
    standing, shelf = chosen.standing, chosen.standing.shelf
    place = np.full(shelf.pairs, -1, np.int64)
    place[chosen.rows] = np.arange(len(chosen.rows))
    holds, binding = _holds(chosen), _binding(chosen)
    now = outcomes(chosen.choices, chosen.now, chosen.choices.place)
    then = [] if chosen.weekly is None else outcomes(chosen.choices, chosen.weekly.demand, chosen.weekly.chosen)
    by_sales = paid[standing.pair] if len(paid) else np.ones(shelf.pairs, np.bool_)
    tried = {} if chosen.weekly is None or chosen.weekly.tries is None else _tried(chosen, chosen.weekly.tries)
    why, blocks, relaxations = _why(chosen), _blocks(chosen), _relaxations(chosen)
    for row in range(shelf.pairs):
        at = int(place[row])
        known = at >= 0 and chosen.slopes.support[at] != "none"
        current = float(shelf.current[row])
        up, cost = int(shelf.parent[row]), float(shelf.accepted_cost[row])
        yield Proposal(
            store=shelf.stores[shelf.store[row]], price_list=shelf.price_lists[shelf.price_list[row]],
            product=shelf.products[shelf.product[row]], parent=shelf.products[up] if up >= 0 else None,
            category=shelf.categories[shelf.category[row]], currency=shelf.currency[shelf.store[row]], current=current,
            proposed=float(chosen.proposed[row]),
            tax=float(shelf.tax[row]), cost=cost if np.isfinite(cost) else None, why=why[row], hold=holds[row],
            binding=binding.get(row, ()), relaxation=relaxations.get(row),
            at_current=now[at] if known else None, at_proposed=then[at] if known else None,
            elasticity=_slope(chosen.slopes, at) if known else None,
            support=chosen.slopes.support[at] if at >= 0 else "none",
            tried=tried.get(row),
            block=blocks[row], price_source="paid_price" if standing.pair[row] < 0 or by_sales[row] else "shown_price",
        )  # fmt: skip


def margin_targets(chosen: Chosen, currency: str) -> Iterator[MarginTarget]:
    """Yield the margin targets there are and how sure they are to be met."""
    if chosen.weekly is None:
        return
    plan, targets = chosen.weekly.plan, chosen.targets
    for number in np.flatnonzero(np.isfinite(targets.margin)).tolist():
        group = chosen.groups[number]
        yield MarginTarget(
            currency=currency, store=group.store, category=group.category, price_list=group.price_list,
            margin=float(targets.margin[number]), chance=float(plan.chance[number]),
            shadow_price=float(plan.prices.own[number]),
        )  # fmt: skip
    if targets.portfolio is not None:
        yield MarginTarget(
            currency=currency, margin=targets.portfolio, chance=plan.portfolio_chance, shadow_price=plan.prices.whole
        )


def lift_of(chosen: Chosen) -> Span | None:
    """Return the change of the objective that is promised."""
    if chosen.weekly is None:
        return None
    lift = chosen.weekly.plan.lift
    return Span(lift.low, lift.expected, lift.high)


def margin_change_of(chosen: Chosen) -> Span | None:
    """Return the change of the margin of all prices together, a share of revenue."""
    return None if chosen.weekly is None else Span(*chosen.weekly.plan.margin_change)


def explored_of(chosen: Chosen) -> ExplorationSum | None:
    """Return what the tried prices cost together; None where nothing is tried."""
    if chosen.weekly is None or (tries := chosen.weekly.tries) is None:
        return None
    revenue = float(picked(chosen.weekly.plan.curves.revenue, tries.place).sum())
    return ExplorationSum(
        tried=int(tries.tried.sum()), cost=tries.total, budget=tries.budget, share=tries.total / revenue,
        seed=tries.seed,
    )  # fmt: skip


def _tried(chosen: Chosen, tries: Tries) -> dict[int, Tried]:
    """Return what is tried, by row of the shelf."""
    shown = picked(chosen.choices.price, tries.place)
    instead = outcomes(chosen.choices, None if chosen.weekly is None else chosen.weekly.demand, tries.place)
    return {
        int(chosen.rows[at]): Tried(
            kind=KINDS[tries.kind[at]], instead=float(shown[at]), at_instead=instead[at], cost=float(tries.cost[at]),
            risk=float(tries.risk[at]), gain=float(tries.gain[at]), seed=tries.seed,
        )
        for at in np.flatnonzero(tries.tried).tolist()
    }  # fmt: skip


def _blocks(chosen: Chosen) -> list[str | None]:
    """Return a word for each block of prices that belong together, at each of its prices."""
    coupling, shelf = chosen.offer.coupling, chosen.standing.shelf
    if coupling is None:
        return [None] * shelf.pairs
    block, coupled = coupling.blocks()[coupling.node].tolist(), coupling.coupled()[coupling.node].tolist()
    currency = shelf.currency[0]
    return [f"{currency} {number}" if one else None for number, one in zip(block, coupled, strict=True)]


def left_out(chosen: Chosen) -> list[str]:
    """Return what could not be put with what it belongs to, in a sentence, where there is such."""
    problems = () if chosen.offer.coupling is None else chosen.offer.coupling.left_out
    if not problems:
        return []
    first = problems[0]
    return [
        f"{len(problems)} price(s) stand alone whose size cannot be compared, such as {first.reason}. {first.remedy}"
    ]


def _why(chosen: Chosen) -> list[Why]:
    found: list[Why] = ["hold"] * chosen.standing.shelf.pairs
    if chosen.weekly is not None:
        words: dict[str, Why] = {
            "best_as_is": "best_as_is", "objective": "objective", "target": "target", "explore": "explore",
        }  # fmt: skip
        for row, reason in zip(chosen.rows.tolist(), chosen.weekly.why.tolist(), strict=True):
            found[row] = words.get(REASONS[reason], "hold")
        for row in np.flatnonzero(chosen.part.leader != np.arange(len(found))).tolist():
            found[row] = found[int(chosen.part.leader[row])]
    return found


def _holds(chosen: Chosen) -> list[tuple[str, ...]]:
    """Return why each price stays, for those that may not move."""
    standing, offer = chosen.standing, chosen.offer
    shelf = standing.shelf
    found: list[list[str]] = [[] for _ in range(shelf.pairs)]
    alone = chosen.part.leader == np.arange(shelf.pairs)  # what follows another price is not held
    nothing = (standing.pair < 0) & alone
    for row in np.flatnonzero(nothing).tolist():
        found[row].append("not_sold_yet" if standing.retail[row] else "price_list")
    for bound in offer.bounds:
        if bound.rule in HELD:
            kept = (bound.low == bound.high) & np.isfinite(bound.low)
            for row in np.flatnonzero(kept & ~(nothing & (bound.rule == "no_opinion"))).tolist():
                found[row].append(_named(offer, bound.rule, row))
    out = alone.copy()
    out[chosen.rows] = False
    for row in np.flatnonzero(out & ~nothing).tolist():
        if not found[row]:
            found[row].append(_named(offer, UNKNOWN_COST, row))
    for row in _not_tried(chosen):
        found[row] = found[row] or [_named(offer, "no_opinion", row)]
    held = np.flatnonzero(offer.stuck)
    stuck = [row for row in held[offer.stuck_alone(held)].tolist() if not found[row]]
    current = shelf.current[:, None]
    for bound in offer.bounds if stuck else ():
        broken = ~bound.allows(current, shelf.current)[:, 0]
        for row in stuck:
            if broken[row]:
                found[row].append(_named(offer, bound.rule, row))
    if offer.coupling is not None:
        beside = offer.stuck.copy()
        beside[chosen.rows] |= chosen.part.stuck
        binding = offer.coupling.binding()
        for row in np.flatnonzero(beside).tolist():
            found[row] = found[row] or list(binding[row])
    return [tuple(names) for names in found]


def _not_tried(chosen: Chosen) -> list[int]:
    """Return the rows nobody has an opinion on that might have been tried, and stay."""
    unknown = chosen.rows[np.array([word == "none" for word in chosen.slopes.support], np.bool_)]
    stays = chosen.proposed[unknown] == chosen.standing.shelf.current[unknown]
    return [int(row) for row in unknown[stays]]


def _binding(chosen: Chosen) -> dict[int, tuple[str, ...]]:
    """Return the rules that keep out a better price, for those rows of the shelf where there is one."""
    if chosen.weekly is None:
        return {}
    plan, rows = chosen.weekly.plan, chosen.rows
    worth = free_worth(chosen.choices, plan.curves, chosen.targets, plan.prices, chosen.policy.objective)
    worth = np.where(chosen.offer.exists[rows], worth, -np.inf)
    best, own = worth.max(axis=1), picked(worth, plan.chosen)
    wanted = np.flatnonzero(best > own + BETTER * np.abs(own))
    price = picked(chosen.choices.price, worth.argmax(axis=1))
    shown = np.full(chosen.standing.shelf.pairs, np.nan)
    shown[rows] = price
    found: dict[int, list[str]] = {}
    for bound in chosen.offer.bounds:
        allowed = bound.allows(shown[:, None], chosen.standing.shelf.current)[:, 0]
        for row in rows[wanted][~allowed[rows[wanted]]].tolist():
            found.setdefault(row, []).append(_named(chosen.offer, bound.rule, row))
    if (coupling := chosen.offer.coupling) is not None:
        coupled = coupling.coupled()[coupling.node[rows[wanted]]]
        for row in rows[wanted][coupled].tolist():
            found.setdefault(row, []).extend(broken_together(coupling, chosen.proposed, row, float(shown[row])))
    return {row: tuple(names) for row, names in found.items() if names}


def _named(offer: Offer, rule: str, row: int) -> str:
    scope = offer.limits.whose(SCOPE_OF.get(rule, rule), row)
    return f"{rule} ({scope})" if scope else rule


def _relaxations(chosen: Chosen) -> dict[int, str]:
    """Return the cheapest way out of stuck prices; of those stuck together, at the first of each of some blocks."""
    offer, stuck = chosen.offer, np.flatnonzero(chosen.offer.stuck)
    if not stuck.size:
        return {}
    alone = offer.stuck_alone(stuck)
    rows = stuck[alone].tolist()
    if offer.coupling is not None:
        beside = stuck[~alone]
        block = offer.coupling.blocks()[offer.coupling.node[beside]]
        rows += beside[np.sort(np.unique(block, return_index=True)[1])[:BLOCKS_NAMED]].tolist()
    found = {row: cheapest_relaxation(chosen.policy, chosen.standing.shelf, offer, row) for row in rows}
    return {
        row: f"{one.rule}: its bound {one.bound:.2f} by {one.by:.1%} allows {one.price:.2f}"
        for row, one in found.items()
        if one is not None
    }


def _slope(slopes: Elasticities, at: int) -> Span:
    return Span(float(slopes.low[at]), float(slopes.slope[at]), float(slopes.high[at]))


def outcomes(choices: Choices, demand: Demand | None, place: Ints) -> list[Outcome]:
    """Return the expected outcome of each row at one of its choices, given demand near those; none where None."""
    if demand is None:
        return []
    units, net = _spans(choices, demand, place), picked(choices.price, place) / (1 + choices.tax)
    revenue, margin = net[:, None] * units, np.sort((net - choices.cost)[:, None] * units, axis=1)
    return [
        Outcome(units=Span(*one), revenue=Span(*two), margin=Span(*three))
        for one, two, three in zip(units.tolist(), revenue.tolist(), margin.tolist(), strict=True)
    ]


def _spans(choices: Choices, demand: Demand, place: Ints) -> Floats:
    """Return low, expected and high units at some choices, shape (rows, 3)."""
    units = picked(curves_of(choices, demand).units, place)
    lean = np.log(picked(choices.price, place) / (1 + choices.tax) / demand.reference)
    spread = np.exp(WIDE * np.hypot(demand.level_sd, lean * demand.elasticity_sd))
    spans = np.stack([units / spread, units, units * spread], axis=1)
    return np.minimum(spans, demand.stock[:, None])
