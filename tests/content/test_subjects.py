"""Which products are written about, in which locales."""

from __future__ import annotations

import msgspec
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.content.subjects import ContentOrder, categories, subjects, without_words
from shopkeeper.errors import InputError, UnknownStore

UK, AT = Store(store="uk", locales=("en-GB",)), Store(store="at", locales=("de-AT", "hu-HU"))
LAMP = Product(product="lamp", title="Lamp", categories=("Home > Lamps",))
DESK = Product(product="desk", store="uk", title="Desk", categories=("Home > Desks",))


def names(order: ContentOrder, *products: Product) -> list[tuple[str, str, tuple[str, ...]]]:
    found = subjects(products or (LAMP, DESK), (UK, AT), order)
    return [(one.store, one.product.product, one.locales) for one in found]


def test_a_product_for_all_stores_is_written_about_once_in_the_locales_of_them_all() -> None:
    assert names(ContentOrder()) == [("", "lamp", ("en-GB", "de-AT")), ("uk", "desk", ("en-GB",))]


def test_an_order_may_name_a_store_locales_a_category_and_products() -> None:
    assert names(ContentOrder(store="at")) == [("", "lamp", ("de-AT",))]
    assert names(ContentOrder(locales=("de-AT",))) == [("", "lamp", ("de-AT",))]
    assert [name for _, name, _ in names(ContentOrder(category="Home"))] == ["lamp", "desk"]
    assert [name for _, name, _ in names(ContentOrder(category="Home > Desk"))] == []
    assert [name for _, name, _ in names(ContentOrder(products=("desk",)))] == ["desk"]


def test_variants_are_facts_of_their_parent_unless_it_is_not_there() -> None:
    red, blue = (Product(product=f"lamp-{name}", parent="lamp") for name in ("red", "blue"))
    orphan = Product(product="orphan", parent="gone")
    (lamp, alone) = subjects((red, LAMP, blue, orphan), (UK,), ContentOrder())[::-1]
    assert [one.product for one in lamp.variants] == ["lamp-blue", "lamp-red"]
    assert (alone.product.product, alone.variants) == ("orphan", ())


def test_nothing_is_written_about_postage_vouchers_and_what_is_not_sold() -> None:
    postage = Product(product="post", kind="service")
    voucher = Product(product="voucher", kind="gift_card")
    gone = Product(product="gone", status="withdrawn")
    assert names(ContentOrder(), postage, voucher, gone) == []


def test_locales_without_words_are_named() -> None:
    assert without_words((UK, AT)) == ("hu-HU",)
    with pytest.raises(InputError, match="no words for hu-HU"):
        ContentOrder(locales=("hu-HU",)).checked()


def test_a_store_nobody_declared_is_an_error() -> None:
    with pytest.raises(UnknownStore):
        names(ContentOrder(store="nowhere"))


def introduced(order: ContentOrder) -> list[tuple[str, str, list[str]]]:
    shelf = [
        msgspec.structs.replace(LAMP, product=name, store=store, categories=paths)
        for name, store, paths in (
            ("a", "", ("Home > Lamps", "Gifts")), ("b", "", ("Home > Lamps",)), ("c", "uk", ("Gifts",)),
        )
    ]  # fmt: skip
    found = categories(subjects(shelf, (UK, AT), order), (UK, AT), order)
    return [(one.store, one.path, [each.name for each in one.products]) for one in found]


def test_a_category_is_introduced_in_each_store_that_sells_two_of_its_products() -> None:
    order = ContentOrder(fields=("category_intro",))
    lamps = ("Home > Lamps", ["a", "b"])
    assert introduced(order) == [("uk", "Gifts", ["a", "c"]), ("uk", *lamps), ("at", *lamps)]
    assert introduced(msgspec.structs.replace(order, store="at")) == [("at", *lamps)]
    assert introduced(msgspec.structs.replace(order, category="Gifts")) == [("uk", "Gifts", ["a", "c"])]
    assert introduced(ContentOrder()) == []
    with pytest.raises(InputError, match="all products"):
        ContentOrder(fields=("category_intro",), products=("a",)).checked()
