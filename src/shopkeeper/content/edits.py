"""How much of a text a person changed, and where."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from shopkeeper.content.markup import without_markup


class Part(NamedTuple):
    """A stretch of words that both texts have, or one alone."""

    kind: Literal["same", "gone", "new"]
    text: str


def share_changed(before: str, after: str) -> float:
    """Return the share of words that were changed, 0 to 1: 1 - 2 * kept / (words before + words after)."""
    return 1 - SequenceMatcher(None, _words(before), _words(after), autojunk=False).ratio()


def parts_of(before: str, after: str) -> list[Part]:
    """Return both texts as one row of words: what stayed, what went, what came."""
    old, new = _words(before), _words(after)
    found: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Part("same", " ".join(old[a:b])))
            continue
        found += [Part("gone", " ".join(old[a:b]))] if b > a else []
        found += [Part("new", " ".join(new[c:d]))] if d > c else []
    return found


def _words(text: str) -> list[str]:
    return without_markup(text).split()
