"""One finding of a verdict: what was looked at, by which figures, in words that a merchant understands."""

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


def known(**figures: float) -> dict[str, float]:
    """Return figures without those that are infinite: JSON has no word for them."""
    return {name: float(figure) for name, figure in figures.items() if math.isfinite(figure)}


def percent(share: float, digits: int = 2) -> str:
    """Return a relative change as people read it, signed; `any figure` where it is not known."""
    return f"{100 * share:+.{digits}f}%" if math.isfinite(share) else "any figure"
