"""The measurable part of a brand's voice: words, sentences, signs and how the reader is addressed; and keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shopkeeper.content.findings import Finding
from shopkeeper.content.readability import split_sentences
from shopkeeper.content.tokens import Word, words

KEYWORD: Final = "style.keyword"
"""A text lacks a keyword: no fault, but told."""
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
ADDRESS = {  # familiar and polite forms, folded
    "de": (frozenset({"du", "dich", "dir", "dein", "deine", "deinen", "deinem"}), frozenset({"ihnen"})),
    "fr": (frozenset({"tu", "toi", "ton", "ta", "tes"}), frozenset({"vous", "votre", "vos"})),
    "es": (frozenset({"tu", "tus", "ti", "contigo"}), frozenset({"usted", "ustedes"})),
}


@dataclass(frozen=True, slots=True)
class Keywords:
    """Words pages are to be found by.

    Attributes:
        language: Only in texts of this language; empty = in all.
        category: Only of products under this path; empty = of all.
    """

    words: tuple[str, ...]
    language: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """What a store asks of its texts.

    Attributes:
        banned: Words and phrases it never uses.
        exclamations: Most exclamation marks of a text.
        emoji: Whether emoji are welcome.
        sentence_words: Most words of a sentence.
        capitals: Whether whole words in capitals are welcome; names and codes of the record always are.
        address: How the reader is addressed: `familiar`, `polite`, or empty where both are welcome.
        least_ease: Least reading ease; below it a person should look.
        keywords: Words a page is to be found by.
        by_category: Further ones, by language and category.
        density: Largest share of the words one keyword may take.
    """

    banned: tuple[str, ...] = ()
    exclamations: int = 0
    emoji: bool = False
    sentence_words: int = 45
    capitals: bool = False
    address: str = ""
    least_ease: float = 0.0
    keywords: tuple[str, ...] = ()
    density: float = 0.05
    by_category: tuple[Keywords, ...] = ()

    def about(self, language: str, categories: Sequence[str]) -> Style:
        """Return the style with the keywords of a text in a language, of a product in some categories."""
        if not self.by_category:
            return self
        theirs = [
            word
            for one in self.by_category
            if one.language in {"", language}
            and (not one.category or any(_under(path, one.category) for path in categories))
            for word in one.words
        ]
        return replace(self, keywords=tuple(dict.fromkeys([*self.keywords, *theirs])), by_category=())


def _under(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above} > ")


def style_findings(
    text: str, found: Sequence[Word], quoted: frozenset[int], style: Style, language: str
) -> Iterator[Finding]:
    """Yield where a text is not in a store's style."""
    yield from _signs(text, style)
    yield from _phrases(text, found, style, language)
    yield from _sentences(found, style)
    for place, word in enumerate(found):
        shouted = word.text.isupper() and len(word.text) > 3 and word.text.isalpha() and place not in quoted
        if shouted and not style.capitals:
            yield _warn("style.capitals", word, word, f"`{word.text}` is in capitals.", "Write it in lower case.")
    if style.address and language in ADDRESS:
        wrong = ADDRESS[language][style.address == "familiar"]
        for word in found:
            if word.folded in wrong:
                reason = f"`{word.text}` is not the {style.address} address."
                yield _warn("style.address", word, word, reason, f"Use the {style.address} form.")


def _warn(rule: str, first: Word, last: Word, reason: str, remedy: str) -> Finding:
    return Finding(rule, first.start, last.end, reason, remedy, "warning")


def _signs(text: str, style: Style) -> Iterator[Finding]:
    marks = [match.start() for match in re.finditer("!", text)]
    for place in marks[style.exclamations :]:
        yield Finding(
            "style.exclamation", place, place + 1, f"{len(marks)} exclamation marks, {style.exclamations} allowed.",
            "End the sentence with a full stop.", "warning",
        )  # fmt: skip
    for emoji in () if style.emoji else EMOJI.finditer(text):
        yield Finding("style.emoji", emoji.start(), emoji.end(), "An emoji.", "Take it out.", "warning")


def _phrases(text: str, found: Sequence[Word], style: Style, language: str) -> Iterator[Finding]:
    for phrase in style.banned:
        for first, last in occurrences(phrase, found, language):
            said = text[found[first].start : found[last].end]
            yield Finding(
                "style.banned", found[first].start, found[last].end, f"`{said}` is a word this store does not use.",
                "Say it another way.",
            )  # fmt: skip
    for keyword in style.keywords:
        places = list(occurrences(keyword, found, language))
        if not places:
            yield Finding(KEYWORD, len(text), len(text), f"The keyword `{keyword}` is missing.", "Use it once.", "note")
        elif len(places) > 1 and sum(last - first + 1 for first, last in places) / len(found) > style.density:
            first, last = places[-1]
            reason = f"`{keyword}` stands {len(places)} times in {len(found)} words."
            yield _warn("style.density", found[first], found[last], reason, "Say it less often.")


def _sentences(found: Sequence[Word], style: Style) -> Iterator[Finding]:
    for part in split_sentences(found):
        if len(part) <= style.sentence_words:  # signs included, so its words are fewer still
            continue
        spoken = sum(not word.is_sign for word in part)
        if spoken > style.sentence_words:
            reason = f"A sentence of {spoken} words, {style.sentence_words} allowed."
            yield _warn("style.sentence", part[0], part[-1], reason, "Make two of it.")


def occurrences(phrase: str, found: Sequence[Word], language: str) -> Iterator[tuple[int, int]]:
    """Yield first and last place of a phrase in a text, whatever the endings of its words."""
    stems = [word.stem for word in words(phrase, language) if not word.is_sign]
    plain = [(i, word.stem) for i, word in enumerate(found) if not word.is_sign]
    for at in range(len(plain) - len(stems) + 1 if stems else 0):
        part = plain[at : at + len(stems)]
        if [stem for _, stem in part] == stems:
            yield part[0][0], part[-1][0]
