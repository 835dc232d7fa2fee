"""From records to proposed prices: what is proposed, what is held and why, and that nothing later is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.pricing.houses import MONDAY, STORE, House, trade

from shopkeeper.commerce.store import Store
from shopkeeper.pricing.choose import Chosen, choose
from shopkeeper.pricing.house.history import history_of
from shopkeeper.pricing.house.records import Records
from shopkeeper.pricing.house.standing import Reach, feeds_of, standing_prices
from shopkeeper.pricing.house.weeks import weeks_of
from shopkeeper.pricing.may_try import exploring_of
from shopkeeper.pricing.policy.policy_file import default_policy, read_policy
from shopkeeper.pricing.policy.price_policy import Period, PricePolicy
from shopkeeper.pricing.policy.together import OnePrice, Packs, Together
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.price_model import ELASTIC, fit_model, slopes_for
from shopkeeper.pricing.proposal import Proposal
from shopkeeper.pricing.propose import explored_of, left_out, proposals_of
from shopkeeper.pricing.standing_shelf import StoreState, shelf_of, with_freezes
from shopkeeper.pricing.whatif import reached, today, with_margin

WEEKS = 30
REACH = Reach(rival_days=3, prior_days=30)
MARGIN = 0.45
"""A target at which how demand answers decides which prices rise and which fall."""
DAY = date(2026, 9, 28)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Eight products that sold for 30 weeks, and some of which little is known."""
    house = House(tmp_path_factory.mktemp("house"))
    trade(house, WEEKS)
    last = 7 * WEEKS
    lately = MONDAY + timedelta(days=last - 2)
    for number in range(8):  # costs are said anew, or nobody would believe them
        house.product(
            f"p{number}", cost=4.0, categories=["Garden" if number % 2 else "Kitchen"], source_ts=lately,
            attributes={"line": "l", "size": f"{number + 1} kg" if number < 7 else "some"},
            available_until=MONDAY + timedelta(days=last + 18) if number == 7 else None,
        )  # fmt: skip
    house.product("new", cost=3.0, source_ts=lately)
    house.price("new", last - 3, 9.99)
    house.price("p0", last - 3, 6.0, price_list="wholesale")
    for number in range(8):
        house.rival(f"p{number}", last - 1, 10.0)
    yield house
    house.close()


@pytest.fixture(scope="module")
def records(house: House) -> Records:
    return house.records(7 * WEEKS)


def priced(
    records: Records, policy: PricePolicy, tested: Collection[tuple[str, str]] = ()
) -> tuple[Chosen, dict[tuple[str, str], Proposal]]:  # fmt: skip
    weeks = weeks_of(records, "")
    assert weeks is not None
    history = history_of([("de", weeks)])
    slopes = slopes_for(fit_model(ELASTIC, history, {}), history)
    state = StoreState(STORE, "", standing_prices(records, "", REACH, Counter()))
    standing = shelf_of([state], history.pairs(), slopes, 0.0)
    assert standing is not None
    chosen = choose(policy, standing, history, slopes, DAY, tested=tested)
    return chosen, {(one.product, one.price_list): one for one in proposals_of(chosen, history.paid)}


@cache
def policy() -> PricePolicy:
    return read_policy(default_policy().replace("days_between_changes: 3", "days_between_changes: 0"))


def test_a_price_moves_within_its_rules_towards_more_revenue(records: Records) -> None:
    chosen, found = priced(records, policy())
    assert set(found) == {(f"p{n}", "") for n in range(8)} | {("new", ""), ("p0", "wholesale")}
    moved = [one for one in found.values() if one.moves]
    assert moved
    for one in moved:
        assert abs(one.proposed / one.current - 1) <= 0.10 + 1e-9
        assert one.cost is not None
        assert one.proposed >= one.cost * 1.02 * 1.25
        assert one.at_proposed is not None
        assert one.at_proposed.revenue.low <= one.at_proposed.revenue.expected <= one.at_proposed.revenue.high
        assert one.elasticity is not None
        assert one.elasticity.low < -2 < one.elasticity.high
    before, after = today(chosen), reached(chosen)
    assert before is not None
    assert after is not None
    assert after.revenue > before.revenue


def exploring(budget: float = 0.02) -> PricePolicy:
    """Return a policy that tries out whatever it may, however little a try teaches."""
    said = f"exploration: {{budget: {budget}, share: 1, move: 0.08, weeks: 104, enough: 0.01, wide: 0.05}}"
    text = default_policy().replace("days_between_changes: 3", f"days_between_changes: 0\n  {said}", 1)
    return msgspec.structs.replace(read_policy(text), portfolio_margin=MARGIN)


def test_a_tried_price_says_so_and_follows_every_rule(records: Records) -> None:
    _, plain = priced(records, msgspec.structs.replace(policy(), portfolio_margin=MARGIN))
    chosen, found = priced(records, exploring())
    tried = {key: one for key, one in found.items() if one.tried is not None}
    assert tried
    total = explored_of(chosen)
    assert total is not None
    assert total.tried == len(tried)
    assert total.cost <= total.budget
    for key, one in tried.items():
        assert one.tried is not None
        assert one.why == "explore"
        assert one.proposed != one.tried.instead == plain[key].proposed
        assert abs(one.proposed / one.tried.instead - 1) <= 0.08 + 1e-6
        assert abs(one.proposed / one.current - 1) <= 0.10 + 1e-9
        assert one.tried.cost <= one.tried.risk + 1e-9
        assert chosen.offer.broken(chosen.standing.shelf.products.index(key[0]), one.proposed) == ()
    assert "p7" not in {product for product, _ in tried}  # its stock ends


def test_key_value_items_and_what_a_test_holds_are_never_tried(records: Records) -> None:
    _, free = priced(records, exploring())
    names = sorted(product for (product, _), one in free.items() if one.tried is not None)
    known = msgspec.structs.replace(exploring(), key_value=(names[0],))
    _, found = priced(records, known, tested=[("de", names[-1])])
    assert found[names[0], ""].tried is None
    assert found[names[-1], ""].tried is None


def test_each_scope_has_a_budget_of_its_own_and_may_have_none(records: Records) -> None:
    text = default_policy().replace("days_between_changes: 3", "days_between_changes: 0", 1)
    scopes = """scopes:
  - {name: try, where: {categories: [Garden]}, rules: {exploration: {budget: 0.01, weeks: 104}}}
  - {name: never, where: {products: [p1]}, rules: {exploration: null}}
"""
    one = read_policy(text.replace("scopes:\n", scopes, 1))
    chosen, _ = priced(records, one)
    shelf = chosen.standing.shelf
    names = [shelf.products[row] for row in shelf.product[chosen.rows].tolist()]
    found = exploring_of(one, chosen.offer.limits, chosen.standing, chosen.rows, chosen.slopes, DAY, 0)
    assert found is not None
    assert {name for name, may in zip(names, found.may, strict=True) if may} == {"p3", "p5", "p7"}
    assert {float(share) for share in found.budget[found.may]} == {0.01}
    assert len(set(found.pool[found.may].tolist())) == 1
    later = exploring_of(one, chosen.offer.limits, chosen.standing, chosen.rows, chosen.slopes, DAY + timedelta(14), 0)
    assert later is not None
    assert (later.up != found.up).all()
    assert later.seed == found.seed + 2


def test_a_price_that_is_soon_reduced_is_not_tried_so_that_its_prior_price_stays(records: Records) -> None:
    soon, late = (
        Period(name=f"sale {days}", starts=DAY + timedelta(days), ends=DAY + timedelta(days + 7), prices="reduce",
               where=Where(products=(product,)))
        for days, product in ((20, "p1"), (40, "p3"))
    )  # fmt: skip
    one = msgspec.structs.replace(exploring(), calendar=(soon, late))
    chosen, _ = priced(records, one)
    found = exploring_of(one, chosen.offer.limits, chosen.standing, chosen.rows, chosen.slopes, DAY, 0)
    assert found is not None
    shelf = chosen.standing.shelf
    names = [shelf.products[row] for row in shelf.product[chosen.rows].tolist()]
    may = dict(zip(names, found.may.tolist(), strict=True))
    assert (may["p1"], may["p3"]) == (False, True)


def test_nothing_is_tried_by_default_or_for_other_margin_targets(records: Records) -> None:
    for one in (policy(), with_margin(exploring(), 0.1)):
        chosen, found = priced(records, one)
        assert explored_of(chosen) is None
        assert all(proposal.tried is None for proposal in found.values())


def test_what_was_never_sold_and_other_price_lists_are_held_and_said_to_be(records: Records) -> None:
    _, found = priced(records, policy())
    assert found["new", ""].hold == ("not_sold_yet",)
    assert found["p0", "wholesale"].hold[0] == "price_list"
    for key in (("new", ""), ("p0", "wholesale")):
        assert not found[key].moves
        assert found[key].why == "hold"
        assert found[key].elasticity is None


def test_prices_that_belong_together_are_proposed_so_and_one_not_sold_yet_follows(records: Records) -> None:
    _, alone = priced(records, policy())
    near = [one.product for one in alone.values() if one.current == 10.0 and one.price_list == ""][:2]
    assert len(near) == 2
    group = OnePrice(name="pair", products=(*near, "new"))
    _, found = priced(records, msgspec.structs.replace(policy(), together=Together(one_price=(group,))))
    assert len({found[name, ""].proposed for name in (*near, "new")}) == 1
    assert found["new", ""].moves
    assert found["new", ""].hold == ()
    assert found["new", ""].why == found[near[0], ""].why
    (block,) = {found[name, ""].block for name in (*near, "new")}
    assert {one.product for one in found.values() if one.block == block} == {*near, "new"}


def test_prices_that_cannot_stand_together_are_held_and_name_what_would_have_to_give(records: Records) -> None:
    _, alone = priced(records, policy())
    retail = [one for one in alone.values() if one.price_list == "" and one.product != "new"]
    low, high = (pick(retail, key=lambda one: one.current).product for pick in (min, max))
    group = OnePrice(name="pair", products=(low, high))
    chosen, found = priced(records, msgspec.structs.replace(policy(), together=Together(one_price=(group,))))
    for name in (low, high):
        assert not found[name, ""].moves
        assert found[name, ""].hold == ("one_price (pair)",)
    assert "allows" in (found[high, ""].relaxation or "")
    assert left_out(chosen) == []


def test_a_size_that_cannot_be_read_is_said(records: Records) -> None:
    packs = Packs(name="sizes", of="line", size="size", not_cheaper=False)
    chosen, found = priced(records, msgspec.structs.replace(policy(), together=Together(packs=(packs,))))
    assert left_out(chosen)[0].startswith(
        "1 price(s) stand alone whose size cannot be compared, such as p7 says 'some'"
    )
    per_kilo = [found[f"p{number}", ""].proposed / (number + 1) for number in range(7)]
    assert per_kilo == sorted(per_kilo, reverse=True)


def test_stock_whose_product_is_sold_no_more_soon_is_cleared_and_does_not_rise(records: Records) -> None:
    chosen, found = priced(records, policy())
    assert chosen.standing.days_left[chosen.standing.shelf.products.index("p7")] == pytest.approx(18, abs=0.1)
    assert found["p7", ""].proposed <= found["p7", ""].current
    assert chosen.weekly is not None
    assert chosen.weekly.stock_price is not None
    # 500 are there, and forty a week go in three weeks: one more is worth nothing.
    assert np.abs(chosen.weekly.stock_price).max() < 0.01


def test_a_freeze_of_the_stores_calendar_holds_all_its_prices(records: Records) -> None:
    frozen = with_calendar({"freezes": [{"from": "2026-09-20", "to": "2026-10-02"}]})
    _, found = priced(records, with_freezes(policy(), [frozen]))
    assert not any(one.moves for one in found.values())
    assert "calendar" in found["p1", ""].hold


def test_a_higher_margin_target_costs_revenue_and_says_what(records: Records) -> None:
    chosen, _ = priced(records, policy())
    now = today(chosen)
    assert now is not None
    higher, _ = priced(records, with_margin(policy(), now.margin + 0.01))
    found = reached(higher)
    assert found is not None
    assert found.margin > now.margin
    assert found.chance is not None
    freely = reached(chosen)
    assert freely is not None
    assert found.revenue < freely.revenue


def test_nothing_that_happened_later_changes_a_proposal(house: House, records: Records) -> None:
    _, before = priced(records, policy())
    house.sale("p1", 7 * WEEKS + 1, 9_000, 1.0)
    house.price("p1", 7 * WEEKS + 1, 1.0)
    house.rival("p1", 7 * WEEKS + 1, 1.0)
    house.stock("p1", 7 * WEEKS + 1, 0)
    _, after = priced(house.records(7 * WEEKS), policy())
    assert after == before


def test_feeds_say_how_old_they_are_and_what_of_rivals_is_not_believed(house: House, records: Records) -> None:
    late = house.records(7 * WEEKS + 6)
    found = {one.feed: one for one in feeds_of(late, standing_prices(late, "", REACH, Counter()), Counter())}
    assert found["rivals"].treated == {"stale": 8 + 1}  # p0 is on two price lists
    fresh = {one.feed: one for one in feeds_of(records, standing_prices(records, "", REACH, Counter()), Counter())}
    assert fresh["rivals"].hours == pytest.approx(24)
    assert fresh["rivals"].rows == 8
    assert fresh["costs"].rows == 9


def with_calendar(calendar: dict[str, Any]) -> Store:
    return msgspec.structs.replace(STORE, calendar=calendar)
