"""Amounts of a text are read with their unit, currency, bounds and both ends."""

from __future__ import annotations

import pytest

from shopkeeper.content.amounts import Amount, amounts
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.tokens import words


def said(text: str, language: str = "en") -> list[Amount]:
    return amounts(words(text, language), text, lexicon_of(language).numerals)


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("1,299 g", "kilogram", 1299 / 1000), ("2.2kW", "kilogram * meter ** 2 / second ** 3", 2.2 * 1000),
        ('15.6"', "meter", 15.6 * 0.0254), ("£20", "GBP", 20.0), ("20 EUR", "EUR", 20.0), ("five stars", "rating", 5.0),
        ("1997 in Turkey", "", 1997.0),
    ],
)  # fmt: skip
def test_a_number_takes_the_unit_it_stands_with(text: str, dimension: str, value: float) -> None:
    (found,) = said(text)
    assert found.readings[0].dimension == dimension
    assert found.readings[0].value == pytest.approx(value)


def test_pounds_may_be_money_or_mass() -> None:
    (found,) = said("20 pounds")
    assert [reading.dimension for reading in found.readings] == ["GBP", "kilogram"]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("less than £20", "below"), ("over 5 kg", "above"), ("up to 20 h", "at_most"), ("at least 3 m", "at_least"),
        ("5 kg", "exact"), ("20-25 cm", "range"), ("£20 to £25", "range"),
        ("between 20 and 25 cm", "range"), ("-15° to 5°", "range"), ("20 cm to 25 cm", "range"),
    ],
)  # fmt: skip
def test_words_before_a_number_make_it_a_bound(text: str, relation: str) -> None:
    assert [amount.relation for amount in said(text)] == [relation]


def test_both_ends_of_a_range_are_kept() -> None:
    (found,) = said("£20-25")
    assert (found.readings[0].value, found.upper[0].value, found.numbers) == (20.0, 25.0, (20.0, 25.0))


def test_and_makes_a_range_only_after_between() -> None:
    assert [amount.numbers for amount in said("Core 7 and 32 GB")] == [(7.0,), (32.0,)]


def test_number_words_count_only_with_a_unit() -> None:
    assert said("one of the best") == []
    assert [amount.numbers for amount in said("a two-year term")] == [(2.0,)]


def test_an_article_before_a_piece_counts_nothing() -> None:
    assert said("une pièce pour ordinateur", "fr") == []
    assert [amount.numbers for amount in said("deux pièces", "fr")] == [(2.0,)]


def test_a_minus_and_the_sides_of_a_size_keep_their_unit() -> None:
    assert [amount.numbers for amount in said("-15 to 15 cm")] == [(-15.0, 15.0)]
    assert [(a.numbers, a.readings[0].dimension) for a in said("800 × 400 mm, 3x2 m")] == [
        ((800.0,), "meter"), ((400.0,), "meter"), ((3.0,), "meter"), ((2.0,), "meter"),
    ]  # fmt: skip


def test_a_date_is_no_range() -> None:
    assert [amount.relation for amount in said("2006-04-27")] == ["exact", "exact", "exact"]
