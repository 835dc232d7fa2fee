"""Words of a text with their places, folded and cut to a stem, so that inflected forms meet."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

WORD = re.compile(
    r"(?<=\d)[x×](?=\d)|(?<=\d )x(?= \d)|×|\u2212"  # between the sides of a size; a minus
    r"|\d+(?:[.,'\u2019\u00a0\u202f]\d+)*|[^\W\d_]\w*(?:['\u2019][^\W\d_]+)?"
    r"|[£€$¥%\"″°]|[.,;:!?()\u2013\u2014/+&-]"
)
ELISION = re.compile(r"\b(?:[cdjlmnst]|qu)(['\u2019])", re.IGNORECASE)  # French: l'acier is two words
ENDS_CLAUSE = frozenset(".,;:!?()\u2013\u2014")
TIMES = frozenset("x×")
HYPHENS = frozenset("-\u2013\u2014")
ENDS_SENTENCE = frozenset(".!?")

# Longest first; what is left must keep three letters, so that short words stay whole.
SUFFIXES = {
    language: tuple(sorted(suffixes.split(), key=len, reverse=True))
    for language, suffixes in {
        "en": "ically fully ingly ally ing ers ies ied est ely ly ed er es s e y",
        "de": "lichen liche ungen ung lich ern em en er es et e n s t",
        "fr": "issements ements ement euses euse ables able ives ive ees ee es er ez e s x",
        "es": "amientos amiento mente ables able adas ados ada ado idas idos ida ido es as os ar er ir a o e s",
    }.items()
}


class Word(NamedTuple):
    """One word, number or sign of a text.

    Attributes:
        text: As written.
        folded: Lower case without accents.
        stem: `folded` without its ending; numbers and signs unchanged.
        start, end: Place in the text, in characters.
        is_number, is_sign: Whether it begins with a digit, or with neither letter nor digit.
    """

    text: str
    folded: str
    stem: str
    start: int
    end: int
    is_number: bool
    is_sign: bool


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return `text` in lower case without accents: `Café` and `cafe` are one word."""
    text = text.casefold().replace("\u2019", "'")
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=65_536)
def stem(folded: str, locale: str) -> str:
    """Return a folded word without its ending, by the suffixes of its language."""
    if not folded[0].isalpha():
        return folded
    folded = folded.removesuffix("'s").replace("'", "")
    for suffix in SUFFIXES[locale]:
        if folded.endswith(suffix) and len(folded) - len(suffix) >= 3:
            cut = folded[: -len(suffix)]
            return cut[:-1] if locale == "en" and suffix in DOUBLES and _doubled(cut) else cut
    return folded


DOUBLES = frozenset({"ing", "ed", "er", "est", "ers"})


def _doubled(cut: str) -> bool:
    return len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] in "bdgmnprt"


def words(text: str, locale: str) -> list[Word]:
    """Return the words of `text` in order; apostrophe forms (`isn't`) stay whole."""
    found, forms = [], _FORMS[locale]
    if locale == "fr":
        text = ELISION.sub(lambda elided: elided.group()[:-1] + " ", text)  # as long as before, so places stay
    for match in WORD.finditer(text):
        written = match.group()
        folded, root, is_number, is_sign = forms[written]
        start, end = match.span()
        # Word(...) without its own call: a third of the time of this loop, which every text goes through.
        found.append(_new(Word, (written, folded, root, start, end, is_number, is_sign)))
    return found


_new = tuple.__new__
_FORMS_KEPT = 65_536


class _Forms(dict[str, tuple[str, str, bool, bool]]):
    """Words of a language as written -> folded, stem, whether a number, whether a sign; each is found out once."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, written: str) -> tuple[str, str, bool, bool]:
        if len(self) >= _FORMS_KEPT:
            self.clear()
        folded = fold(written)
        forms = folded, stem(folded, self._language), written[0].isdigit(), not written[0].isalnum()
        self[written] = forms
        return forms


_FORMS = {language: _Forms(language) for language in SUFFIXES}


def language_of(locale: str) -> str:
    """Return the language of a locale such as `de-AT`; English where we know no other.

    >>> language_of("de-AT")
    'de'
    """
    language = locale.replace("_", "-").split("-", 1)[0].lower()
    return language if language in SUFFIXES else "en"
