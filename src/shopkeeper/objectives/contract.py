"""What a system is for, how that is measured, and when it is taken back: the contract that stands before code.

One type is the file's form, its check and its JSON Schema. `contract_file` reads one from YAML.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Currency
from shopkeeper.objectives.catalogue import CATALOGUE, Direction
from shopkeeper.objectives.document import digest_of

VERSION: Final = 1
HARM_ALPHA: Final = 0.05
"""Chance that all rollback criteria together take back a change that does no harm; the shares add up to no more."""

Words = Annotated[str, Meta(min_length=3, max_length=2_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=1e12)]
Days = Annotated[float, Meta(ge=0, le=366)]
Whole = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Duration = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?[smhd]$", examples=["15m", "6h", "2d"])]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["07:30"])]
MetricName = Annotated[str, Meta(extra_json_schema={"enum": list(CATALOGUE)})]
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


class _Part(Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    pass


class Person(_Part, frozen=True, kw_only=True):
    """Someone who answers for it, or has a say.

    Attributes:
        name: Name of a person or team.
        role: What they do in the shop.
        email: Where they are reached.
    """

    name: Words
    role: str = ""
    email: str = ""


class Amount(_Part, frozen=True, kw_only=True):
    """Money, and what it is for.

    Attributes:
        amount: In units of the currency.
        currency: ISO 4217 code.
        per: Once, or every month or year.
        why: What it stands for, and how it was estimated.
    """

    amount: Annotated[float, Meta(ge=0, le=1e12)]
    currency: Currency
    per: Literal["once", "month", "year"] = "once"
    why: str = ""


class Timeline(_Part, frozen=True, kw_only=True):
    """When it runs.

    Attributes:
        start: First day of work.
        decide_by: Day by which it is decided whether it stays.
    """

    start: date
    decide_by: date


class Primary(_Part, frozen=True, kw_only=True):
    """The one metric a change is made for.

    Attributes:
        metric: A metric of the catalogue that is measured on shoppers or texts.
        unit: Its unit, as the catalogue has it.
        direction: Which way is better, as the catalogue has it.
        minimum_uplift: Smallest relative change worth having, above 0: 0.15 = 15% better than the control. It plans
            how long a test takes; what a test must prove is an uplift above 0.
        offline_metric: Metric of a training run that stands for it until shoppers have spoken.
    """

    metric: MetricName
    unit: str
    direction: Direction
    minimum_uplift: Annotated[float, Meta(gt=0, le=10)]
    offline_metric: MetricName


class Secondary(_Part, frozen=True, kw_only=True):
    """A metric that is reported beside the primary one and decides nothing.

    Attributes:
        metric: A metric of the catalogue.
        expected_uplift: Relative change hoped for; for the report alone.
    """

    metric: MetricName
    expected_uplift: Annotated[float, Meta(gt=0, le=10)] | None = None


class Guardrail(_Part, frozen=True, kw_only=True):
    """A metric that must not be spoilt. With `margin` it is held against the control, with `limit` against a figure.

    Attributes:
        metric: A metric of the catalogue.
        margin: Non-inferiority margin, relative to the control: 0.01 = proven to be no more than 1% worse.
        limit: Worst value allowed, in the metric's unit, such as a margin target.
    """

    metric: MetricName
    margin: Annotated[float, Meta(gt=0, le=1)] | None = None
    limit: float | None = None


class Technical(_Part, frozen=True, kw_only=True):
    """What the service must hold at every step.

    Attributes:
        p99_latency_ms: 99th percentile of an answer's time, milliseconds.
        error_rate: Largest share of requests that end in an error.
        uptime: Least share of minutes in which it answers.
        freshness: Oldest data that may decide, such as 15m, 6h or 2d.
    """

    p99_latency_ms: Annotated[float, Meta(gt=0, le=600_000)] = 100.0
    error_rate: Share = 0.001
    uptime: Share = 0.997
    freshness: Duration = "2d"

    @property
    def freshness_seconds(self) -> float:
        """The oldest data that may decide, seconds."""
        return seconds_of(self.freshness)


class Data(_Part, frozen=True, kw_only=True):
    """What the data must hold before anything is learnt from it.

    Attributes:
        completeness: Least share, for each of the completeness figures of `shopkeeper check`.
        minimum_interactions: Fewest interactions to train on.
        minimum_cases: Fewest shoppers (or products) to judge a model with.
        checks: Figures of `shopkeeper check` that must pass, by name; a figure that warns is not enough.
        quality: Whole verdict that is enough: `pass`, or `warn` too.
    """

    completeness: Share = 0.95
    minimum_interactions: Whole = 500
    minimum_cases: Whole = 30
    checks: tuple[Words, ...] = ()
    quality: Literal["pass", "warn"] = "warn"


class RollbackCriterion(_Part, frozen=True, kw_only=True):
    """One reason to take a change back, looked at any minute by an always-valid confidence sequence.

    Attributes:
        against: `control`: worse than the control by more than `bound`, relative (0 = any proven harm). `limit`: beyond
            `bound`, in the metric's unit.
        bound: Where harm begins.
        alpha: Its share of the false alarms; all shares together are at most 0.05.
    """

    metric: MetricName
    against: Literal["control", "limit"] = "control"
    bound: Annotated[float, Meta(ge=0)] = 0.0
    alpha: Annotated[float, Meta(gt=0, le=HARM_ALPHA)]


class Blessing(_Part, frozen=True, kw_only=True):
    """What a new version must show in training, next to the version that serves, on the same data held back.

    Attributes:
        metric: A metric of the training run.
        rule: `better`: the lower bound of the difference is above 0. `non-inferior`: it is above -margin.
        margin: Relative to the serving version; for `non-inferior` alone.
    """

    metric: MetricName
    rule: Literal["better", "non-inferior"] = "better"
    margin: Annotated[float, Meta(gt=0, le=1)] | None = None


class SliceLimit(_Part, frozen=True, kw_only=True):
    """A group that must not pay for the others.

    Attributes:
        slice: Name of the group in the training report, such as `new shoppers`; `store *` is every store.
        margin: How much worse its offline metric may be, relative to the serving version.
    """

    slice: Words
    margin: Annotated[float, Meta(ge=0, le=1)]


class Training(_Part, frozen=True, kw_only=True):
    """How a version is judged before a shopper sees it.

    Attributes:
        bless: What it must show; empty = the offline metric must be better.
        slices: Groups that must not get worse by more than their margin.
        label_gap_days: Days between what is learnt from and what judges, so that every label has matured.
    """

    bless: tuple[Blessing, ...] = ()
    slices: tuple[SliceLimit, ...] = ()
    label_gap_days: Days = 0.0


class Performance(_Part, frozen=True, kw_only=True):
    """A bound that starts a retraining when the matured metric, with its interval, lies beyond it.

    Attributes:
        against: `blessing`: worse by more than `bound` than when the version was blessed, relative. `limit`: beyond
            `bound`, in the metric's unit.
    """

    metric: MetricName
    against: Literal["blessing", "limit"] = "blessing"
    bound: Annotated[float, Meta(ge=0)]


class DriftLimits(_Part, frozen=True, kw_only=True):
    """When the data counts as changed: the effect AND its significance, in windows one after another, where it matters.

    Attributes:
        psi: Population stability index from which a change is large enough to matter.
        significance: Chance of a false alarm of one feature in one window, split over the features looked at.
        windows: Consecutive windows that must say so.
        importance: Least share of the model's total importance that a feature must have.
        minimum_rows: Fewer rows than this on either side are no evidence either way.
    """

    psi: Positive = 0.2
    significance: Annotated[float, Meta(gt=0, le=0.1)] = 0.001
    windows: Annotated[int, Meta(ge=1, le=12)] = 2
    importance: Share = 0.02
    minimum_rows: Annotated[int, Meta(ge=20, le=1_000_000)] = 200


class RetrainingBudget(_Part, frozen=True, kw_only=True):
    """What retraining may cost; at least one of the two is given.

    Attributes:
        runs_per_month: Most runs that triggers may start.
        amount_per_month: Most money for machines.
        currency: Of the amount.
    """

    runs_per_month: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    amount_per_month: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    currency: Currency = "EUR"


class QuietHours(_Part, frozen=True, kw_only=True):
    """When no retraining starts; an end before the start lies on the next day.

    Attributes:
        start: Such as 08:00.
        end: Such as 22:00; a run may start from then on.
        time_zone: IANA name.
    """

    start: Clock
    end: Clock
    time_zone: str = "UTC"


class Retraining(_Part, frozen=True, kw_only=True):
    """When a new version is trained without being asked for.

    Attributes:
        performance: Bounds of the matured metric, looked at weekly.
        drift: When the data counts as changed.
        schedule: How often at least.
        new_features: Whether data of a feature that the model could not know yet starts one.
        debounce_days: Least time between two runs that triggers start.
        budget: What it may cost.
        quiet_hours: When none starts.
        approval: `automatic`: a blessed version goes on to the gate by itself. `awaiting`: a person lets it.
    """

    performance: tuple[Performance, ...] = ()
    drift: DriftLimits = DriftLimits()
    schedule: Literal["weekly", "monthly", "quarterly", "never"] = "monthly"
    new_features: bool = True
    debounce_days: Days = 7.0
    budget: RetrainingBudget = RetrainingBudget(runs_per_month=4)
    quiet_hours: tuple[QuietHours, ...] = ()
    approval: Literal["automatic", "awaiting"] = "awaiting"


class Objective(_Part, frozen=True, kw_only=True):
    """The contract of one system.

    Attributes:
        version: Of this form; always 1.
        system: Such as recommendations; the file is called after it.
        name: A short title.
        business_problem: What is wrong in the shop, in the words of the shop.
        cost_of_inaction: What it costs to leave it as it is.
        owner: Who answers for it.
        stakeholders: Who else has a say.
        timeline: When it runs.
        budget: What it may cost.
        primary: The one metric it is made for.
        secondary: Metrics that are reported and decide nothing.
        guardrails: Metrics that must not be spoilt.
        technical: What the service must hold.
        data: What the data must hold.
        rollback: When a change is taken back; the shares `alpha` add up to at most 0.05.
        attribution_days: How long after it was shown something counts as brought by it.
        maturation_days: How long after exposure a unit's figures are final, returns included; only such units decide.
        training: How a version is judged before a shopper sees it.
        retraining: When a new version is trained without being asked for.
    """

    version: Annotated[int, Meta(ge=VERSION, le=VERSION)]
    system: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,59}$")]
    name: Words
    business_problem: Words
    cost_of_inaction: Amount
    owner: Person
    stakeholders: Annotated[tuple[Person, ...], Meta(min_length=1)]
    timeline: Timeline
    budget: Amount
    primary: Primary
    secondary: tuple[Secondary, ...] = ()
    guardrails: Annotated[tuple[Guardrail, ...], Meta(min_length=1)]
    technical: Technical = Technical()
    data: Data = Data()
    rollback: Annotated[tuple[RollbackCriterion, ...], Meta(min_length=1)]
    attribution_days: Days
    maturation_days: Days
    training: Training = Training()
    retraining: Retraining = Retraining()

    @property
    def digest(self) -> str:
        """SHA-256 over what it says; it goes into every verdict.

        Comments, the order of keys and a default written out change nothing, nor does a key that a later version of
        Shopkeeper adds, as long as nobody sets it.
        """
        return _digest(self)

    @property
    def blessings(self) -> tuple[Blessing, ...]:
        """What a version must show in training; where the file is silent, a better offline metric."""
        return self.training.bless or (Blessing(metric=self.primary.offline_metric),)


def seconds_of(duration: str) -> float:
    """Return a duration such as 15m, 6h or 2d in seconds."""
    return float(duration[:-1]) * _SECONDS[duration[-1]]


@lru_cache(maxsize=256)
def _digest(objective: Objective) -> str:
    return digest_of(objective)
