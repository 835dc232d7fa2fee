"""A written text, and which fact each stretch of it states."""

from __future__ import annotations

from dataclasses import dataclass

from shopkeeper.content.fields import Field
from shopkeeper.content.markup import plain_text


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that states a fact.

    Attributes:
        start, end: Positions in `Piece.text`, end excluded.
        fact: Name of the fact (`brand`, `display_diagonal`).
        source: Field of the record it was read from; what a reviewer sees beside it.
    """

    start: int
    end: int
    fact: str
    source: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One text of one product (or category) in one locale.

    Attributes:
        subject: Product, or path of the category.
        field, locale, voice, seed: What was asked for; the same again writes the same text.
        text: HTML for `description_long` and `bullets`, else plain text.
        html: Whether `text` is markup.
        spans: In order of their start, without overlap; what no span covers carries no fact.
        facts_hash: Hash of the facts it was written from.
        words: Version of the lexicon it was written with.
        left_out: Usable facts the locale has no words for, by name; a merchandiser can add them to the lexicon.
    """

    subject: str
    field: Field
    locale: str
    voice: str
    seed: int
    text: str
    html: bool
    spans: tuple[Span, ...]
    facts_hash: str
    words: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The text without markup; bullets and paragraphs are lines."""
        return plain_text(self.text) if self.html else self.text
