"""What is nobody's business is sensitive by flag or category, and a store may say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.sensitive import Allowed, Sensitivity

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = Sensitivity(
    ["Health", "food > wine"], [Allowed("Health > Vitamins", "uk"), Allowed("Food > Wine > Alcohol-free")]
)


def product(*categories: str, sensitive: bool = False) -> Product:
    return Product(product="p", categories=categories, sensitive=sensitive)


@pytest.mark.parametrize(
    ("store", "categories", "sensitive"),
    [
        ("uk", ("Health > Tests",), True),
        ("uk", ("HEALTH",), True),
        ("uk", ("Healthy food",), False),
        ("uk", ("Play", "Food > Wine > Red"), True),
        ("uk", ("Food",), False),
        ("uk", ("Health > Vitamins > C",), False),
        ("de", ("Health > Vitamins > C",), True),
        ("de", ("Food > Wine > Alcohol-free",), False),
        ("de", (), False),
    ],
)
def test_a_category_of_the_house_is_sensitive_but_where_a_store_allows_it(
    store: str, categories: tuple[str, ...], sensitive: bool
) -> None:
    assert POLICY.sensitive(store, product(*categories)) == sensitive


def test_an_exception_wins_over_the_flag_of_the_feed_too() -> None:
    assert not POLICY.sensitive("uk", product("Health > Vitamins", sensitive=True))
    assert POLICY.sensitive("uk", product("Play", sensitive=True))
    assert Sensitivity().sensitive("uk", product("Health", sensitive=True))


def test_one_shared_product_is_sensitive_in_one_store_and_not_in_another() -> None:
    catalogue = Catalogue(POLICY)
    catalogue.apply([SourcedRow(product("Health > Vitamins"), NOW)])
    cards = {store: catalogue.card(store, "p") for store in ("uk", "de")}
    assert {store: card.product.sensitive for store, card in cards.items() if card} == {"uk": False, "de": True}
    assert [card.product.sensitive for card in catalogue.cards("de")] == [True]
    assert catalogue.card("de", "p") is cards["de"], "made once"
    catalogue.apply([SourcedRow(product("Play"), NOW.replace(year=2027))])
    changed = catalogue.card("de", "p")
    assert changed is not None
    assert not changed.product.sensitive


@pytest.mark.parametrize(
    ("categories", "about"),
    [((), False), (("Play",), False), (("health",), True), (("Health > Tests",), True), (("Food > Wine",), False)],
)
def test_a_page_is_about_what_lies_in_its_category_or_in_one_sensitive_category_with_it(
    categories: tuple[str, ...], about: bool
) -> None:
    assert POLICY.about(product("Health > Creams"), categories) == about
