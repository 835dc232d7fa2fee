"""Many p values at once: adjusted so that looking at more metrics or arms finds no more by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Method = Literal["bonferroni", "sidak", "holm", "holm-sidak", "hochberg", "hochberg-sidak", "bh", "by"]


def adjusted(p: Sequence[float], method: Method) -> Array:
    """Return adjusted p values in the order given; shape (m,).

    `holm`, `holm-sidak` (step-down), `hochberg`, `hochberg-sidak` (step-up), `bonferroni` and `sidak` bound the chance
    of any false finding; `bh` and `by` bound the expected share of false ones among the findings.

    Source:
        Holm (1979); Hochberg (1988); Sidak (1967); Benjamini, Hochberg (1995); Benjamini, Yekutieli (2001).
    """
    values = np.asarray(p, dtype=np.float64)
    if not len(values):
        return values
    order = np.argsort(values, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return np.asarray(np.minimum(_METHODS[method](values[order]), 1.0)[back])


def _left(m: int) -> Array:
    return m - np.arange(m, dtype=np.float64)


def _sidak(p: Array, times: Array | float) -> Array:
    return np.asarray(-np.expm1(times * np.log1p(-np.minimum(p, 1 - 1e-16))))


def _rising(p: Array) -> Array:
    return np.asarray(np.maximum.accumulate(p))


def _falling(p: Array) -> Array:
    return np.asarray(np.minimum.accumulate(p[::-1])[::-1])


def _benjamini(p: Array) -> Array:
    return _falling(p * len(p) / np.arange(1, len(p) + 1))


_METHODS: Final[Mapping[Method, Callable[[Array], Array]]] = {
    "bonferroni": lambda p: p * len(p),
    "sidak": lambda p: _sidak(p, float(len(p))),
    "holm": lambda p: _rising(p * _left(len(p))),
    "holm-sidak": lambda p: _rising(_sidak(p, _left(len(p)))),
    "hochberg": lambda p: _falling(p * _left(len(p))),
    "hochberg-sidak": lambda p: _falling(_sidak(p, _left(len(p)))),
    "bh": _benjamini,
    "by": lambda p: _falling(p * len(p) * np.sum(1 / np.arange(1, len(p) + 1)) / np.arange(1, len(p) + 1)),
}
