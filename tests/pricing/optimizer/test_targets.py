"""The margin targets a policy sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from tests.pricing.shelves import a_shelf

from shopkeeper.pricing.optimizer.targets import Group, targets_of
from shopkeeper.pricing.policy.price_policy import PricePolicy, Rules, Scope
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.rules.offer import make_offer


def test_each_store_s_category_has_its_target_and_all_together_that_of_the_policy() -> None:
    garden = Scope(name="garden", where=Where(categories=("Garden",), stores=("uk",)), rules=Rules(margin_target=0.4))
    policy = PricePolicy(version=1, portfolio_margin=0.3, margin_probability=0.95, scopes=(garden,))
    shelf = replace(
        a_shelf([10.0, 11.0, 12.0, 13.0]), category=np.array([0, 1, 0, 0]), store=np.array([0, 0, 0, 1]),
        categories=("Garden > Tools", "Books"), stores=("uk", "ie"), currency=("GBP", "EUR"),
    )  # fmt: skip
    targets, groups = targets_of(policy, make_offer(policy, shelf, date(2026, 3, 2)).limits, shelf)
    told = dict(zip(groups, targets.margin.tolist(), strict=True))
    assert told[Group("uk", "Garden > Tools", "retail")] == 0.4
    assert np.isnan([told[Group("uk", "Books", "retail")], told[Group("ie", "Garden > Tools", "retail")]]).all()
    assert [groups[place].store for place in targets.group] == ["uk", "uk", "uk", "ie"]
    assert (targets.portfolio, targets.probability) == (0.3, 0.95)


def test_a_key_value_item_is_one_the_policy_names_or_the_shelf_marks() -> None:
    known = Scope(name="known", where=Where(key_value=True), rules=Rules(daily_move=0.02))
    policy = PricePolicy(version=1, key_value=("p1",), scopes=(known,))
    offer = make_offer(policy, a_shelf([10.0, 10.0, 10.0], key_value=[True, False, False]), date(2026, 3, 2))
    assert offer.limits.number["daily_move"].tolist() == [0.02, 0.02, 0.1]
