"""Whether a model's scores can be read as chances: surer lists should hit more often, and by how much is learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of like confidence.

    Attributes:
        low, high: Lowest and highest confidence among them, in the model's own unit.
        predicted: Mean chance that the mapping gives them.
        observed: Share that were a success.
    """

    cases: int
    low: float
    high: float
    predicted: float
    observed: float


@dataclass(frozen=True)
class Calibration:
    """What confidence is worth.

    Attributes:
        error: Expected calibration error: mean distance of predicted and observed over the bins, weighed by cases.
        bins: Tenths of the cases that the mapping was not learned from, the unsurest first.
    """

    error: float
    bins: tuple[Bin, ...]


def calibrate(confidence: npt.NDArray[np.float64], success: npt.NDArray[np.bool_], seed: int) -> Calibration:
    """Learn a rising mapping from confidence to chance on a random half of the cases, and judge it on the other.

    Rankers give scores, not chances, so only their order is taken as meant; the mapping gives them a unit.

    Args:
        confidence: What the model says of each list, larger is surer; shape (n,), n at least 2.
        success: Whether the list held what came; shape (n,).

    Source:
        Isotonic calibration, Zadrozny and Elkan (2002); expected calibration error, Naeini et al. (2015).
    """
    order = np.random.default_rng(seed).permutation(len(confidence))
    learned, judged = order[: len(order) // 2], order[len(order) // 2 :]
    chances = _rising(confidence[learned], success[learned].astype(np.float64), confidence[judged])
    ranked = np.lexsort((judged, confidence[judged]))
    bins = []
    for members in np.array_split(ranked, min(BINS, len(ranked))):
        there = confidence[judged][members]
        predicted, observed = float(chances[members].mean()), float(success[judged][members].mean())
        bins.append(Bin(len(members), float(there.min()), float(there.max()), predicted, observed))
    error = sum(one.cases * abs(one.predicted - one.observed) for one in bins) / len(judged)
    return Calibration(float(error), tuple(bins))


def _rising(
    known: npt.NDArray[np.float64], success: npt.NDArray[np.float64], asked: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the chance of each of `asked` by isotonic regression over `known`, straight lines between."""
    places, group = np.unique(known, return_inverse=True)
    counts = np.bincount(group).astype(np.float64)
    means = np.bincount(group, weights=success) / counts
    fitted = isotonic_regression(means, weights=counts).x
    return np.asarray(np.interp(asked, places, fitted), dtype=np.float64)
