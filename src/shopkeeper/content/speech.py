"""Which language a text is in, by the small words every sentence needs; names and values of the record do not count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.findings import Finding
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.tokens import Word

MORE = 3  # plain words another language must have over the one that was asked for


def plain_words(said: Sequence[str], language: str) -> int:
    """Return how many folded words are plain words of a language."""
    return sum(map(lexicon_of(language).functions.__contains__, said))


def other_language(found: Sequence[Word], quoted: frozenset[int], language: str, length: int) -> Iterator[Finding]:
    """Yield a finding where a text has clearly more plain words of another language than of its own."""
    said = [word.folded for place, word in enumerate(found) if place not in quoted]
    own = plain_words(said, language)
    if 2 * own >= len(found):  # no other language can have twice as many
        return
    count, other = max((plain_words(said, one), one) for one in LANGUAGES if one != language)
    if count >= own + MORE and count > 2 * own:
        yield Finding(
            "language.other", 0, length, f"The text reads as `{other}` ({count} of its small words), not `{language}`.",
            f"Write it in `{language}`.",
        )  # fmt: skip
