"""What a product is called in each language, from its categories and tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shopkeeper.content.concepts import LANGUAGES, Term, term
from shopkeeper.content.facts import Fact, Facts


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of product.

    Attributes:
        id: Its name in the tables; `product` where nothing more is known.
        broad: Whether it is used only where no exacter one is found (clothing, electronics).
        filled: Whether its capacity is how much of it there is (a drink, a shampoo).
        one, many: The noun for one and for several, by language.
        matched: What categories and tags call it, lower case.
    """

    id: str
    broad: bool
    filled: bool
    one: Mapping[str, Term]
    many: Mapping[str, Term]
    matched: tuple[str, ...]


def nouns_of(table: Mapping[str, Any]) -> dict[str, Noun]:
    """Read the table of nouns; keys are what categories and tags are called, and `product` for the rest."""
    by_name: dict[str, Noun] = {}
    for name, row in table.items():
        one, many = {}, {}
        for language in LANGUAGES:
            written, _, marks = row[language].partition("|")
            singular, _, plural = written.partition("/")
            one[language] = term(f"{singular}|{marks}")
            kept = marks if not plural else marks + "p"
            many[language] = term(f"{plural or singular}|{kept}")
        noun = Noun(name, bool(row.get("broad")), bool(row.get("filled")), one, many, tuple(row["match"]))
        for matched in (*row["match"], name):
            by_name.setdefault(key(matched), noun)
    return by_name


def noun_of(facts: Facts, nouns: Mapping[str, Noun]) -> tuple[Noun, Fact | None]:
    """The noun that fits a product best, and the fact that says so.

    Tags and the leaves of category paths come before what stands above them, exact nouns before broad ones, and among
    equals the one that the title says too.
    """
    title = key(facts.said("title"))
    found = [(nouns[word], fact) for word, fact in _words(facts) if word in nouns]
    if not found:
        return nouns["product"], None
    exact = [pair for pair in found if not pair[0].broad] or found
    return next((pair for pair in exact if any(key(name) in title for name in _names(pair[0]))), exact[0])


def _names(noun: Noun) -> Iterator[str]:
    yield noun.one["en"].text
    yield from noun.matched


def _words(facts: Facts) -> Iterator[tuple[str, Fact]]:
    for fact in facts.facts:
        if fact.concept == "keywords":
            for item in fact.value.items or (fact.value.text,):
                yield key(item), fact
    for fact in facts.facts:
        if fact.name == "category":
            for segment in reversed([part for path in fact.value.items for part in path.split(">")]):
                yield key(segment), fact


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """A category's or tag's name without case, possessive and hyphens; `men's-shirts` is `mens shirts`."""
    plain = text.casefold().replace("'s", "s").replace("s'", "s").replace("’s", "s").replace("-", " ").replace("_", " ")
    return " ".join(plain.split())
