"""The plan of an experiment: everything that is decided before the first shopper is in it.

One type is the file's form, its check and its JSON Schema. `plan_file` reads one from YAML.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from shopkeeper.experiments.live_test import CONTROL, Unit
from shopkeeper.objectives.contract import Days, Guardrail, MetricName, Person, Secondary, Share, Words
from shopkeeper.objectives.document import digest_of

VERSION: Final = 1
SEGMENTS: Final = {
    "store": "each store by itself",
    "newcomer": "shoppers of whom nothing was seen in the four weeks before the test, and those seen",
    "device": "phone, tablet, desktop, app or other: of the first event of the day of exposure that says its device",
}
"""Ways in which the units of a test may be told apart; each is known at exposure."""

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{1,59}$")]
SegmentName = Annotated[str, Meta(extra_json_schema={"enum": list(SEGMENTS)})]


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Period(_Part, frozen=True, kw_only=True):
    """When it runs.

    Attributes:
        start: First day on which units are exposed.
        end: Last day on which new units are exposed; what they do is counted until they have matured.
    """

    start: date
    end: date

    @property
    def days(self) -> int:
        """Days with exposures."""
        return (self.end - self.start).days + 1


class PlannedArm(_Part, frozen=True, kw_only=True):
    """One arm.

    Attributes:
        name: The control is called `control`.
        share: Share of the units in the layer's range, holdout left out; the arms' shares add up to at most 1.
        words: What a shopper meets in it, in one sentence.
        version: Model version that answers; left out = the champion, empty = the rules alone.
        settings: Settings of the recipe that differ in it, such as `diversity: 0.3`.
    """

    name: Name
    share: Annotated[float, Meta(gt=0, le=1)]
    words: str = ""
    version: str | None = None
    settings: dict[str, Any] = {}


class Goal(_Part, frozen=True, kw_only=True):
    """The one metric that decides.

    Attributes:
        metric: A metric of the catalogue that is measured on shoppers.
        minimum_uplift: Smallest relative change worth having, above 0: 0.08 = 8% better than the control.
    """

    metric: MetricName
    minimum_uplift: Annotated[float, Meta(gt=0, le=10)]


class Expected(_Part, frozen=True, kw_only=True):
    """What is known before it starts, to foresee how long it takes; without it an experiment cannot start.

    Attributes:
        units_per_day: Units that would be exposed on a day for the first time, all arms together.
        value: The primary metric as it is now.
        deviation: Standard deviation of one unit's (linearised) value.
        pre_correlation: Correlation of a unit's value with the same before exposure; CUPED takes off its square.
    """

    units_per_day: Annotated[float, Meta(gt=0, le=1e9)]
    value: Annotated[float, Meta(gt=0, le=1e12)]
    deviation: Annotated[float, Meta(gt=0, le=1e12)]
    pre_correlation: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class Stopping(_Part, frozen=True, kw_only=True):
    """When it is over.

    Attributes:
        rule: `fixed`: one look, at the planned end. `group-sequential`: looks at any time, which share alpha as matured
            units come in, so that a clear result ends it early.
        alpha: Chance of a false finding, two-sided, over all arms together.
        power: Chance to find the smallest uplift worth having.
    """

    rule: Literal["fixed", "group-sequential"] = "group-sequential"
    alpha: Annotated[float, Meta(gt=0, le=0.2)] = 0.05
    power: Annotated[float, Meta(ge=0.5, lt=1)] = 0.8


class SwitchedPrices(_Part, frozen=True, kw_only=True):
    """The prices a test by switchback compares, and what switches when.

    Attributes:
        run: Approved price run; its prices hold in the other arm, those it was computed from in the control.
        clusters: What switches as one: the goods of a main category in a customer group, or all of the group.
        depth: Levels of a category's path that make one category; 1 = the first.
        period_days: Days between two switches.
        washout_days: Days at the start of each period that are not counted.
        apart: Periods between the two of a tile.
        share: Share of cells (a cluster in a period) at the run's prices: .15 takes 30% of the clusters into the test,
            each of them half of the time; .5 takes all.
        mismatch_share: Share of price days on which another price than the design's may have been shown; above it the
            test is invalid.
    """

    run: Words
    clusters: Literal["category", "store"] = "category"
    depth: Annotated[int, Meta(ge=1, le=10)] = 1
    period_days: Annotated[int, Meta(ge=1, le=84)] = 28
    washout_days: Annotated[int, Meta(ge=0, le=70)] = 14
    apart: Annotated[int, Meta(ge=1, le=28)] = 1
    share: Annotated[float, Meta(gt=0, le=0.5)] = 0.5
    mismatch_share: Annotated[float, Meta(ge=0, le=0.05)] = 0.0


class Consequences(_Part, frozen=True, kw_only=True):
    """What will be done, written down before anybody knows.

    Attributes:
        wins: If an arm is better than the control.
        loses: If it is worse.
        flat: If nothing is found.
    """

    wins: Words
    loses: Words
    flat: Words


class ExperimentPlan(_Part, frozen=True, kw_only=True):
    """The plan of one experiment.

    Attributes:
        version: Of this form; always 1.
        name: The file is called after it; never used again.
        title: What it is about, in a few words.
        hypothesis: What is believed and why, so that the figures can prove it wrong.
        owner: Who answers for it.
        kind: `ab`: arms that differ. `aa`: arms that do not, to prove that assignment and logging are right.
        system: Such as recommendations.
        stores: Stores it runs in; none named = all.
        unit: What is assigned to an arm: a user, a product, or a cluster of products in a period.
        layer: Tests of one layer share no unit as long as their ranges are apart; empty = a layer of its own.
        layer_from: Where its range of the layer begins, 0 to 1.
        layer_to: Where it ends.
        period: When it runs.
        arms: The control and at least one other.
        primary: The one metric that decides.
        secondary: Metrics that are reported and decide nothing.
        guardrails: Metrics that must not be spoilt, with their margins.
        segments: Groups that were named beforehand; only these are looked at.
        attribution_days: How long after it was shown something counts as brought by it.
        maturation_days: How long after exposure a unit's figures are final, returns included; only such units decide.
        expected: What is known before it starts.
        prices: Of a test of prices, which is by switchback: what switches when.
        stopping: When it is over.
        consequences: What will be done if it wins, loses, or is flat.
        tags: Words to find it by.
    """

    version: Annotated[int, Meta(ge=VERSION, le=VERSION)]
    name: Name
    title: Words
    hypothesis: Annotated[str, Meta(min_length=20, max_length=2_000)]
    owner: Person
    kind: Literal["ab", "aa"] = "ab"
    system: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,59}$")]
    stores: tuple[str, ...] = ()
    unit: Unit = "user"
    layer: str = ""
    layer_from: Share = 0.0
    layer_to: Share = 1.0
    period: Period
    arms: Annotated[tuple[PlannedArm, ...], Meta(min_length=2, max_length=10)]
    primary: Goal
    secondary: tuple[Secondary, ...] = ()
    guardrails: Annotated[tuple[Guardrail, ...], Meta(min_length=1)]
    segments: tuple[SegmentName, ...] = ()
    attribution_days: Days
    maturation_days: Days
    expected: Expected | None = None
    prices: SwitchedPrices | None = None
    stopping: Stopping = Stopping()
    consequences: Consequences
    tags: tuple[Words, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over what it says; frozen when it starts and stored with every analysis."""
        return digest_of(self)

    @property
    def control(self) -> PlannedArm:
        """The arm the others are compared with."""
        return next(arm for arm in self.arms if arm.name == CONTROL)

    @property
    def others(self) -> tuple[PlannedArm, ...]:
        """Every arm but the control."""
        return tuple(arm for arm in self.arms if arm.name != CONTROL)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric it names, the primary one first."""
        return tuple(
            dict.fromkeys(
                [self.primary.metric, *(one.metric for one in self.secondary), *(one.metric for one in self.guardrails)]
            )
        )

    @property
    def bounded(self) -> dict[str, float]:
        """Guardrail -> margin against the control, where it has one."""
        return {one.metric: one.margin for one in self.guardrails if one.margin is not None}
