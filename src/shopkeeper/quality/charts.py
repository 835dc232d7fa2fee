"""Drawings of pages that are files of their own: plain SVG, so that a page is small, opens from disk, needs no script.

Colours come from the page's style sheet by class: `own` the model or treatment, `base` the baseline or control, `champ`
the champion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from markupsafe import Markup

WIDTH: Final = 640
_LEFT, _RIGHT, _ROW, _TICKS = 170, 24, 26, 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A value with its interval, in the colour of `kind`; without an interval low and high are the value."""

    kind: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MarkRow:
    """Marks that belong to one label."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """One moment of a value that is followed over time: the value, and an inner and an outer interval."""

    label: str
    value: float
    inner: tuple[float, float]
    outer: tuple[float, float]


def plain(value: float) -> str:
    """Return a value as an axis shows it."""
    return f"{value:.3g}"


def percent(value: float) -> str:
    """Return a share of 1 in percent, as an axis shows it."""
    return f"{100 * value:.3g}%"


def interval_chart(rows: Sequence[MarkRow], words: str, shown: Callable[[float], str] = plain) -> Markup:
    """Draw each row's values as dots with whiskers along one axis that holds zero.

    Args:
        words: What the drawing shows, for screen readers.
        shown: How the axis writes a value.
    """
    ends = [end for row in rows for mark in row.marks for end in (mark.low, mark.high)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    tall = max(_ROW, 14 + 7 * max(len(row.marks) for row in rows))
    height = tall * len(rows) + 34
    parts = [*_axis(low, high, height - 24, shown)]
    for place, row in enumerate(rows):
        middle = tall * (place + 0.5)
        parts.append(f'<text class="label" x="{_LEFT - 10}" y="{middle + 4}">{_short(row.label)}</text>')
        for number, mark in enumerate(row.marks):
            y = middle + (number - (len(row.marks) - 1) / 2) * 7
            a, b, c = (_x(value, low, high) for value in (mark.low, mark.value, mark.high))
            parts.append(f'<line class="{mark.kind}" x1="{a:.1f}" y1="{y:.1f}" x2="{c:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<circle class="{mark.kind}" cx="{b:.1f}" cy="{y:.1f}" r="3.5"/>')
    return drawing(parts, height, words)


def bar_chart(rows: Sequence[tuple[str, float]], words: str) -> Markup:
    """Draw one bar a label, from zero."""
    low, high = min(0.0, *(value for _, value in rows)), max(0.0, *(value for _, value in rows))
    height = _ROW * len(rows) + 34
    parts = [*_axis(low, high, height - 24)]
    for place, (label, value) in enumerate(rows):
        top = 4 + _ROW * place
        a, b = sorted((_x(0.0, low, high), _x(value, low, high)))
        parts.append(f'<text class="label" x="{_LEFT - 10}" y="{top + 12}">{_short(label)}</text>')
        parts.append(f'<rect class="own" x="{a:.1f}" y="{top}" width="{max(b - a, 1):.1f}" height="16"/>')
    return drawing(parts, height, words)


def point_chart(
    points: Sequence[tuple[float, float]], line: Sequence[tuple[float, float]], words: str, *, names: tuple[str, str]
) -> Markup:
    """Draw points and one line over two axes.

    Args:
        names: What the horizontal and the vertical axis are.
    """
    every = [*points, *line]
    low_x, high_x = _span([x for x, _ in every])
    low_y, high_y = _span([y for _, y in every])
    height, left, floor = 240, 70, 200

    def place(x: float, y: float) -> tuple[float, float]:
        across = left + (x - low_x) / (high_x - low_x) * (WIDTH - left - _RIGHT)
        return across, floor - (y - low_y) / (high_y - low_y) * (floor - 14)

    parts = [f'<line class="axis" x1="{left}" y1="{floor}" x2="{WIDTH - _RIGHT}" y2="{floor}"/>']
    for share in (0.0, 0.5, 1.0):
        value = low_y + share * (high_y - low_y)
        _, y = place(low_x, value)
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text class="label" x="{left - 8}" y="{y + 4:.1f}">{value:.4g}</text>')
    for value, anchor in ((low_x, "start"), (high_x, "end")):
        x, _ = place(value, low_y)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{floor + 16}" text-anchor="{anchor}">{value:g}</text>')
    middle = (left + WIDTH - _RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle:.0f}" y="{floor + 32}" text-anchor="middle">{escape(names[0])}</text>')
    parts.append(f'<text class="tick" x="{left}" y="10" text-anchor="start">{escape(names[1])}</text>')
    if line:
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        parts.append(f'<polyline class="base" points="{corners}"/>')
    parts += [f'<circle class="own" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in (place(*p) for p in points)]
    return drawing(parts, height, words)


def band_chart(bands: Sequence[Band], lines: Sequence[tuple[str, float]], words: str) -> Markup:
    """Draw a value over time with both its intervals as bands, in percent, and lines with a label across.

    Args:
        bands: From left to right; one alone is drawn as a dot with whiskers.
        lines: Label and height of each line, such as a margin or the uplift planned for.
    """
    ends = [end for band in bands for end in (*band.inner, *band.outer)] + [height for _, height in lines] + [0.0]
    low, high = _span(ends)
    left, right, floor, height = 64, WIDTH - 120, 216, 250
    step = (right - left) / max(1, len(bands) - 1)

    def y(value: float) -> float:
        return floor - (value - low) / (high - low) * (floor - 14)

    def x(place: int) -> float:
        return left + step * place if len(bands) > 1 else (left + right) / 2

    parts = []
    for value in ticks(low, high):
        parts.append(f'<line class="grid" x1="{left}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="label tick" x="{left - 8}" y="{y(value) + 4:.1f}">{percent(value)}</text>')
    for kind in ("outer", "inner"):
        both = [getattr(band, kind) for band in bands]
        corners = [(x(place), y(end[1])) for place, end in enumerate(both)]
        corners += [(x(place), y(end[0])) for place, end in reversed(list(enumerate(both)))]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
        parts.append(f'<polygon class="{kind}" points="{points}"/>')
    parts.append(f'<line class="axis" x1="{left}" y1="{y(0):.1f}" x2="{right}" y2="{y(0):.1f}"/>')
    for label, value in lines:
        parts.append(f'<line class="bound" x1="{left}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="tick" x="{right + 6}" y="{y(value) + 4:.1f}">{_short(label)}</text>')
    points = " ".join(f"{x(place):.1f},{y(band.value):.1f}" for place, band in enumerate(bands))
    parts.append(f'<polyline class="own" points="{points}"/>')
    parts += [f'<circle class="own" cx="{x(n):.1f}" cy="{y(b.value):.1f}" r="3"/>' for n, b in enumerate(bands)]
    for place, anchor in ((0, "start"), (len(bands) - 1, "end")) if len(bands) > 1 else ((0, "middle"),):
        said = escape(bands[place].label)
        parts.append(f'<text class="tick" x="{x(place):.1f}" y="{floor + 18}" text-anchor="{anchor}">{said}</text>')
    return drawing(parts, height, words)


def ticks(low: float, high: float) -> list[float]:
    """Return round values between two ends, about four steps: of 1, 2 or 5 times a power of ten."""
    rough = (high - low or 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)
    return [step * place for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _axis(low: float, high: float, bottom: float, shown: Callable[[float], str] = plain) -> list[str]:
    parts = []
    for value in ticks(low, high):
        x = _x(value, low, high)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{shown(value)}</text>')
    zero = _x(0.0, low, high)
    parts.append(f'<line class="axis" x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{bottom}"/>')
    return parts


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (value - low) / ((high - low) or 1.0) * (WIDTH - _LEFT - _RIGHT)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _short(label: str) -> str:
    return escape(label if len(label) <= 24 else f"{label[:23]}\N{HORIZONTAL ELLIPSIS}")


def drawing(parts: Sequence[str], height: float, words: str) -> Markup:
    """Return the drawing that is made of some parts: numbers and escaped labels alone.

    Args:
        words: What it shows, for screen readers.
    """
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )
