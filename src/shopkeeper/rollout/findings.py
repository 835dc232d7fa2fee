"""What a gate found, each by its figures in words that a merchant understands, and the verdict that rests on it."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

Outcome = Literal["passes", "waits", "breaks", "invalid"]


class Finding(Struct, frozen=True, kw_only=True):
    """One check.

    Attributes:
        check: Such as `sample ratio`, `primary: ctr`, `rollback: conversion`.
        outcome: `passes`; `waits`: more evidence is needed; `breaks`: a rollback bound is crossed; `invalid`: nothing
            can be concluded from such figures.
        words: One sentence with the figures.
        figures: The same by name; one that is not known is left out.
    """

    check: str
    outcome: Outcome
    words: str
    figures: dict[str, float] = {}


Word = Literal["promote", "hold", "rollback", "invalid"]


class Verdict(Struct, frozen=True, kw_only=True):
    """What is to be done, and everything it rests on.

    Attributes:
        word: `promote` to the next stage, `hold`, `rollback`, or `invalid`: nothing can be concluded.
        why: One sentence.
        days_needed: Days until a hold may end, estimated from how fast units mature; None where nobody can say.
        findings: Every check, in the order they were made.
        objective: Digest of the objective it was decided by.
    """

    word: Word
    why: str
    findings: tuple[Finding, ...]
    objective: str
    days_needed: float | None = None


def known(**figures: float) -> dict[str, float]:
    """Return figures without those that are infinite: JSON has no word for them."""
    return {name: float(figure) for name, figure in figures.items() if math.isfinite(figure)}


def percent(share: float, digits: int = 2) -> str:
    """Return a relative change as people read it, signed; `any figure` where it is not known."""
    return f"{100 * share:+.{digits}f}%" if math.isfinite(share) else "any figure"
