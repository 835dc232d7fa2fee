"""What a store shows now, whatever the order in which rows of products, prices and stock arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shopkeeper.commerce.product import Inventory, Price, Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.catalogue import Catalogue

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def product(
    hours: float, *, store: str = "uk", price: float | None = None, stock: float | None = None, deleted: bool = False
) -> SourcedRow:
    return SourcedRow(Product(product="lamp", store=store, price=price, stock=stock), at(hours), deleted)


def stock(hours: float, on_hand: float, *, store: str = "uk", deleted: bool = False) -> SourcedRow:
    return SourcedRow(Inventory(product="lamp", store=store, ts=at(hours), on_hand=on_hand), at(hours), deleted)


def price(hours: float, amount: float, *, store: str = "uk", price_list: str = "") -> SourcedRow:
    row = Price(product="lamp", store=store, ts=at(hours), price=amount, price_list=price_list)
    return SourcedRow(row, at(hours))


def test_the_version_rises_with_what_changes_and_with_nothing_else() -> None:
    catalogue = shelf(product(1, price=10.0), stock(1, 3))
    before = catalogue.version
    catalogue.apply([product(1, price=10.0), stock(1, 3), product(0, price=9.0)])
    assert catalogue.version == before
    for row in (product(1, price=11.0), stock(2, 3), SourcedRow(Store(store="uk"), NOON)):
        catalogue.apply([row])
        assert catalogue.version > before
        before = catalogue.version


def shelf(*rows: SourcedRow) -> Catalogue:
    catalogue = Catalogue()
    catalogue.apply(rows)
    return catalogue


def test_a_product_nobody_declared_is_not_shown() -> None:
    assert shelf().card("uk", "lamp") is None
    assert not shelf().available("uk", "lamp", NOON)


def test_a_shared_product_is_shown_in_every_store_and_counted_once() -> None:
    catalogue = shelf(product(0, store="", price=10))
    assert [catalogue.available(store, "lamp", NOON) for store in ("uk", "de")] == [True, True]
    assert catalogue.size("uk") == 1


def test_a_stores_own_row_stands_before_the_shared_one() -> None:
    catalogue = shelf(product(1, store="", price=10), product(0, store="uk", price=12))
    uk, de = catalogue.card("uk", "lamp"), catalogue.card("de", "lamp")
    assert uk is not None
    assert uk.price == 12
    assert de is not None
    assert de.price == 10
    assert [card.price for card in catalogue.cards("uk")] == [12]


def test_stock_of_one_store_changes_the_shared_product_in_that_store_alone() -> None:
    catalogue = shelf(product(0, store=""), stock(1, 0, store="uk"))
    assert not catalogue.available("uk", "lamp", NOON)
    assert catalogue.available("de", "lamp", NOON)


def test_a_deleted_shared_product_is_gone_even_where_a_store_counted_it() -> None:
    catalogue = shelf(product(0, store=""), stock(1, 5, store="uk"), product(2, store="", deleted=True))
    assert catalogue.card("uk", "lamp") is None
    assert catalogue.size("uk") == 0


def test_a_store_that_withdraws_a_shared_product_hides_it_there_and_nowhere_else() -> None:
    catalogue = shelf(product(0, store=""), product(1, store="uk", deleted=True), stock(2, 5, store="uk"))
    assert catalogue.card("uk", "lamp") is None
    assert list(catalogue.cards("uk")) == []
    assert catalogue.available("de", "lamp", NOON)


def test_a_withdrawn_product_comes_back_only_by_a_newer_row() -> None:
    catalogue = shelf(product(0), product(2, deleted=True))
    catalogue.apply([product(1)])
    assert catalogue.card("uk", "lamp") is None
    catalogue.apply([product(3)])
    assert catalogue.available("uk", "lamp", NOON)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_newest_of_product_price_and_stock_wins_whatever_the_order_of_arrival(order: tuple[int, ...]) -> None:
    rows = [product(1, price=10, stock=5), price(2, 11), stock(0, 0), product(0, price=9, stock=0)]
    card = shelf(*(rows[place] for place in order)).card("uk", "lamp")
    assert card is not None
    # Price: 11 of hour 2 over 10 of hour 1. Stock: 5 of hour 1 over the 0 counted at hour 0.
    assert (card.price, card.stock) == (11, 5)


def test_a_product_row_without_price_and_stock_leaves_older_ones_standing() -> None:
    card = shelf(price(0, 11), stock(0, 3), product(1)).card("uk", "lamp")
    assert card is not None
    assert (card.price, card.stock) == (11, 3)


def test_a_withdrawn_count_leaves_what_the_product_row_says() -> None:
    card = shelf(product(0, stock=7), stock(1, 0), stock(2, 0, deleted=True)).card("uk", "lamp")
    assert card is not None
    assert card.stock == 7


def test_prices_of_other_price_lists_are_not_on_the_shelf() -> None:
    card = shelf(product(0, price=10), price(1, 8, price_list="trade")).card("uk", "lamp")
    assert card is not None
    assert card.price == 10


def test_a_product_is_available_from_its_first_moment_until_before_its_last() -> None:
    row = Product(product="lamp", store="uk", available_from=at(0), available_until=at(1))
    catalogue = shelf(SourcedRow(row, at(-1)))
    asked = (at(-0.1), at(0), at(0.9), at(1))
    assert [catalogue.available("uk", "lamp", now) for now in asked] == [False, True, True, False]


@pytest.mark.parametrize(
    "row",
    [
        Product(product="lamp", store="uk", status="withdrawn"),
        Product(product="lamp", store="uk", status="draft"),
        Product(product="lamp", store="uk", kind="service"),
        Product(product="lamp", store="uk", kind="gift_card"),
        Product(product="lamp", store="uk", stock=0),
    ],
)
def test_withdrawn_drafts_services_vouchers_and_sold_out_are_not_available(row: Product) -> None:
    assert not shelf(SourcedRow(row, NOON)).available("uk", "lamp", NOON)


def variants(catalogue: Catalogue, store: str, parent: str) -> list[str]:
    return [card.product.product for card in catalogue.variants(store, parent)]


def variant(hours: float, name: str, parent: str | None, *, store: str = "", deleted: bool = False) -> SourcedRow:
    return SourcedRow(Product(product=name, parent=parent, store=store), at(hours), deleted=deleted)


def test_the_variants_of_a_parent_follow_every_row() -> None:
    catalogue = shelf(variant(0, "red", "cup"), variant(0, "blue", "cup", store="uk"), variant(0, "cup", None))
    assert variants(catalogue, "uk", "cup") == ["blue", "red"]
    assert variants(catalogue, "us", "cup") == ["red"]
    catalogue.apply([variant(1, "blue", "mug", store="uk"), variant(1, "green", "cup")])
    assert (variants(catalogue, "uk", "cup"), variants(catalogue, "uk", "mug")) == (["green", "red"], ["blue"])
    catalogue.apply([variant(2, "red", "cup", store="uk", deleted=True), variant(2, "green", None, store="us")])
    assert (variants(catalogue, "uk", "cup"), variants(catalogue, "us", "cup")) == (["green"], ["red"])
    catalogue.apply([variant(3, name, "cup", deleted=True) for name in ("red", "green")])
    assert (variants(catalogue, "uk", "cup"), variants(catalogue, "us", "cup")) == ([], [])
    catalogue.apply([variant(4, "red", "cup"), stock(5, 0)])
    assert (variants(catalogue, "us", "cup"), variants(catalogue, "uk", "cup")) == (["red"], [])


def test_a_variant_that_one_store_counts_is_there_once() -> None:
    catalogue = shelf(
        variant(0, "lamp", "lamps"), stock(1, 0), SourcedRow(Product(product="lamp", parent="lamps"), at(2))
    )
    assert [(card.product.product, card.stock) for card in catalogue.variants("uk", "lamps")] == [("lamp", 0)]


def test_stores_follow_the_newest_row_and_deletion() -> None:
    catalogue = shelf(SourcedRow(Store(store="uk", currency="GBP"), at(1)))
    catalogue.apply([SourcedRow(Store(store="uk", currency="EUR"), at(0))])
    assert catalogue.declared["uk"].currency == "GBP"
    catalogue.apply([SourcedRow(Store(store="uk"), at(2), deleted=True)])
    assert catalogue.store("uk") is None
    assert catalogue.stores == ()


def test_a_store_without_group_is_a_group_of_its_own() -> None:
    catalogue = shelf(SourcedRow(Store(store="uk", customer_group="europe"), NOON))
    assert (catalogue.group("uk"), catalogue.group("us")) == ("europe", "us")
