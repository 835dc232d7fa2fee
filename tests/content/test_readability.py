"""Reading ease follows the published formula of each language."""

from __future__ import annotations

import pytest

from shopkeeper.content.readability import reading_ease, syllables
from shopkeeper.content.tokens import words


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("kettle", "en", 2), ("made", "en", 1), ("beautiful", "en", 3), ("wasserkocher", "de", 4), ("neue", "de", 2),
        ("bouilloire", "fr", 2), ("rouges", "fr", 1), ("hervidor", "es", 3), ("aire", "es", 2), ("río", "es", 2),
    ],
)  # fmt: skip
def test_syllables_are_vowel_groups_without_silent_endings(word: str, language: str, count: int) -> None:
    assert syllables(word, language) == count


def test_flesch_counts_words_a_sentence_and_syllables_a_word() -> None:
    text = "The cat sat on the mat. " * 4  # 24 words, 4 sentences, 24 syllables; numbers are no words
    assert reading_ease(words(text + "12", "en"), "en") == pytest.approx(206.835 - 1.015 * 24 / 4 - 84.6 * 24 / 24)


def test_a_short_text_has_no_reading_ease() -> None:
    assert reading_ease(words("The cat sat.", "en"), "en") is None
