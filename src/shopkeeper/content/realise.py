"""The realiser: writes a product's texts from its facts, deterministically, with no model.

What it writes is grammar and words of a lexicon around facts; the words carry none, so nothing can be claimed that is
not in the record. The same product, field, locale, voice and seed write the same text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

from shopkeeper.content.compose import Blocks, composed
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import PRODUCT_FIELDS, Field, limit
from shopkeeper.content.frames import Part
from shopkeeper.content.join import marked
from shopkeeper.content.lexicon import VOICES, language_of, lexicon
from shopkeeper.content.piece import Piece
from shopkeeper.content.sentences import Narrator
from shopkeeper.content.telling import Telling, told
from shopkeeper.errors import InputError


def write(
    facts: Facts, field: Field, locale: str, voice: str = "neutral", seed: int = 0, channel: str = "shop"
) -> Piece:
    """Write one field of one product.

    Args:
        facts: What is true of it (`facts_of`), read for the same locale.
        field: Which text.
        locale: Language and country (`de-AT`); the language decides the words.
        voice: One of `VOICES`.
        seed: Chooses among equally good texts.
        channel: Whose limits hold (`fields.CHANNELS`).

    Raises:
        InputError: A locale, voice, field or channel nobody knows.
    """
    return realised(told(facts, lexicon(language_of(locale))), field, locale, voice, seed, channel)


def write_all(
    facts: Facts,
    locale: str,
    voice: str = "neutral",
    seed: int = 0,
    channel: str = "shop",
    fields: Sequence[Field] = PRODUCT_FIELDS,
    edits: Path | None = None,
) -> tuple[Piece, ...]:
    """Write several fields of one product; its facts are put into words once.

    Args:
        fields: Which texts, in this order.
        edits: A folder with a merchandiser's words (`lexicon.lexicon`).
    """
    telling = told(facts, lexicon(language_of(locale), edits))
    return tuple(realised(telling, field, locale, voice, seed, channel) for field in fields)


def realised(telling: Telling, field: Field, locale: str, voice: str, seed: int, channel: str = "shop") -> Piece:
    """Write one field from facts already in words."""
    if voice not in VOICES:
        raise InputError(f"Voice {voice!r} is not known.", f"Use one of: {', '.join(VOICES)}.")
    bounds = limit(field, channel)
    narrator = Narrator(telling, voice, _chance(telling.facts.subject, field, locale, voice, seed))
    blocks = composed(field, narrator, bounds)
    text, spans = marked(blocks if bounds.html else _unmarked(blocks), telling.lexicon.language, bounds.html)
    facts = telling.facts
    return Piece(
        facts.subject, field, locale, voice, seed, text, bounds.html, spans, facts.hash,
        telling.lexicon.version, telling.left_out,
    )  # fmt: skip


def _chance(*choice: object) -> Random:
    digest = hashlib.blake2b("\0".join(map(str, choice)).encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311 - variety, not secrecy


def _unmarked(blocks: Blocks) -> Blocks:
    """Blocks as one plain text, each on a line of its own, for a channel without markup."""
    if len(blocks) == 1:
        return [("", blocks[0][1])]
    parts = [part for _, block in blocks for part in (*block, Part("\n"))]
    return [("", parts[:-1])]
