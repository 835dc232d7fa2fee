"""What is wrong with a document, place by place, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong.

    Attributes:
        path: Where, such as `rollback[0].alpha`.
        reason: What is wrong, with the offending value.
        remedy: What to write instead.
    """

    path: str
    reason: str
    remedy: str


def meant(word: object, known: Iterable[str]) -> str:
    """Return `Did you mean ...?`, or what there is to choose from."""
    names = list(known)
    close = get_close_matches(str(word).lower().replace("-", "_").replace(" ", "_"), names, n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(names)}."
