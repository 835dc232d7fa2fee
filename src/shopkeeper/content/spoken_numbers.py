"""Words the realiser writes around numbers, for whoever reads them back: `up to 5 kg`, `3 to 5 days`."""

from __future__ import annotations

from functools import cache

from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.tables import table


def bound_words(bound: str, language: str) -> str:
    """Return what stands before a number that is a bound (`max`, `min`, `about`)."""
    return str(table(language)["joins"][bound]).partition("{value}")[0].strip()


def range_word(language: str) -> str:
    """Return what stands between the ends of a range."""
    return str(table(language)["numbers"]["range"]).removeprefix("{low}").removesuffix("{high}").strip()


def and_word(language: str) -> str:
    """Return what stands before the last item of an enumeration, and between the ends of `between 2 and 5`."""
    return str(table(language)["joins"]["and"]).strip()


def unit_words(symbol: str) -> list[str]:
    """Return how a unit is written in any language; one letter alone is too little to know it by."""
    found: list[str] = []
    for language in LANGUAGES:
        words = table(language)
        found += words.get("units", {}).get(symbol, ())
        found += [words["dative_units"][symbol]] if symbol in words.get("dative_units", {}) else []
    return [spelling for spelling in dict.fromkeys(found) if len(spelling) > 1]


@cache
def in_any_language(bound: str) -> tuple[str, ...]:
    """Return the words of a bound in every language, with either apostrophe."""
    words = (bound_words(bound, language) for language in LANGUAGES)
    return tuple(dict.fromkeys(form for word in words for form in (word, word.replace("’", "'"))))
