"""Words written around numbers are read back, by the reader of records and by the verifier."""

from __future__ import annotations

import pytest

from shopkeeper.content.amounts import amounts
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.reading import read
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.spoken_numbers import bound_words, range_word
from shopkeeper.content.tables import table
from shopkeeper.content.tokens import words
from shopkeeper.content.units import unit_of


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("bound", "relation"), [("max", "at_most"), ("min", "at_least")])
def test_a_bound_that_is_written_is_read(language: str, bound: str, relation: str) -> None:
    text = f"{bound_words(bound, language)} 5 kg"
    assert read(text).bound == bound
    (said,) = amounts(words(text, language), text, lexicon_of(language).numerals)
    assert said.relation == relation


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_range_that_is_written_is_read(language: str) -> None:
    text = f"3 {range_word(language)} 5 kg"
    assert read(text).kind == "range"
    (said,) = amounts(words(text, language), text, lexicon_of(language).numerals)
    assert said.numbers == (3, 5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_unit_is_known_as_it_is_written(language: str) -> None:
    written = table(language)
    forms = [(symbol, form) for symbol, several in written["units"].items() for form in several if len(form) > 1]
    forms += list(written.get("dative_units", {}).items())
    assert forms
    assert all(unit_of(form) == symbol for symbol, form in forms)
