"""Which arm a unit is in: a hash of its id, the same in every process, language and page, without a call.

GrowthBook's hash, so that a front end with one of its SDKs assigns alike and a team can move to or from it.

Source:
    GrowthBook SDK specification 0.8.0; vectors of the public test suite are held by tests/references.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BUCKETS: Final = 10_000
"""Steps of the hash, so shares are multiples of 0.01%."""

Range = tuple[float, float]
"""Hash values from the first, included, to the second, left out."""


_EMPTY: Final = 0x811C9DC5


def fnv1a32(text: str, before: int = _EMPTY) -> int:
    """Return the 32-bit FNV-1a hash of a text, over its UTF-8 bytes; ids should be ASCII, as SDKs differ beyond.

    Args:
        before: Hash of what stands before the text.
    """
    value = before
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def hash_unit(seed: str, unit: str, version: int = 2) -> float | None:
    """Return where a unit lies, 0 to 1; None for a version nobody knows.

    Args:
        seed: Of the experiment; different seeds shuffle units independently.
        version: 2, without bias between experiments. 1 is for layers and for experiments that began with it.
    """
    if version == 2:
        return place_after(fnv1a32(seed), unit)
    if version == 1:
        return (fnv1a32(unit + seed) % 1_000) / 1_000
    return None


def place_after(seed: int, unit: str) -> float:
    """Return where a unit lies by version 2; who asks often hashes the seed once.

    Args:
        seed: `fnv1a32` of the experiment's seed.
    """
    return (fnv1a32(str(fnv1a32(unit, seed))) % BUCKETS) / BUCKETS


def in_layer(layer: str, unit: str, share: Range) -> bool:
    """Say whether a unit lies in a part of a layer; experiments in parts that do not overlap never share a unit."""
    place = hash_unit(f"__{layer}", unit, 1)
    return place is not None and in_range(place, share)


def in_range(place: float, span: Range) -> bool:
    """Say whether a hash value lies in a range."""
    return span[0] <= place < span[1]


def equal_weights(arms: int) -> list[float]:
    """Return equal weights of so many arms."""
    return [1 / arms] * arms if arms > 0 else []


def ranges_of(arms: int, coverage: float = 1.0, weights: Sequence[float] | None = None) -> list[Range]:
    """Return the range of each arm: arms begin where their weights say, and fill `coverage` of their part.

    So raising the coverage moves no unit from one arm into another. Weights that do not fit the arms, or do not add up
    to 1, count as equal.
    """
    share = min(max(coverage, 0.0), 1.0)
    parts = list(weights) if weights is not None and len(weights) == arms else equal_weights(arms)
    if not 0.99 <= sum(parts) <= 1.01:
        parts = equal_weights(arms)
    found, start = [], 0.0
    for part in parts:
        found.append((start, start + share * part))
        start += part
    return found


def arm_at(place: float, ranges: Sequence[Range]) -> int:
    """Return the arm whose range holds a hash value; -1 where none does."""
    return next((arm for arm, span in enumerate(ranges) if in_range(place, span)), -1)
