"""Prices whose demand nobody knows: they stay, and where the policy lets them be tried some are wobbled to learn it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests.pricing.houses import MONDAY, STORE, House, trade

from shopkeeper.pricing.choose import Chosen, choose
from shopkeeper.pricing.house.history import history_of
from shopkeeper.pricing.house.records import Records
from shopkeeper.pricing.house.standing import Reach, standing_prices
from shopkeeper.pricing.house.weeks import weeks_of
from shopkeeper.pricing.policy.policy_file import read_policy
from shopkeeper.pricing.price_model import ELASTIC, fit_model, slopes_for
from shopkeeper.pricing.proposal import Proposal
from shopkeeper.pricing.propose import explored_of, proposals_of
from shopkeeper.pricing.standing_shelf import StoreState, shelf_of

WEEKS = 20
STILL = ("s0", "s1", "s2", "s3")
POLICY = "version: 1\nkey_value: [s3]\nrules: {days_between_changes: 0, daily_move: 0.2"
TRIED = ", exploration: {budget: 0.02, share: 1, move: 0.06, weeks: 104, enough: 0.2}"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Eight products whose prices moved, and four of another category that cost the same for ever."""
    house = House(tmp_path_factory.mktemp("house"))
    trade(house, WEEKS)
    lately = MONDAY + timedelta(days=7 * WEEKS - 2)
    for name in (*(f"p{number}" for number in range(8)), *STILL):
        category = "Cellar" if name in STILL else "Garden"
        house.product(name, cost=7.0 if name in STILL else 4.0, categories=[category], source_ts=lately)
    for name in STILL:
        house.price(name, 0, 10.0)
        for week in range(WEEKS):
            house.stock(name, 7 * week, 500)
            house.sale(name, 7 * week + 3, 40 + 5 * (week % 3), 10.0)
    yield house.records(7 * WEEKS)
    house.close()


def priced(records: Records, policy: str) -> tuple[Chosen, dict[str, Proposal]]:
    weeks = weeks_of(records, "")
    assert weeks is not None
    history = history_of([("de", weeks)])
    slopes = slopes_for(fit_model(ELASTIC, history, {}), history)
    standings = standing_prices(records, "", Reach(rival_days=3, prior_days=30), Counter())
    standing = shelf_of([StoreState(STORE, "", standings)], history.pairs(), slopes, 0.0)
    assert standing is not None
    chosen = choose(read_policy(policy + "}\n"), standing, history, slopes, date(2026, 7, 20))
    return chosen, {one.product: one for one in proposals_of(chosen, history.paid)}


def test_a_price_nobody_knows_the_demand_of_stays_and_says_so(records: Records) -> None:
    _, found = priced(records, POLICY)
    assert {found[name].support for name in STILL} == {"none"}
    assert all(not found[name].moves and found[name].hold == ("no_opinion",) for name in STILL)


def test_where_it_may_be_tried_it_is_wobbled_by_a_little_and_what_is_not_stays(records: Records) -> None:
    chosen, found = priced(records, POLICY + TRIED)
    tried = [found[name] for name in STILL if found[name].tried is not None]
    assert tried
    for one in tried:
        assert one.tried is not None
        assert (one.tried.kind, one.tried.instead, one.why, one.hold) == ("wobble", 10.0, "explore", ())
        assert 0 < abs(one.proposed / 10 - 1) <= 0.06 + 1e-6
    for name in STILL:
        if found[name].tried is None:
            assert (found[name].proposed, found[name].hold) == (10.0, ("no_opinion",))
    assert found["s3"].tried is None  # shoppers know its price by heart
    total = explored_of(chosen)
    assert total is not None
    assert -1e-6 <= total.cost <= total.budget  # what nobody believes is not counted as a gain
