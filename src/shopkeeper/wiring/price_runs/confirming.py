"""What the shop made of published prices, by its feed and by what was paid: confirmed, another, or changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import structlog

from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import ALL_STORES
from shopkeeper.commerce.tables import PRICES, PRODUCTS
from shopkeeper.engines.state import State
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.price_tests.validity import spoilt_tests
from shopkeeper.pricing.proposal import PriceKey
from shopkeeper.pricing.runs.confirmation import Shown, charged, judged
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PublishedPrice
from shopkeeper.wiring.price_runs.paid import paid_prices
from shopkeeper.wiring.settings import Settings

NOT_HANDED: Final = 2_000_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How published prices stand with the shop.

    Attributes:
        new: What was learnt just now.
        confirmed, mismatch, changed, unsure: Prices that hold, by what the shop made of them.
        overdue: Of the unsure, those it should have shown by now.
    """

    new: int
    confirmed: int
    mismatch: int
    changed: int
    unsure: int
    overdue: int


def confirm_prices(settings: Settings, state: State, at: datetime) -> Confirmed:
    """Compare the prices that hold with the shop's feed of prices and products, and with what was paid; note news.

    A price the feed says nothing of since it holds is confirmed by somebody paying it; one that is charged higher is a
    mismatch whatever the feed says.
    """
    published = state.prices.published()
    if not published:
        return Confirmed(0, 0, 0, 0, 0, 0)
    grace = timedelta(hours=load_policy(settings.workspace).runs.confirm_hours)
    shown = _shown(state, published)
    waiting = {one.number for one in state.prices.not_handed(NOT_HANDED)}
    silent = [one for one in published if not one.outcome and not _since(shown.get(one.key), one)]
    paid, higher = paid_prices(settings, silent, published, grace, at)

    def made_of(one: PublishedPrice) -> Seen | None:
        if one.number in higher:
            return charged(one, higher[one.number], at)
        return judged(one, paid.get(one.number, shown.get(one.key)), one.number in waiting, grace, at)

    seen = [found for found in map(made_of, published) if found is not None]
    new = state.prices.saw(seen)
    _alarm(state, [one for one in seen if one.outcome == "mismatch"])
    return counted(state.prices.published() if new else published, grace, at, new)


def _alarm(state: State, mismatches: Sequence[Seen]) -> None:
    """Log each price the shop shows otherwise, and each running test of prices that is spoilt by them."""
    if not mismatches:
        return
    for one in mismatches:
        _log.warning("price_mismatch", number=one.number, observed=one.observed)
    numbers = {one.number for one in mismatches}
    wrong = [one for one in state.prices.published() if one.number in numbers]
    for test, keys in spoilt_tests(wrong, state.price_tests.held()).items():
        _log.warning("price_test_spoilt", test=test, prices=len(keys), first=keys[0])


def counted(published: Sequence[PublishedPrice], grace: timedelta, at: datetime, new: int = 0) -> Confirmed:
    """Return how prices that hold stand with the shop."""
    outcomes = [one.outcome for one in published]
    overdue = sum(one.outcome == "" and at - one.at > grace for one in published)
    return Confirmed(
        new, outcomes.count("confirmed"), outcomes.count("mismatch"), outcomes.count("changed"), outcomes.count(""),
        overdue,
    )  # fmt: skip


def _shown(state: State, published: Sequence[PublishedPrice]) -> dict[PriceKey, Shown]:
    """Return what the shop's feeds show of published prices: the newest of a product's row and its price row."""
    wanted = {one.key for one in published}
    found: dict[PriceKey, Shown] = {}
    for store in sorted({one.store for one in published}):
        own: set[PriceKey] = set()
        for row in state.tables.scan(PRODUCTS, store):  # rows for all stores included; a store's own row counts
            product = cast("Product", row.row)
            key = (store, "", product.product)
            if product.price is None or key not in wanted or (product.store == ALL_STORES and key in own):
                continue
            found[key] = Shown(product.price, row.source_ts)
            if product.store != ALL_STORES:
                own.add(key)
        for row in state.tables.scan(PRICES, store):
            price = cast("Price", row.row)
            key = (store, price.price_list, price.product)
            if key in wanted and (key not in found or found[key].at <= row.source_ts):
                found[key] = Shown(price.price, row.source_ts)
    return found


def _since(shown: Shown | None, published: PublishedPrice) -> bool:
    return shown is not None and shown.at >= published.at
