"""The gates of a price run: are the feeds to be believed, and is any price absurd?

They look at what is proposed and at the policy alone, so that a fault of whatever computed it is found all the same.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.proposal import Beside, Feed, Proposal
from shopkeeper.pricing.rules.constraints import UNKNOWN_COST
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.runs.price_run import Finding, RunPrice

BESIDE_HELD: Final = "beside_held"
"""Code of a price that is held because one it belongs together with is."""
LEAST_HELD: Final = 3
"""Prices held back that never block a run, however few there are in it."""
_WAYS_OUT: Final = {
    "sales_silent": "Import purchases, or send them to `POST /v1/events`.",
    "prices_silent": "Send what shoppers are shown, one row a product to begin with: `PUT /v1/prices`, or"
    " `shopkeeper import` of a file of prices. Without it nobody sees whether a price arrives in the shop.",
    "late": "Send newer rows, or allow older ones: `runs` in price-policy.yaml.",
    "absurd": "`shopkeeper price show` counts what was not believed and why: mend the feed.",
}
"""What to do about a feed, by its finding's code or the last word of it."""
NOT_BELIEVED: Final = ("absurd", "stale", "missing")
"""Words for rows of a feed that were not believed."""


def freshness_gate(
    prices: Sequence[RunPrice], feeds: Iterable[Feed], policy: RunPolicy, beside: Sequence[Beside] = ()
) -> list[Finding]:
    """Return the feeds that may not be believed; each blocks the run.

    Args:
        beside: The other prices of the stores, where `prices` are not all of them.
    """
    found = [*_costs(prices, policy, beside)]
    for feed in feeds:
        hours = policy.feed_hours(feed.feed)
        late = hours is not None and feed.hours is not None and feed.hours > hours
        silent = feed.rows == 0 and feed.feed in {"sales", "prices"}
        wrong = sum(feed.treated.get(word, 0) for word in NOT_BELIEVED)
        share = wrong / feed.rows if feed.rows else 0.0
        if silent:
            found.append(_feed(feed, "silent", "has no row"))
        elif late:
            found.append(_feed(feed, "late", f"is {feed.hours:.0f} hours old (limit {hours:g})"))
        elif share > policy.feed_trouble:
            text = f"cannot be believed in {share:.0%} of {feed.rows:,} rows (limit {policy.feed_trouble:.0%})"
            found.append(_feed(feed, "absurd", text))
    return found


def _costs(prices: Sequence[RunPrice], policy: RunPolicy, beside: Sequence[Beside]) -> Iterator[Finding]:
    """Yield stores of which too many prices have no cost that is believed."""
    every = Counter(price.proposal.store for price in prices)
    unknown = Counter(price.proposal.store for price in prices if has_no_cost(price.proposal))
    every.update({one.store: one.prices for one in beside})
    unknown.update({one.store: one.unknown for one in beside if one.unknown})
    for store, n in unknown.items():
        if n > policy.cost_trouble * every[store]:
            text = f"{n:,} of {every[store]:,} prices of {store} have no cost that is believed"
            yield Finding(
                gate="freshness", code="costs", blocks=True, store=store,
                text=f"{text} (limit {policy.cost_trouble:.0%}). Send `cost` with their products again: one is believed"
                " for `cost: {fresh_days}` (35) days, and not far from the one before.",
            )  # fmt: skip


def has_no_cost(proposal: Proposal) -> bool:
    """Say whether a price stays for want of a cost that is believed."""
    return any(rule.partition(" ")[0] == UNKNOWN_COST for rule in proposal.hold)


def _feed(feed: Feed, word: str, text: str) -> Finding:
    code = f"{feed.feed}_{word}"
    said = f"The {feed.feed} feed of {feed.store} {text}. {_WAYS_OUT.get(code) or _WAYS_OUT[word]}"
    return Finding(gate="freshness", code=code, text=said, blocks=True, store=feed.store)


def anomaly_gate(
    prices: Sequence[RunPrice], policy: RunPolicy, beside: Sequence[Beside] = ()
) -> tuple[list[RunPrice], list[Finding]]:
    """Return the prices with absurd ones held at what they are, and what was found.

    A run is blocked where a key comes twice, where more than a few moves had to be held back, or where a store's prices
    move together further than the policy allows: that is a feed gone wrong, not a market.

    Args:
        beside: As in `freshness_gate`; none of these prices moves.
    """
    twice = [key for key, times in Counter(price.key for price in prices).items() if times > 1]
    found = [
        _about(key, "two_prices", f"{key[2]} has more than one price in {key[0]}{_on(key[1])}.", blocks=True)
        for key in twice
    ]
    moves, kept = sum(price.moves for price in prices), []
    for price in prices:
        wrong = absurd(price)
        found += wrong
        codes = tuple(one.code for one in wrong)
        kept.append(replace(price, price=price.current, held_back=codes) if wrong else price)
    held = sum(bool(price.held_back) for price in kept)
    if held > max(LEAST_HELD, policy.held_back * moves):
        share = f"{held:,} of {moves:,} moves are absurd (limit {policy.held_back:.0%})"
        found.append(Finding(gate="anomaly", code="held_back", text=f"{share}: look at the feeds.", blocks=True))
    kept = _held_together(kept)
    return kept, [*_drifts(kept, policy, beside), *found]


def _held_together(prices: list[RunPrice]) -> list[RunPrice]:
    """Return the prices with those held too that belong together with one that is held back."""
    held = {price.proposal.block for price in prices if price.held_back} - {None}
    return [
        replace(price, price=price.current, held_back=(BESIDE_HELD,))
        if price.moves and price.proposal.block in held
        else price
        for price in prices
    ]


def absurd(price: RunPrice) -> list[Finding]:
    """Return what is absurd about one price; a price that does not change never is."""
    if not price.moves:
        return []
    store, price_list, product = price.key
    where = f"{product} in {store}{_on(price_list)}"
    return [_about(price.key, code, f"{where}: {text}") for code, text in _absurdities(price)]


def _absurdities(price: RunPrice) -> Iterator[tuple[str, str]]:
    now, new, cost = price.current, price.price, price.proposal.cost
    if not (math.isfinite(new) and new > 0 and math.isfinite(now) and now > 0):
        yield "no_price", f"{now!r} -> {new!r} is no price."
        return
    move = f"{now:.2f} -> {new:.2f}"
    if abs(price.move) > price.daily_move + SAME:
        yield "daily_move", f"{move} is {price.move:+.1%}, more than {price.daily_move:.1%} a day."
    if cost is None or not (math.isfinite(cost) and cost > 0):
        yield "no_cost", f"{move} without a cost that is believed."
        return
    shown = cost * (1 + price.proposal.tax)
    if new < now and new < shown * (1 - SAME):
        yield "below_cost", f"{move} is below the cost of {shown:.2f}, tax included."
    elif new < now and new < price.floor * (1 - SAME):
        yield "below_floor", f"{move} is below the floor of {price.floor:.2f}."


def _drifts(prices: Iterable[RunPrice], policy: RunPolicy, beside: Sequence[Beside]) -> Iterator[Finding]:
    """Yield stores whose prices move together too far, each weighed by the money it brings."""
    money: dict[str, float] = defaultdict(float)
    moved: dict[str, float] = defaultdict(float)
    for price in prices:
        store = price.proposal.store
        money[store] += weight(price.proposal)
        moved[store] += weight(price.proposal) * (price.move if price.moves else 0.0)
    for one in beside:
        money[one.store] += one.money
    for store, total in money.items():
        mean = moved[store] / total if total > 0 else 0.0
        if abs(mean) > policy.mean_move:
            yield Finding(
                gate="anomaly", code="mean_move", blocks=True, store=store,
                text=f"Prices of {store} move by {mean:+.1%} on average (limit {policy.mean_move:.0%}), as where a feed"
                " is wrong. Look at costs and rivals first; where the move is meant, as in a first run, allow it once"
                f" (`runs: {{mean_move: {_above(mean)}}}`), or take smaller steps (`daily_move`).",
            )  # fmt: skip


def _above(mean: float) -> str:
    return f"{math.ceil(100 * abs(mean)) / 100:.2g}"


def weight(proposal: Proposal) -> float:
    """Return the money a price brings in a week today, or the price itself where nobody foretold it."""
    outcome = proposal.at_current
    return outcome.revenue.expected if outcome is not None else proposal.current


def _about(key: tuple[str, str, str], code: str, text: str, *, blocks: bool = False) -> Finding:
    store, price_list, product = key
    return Finding(
        gate="anomaly", code=code, text=text, blocks=blocks, store=store, price_list=price_list, product=product
    )


def _on(price_list: str) -> str:
    return f" on the price list {price_list}" if price_list else ""
