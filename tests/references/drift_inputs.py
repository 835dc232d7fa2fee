"""Reads the inputs of drift cases: samples, counts, shares, seeded draws, histograms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.monitoring.histogram import Histogram, counts_between, quantile_edges

Array = npt.NDArray[Any]
Case = Mapping[str, Any]
_SAMPLE_KEYS = (("reference", "current"), ("a", "b"), ("x", "y"), ("control", "treatment"), ("data1", "data2"))


@dataclass(frozen=True)
class Counted:
    """Both sides on the same bins or categories."""

    reference: Array
    current: Array


def samples(case: Case) -> tuple[Array, Array]:
    """Return both samples of a case; raises ValueError for an input of a form nobody described."""
    held = case["input"]
    counted = {key: value for key, value in held.items() if re.fullmatch(r"\w+_counts_of_(\d+)_to_(\d+)", key)}
    if counted:
        return _pair([_repeated(key, value) for key, value in counted.items()], case)
    for one, other in _SAMPLE_KEYS:
        if one in held and other in held:
            return _drawn([held[one], held[other]], case)
    if "seed" in held:
        return _drawn(_described(case), case)
    raise ValueError(f"{case['id']}: no samples in {sorted(held)}")


def counted(case: Case) -> Counted:
    """Return both sides of a case as counts or shares of the same bins."""
    held = case["input"]
    for one, other in (("reference_counts", "current_counts"), ("reference_shares", "current_shares"), ("p", "q")):
        if one in held:
            return _aligned(held[one], held[other])
    for one, other in _SAMPLE_KEYS:
        if isinstance(held.get(one), Mapping) and not _is_draw(held[one]):
            return _aligned(held[one], held[other])
    reference, current = samples(case)
    if reference.dtype.kind in "OUSb" or current.dtype.kind in "OUSb" or _quasi(case):
        return _aligned(_tally(reference), _tally(current))
    return _binned(case, reference.astype(np.float64), current.astype(np.float64))


def histograms(case: Case) -> tuple[Histogram, Histogram]:
    """Return both histograms of a case, given as [low, high, count] rows."""
    held = case["input"]
    for one, other in _SAMPLE_KEYS:
        if one in held and other in held:
            return _histogram(held[one]), _histogram(held[other])
    raise ValueError(f"{case['id']}: no histograms in {sorted(held)}")


def number(value: object) -> float:
    """Return a number that may be written as text, such as inf."""
    return float(value)  # type: ignore[arg-type]  # text and numbers alike


def _histogram(rows: Any) -> Histogram:  # noqa: ANN401 - what JSON holds
    table = np.array([[number(cell) for cell in row] for row in rows], dtype=np.float64).reshape(-1, 3)
    return Histogram(table[:, 0], table[:, 1], table[:, 2])


def _pair(arrays: list[Array], case: Case) -> tuple[Array, Array]:
    if len(arrays) != 2:
        raise ValueError(f"{case['id']}: {len(arrays)} samples, not 2")
    return arrays[0], arrays[1]


def _repeated(key: str, counts: Any) -> Array:  # noqa: ANN401 - what JSON holds
    first, last = (int(found) for found in re.findall(r"\d+", key)[-2:])
    return np.repeat(np.arange(first, last + 1, dtype=np.float64), counts)


def _drawn(sources: list[Any], case: Case) -> tuple[Array, Array]:
    """Draw by numpy's legacy generator in this order, or each after its own seed where the case says so."""
    held = case["input"]
    words = f"{held.get('note', '')} {case.get('meaning', '')}".lower()
    apart = "own" in str(held.get("note", "")).lower() or "each array is drawn after its own" in words
    rng = np.random.RandomState(held["seed"]) if "seed" in held else None
    found = []
    for source in sources:
        if apart and rng is not None:
            rng = np.random.RandomState(held["seed"])
        found.append(_array(source, rng, case))
    return _pair(found, case)


def _array(source: Any, rng: np.random.RandomState | None, case: Case) -> Array:  # noqa: ANN401 - what JSON holds
    if isinstance(source, list):
        if all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in source):
            return np.array(source, dtype=np.float64)
        if all(isinstance(cell, str) and re.fullmatch(r"[-+]?(inf|nan|\d.*)", cell) for cell in source):
            return np.array([number(cell) for cell in source])
        return np.array([str(cell) for cell in source], dtype=object)
    if isinstance(source, str) and (span := re.fullmatch(r"integers (-?\d+)\.\.(-?\d+)", source)):
        return np.arange(int(span[1]), int(span[2]) + 1, dtype=np.float64)
    if _is_draw(source) and rng is not None:
        return _draw(source, rng)
    raise ValueError(f"{case['id']}: cannot read a sample from {source!r}")


def _is_draw(source: object) -> bool:
    return isinstance(source, Mapping) and bool({"n", "size"} & set(source))


def _draw(source: Mapping[str, Any], rng: np.random.RandomState) -> Array:
    size = int(source.get("n", source.get("size", 0)))
    (name,) = set(source) - {"n", "size"}
    arguments = source[name]
    if name == "choice":
        found = rng.choice(arguments, size)
    elif name in ("random", "rand"):
        found = rng.random_sample(size)
    else:
        found = getattr(rng, name)(*arguments, size=size)
    return np.asarray(found).astype(object) if np.asarray(found).dtype.kind in "US" else np.asarray(found)


def _described(case: Case) -> list[Any]:
    """Return the draws that NannyML's tests share: seed 1, 10,000 reference and 1,000 current rows."""
    name = case["id"]
    if re.search(r"(^|-)cat", name):
        drawn: list[Any] = [list("abcd"), list("abce")]
    elif "quasi" in name:
        drawn = [np.linspace(0, 2, 6).tolist(), np.linspace(0, 2, 3).tolist()]
    elif re.search(r"cont|normal", name):
        return [{"normal": [0, 1], "n": 10_000}, {"normal": [0, 1], "n": 1_000}]
    else:
        raise ValueError(f"{name}: the draw is described nowhere")
    return [{"choice": drawn[0], "n": 10_000}, {"choice": drawn[1], "n": 1_000}]


def _quasi(case: Case) -> bool:
    return "quasi" in case["id"]


def _tally(values: Array) -> dict[str, float]:
    names, found = np.unique(values.astype(str), return_counts=True)
    return {str(name): float(count) for name, count in zip(names, found, strict=True)}


def _aligned(reference: Any, current: Any) -> Counted:  # noqa: ANN401 - what JSON holds
    if isinstance(reference, Mapping):
        names = sorted(set(reference) | set(current))
        reference = [number(reference.get(name, 0)) for name in names]
        current = [number(current.get(name, 0)) for name in names]
    return Counted(np.array(reference, dtype=np.float64), np.array(current, dtype=np.float64))


def _binned(case: Case, reference: Array, current: Array) -> Counted:
    """Return counts on the bins a case names: by number or rule, over both samples or over the reference."""
    held = case["input"]
    how = f"{held.get('edges', '')} {held.get('binning', '')}".lower()
    bins = held.get("bins", held.get("n_bins", "doane"))
    if "quantile" in how or "frequenc" in how:
        edges = quantile_edges(reference, int(bins))
        return Counted(counts_between(edges, reference), counts_between(edges, current))
    if isinstance(held.get("edges"), list):
        inner = np.array([number(edge) for edge in held["edges"]])
        return Counted(np.histogram(reference, inner)[0], np.histogram(current, inner)[0])
    if "width" in how or "distance" in how:
        inner = np.linspace(reference.min(), reference.max(), int(bins) + 1)[1:-1]
        return Counted(counts_between(inner, reference), counts_between(inner, current))
    if isinstance(bins, (int, float)):
        span = (min(reference.min(), current.min()), max(reference.max(), current.max()))
        return Counted(*(np.histogram(one, int(bins), span)[0] for one in (reference, current)))
    edges = np.histogram_bin_edges(reference, bins)
    outside = [len(one) - np.histogram(one, edges)[0].sum() for one in (reference, current)]
    both = [
        np.append(np.histogram(one, edges)[0], left) for one, left in zip((reference, current), outside, strict=True)
    ]
    return Counted(*both)
