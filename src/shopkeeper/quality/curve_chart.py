"""A drawing of something that answers to something else: a value with its interval along an axis of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from markupsafe import Markup

from shopkeeper.quality.charts import WIDTH, drawing, plain, ticks

_LEFT: Final = 74
_RIGHT: Final = 24
_TOP: Final = 58
_FLOOR: Final = 226
_HEIGHT: Final = 268
_ROW: Final = 13
"""Height of a line of labels above the curve."""


@dataclass(frozen=True, slots=True)
class Place:
    """One point of the curve.

    Attributes:
        x: Where it lies.
        low, value, high: Its value with the interval; all the same without one.
        out: It may not be chosen, so it is drawn hollow.
    """

    x: float
    low: float
    value: float
    high: float
    out: bool = False


@dataclass(frozen=True, slots=True)
class Upright:
    """A line across the curve at one place, with what it marks; `kind` is the colour."""

    x: float
    label: str
    kind: str


def curve_chart(
    places: Sequence[Place], uprights: Sequence[Upright], words: str, *, names: tuple[str, str],
    at: Callable[[float], str] = plain, shown: Callable[[float], str] = plain, zero: bool = True,
) -> Markup:  # fmt: skip
    """Draw a curve with its interval as a band, and marks across it.

    Args:
        places: From left to right.
        words: What the drawing shows, for screen readers.
        names: What the horizontal and the vertical axis are.
        at, shown: How the horizontal and the vertical axis write a value.
        zero: Whether nought must be in sight.
    """
    low_x, high_x = _ends([one.x for one in places] + [mark.x for mark in uprights])
    low_y, high_y = _ends([end for one in places for end in (one.low, one.high)] + ([0.0] if zero else []))

    def x(value: float) -> float:
        return _LEFT + (value - low_x) / (high_x - low_x) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _FLOOR - (value - low_y) / (high_y - low_y) * (_FLOOR - _TOP)

    parts = [*_grid(low_y, high_y, y, shown)]
    over = [f"{x(one.x):.1f},{y(one.high):.1f}" for one in places]
    under = [f"{x(one.x):.1f},{y(one.low):.1f}" for one in reversed(places)]
    parts.append(f'<polygon class="inner" points="{" ".join([*over, *under])}"/>')
    parts += _marks(uprights, x)
    line = " ".join(f"{x(one.x):.1f},{y(one.value):.1f}" for one in places)
    parts.append(f'<polyline class="own" points="{line}"/>')
    for one in places:
        kind = "hollow" if one.out else "own"
        parts.append(f'<circle class="{kind}" cx="{x(one.x):.1f}" cy="{y(one.value):.1f}" r="3"/>')
    for value, anchor in ((low_x, "start"), ((low_x + high_x) / 2, "middle"), (high_x, "end")):
        said = escape(at(value))
        parts.append(f'<text class="tick" x="{x(value):.1f}" y="{_FLOOR + 16}" text-anchor="{anchor}">{said}</text>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(
        f'<text class="tick" x="{middle:.0f}" y="{_FLOOR + 34}" text-anchor="middle">{escape(names[0])}</text>'
    )
    parts.append(f'<text class="tick" x="0" y="12" text-anchor="start">{escape(names[1])}</text>')
    return drawing(parts, _HEIGHT, words)


def _grid(low: float, high: float, y: Callable[[float], float], shown: Callable[[float], str]) -> list[str]:
    parts = []
    for value in ticks(low, high):
        kind = "axis" if value == 0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{_LEFT}" y1="{y(value):.1f}" x2="{WIDTH - _RIGHT}" y2="{y(value):.1f}"/>'
        )
        parts.append(f'<text class="label tick" x="{_LEFT - 8}" y="{y(value) + 4:.1f}">{escape(shown(value))}</text>')
    return parts


def _marks(uprights: Sequence[Upright], x: Callable[[float], float]) -> list[str]:
    """Draw the lines, each with its label in a row of its own above the curve."""
    parts: list[str] = []
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    for row, one in enumerate(sorted(uprights, key=lambda mark: mark.x)):
        place, height = x(one.x), _TOP - 6 - _ROW * row
        anchor, label = ("start", place + 5) if place < middle else ("end", place - 5)
        line = f'x1="{place:.1f}" y1="{height - 9}" x2="{place:.1f}" y2="{_FLOOR}"'
        parts.append(f'<line class="{one.kind} upright" {line}/>')
        parts.append(
            f'<text class="tick" x="{label:.1f}" y="{height}" text-anchor="{anchor}">{escape(one.label)}</text>'
        )
    return parts


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
