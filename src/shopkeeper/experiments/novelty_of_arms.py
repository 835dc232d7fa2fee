"""Whether the primary effect of each arm of an experiment lasts, and the sentence that says so."""

from __future__ import annotations

from typing import Final

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.analysis_record import AgedPoint, ArmNovelty, Interval, Trend
from shopkeeper.experiments.arms import Form
from shopkeeper.experiments.figures import TestFigures
from shopkeeper.experiments.live_test import CONTROL
from shopkeeper.experiments.novelty import Novelty, novelty
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.objectives.catalogue import CATALOGUE

TOO_EARLY: Final = "no unit was followed for three whole days in each arm yet"
_SAID: Final[dict[Trend, str]] = {
    "fades": "the effect fades", "grows": "the effect grows", "no trend found": "the effect shows no trend",
}  # fmt: skip


def novelty_of_arms(plan: ExperimentPlan, figures: TestFigures) -> tuple[ArmNovelty, ...]:
    """Return for each arm how its primary effect goes with the days since exposure, alpha split over the arms."""
    return tuple(_of_arm(plan, figures, arm.name) for arm in plan.others)


def _of_arm(plan: ExperimentPlan, figures: TestFigures, arm: str) -> ArmNovelty:
    held = {(one.arm, one.epoch): one for one in figures.daily}
    pairs = [(one, held[arm, epoch]) for (name, epoch), one in held.items() if name == CONTROL and (arm, epoch) in held]
    if not pairs:
        why = figures.not_measured.get(plan.primary.metric, TOO_EARLY)
        return ArmNovelty(arm=arm, words=f"{arm}: whether the effect lasts cannot be said: {why}.")
    try:
        epochs = [(one.sums, other.sums) for one, other in pairs]
        form: Form = "ratio" if CATALOGUE[plan.primary.metric].form == "ratio" else "mean"
        found = novelty(epochs, form, plan.stopping.alpha / len(plan.others))
    except NotEnoughData as error:
        return ArmNovelty(arm=arm, words=f"{arm}: whether the effect lasts cannot be said: {error.reason}")
    n = sum(one.n + other.n for one, other in pairs)
    return ArmNovelty(
        arm=arm,
        words=_words(arm, found, n),
        n=n,
        days=tuple(
            AgedPoint(day=one.day, relative=one.effect, fixed=Interval(low=one.low, high=one.high))
            for one in found.days
        ),
        slope=found.slope,
        slope_interval=Interval(low=found.slope_low, high=found.slope_high),
        p=found.p,
        settled=found.settled,
        settled_interval=Interval(low=found.settled_low, high=found.settled_high),
        trend=found.trend,
    )


def _words(arm: str, found: Novelty, n: int) -> str:
    last = max(len(found.days) // 3, 1)
    return (
        f"{arm}: {_SAID[found.trend]} over the first {len(found.days)} days a unit is in the test, "
        f"{found.slope:+.2%} a day ({found.slope_low:+.2%} to {found.slope_high:+.2%}, p = {found.p:.3f}); on the last "
        f"{last} of them it is {found.settled:+.1%} ({found.settled_low:+.1%} to {found.settled_high:+.1%}); n = {n:,}."
    )
