"""Facts of a product record."""

from __future__ import annotations

from shopkeeper.commerce.product import Product
from shopkeeper.content.concepts import LANGUAGES, concept_of, concepts
from shopkeeper.content.facts import facts_of
from shopkeeper.content.reading import Measure


def kettle(**attributes: object) -> Product:
    return Product(
        product="k1", title="Rapid Kettle", brand="Boilwell", categories=("Kitchen > Kettles",), attributes=attributes
    )


def test_each_fact_names_the_field_it_comes_from() -> None:
    facts = facts_of(kettle(Capacity="1.7 L"))
    assert [(fact.name, fact.source) for fact in facts.facts] == [
        ("title", "title"),
        ("brand", "brand"),
        ("category", "categories[0]"),
        ("capacity", "attributes.Capacity"),
    ]


def test_the_hash_does_not_see_order_case_or_units() -> None:
    one = facts_of(kettle(Capacity="1.7 L", Power="2200 W", Material="Steel, Glass"))
    other = facts_of(kettle(Material="glass; steel", Power="2.2 kW", Capacity="1700 ml"))
    assert one.hash == other.hash


def test_the_hash_sees_a_changed_value() -> None:
    assert facts_of(kettle(Capacity="1.7 L")).hash != facts_of(kettle(Capacity="1.5 L")).hash


def test_a_weight_without_unit_is_kept_but_not_usable() -> None:
    facts = facts_of(kettle(weight=4))
    weight = facts.named("weight")
    assert weight is not None
    assert not weight.usable
    assert [problem.field for problem in facts.unread] == ["attributes.weight"]


def test_a_text_is_read_in_the_locale_asked_for() -> None:
    product = Product(
        product="s", title={"en": "Shirt", "de": "Hemd"}, attributes={"colour": {"en": "red", "de": "rot"}}
    )
    assert [facts_of(product, locale).said("colour") for locale in ("de-AT", "en", "fr")] == ["rot", "red", "red"]


def test_a_record_in_german_has_decimal_commas() -> None:
    volume = facts_of(Product(product="p", attributes={"Inhalt": "x", "Volumen": "1,250 l"}), "de", spoken="de").named(
        "volume"
    )
    assert volume is not None
    assert volume.value.measure == Measure((1.25,), "L")


def test_variants_give_lists_and_ranges_to_their_parent() -> None:
    variants = [
        Product(product=size, attributes={"size": size, "weight": weight, "material": "cotton"})
        for size, weight in (("S", "180 g"), ("M", "200 g"))
    ]
    facts = facts_of(Product(product="tee", title="Tee", attributes={"size": "any"}), variants=variants)
    weight, material = facts.named("weight"), facts.named("material")
    assert facts.said("size") == "S, M"
    assert weight is not None
    assert weight.value.measure == Measure((180, 200), "g")
    assert material is not None
    assert material.value.items == ("cotton",)


def test_what_one_variant_alone_has_is_not_true_of_the_parent() -> None:
    variants = [Product(product="a", attributes={"heel height": "3 cm"}), Product(product="b")]
    assert facts_of(Product(product="p"), variants=variants).named("heel_height") is None


def test_the_span_of_a_warranty_is_its_fact() -> None:
    warranty = facts_of(kettle(warrantyInformation="2 year warranty")).named("warranty")
    assert warranty is not None
    assert warranty.value.measure == Measure((2,), "year")


def test_a_map_of_sides_is_a_fact_a_side() -> None:
    assert facts_of(kettle(dimensions={"width": "20 cm", "height": "30 cm"})).said("height") == "30 cm"


def test_nothing_written_says_nothing() -> None:
    assert facts_of(Product(product="p", attributes={"a": "", "b": None, "c": []})).facts == ()


def test_names_of_attributes_lead_to_concepts_in_any_language() -> None:
    assert {concept_of(name) for name in ("Product colour", "farbe", "Couleur", "color")} == {"colour"}


def test_each_concept_has_a_label_with_gender_in_each_language() -> None:
    for concept in concepts().values():
        assert all(concept.labels[language].gender for language in LANGUAGES[1:])
