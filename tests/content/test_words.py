"""The tables of words."""

from __future__ import annotations

import re

import pytest

from shopkeeper.content.concepts import LANGUAGES, Term, concepts
from shopkeeper.content.fields import limit
from shopkeeper.content.grammar import article, listed, worded
from shopkeeper.content.lexicon import is_name, lexicon
from shopkeeper.content.tables import table


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_noun_fits_the_shortest_field(language: str) -> None:
    assert all(limit("ad_headline").holds(noun.one[language].text) for noun in lexicon(language).nouns.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_has_a_number_or_a_superlative_of_its_own(language: str) -> None:
    frames = [frame.text for by in lexicon(language).frames.values() for row in by.values() for frame in row]
    claims = r"\d|\b(?:best|perfect|ideal|premium|quality|free|new|beste|perfekt|gratis|neu|meilleur|parfait|mejor)\b"
    assert [text for text in frames if re.search(claims, text, re.IGNORECASE)] == []


def test_all_languages_have_words_for_the_same_facts() -> None:
    for section in ("sentences", "with", "worded"):
        assert len({frozenset(lexicon(language).frames[section]) for language in LANGUAGES}) == 1


def test_words_are_only_for_concepts_there_are() -> None:
    assert set(lexicon("en").frames["sentences"]) <= set(concepts())
    assert {noun for row in table("importance") for noun in row["nouns"]} <= set(table("nouns"))
    assert {concept for row in table("importance") for concept in row["weights"]} <= set(concepts())


@pytest.mark.parametrize(
    ("text", "an"),
    [
        ("LCD screen", "an"),
        ("8 GB stick", "an"),
        ("USB hub", "a"),
        ("hour", "an"),
        ("TV", "a"),
        ("SUV", "an"),
        ("HDMI cable", "an"),
        ("UV lamp", "a"),
    ],
)
def test_english_articles_follow_the_sound(text: str, an: str) -> None:
    assert article(text) == an


@pytest.mark.parametrize(
    ("word", "noun", "language", "case", "expected"),
    [
        ("this", Term("écran", "m"), "fr", "", "cet écran"),
        ("the", Term("haut", "m"), "fr", "", "le haut"),
        ("the", Term("imprimante", "f"), "fr", "", "l’imprimante"),
        ("a", Term("Laptop", "m"), "de", "acc", "einen Laptop"),
        ("this", Term("Jacke", "f"), "de", "dat", "dieser Jacke"),
        ("a", Term("Absatzschuhe", "m", plural=True), "de", "dat", "Absatzschuhen"),
        ("this", Term("gafas", "f", plural=True), "es", "", "estas gafas"),
        ("this", Term("shoes", plural=True), "en", "", "these shoes"),
        ("a", Term("fruit", mass=True), "en", "", "fruit"),
        ("a", Term("chaussures", "f", plural=True), "fr", "", "des chaussures"),
        ("the", Term("maximaler Abstand", "m", declined=True), "de", "", "der maximale Abstand"),
        ("a", Term("maximales Maß", "n", declined=True), "de", "", "ein maximales Maß"),
        ("a", Term("maximale Größe", "f", declined=True), "de", "dat", "einer maximalen Größe"),
        ("the", Term("kompatible Karten", "f", plural=True, declined=True), "de", "", "die kompatiblen Karten"),
    ],
)
def test_nouns_take_their_articles(word: str, noun: Term, language: str, case: str, expected: str) -> None:
    assert worded(word, noun, case, language) == expected


def test_spanish_and_changes_before_i() -> None:
    assert listed(["aguja", "hilo"], " y ", "es") == (" e ", "")
    assert listed(["agua", "hielo"], " y ", "es") == (" y ", "")


@pytest.mark.parametrize("name", ["i7-1260P", "Windows 11 Pro", "LCD", "CoolTech™", "M.2"])
def test_names_read_alike_in_every_language(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("words", ["matt", "Clamshell", "262144 colours", "On-board"])
def test_words_of_a_language_are_no_names(words: str) -> None:
    assert not is_name(words)


def test_a_german_record_is_told_in_spanish_through_the_tables() -> None:
    assert lexicon("es").word("Schwarz", "colour", "de") == "negro"
    assert lexicon("es").word("Taubenblau", "colour", "de") is None
