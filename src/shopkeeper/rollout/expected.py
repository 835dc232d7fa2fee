"""What the challenger in shadow would have earned, for the gate: an interval of the KPI, or why there is none.

Each place of a list counts for itself: what a product brings there is taken to rest on product, place and shopper, not
on what stands at the other places.

Source:
    Li et al. (2018), Offline Evaluation of Ranking Policies with Click Models: the item-position estimator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.metric_definitions import MetricDefinition, Metrics
from shopkeeper.experiments.off_policy import LEAST_REWARDS, LoggedAnswers, OffPolicy, Options, evaluate
from shopkeeper.experiments.sequential import half_width, rho_for
from shopkeeper.rollout.evidence import Shadow

Columns = Mapping[str, npt.NDArray[np.generic]]
Reward = Literal["clicks", "orders", "spent"]
NO_CHANCES: Final = (
    "no list beside which it was computed left anything to chance; let the serving version try products out"
    " (`exploration` in the recipe)"
)
_CHANCES: Final = msgspec.json.Decoder(tuple[tuple[str, float, float], ...])
_DRAWS: Final = 500
_ALPHA: Final = 0.05
TUNED_UNITS: Final = 5_000.0
"""Shoppers at which the interval is narrowest; it holds however often the gate looks."""


def reward_of(metric: MetricDefinition, known: Metrics) -> Reward | None:
    """Return what of a place in a list stands for a metric: 1 for a click, 1 for an order, or what was spent.

    None where what comes through lists says nothing of the metric.
    """
    of = known.figure(metric.of)
    if metric.over is not None and known.figure(metric.over).events != ("impression",):
        return None
    if of.measure == "events" and of.events == ("click",):
        return "clicks"
    if of.measure == "orders":
        return "orders"
    return "spent" if of.measure in ("sold", "revenue") else None


def seen_places(answers: Columns, rewards: Columns, reward: Reward) -> LoggedAnswers | None:
    """Return each place of each answer with what it brought; None without an answer.

    Args:
        answers: Rows of `shadow_chances`.
        rewards: Rows of `shadow_rewards`.
    """
    names = zip(*(rewards[name].tolist() for name in ("store", "decision_id", "product", reward)), strict=True)
    brought = {(store, decision, product): float(value) for store, decision, product, value in names}
    units: dict[str, int] = {}
    rows: list[tuple[int, float, float, float]] = []
    told = zip(*(answers[name].tolist() for name in ("store", "decision_id", "unit", "chances")), strict=True)
    for store, decision, unit, chances in told:
        number = units.setdefault(f"{store} {unit}" if unit else f"\x00{store} {decision}", len(units))
        for product, chance, own in _CHANCES.decode(str(chances)):
            value = brought.get((store, decision, product), 0.0)
            rows.append((number, value if reward == "spent" else float(value > 0), chance, own))
    if not rows:
        return None
    numbers, values, chances_shown, chances_own = (np.array(column) for column in zip(*rows, strict=True))
    return LoggedAnswers(values, chances_shown, chances_own, units=numbers.astype(np.intp))


def with_expected(shadow: Shadow, seen: LoggedAnswers | None, seed: int = 0) -> Shadow:
    """Return the shadow's evidence with the interval of the KPI relative to the control's, or why it has none."""
    if seen is None:
        return unidentified(shadow, NO_CHANCES)
    found = evaluate(seen, Options(seed=seed, draws=_DRAWS, alpha=_ALPHA))
    if found.conclusion in ("refused", "not identified") or found.effective_rewards < LEAST_REWARDS:
        return unidentified(shadow, found.why)
    units = len(seen.rewards) if seen.units is None else int(seen.units.max()) + 1
    low, high = _at_any_look(found, units)
    return msgspec.structs.replace(shadow, expected_low=low, expected_high=high, not_identified="")


def unidentified(shadow: Shadow, why: str) -> Shadow:
    """Return the shadow's evidence without an interval."""
    return msgspec.structs.replace(shadow, expected_low=None, expected_high=None, not_identified=why)


def _at_any_look(found: OffPolicy, units: int) -> tuple[float, float]:
    """Return the interval by SNIPS, widened from one look to all looks together.

    Resampling gives an interval for one look; its ends are moved out as far as an asymptotic confidence sequence lies
    from a normal interval at so many units (`experiments.sequential`).
    """
    named = found.estimates["snips"]
    reach = math.sqrt(units) * half_width(units, _ALPHA, rho_for(_ALPHA, TUNED_UNITS))
    stretch = reach / NormalDist().inv_cdf(1 - _ALPHA / 2)
    return (
        named.relative - stretch * (named.relative - named.relative_low),
        named.relative + stretch * (named.relative_high - named.relative),
    )
