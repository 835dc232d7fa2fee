"""What live simulated shoppers met: every figure is simulated and says so."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Z95 = 1.959964
"""Two-sided 95% quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One session, the unit the interval is computed over.

    Attributes:
        clicks: Lists clicked; the first click leaves a list, so there is at most one each.
        expected: How many of the lists would be clicked by the truth.
        best: The same for the best lists that could have been shown.
        revenue: What was bought, in pounds, so that stores add up.
    """

    answers: int
    impressions: int
    clicks: int
    expected: float
    best: float
    purchases: int
    revenue: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share or a mean with its standard error; None where there is nothing to tell.

    Attributes:
        n: What it is counted over, such as impressions.
    """

    value: float | None
    error: float | None
    n: int

    def document(self) -> dict[str, float | int | None]:
        """Return value and 95% interval; what cannot be below zero is cut there."""
        if self.value is None or self.error is None:
            return {"value": self.value, "low": None, "high": None, "n": self.n}
        low, high = self.value - Z95 * self.error, self.value + Z95 * self.error
        return {"value": self.value, "low": max(low, 0.0), "high": high, "n": self.n}


@dataclass(slots=True)
class Tally:
    """Counts of one live run. `refused` are answers 400 to 499, `failed` are answers 500 and above or none at all."""

    requests: int = 0
    failed: int = 0
    refused: int = 0
    decisions: int = 0
    fallbacks: int = 0
    fallback_reasons: Counter[str] = field(default_factory=Counter)
    empty_answers: int = 0
    events_sent: int = 0
    events_accepted: int = 0
    events_rejected: int = 0
    unavailable_shown: int = 0
    unknown_shown: int = 0
    models: Counter[str] = field(default_factory=Counter)
    stores: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the figures as one JSON object, click-through with its interval."""
        return {
            "simulated": True,
            "sessions": len(self.visits),
            "requests": self.requests,
            "failed_requests": self.failed,
            "refused_requests": self.refused,
            "decisions": self.decisions,
            "fallbacks": self.fallbacks,
            "fallback_reasons": dict(self.fallback_reasons),
            "empty_answers": self.empty_answers,
            "events_sent": self.events_sent,
            "events_accepted": self.events_accepted,
            "events_rejected": self.events_rejected,
            "unavailable_shown": self.unavailable_shown,
            "unknown_shown": self.unknown_shown,
            "impressions": sum(visit.impressions for visit in self.visits),
            "recommendation_clicks": sum(visit.clicks for visit in self.visits),
            "ctr": click_through(self.visits).document(),
            "list_click_rate": ratio([(v.clicks, v.answers) for v in self.visits]).document(),
            "list_click_rate_expected": ratio([(v.expected, v.answers) for v in self.visits]).document(),
            "list_click_rate_oracle": ratio([(v.best, v.answers) for v in self.visits]).document(),
            "purchases": sum(visit.purchases for visit in self.visits),
            "response_ms": _quantiles(self.took_ms),
            "models": dict(self.models),
            "stores": dict(self.stores),
            "troubles": dict(self.troubles.most_common(5)),
        }


def click_through(visits: list[Visit]) -> Ratio:
    """Return clicks per impression; sessions are the independent units."""
    return ratio([(visit.clicks, visit.impressions) for visit in visits])


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Return the ratio of the sums of independent pairs, its error by the delta method.

    Source:
        Deng, Knoblich and Lu (2018), Applying the Delta Method in Metric Analytics, section 3.
    """
    counted = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    total, n = float(counted[:, 1].sum()), len(counted)
    if total == 0:
        return Ratio(None, None, 0)
    value = float(counted[:, 0].sum()) / total
    if n < 2:
        return Ratio(value, None, int(total))
    residual = counted[:, 0] - value * counted[:, 1]
    error = math.sqrt(float(np.square(residual).sum()) * n / (n - 1)) / total
    return Ratio(value, error, int(total))


def _quantiles(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p99": None}
    return {"p50": round(float(np.quantile(values, 0.5)), 2), "p99": round(float(np.quantile(values, 0.99)), 2)}
