"""How facts read in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.facts import facts_of
from shopkeeper.content.realise import write_all
from shopkeeper.content.verifier import Draft, Verifier

SEEDS = range(12)


def product(title: str, category: str = "", brand: str = "", **attributes: object) -> Product:
    return Product(
        product="p", title=title, brand=brand, categories=(category,) if category else (), attributes=attributes
    )


def read(one: Product, locale: str, edits: Path | None = None) -> str:
    facts = facts_of(one, locale)
    return "\n".join(piece.plain for seed in SEEDS for piece in write_all(facts, locale, seed=seed, edits=edits))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_bound_is_said_once(locale: str) -> None:
    words = {"en": "up to", "de": "bis zu", "fr": "jusqu’à", "es": "hasta"}[locale]
    text = read(product("Ridge", "Backpacks", max_load="up to 15 kg", runtime="up to 9 h"), locale)
    for wrong in (f"{words} {words}", f"de {words}", f"maximum load {words}", f"maximale {words}", f"máxima {words}"):
        assert wrong not in text
    assert "15" in text
    assert f"{words} 9" in text


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ("Dishwasher safe", "BPA free", "Touchscreen")),
        ("de", ("Spülmaschinenfest", "BPA-frei")),
        ("fr", ("Compatible lave-vaisselle", "Sans BPA")),
        ("es", ("Compatible con lavavajillas", "Sin BPA")),
    ],
)
def test_a_yes_that_is_a_property_is_said_by_its_name_and_grounded(locale: str, said: tuple[str, ...]) -> None:
    one = product("Whirl", "Blenders", dishwasher_safe="yes", bpa_free=True, touchscreen=True)
    text = read(one, locale)
    assert all(f"{name}." in text for name in said)
    assert "With dishwasher" not in text
    verdict = Verifier().verify(Draft(f"Whirl. {said[1]}.", "ad_text", locale), facts_of(one, locale))
    assert verdict.passed


def test_a_yes_is_not_told_where_another_value_has_it() -> None:
    text = read(product("Peak", "Jackets", material="Cocona® performance fabric", performance_fabric="Yes"), "en")
    assert "With performance fabric" not in text


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_details_are_announced_where_there_are_none(locale: str) -> None:
    assert set(read(product("Gizmo"), locale).split()) <= {"Gizmo", "Gizmo."}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_product_nobody_has_a_noun_for_goes_by_its_name(locale: str) -> None:
    facts = facts_of(product("Gizmo", "Odds", "Acme", colour="red"), locale)
    for seed in SEEDS:
        for piece in write_all(facts, locale, seed=seed):
            assert not piece.plain.startswith(("Product", "Produkt", "Produit", "Producto")), piece.field


@pytest.mark.parametrize(
    ("title", "category", "locale", "noun"),
    [
        ("Basketball", "Basketball", "de", "ein Basketball-Artikel"),
        ("Volt Powerbank", "Power banks", "en", "a power bank"),
        ("Sofa Grand", "Sofas", "es", "un sofá"),
    ],
)
def test_a_name_that_says_what_it_is_gets_no_noun(title: str, category: str, locale: str, noun: str) -> None:
    assert noun not in read(product(title, category, colour="red"), locale)


def test_a_noun_that_says_more_than_the_name_is_told() -> None:
    assert "a bedside table" in read(product("Table", "Bedside tables", colour="red"), "en")


def test_degrees_stand_at_both_ends_of_a_range_and_are_read_back() -> None:
    mount = product("Arm", "TV mounts", tilt="-15 - 5°")
    assert "-15° to 5°" in read(mount, "en")
    verdict = Verifier().verify(Draft("Tilt range: -15° to 6°.", "ad_text", "en"), facts_of(mount))
    assert [one.rule for one in verdict.findings if one.severity == "error"] == ["grounding.changed"]


@pytest.mark.parametrize("name", ["capacity", "volume"])
def test_a_drink_is_told_by_how_much_of_it_there_is(name: str) -> None:
    text = read(product("Spring", "Beverages", **{name: "1 L"}), "de")
    assert "Füllmenge: 1" in text
    assert "fasst" not in text
    assert "Volumen" not in text


def test_a_colour_that_is_a_metal_too_is_called_a_colour() -> None:
    ring = product("Ring", "Laptops", colour="silver")
    french, spanish = read(ring, "fr"), read(ring, "es")
    assert "coloris argent" in french
    assert "en argent" not in french
    assert "de color plata" in spanish
    assert "en plata" not in spanish


@pytest.mark.parametrize(
    ("locale", "wrong"), [("fr", "en 100"), ("fr", "fabriqué en 60"), ("es", "de 60"), ("es", "De 60")]
)
def test_shares_stand_after_a_colon_where_an_article_would_be_needed(locale: str, wrong: str) -> None:
    assert wrong not in read(product("Nap", "Sofas", material="60% cotton, 40% polyester"), locale)


def test_a_spanish_span_of_time_has_its_preposition() -> None:
    text = read(product("Nap", "Sofas", shippingInformation="Ships in 3-5 business days"), "es")
    assert "tarda 3 a 5" not in text
    assert "de 3 a 5\u00a0días laborables" in text


def test_the_first_words_of_a_title_are_a_merchandisers_to_choose(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text('title: ["{Noun} {name}[ ({facts})]"]\n', "utf-8")
    facts = facts_of(product("Aero", "Laptops", "Corvid", colour="black"))
    (title,) = write_all(facts, "en", fields=("title",), edits=tmp_path)
    assert title.text == "Laptop Corvid Aero (black)"
