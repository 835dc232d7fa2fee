"""The joint event a test is sized for: at one look the KPI is beyond its boundary and every guardrail above its own.

Source:
    The score process of a group-sequential test is a Brownian motion in the share of information, with drift `signal *
    sqrt(n)` (Jennison, Turnbull 2000, chapter 3). No closed form holds for several correlated metrics and looks, so the
    paths are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Score processes of tests without any effect, drawn once and moved by whatever drift is asked about.

    Attributes:
        fractions: Share of the planned information at each look; shape (looks,).
        critical: Critical value of z at each look; shape (looks,).
        scores: Brownian motions at the looks; shape (runs, looks, metrics).
    """

    fractions: Array
    critical: Array
    scores: Array

    @staticmethod
    def drawn(fractions: Sequence[float], critical: npt.ArrayLike, correlation: Array, runs: int, seed: int) -> Paths:
        """Return drawn paths.

        Args:
            correlation: Of the metrics' values within a unit; shape (metrics, metrics).
        """
        rng = np.random.default_rng(seed)
        t = np.asarray(fractions, dtype=np.float64)
        steps = rng.standard_normal((runs, len(t), len(correlation))) @ np.linalg.cholesky(correlation).T
        steps *= np.sqrt(np.diff(t, prepend=0.0))[None, :, None]
        return Paths(t, np.asarray(critical, dtype=np.float64), steps.cumsum(axis=1))

    def root_units(self, signals: Sequence[float], power: float) -> float:
        """Return the root of the units per arm with which a share `power` of the paths passes at some look.

        A path passes look t when `score_k + signal_k sqrt(n) t > critical sqrt(t)` for every metric k, so each look
        asks for a root n of its own; the smallest over looks lets the path pass, and the quantile over paths answers.

        Args:
            signals: `PlannedMetric.signal` of each metric, all above 0.
        """
        edge = (self.critical * np.sqrt(self.fractions))[None, :, None]
        asked = (edge - self.scores) / (self.fractions[None, :, None] * np.asarray(signals)[None, None, :])
        return float(max(np.quantile(asked.max(axis=2).min(axis=1), power), 0.0))

    def passed_by(self, signals: Sequence[float], n_arm: float) -> Array:
        """Return the share of paths that passed at each look or before it, with `n_arm` units per arm at the end."""
        drift = np.asarray(signals) * np.sqrt(n_arm)
        edge = (self.critical * np.sqrt(self.fractions))[None, :, None]
        passes = (self.scores + drift[None, None, :] * self.fractions[None, :, None] > edge).all(axis=2)
        return np.asarray(np.logical_or.accumulate(passes, axis=1).mean(axis=0), dtype=np.float64)
