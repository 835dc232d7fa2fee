"""How easy a text reads, by the formula of its language; numbers and signs are left out.

All give about 0 (hard) to 100 (easy) from words a sentence and syllables a word. Syllables are counted by vowel groups,
with each language's silent endings.
Source: English: Flesch (1948), A new readability yardstick. German: Amstad (1978), Wie verständlich sind unsere
Zeitungen? French: Kandel and Moles (1958). Spanish: Szigriszt Pazos (1993), perspicuity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shopkeeper.content.tokens import ENDS_SENTENCE, Word

FEWEST_WORDS = 20
"""With fewer words the formulas say nothing."""

WEIGHTS = {  # constant, words a sentence, syllables a word
    "en": (206.835, 1.015, 84.6),
    "de": (180.0, 1.0, 58.5),
    "fr": (207.0, 1.015, 73.6),
    "es": (206.835, 1.0, 62.3),
}
VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    "de": re.compile(r"aa|ai|au|ei|eu|ie|ee|oo|[aeiouyäöü]"),
    "fr": re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+"),
    "es": re.compile(r"[iuü]?[aeoáéó][iuyü]?|[íú]|[iuü]+"),
}
SILENT = {
    "en": re.compile(r"(?<![aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouysxzh])es$"),
    "fr": re.compile(r"(?<=[^aeiouéèê])(?:es|e|ent)$"),
}


def reading_ease(found: Sequence[Word], language: str) -> float | None:
    """Return the reading ease of a text; None where it has fewer than `FEWEST_WORDS` words."""
    spoken = [word.text.lower() for word in found if word.text[0].isalpha()]
    if len(spoken) < FEWEST_WORDS:
        return None
    sentences = sum(map(_has_letters, split_sentences(found)))
    constant, by_length, by_syllables = WEIGHTS[language]
    syllables_a_word = sum(syllables(word, language) for word in spoken) / len(spoken)
    return constant - by_length * len(spoken) / sentences - by_syllables * syllables_a_word


def split_sentences(found: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Yield the words of each sentence with the sign that ends it."""
    start = 0
    for end in [place for place, word in enumerate(found, 1) if word.text in ENDS_SENTENCE]:
        yield found[start:end]
        start = end
    if start < len(found):
        yield found[start:]


def _has_letters(part: Sequence[Word]) -> bool:
    return any(word.text[0].isalpha() for word in part)


@lru_cache(maxsize=65_536)
def syllables(word: str, language: str) -> int:
    """Return how many syllables a lower-case word has, one at least.

    >>> syllables("kettle", "en"), syllables("wasserkocher", "de"), syllables("bouilloire", "fr")
    (2, 4, 2)
    """
    silent = SILENT.get(language)
    return max(1, len(VOWELS[language].findall(silent.sub("", word) if silent else word)))
