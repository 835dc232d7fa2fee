from __future__ import annotations

import numpy as np

from shopkeeper.simulation.catalogue import POSTAGE, describe
from shopkeeper.simulation.market import Market


def test_no_two_products_of_a_store_share_id_or_title(market: Market) -> None:
    for store in market.stores:
        assert len(set(store.shelf.ids)) == len(set(store.shelf.titles)) == 120 + 3 + 1


def test_every_product_sells_above_what_it_costs_without_tax(market: Market) -> None:
    for store in market.stores:
        net = store.shelf.price / (1 + store.plan.tax_rate)
        real = store.shelf.sellable
        margin = 1 - store.shelf.cost[real] / net[real]
        assert margin.min() > 0.1
        assert 0.35 < margin.mean() < 0.55


def test_a_price_lies_in_the_range_of_its_family(market: Market) -> None:
    for store in market.stores:
        for product in np.flatnonzero(store.shelf.sellable):
            family = store.plan.assortment.families[store.shelf.family[product]]
            low, high = family.low * store.plan.per_pound, family.high * store.plan.per_pound
            assert low - 1 <= store.shelf.price[product] <= high + 1


def test_partners_are_of_the_families_a_product_goes_with_and_twins_of_its_own(market: Market) -> None:
    for store in market.stores:
        families, shelf = store.plan.assortment.families, store.shelf
        for product in np.flatnonzero(shelf.sellable):
            own = families[shelf.family[product]]
            partners = {families[shelf.family[p]].leaf for p in shelf.partners[product] if p >= 0}
            assert partners == set(own.goes_with)
            assert {families[shelf.family[t]].leaf for t in shelf.twins[product] if t >= 0} == {own.leaf}
            assert product not in shelf.twins[product]


def test_a_family_goes_only_with_families_its_store_has(market: Market) -> None:
    for store in market.stores:
        leaves = {family.leaf for family in store.plan.assortment.families}
        assert len(leaves) == len(store.plan.assortment.families)
        assert all(set(family.goes_with) <= leaves - {family.leaf} for family in store.plan.assortment.families)


def test_gift_cards_and_postage_are_lines_that_may_not_be_recommended(market: Market) -> None:
    for store in market.stores:
        lines = [store.shelf.ids[n] for n in np.flatnonzero(~store.shelf.sellable)]
        assert len(lines) == 4
        assert lines[-1] == POSTAGE
        assert all("GIFT" in line for line in lines[:-1])


def test_a_description_names_only_facts_of_the_product(market: Market) -> None:
    store = market.stores[2]
    text = describe(store.plan.assortment, store.shelf, 0)
    for fact in (
        store.shelf.titles[0],
        store.shelf.brands[0],
        store.shelf.colours[0].lower(),
        store.shelf.materials[0],
    ):
        assert fact in text
