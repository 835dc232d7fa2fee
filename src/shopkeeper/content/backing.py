"""Facts of a product as the statements a text in some language is grounded by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from shopkeeper.content.amounts import Amount, Magnitude, Relation
from shopkeeper.content.concepts import LANGUAGES, concepts
from shopkeeper.content.facts import Fact, Facts
from shopkeeper.content.nouns import Noun, noun_of, nouns_of
from shopkeeper.content.reading import Measure
from shopkeeper.content.record import Statement
from shopkeeper.content.tables import table
from shopkeeper.content.units import to_base

BOUNDS: dict[str, Relation] = {"max": "at_most", "min": "at_least"}


def statements_of(facts: Facts, language: str) -> tuple[Statement, ...]:
    """Return what a text may say: each fact, a list's items one by one, with their names in the text's language.

    A fact whose number lacks its unit still backs the bare number.
    """
    stated = tuple(statement for fact in facts.facts for statement in _statements(fact, language))
    return (*stated, *_kind(facts, language))


def _kind(facts: Facts, language: str) -> Iterable[Statement]:
    """What the product is called, where its categories or tags say so."""
    noun, fact = noun_of(facts, nouns())
    if fact is not None:
        called = (noun.one[language].text, noun.many[language].text)
        yield Statement("category", fact.value.text, "", fact.language, (), called)


@cache
def nouns() -> Mapping[str, Noun]:
    """Return the shipped nouns, by what categories and tags are called."""
    return nouns_of(table("nouns"))


def _statements(fact: Fact, language: str) -> Iterable[Statement]:
    reading = fact.value
    known = concepts().get(fact.concept)
    called = (known.labels[language].text,) if known and language in known.labels else ()
    if reading.truth is not None:
        yield Statement(fact.label, "yes" if reading.truth else "no", "", fact.language, called)
        return
    said = tuple(_amounts(fact)) if reading.measure is not None else None
    yield Statement(
        fact.label, reading.text, "", fact.language, called, tuple(names_of(reading.text, fact.concept, language)), said
    )
    if len(reading.items) > 1:
        for item in reading.items:
            also = tuple(names_of(item, fact.concept, language))
            yield Statement(fact.label, item, "", fact.language, called, also, None if said is None else ())


def _amounts(fact: Fact) -> Iterable[Amount]:
    for measure in (fact.value.measure, fact.value.also):
        if measure is None:
            continue
        relation = BOUNDS.get(fact.value.bound, "exact")
        low = [_magnitude(number, measure) for number in measure.numbers]
        if fact.value.kind == "range":
            yield Amount(0, 0, "range", (low[0],), (low[-1],), measure.numbers)
            continue
        for number, magnitude in zip(measure.numbers, low, strict=True):
            yield Amount(0, 0, relation, (magnitude,), (), (number,))


def _magnitude(number: float, measure: Measure) -> Magnitude:
    return Magnitude(*to_base(number, measure.unit))


def names_of(value: str, concept: str, language: str) -> Iterable[str]:
    """Return what a value is called in a language, by the table of common values: `Red` -> `Rot`."""
    if language not in LANGUAGES:
        return
    place = LANGUAGES.index(language)
    tables = table("values")
    key = " ".join(value.casefold().split())
    for name in (concept, "any"):
        row = tables.get(name, {}).get(key)
        if row is not None:
            yield row[place]
