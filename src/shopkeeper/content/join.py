"""Parts of a text put together: what sounds and full stops do where they meet, markup, and spans of the facts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from shopkeeper.content.frames import Part
from shopkeeper.content.grammar import begins_with_vowel
from shopkeeper.content.piece import Span


def joined(parts: Sequence[Part], language: str) -> str:
    """The text of some parts."""
    return "".join(part.text for part in _met(parts, language))


def marked(blocks: Sequence[tuple[str, Sequence[Part]]], language: str, escape: bool) -> tuple[str, tuple[Span, ...]]:
    """A text of blocks and its spans.

    Args:
        blocks: Tag (`p`, `li`, empty for none) and parts.
        language: Whose sounds are heard.
        escape: Whether facts and words are escaped for HTML; done for every part, so no fact can become markup.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    length = 0
    within = False
    for tag, parts in blocks:
        opening = ("</ul>" if within and tag != "li" else "<ul>" if tag == "li" and not within else "") + (
            f"<{tag}>" if tag else ""
        )
        within = tag == "li"
        pieces.append(opening)
        length += len(opening)
        for part in _met(parts, language):
            text = html.escape(part.text, quote=False) if escape else part.text
            if part.fact is not None and text:
                spans.append(Span(length, length + len(text), part.fact.name, part.fact.source))
            pieces.append(text)
            length += len(text)
        if tag:
            pieces.append(f"</{tag}>")
            length += len(tag) + 3
    if within:
        pieces.append("</ul>")
    return "".join(pieces), tuple(spans)


def _met(parts: Sequence[Part], language: str) -> Iterator[Part]:
    """The parts as they read beside each other: `de` + `Asus` = `d’Asus`, and one full stop after `Co.`"""
    before = ""
    for place, part in enumerate(parts):
        text = part.text
        if part.fact is None:
            if text.startswith(".") and before.endswith((".", "!", "?", "…")):
                text = text[1:]
            following = parts[place + 1].text if place + 1 < len(parts) else ""
            if language == "fr" and re.search(r"(?<!\w)[Dd]e $", text) and begins_with_vowel(following):
                text = text[:-2] + "’"
        before = text or before
        yield Part(text, part.fact)
