from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from shopkeeper.simulation.ledger import Ledger
from shopkeeper.simulation.market import Market
from shopkeeper.simulation.promotions import price_ratios
from shopkeeper.simulation.sessions import HOME, SECOND, Browsing, browse, midnights

from .conftest import DAYS, UNTIL, UNTIL_MS

Booked = tuple[Browsing, Ledger]


def test_nothing_happens_after_the_end_of_the_history(booked: Booked) -> None:
    browsing, _ = booked
    assert browsing.ts.max() < UNTIL_MS
    assert browsing.end.max() < UNTIL_MS


def test_pages_of_a_session_follow_each_other_in_time(booked: Booked) -> None:
    browsing, _ = booked
    same = browsing.session[1:] == browsing.session[:-1]
    assert (np.diff(browsing.ts)[same] >= 0).all()
    first = np.searchsorted(browsing.session, np.arange(browsing.shopper.size))
    assert (browsing.ts[first] >= browsing.start).all()
    assert (browsing.session[first] == np.arange(browsing.shopper.size)).all()


def test_nobody_looks_at_the_same_product_twice_in_a_row(booked: Booked) -> None:
    browsing, _ = booked
    same = browsing.session[1:] == browsing.session[:-1]
    assert not (browsing.product[1:] == browsing.product[:-1])[same].any()


def test_a_new_product_is_not_looked_at_before_its_first_day(market: Market, booked: Booked) -> None:
    browsing, _ = booked
    born = market.stores[0].shelf.born[browsing.product]
    assert (born > 0).any()
    assert (browsing.day[browsing.session] >= born).all()


def test_evenings_are_busier_than_nights_in_the_stores_own_time(market: Market) -> None:
    store = market.stores[2]
    rng = np.random.default_rng(4)
    browsing = browse(store, DAYS, UNTIL, price_ratios(store.shelf, DAYS, rng), rng)
    zone = ZoneInfo(store.plan.store.time_zone)
    hours = np.array([datetime.fromtimestamp(ms / SECOND, zone).hour for ms in browsing.start.tolist()])
    assert np.isin(hours, (19, 20, 21)).sum() > 4 * np.isin(hours, (2, 3, 4)).sum()


def test_a_day_begins_at_the_stores_midnight_across_a_clock_change(market: Market) -> None:
    days = midnights(market.stores[1], DAYS, UNTIL)  # 25 October 2026 has 25 hours in Amsterdam
    hours = np.diff(days) / (3_600 * SECOND)
    assert sorted(set(hours.tolist())) == [24.0, 25.0]
    first = datetime.fromtimestamp(days[0] / SECOND, ZoneInfo("Europe/Amsterdam"))
    assert (first.hour, first.date()) == (0, (UNTIL - timedelta(days=DAYS - 1)).date())


def test_only_sessions_that_begin_at_home_click_the_bestseller_strip(booked: Booked) -> None:
    browsing, _ = booked
    clicked = browsing.position > 0
    assert clicked.any()
    assert (browsing.entry[browsing.session[clicked]] == HOME).all()
    assert (browsing.strip[browsing.position[clicked] - 1] == browsing.product[clicked]).all()


def test_what_is_looked_at_next_is_often_a_partner_or_a_twin(market: Market, booked: Booked) -> None:
    """The structure an order-aware model can learn: far above what popularity alone would give."""
    browsing, _ = booked
    shelf = market.stores[0].shelf
    same = browsing.session[1:] == browsing.session[:-1]
    now, after = browsing.product[:-1][same], browsing.product[1:][same]
    related = np.hstack([shelf.partners, shelf.twins])
    hit = (related[now] == after[:, None]).any(axis=1).mean()
    shuffled = (related[now] == np.random.default_rng(1).permutation(after)[:, None]).any(axis=1).mean()
    assert hit > 3 * shuffled


def test_partners_follow_a_product_and_not_the_other_way_round(market: Market, booked: Booked) -> None:
    browsing, _ = booked
    shelf = market.stores[0].shelf
    same = browsing.session[1:] == browsing.session[:-1]
    now, after = browsing.product[:-1][same], browsing.product[1:][same]
    forward = (shelf.partners[now] == after[:, None]).any(axis=1)
    backward = (shelf.partners[after] == now[:, None]).any(axis=1)
    assert (forward & ~backward).sum() > 2 * (backward & ~forward).sum()
