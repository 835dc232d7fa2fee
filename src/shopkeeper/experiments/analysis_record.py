"""One analysis as it is stored and shown: figures, intervals and what they mean, with nothing left to compute."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from shopkeeper.experiments.figures import Answered

if TYPE_CHECKING:
    from shopkeeper.experiments.effect import Judged

Trend = Literal["fades", "grows", "no trend found"]
Outcome = Literal["wins", "loses", "flat", "mixed", "running", "invalid"]


class Interval(Struct, frozen=True, kw_only=True):
    """Where an effect lies; null = no bound."""

    low: float | None = None
    high: float | None = None

    @staticmethod
    def of(judged: Judged) -> Interval:
        """Return the interval of a test; an infinite end is no bound."""
        low, high = (end if math.isfinite(end) else None for end in (judged.low, judged.high))
        return Interval(low=low, high=high)


class Estimate(Struct, frozen=True, kw_only=True):
    """The effect of one arm on one metric.

    Attributes:
        n: Units of both arms.
        control, value: The arms' values, nothing taken off.
        relative: Relative effect; its standard error is `error`.
        fixed: Interval for one look at the planned end.
        always: Interval that holds at any look.
        variance_left: Share of the variance that the time before exposure left; 1 = nothing was taken off.
        reason: Why nothing can be said; empty otherwise.
    """

    n: int
    control: float
    value: float
    relative: float
    error: float
    fixed: Interval
    always: Interval
    p: float
    p_always: float
    variance_left: float
    reason: str = ""


def nothing(reason: str) -> Estimate:
    """Return the estimate of which nothing can be said."""
    return Estimate(
        n=0, control=0.0, value=0.0, relative=0.0, error=0.0, fixed=Interval(), always=Interval(), p=1.0, p_always=1.0,
        variance_left=1.0, reason=reason,
    )  # fmt: skip


class MetricEffect(Struct, frozen=True, kw_only=True):
    """One metric of one arm, adjusted by the time before exposure and not, raw and with the largest values cut.

    Attributes:
        metric: Name in the catalogue.
        arm: Name in the plan.
        adjusted: None where nothing of the time before is known.
        winsorised: None where nothing was cut.
        p_holm: Of the fixed test, over all metrics and arms.
        margin: How much worse it may be, relative; None for a metric that guards nothing.
    """

    metric: str
    arm: str
    adjusted: Estimate | None
    unadjusted: Estimate
    winsorised: Estimate | None
    p_holm: float
    margin: float | None = None

    @property
    def best(self) -> Estimate:
        """The estimate that decides."""
        return self.adjusted or self.unadjusted


class Point(Struct, frozen=True, kw_only=True):
    """The primary effect over the units exposed up to a day.

    Attributes:
        arm: Name in the plan.
        day: Day of first exposure, in the store's time zone.
        n: Units of both arms.
        relative: Relative effect.
        fixed: Interval for one look at the planned end.
        always: Interval that holds at any look.
    """

    arm: str
    day: date
    n: int
    relative: float
    fixed: Interval
    always: Interval


class SegmentEffect(Struct, frozen=True, kw_only=True):
    """The primary effect in one group that was named beforehand.

    Attributes:
        segment: Such as `store=uk`.
        arm: Name in the plan.
        p_holm: Of the fixed test, over all groups and arms.
    """

    segment: str
    arm: str
    estimate: Estimate
    p_holm: float


class AgedPoint(Struct, frozen=True, kw_only=True):
    """The primary effect on one day since exposure.

    Attributes:
        day: Days since the day of the first decision, which is day 0.
        relative: Effect relative to the control.
        fixed: Its interval.
    """

    day: int
    relative: float
    fixed: Interval


class ArmNovelty(Struct, frozen=True, kw_only=True):
    """How the primary effect of one arm goes with the days since a unit was first in it.

    Attributes:
        arm: Name of the arm that is compared with the control.
        words: What is found, in one sentence; or why nothing can be said.
        n: Units of both arms that were followed for all days.
        days: The effect day by day.
        slope: Change of the relative effect a day.
        slope_interval: Interval of that change.
        p: Two-sided, of the slope being 0.
        settled: Mean effect over the last third of the days: what is left when the news is over.
        settled_interval: Interval of that mean.
        trend: `fades`, `grows` or `no trend found`; empty where nothing can be said.
    """

    arm: str
    words: str
    n: int = 0
    days: tuple[AgedPoint, ...] = ()
    slope: float = 0.0
    slope_interval: Interval = Interval()
    p: float = 1.0
    settled: float = 0.0
    settled_interval: Interval = Interval()
    trend: Trend | Literal[""] = ""


class Soundness(Struct, frozen=True, kw_only=True):
    """Whether the arms may be compared.

    Attributes:
        valid: They may.
        srm_p: p value of the arms' sizes, epoch by epoch.
        srm_any_look: p value over all epochs that holds however often somebody looks.
        crossers: Units seen in more than one arm.
        crosser_share: Of all units.
        reasons: Why not; empty where they may.
    """

    valid: bool
    srm_p: tuple[float, ...]
    srm_any_look: float
    crossers: int
    crosser_share: float
    reasons: tuple[str, ...] = ()


class ArmVerdict(Struct, frozen=True, kw_only=True):
    """What is found of one arm.

    Attributes:
        words: Why, in one sentence.
        low, high: The relative effect at this look's bound.
        guardrails: Guardrail -> whether it is shown to be no worse than its margin.
    """

    arm: str
    outcome: Outcome
    words: str
    low: float | None = None
    high: float | None = None
    guardrails: dict[str, bool] = {}


class Verdict(Struct, frozen=True, kw_only=True):
    """What is found of the experiment.

    Attributes:
        words: Of the arm that decides the outcome.
        arms: Every arm but the control.
        outcome: `wins` if an arm wins; then `mixed`, `running`, `loses`, `flat`, whichever an arm has first.
        fraction: Share of the planned units that have matured, of the smallest arm.
        critical: What |z| must exceed at this look.
        next_step: What the plan says is done then; empty while it runs.
    """

    outcome: Outcome
    words: str
    fraction: float
    critical: float | None
    arms: tuple[ArmVerdict, ...]
    next_step: str = ""


class Analysis(Struct, frozen=True, kw_only=True):
    """What the figures of a test say at one moment.

    Attributes:
        experiment: Name of the plan.
        plan: Digest of the frozen plan.
        at: Moment of the look; nothing newer counts.
        simulated: Every store in it is made up.
        units: Arm -> units exposed.
        matured: Arm -> units whose figures are final; these alone count.
        effects: Every metric of every arm.
        answered: Arm -> how it was answered.
        over_time: Of the primary metric, arm by arm.
        segments: Of the primary metric.
        money: Currency of all amounts; empty where there are several.
        novelty: Of the primary metric, arm by arm; empty in analyses from before it was looked at.
        not_measured: Metric -> why there are no figures of it.
        verdict: None until it is judged.
    """

    experiment: str
    plan: str
    at: datetime
    simulated: bool
    soundness: Soundness
    units: dict[str, int]
    matured: dict[str, int]
    effects: tuple[MetricEffect, ...]
    over_time: tuple[Point, ...]
    segments: tuple[SegmentEffect, ...]
    answered: dict[str, Answered]
    not_measured: dict[str, str]
    verdict: Verdict | None = None
    money: str = ""
    novelty: tuple[ArmNovelty, ...] = ()
