"""A text says what its record says, or the verifier says where not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shopkeeper.content.doubt import doubt, unbacked
from shopkeeper.content.evidence import record_of
from shopkeeper.content.grounding import Grounding, ground
from shopkeeper.content.record import Statement
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.tokens import words

EN = lexicon_of("en")
KETTLE = [
    Statement("title", "Aria Kettle"), Statement("colour", "Red"), Statement("capacity", "1.7 L"),
    Statement("power", "2200 W"), Statement("material", "Stainless steel"), Statement("dishwasher_safe", "no"),
    Statement("familyFriendly", "yes"), Statement("price", "less than £20"), Statement("rating", "4 out of 5"),
]  # fmt: skip
RECORD = record_of(KETTLE, EN)


def errors(text: str) -> list[tuple[str, str]]:
    return [(f.rule.split(".")[1], text[f.start : f.end]) for f in judged(text).findings if f.severity == "error"]


def judged(text: str) -> Grounding:
    return ground(text, RECORD, EN)


@pytest.mark.parametrize(
    "text",
    [
        "The red Aria Kettle holds 1.7 litres and draws 2.2 kW.",
        "A kettle of stainless steel, not blue, for under £20.",
        "It holds 1700 ml, up to 1.7 L, and is not dishwasher safe.",
        "A cheap, highly rated kettle, friendly to kids.",
        "It is rated 4 stars, for less than 20 pounds.",
        "Crimson steel.",
    ],
)
def test_what_the_record_says_in_other_words_and_units_is_grounded(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    ("text", "rule", "span"),
    [
        ("The blue Aria Kettle.", "changed", "blue"),
        ("It holds 1.8 litres.", "changed", "1.8 litres"),
        ("It holds 1.7 kg.", "unit", "1.7 kg"),
        ("It costs less than 20 euros.", "unit", "20 euros"),
        ("It costs more than £20.", "changed", "£20"),
        ("It runs for 3 hours.", "added", "3 hours"),
        ("It is dishwasher safe.", "contradicted", "dishwasher safe"),
        ("A kettle that is not red.", "contradicted", "red"),
        ("A kettle for adults.", "contradicted", "adults"),
        ("A kettle for women.", "added", "women"),
        ("An expensive kettle.", "changed", "expensive"),
        ("Its customer rating is low.", "changed", "rating is low"),
        ("Customers gave it 2 out of 5.", "changed", "2 out of 5"),
        ("It draws over 2.5 kW.", "changed", "2.5 kW"),
    ],
)
def test_a_claim_the_record_does_not_back_is_found_with_its_place(text: str, rule: str, span: str) -> None:
    assert errors(text) == [(rule, span)]


def test_a_name_of_the_record_lends_its_words_to_nothing_else() -> None:
    record = record_of([Statement("near", "Raja Indian Cuisine"), Statement("food", "French")], EN)
    assert not ground("French food near Raja Indian Cuisine.", record, EN).faulty
    assert not ground("French food near the Raja Indian.", record, EN).faulty
    assert ground("Indian food near Raja Indian Cuisine.", record, EN).faulty


def test_one_negation_denies_the_nearest_claim_and_what_or_joins_to_it() -> None:
    record = record_of([Statement("colour", "Black"), Statement("material", "Leather")], EN)
    assert not ground("Not red or blue, a black case.", record, EN).faulty
    assert not ground("Never white leather.", record, EN).faulty
    assert ground("A case without leather.", record, EN).faulty
    assert not ground("A case without sleeves made of leather.", record, EN).faulty


def test_what_a_text_leaves_out_is_noted_and_is_no_fault() -> None:
    found = judged("The red Aria Kettle of stainless steel.")
    left_out = [f.reason for f in found.findings if f.rule == "grounding.omitted"]
    assert not found.faulty
    assert any("capacity (1.7 L)" in reason for reason in left_out)
    assert not any("colour" in reason for reason in left_out)


def test_grounded_claims_have_their_places() -> None:
    text = "A red kettle, 2.2 kW."
    assert [text[start:end] for start, end in judged(text).grounded] == ["red", "2.2 kW"]


def test_doubt_grows_with_words_nothing_backs_and_with_what_is_left_out() -> None:
    def in_text(text: str) -> float:
        found = judged(text)
        return doubt(text, found, RECORD, EN, unbacked(found.claims, RECORD, EN))

    full = "The red Aria Kettle of stainless steel with a capacity of 1.7 L, a power of 2200 W, priced under £20."
    assert in_text(full) < in_text("The red Aria Kettle.") < in_text("The Zephyr Toaster sings operas on Sundays")
    assert in_text("") == 5.0


SIZES = [
    Statement("width", "30 cm"),
    Statement("height", "20 cm"),
    Statement("upper", "leather"),
    Statement("lining", "cotton"),
]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Width 30 cm, height 20 cm.", []),
        ("30 cm in width and 20 cm in height.", []),
        ("A width of 20 cm and a height of 30 cm.", ["20 cm", "30 cm"]),
        ("Upper: leather, lining: cotton.", []),
        ("Made of leather with a lining of cotton.", []),
        ("Upper: cotton, lining: leather.", ["cotton", "leather"]),
    ],
)
def test_a_value_said_of_another_attribute_than_its_own_is_changed(text: str, wrong: list[str]) -> None:
    found = ground(text, record_of(SIZES, EN), EN)
    assert [text[f.start : f.end] for f in found.findings if f.rule == "grounding.changed"] == wrong


TEXTS = {
    "de": ("Roter Kessel aus Edelstahl, 1,7 l, nicht spülmaschinenfest.", "Blauer Kessel, 1,8 l.", ["Blauer", "1,8 l"]),
    "fr": ("Bouilloire rouge en acier, 1,7 litre, jusqu'à 2,2 kW.", "La bleue de 1,8 litre.", ["bleue", "1,8 litre"]),
    "es": ("Hervidor rojo de acero, 1,7 litros.", "Hervidor azul de 1,8 litros.", ["azul", "1,8 litros"]),
}


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [("de", "Ein Kessel in Anthrazit.", "grey"), ("fr", "Bouilloire en laiton.", "brass"), ("es", "De haya.", "")],
)
def test_words_the_realiser_writes_are_read_without_a_list_of_their_own(language: str, text: str, value: str) -> None:
    named = lexicon_of(language).mentions(words(text, language))
    assert [sense.value for mention in named for sense in mention.senses] == ([value] if value else [])


def test_gold_is_no_french_conjunction() -> None:
    assert not lexicon_of("fr").mentions(words("Or, il est petit.", "fr"))


def test_a_colon_keeps_what_stands_before_it_from_the_attribute_behind() -> None:
    record = record_of([Statement("title", "Pear 5s"), Statement("return period", "60 days")], EN)
    assert not ground("Pear 5s by Ada: return period 60 days.", record, EN).faulty


@pytest.mark.parametrize("language", TEXTS)
def test_a_record_in_one_language_grounds_texts_in_others(language: str) -> None:
    right, wrong, spans = TEXTS[language]
    lexicon = lexicon_of(language)
    record = record_of([replace(statement, language="en") for statement in KETTLE], lexicon)
    assert not ground(right, record, lexicon).faulty
    found = [wrong[f.start : f.end] for f in ground(wrong, record, lexicon).findings if f.severity == "error"]
    assert found == spans
