"""What a verdict is made of: figures alone, as they were at one moment. Stored whole, so it can be made again.

Times are inside, so the decision needs no clock; nothing here is read from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.experiments.moments import Sums
from shopkeeper.rollout.price_evidence import PriceEvidence

Stage = Literal["shadow", "ab", "ramp", "full"]


class ArmSums(Struct, frozen=True):
    """Sums over the units of one arm; see `experiments.moments.Sums`."""

    n: int
    totals: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    @property
    def sums(self) -> Sums:
        """The same, to compute with."""
        return Sums.of_figures(self.n, self.totals, self.products)


class MetricSums(Struct, frozen=True):
    """One metric of both arms.

    Attributes:
        metric: Name in the catalogue; its form says what the figures are.
        covariate: The figures are followed by the same of the time before exposure.
    """

    metric: str
    control: ArmSums
    treatment: ArmSums
    covariate: bool = False


class Service(Struct, frozen=True, kw_only=True):
    """How one arm was answered.

    Attributes:
        slow: Requests that took longer than the objective's `technical.p99_latency_ms`.
        too_slow: Requests that took longer than the bound of its rollback criterion `p99_latency`.
        p99_ms: As measured, for people.
    """

    requests: int = 0
    errors: int = 0
    fallbacks: int = 0
    slow: int = 0
    too_slow: int = 0
    p99_ms: float = 0.0


class Epoch(Struct, frozen=True, kw_only=True):
    """One allocation: a time in which the arms' shares did not change.

    Attributes:
        share: Of the units outside the holdout, treatment and control together.
        exposed: Units in control and treatment, mature or not.
        crossers: Units seen in both arms; left out of every sum.
        matured: Metrics over units whose window is closed; these alone can prove something.
        so_far: Metrics over all units; these alone can raise an alarm early.
    """

    stage: Stage
    share: float
    exposed: tuple[int, int]
    crossers: int = 0
    matured: tuple[MetricSums, ...] = ()
    so_far: tuple[MetricSums, ...] = ()


class Shadow(Struct, frozen=True, kw_only=True):
    """What the challenger would have answered, computed beside live traffic and shown to nobody.

    Attributes:
        agreement: Mean share of products that both lists have.
        expected_low, expected_high: 95% interval, at all looks together, of the expected KPI relative to the control's,
            off-policy; None where it is not identified.
    """

    answered: Service
    agreement: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    not_identified: str = ""


class DataState(Struct, frozen=True, kw_only=True):
    """What is known of the data behind the figures.

    Attributes:
        quality: The stored verdict of `shopkeeper check`.
        newest: Time of the newest row that was counted.
        failing: Names of the figures that fail.
    """

    quality: Literal["pass", "warn", "fail", "unknown"] = "unknown"
    newest: datetime | None = None
    failing: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """What was planned before the first unit was seen.

    Attributes:
        objective: Digest of the objective the test was planned for.
        users_per_arm: Matured units of one arm at which all of alpha is spent.
        users_per_day: Units of one arm that mature in a day at the ramp's share, as foreseen; 0 = nobody foresaw it.
        minimum_days: Least days of each stage.
        minimum_shadow_requests: Answers the challenger must have computed in shadow.
        alpha: One-sided, for the primary KPI and for each guardrail.
    """

    objective: str
    users_per_arm: int
    users_per_day: float = 0.0
    minimum_days: dict[str, float] = {}
    minimum_shadow_requests: int = 1_000
    alpha: float = 0.025


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything at one moment.

    Attributes:
        objective: Digest of the objective as it is now.
        looks: Shares of information at earlier looks at the primary KPI: the figure `fraction` of each verdict that had
            one; this look is not among them.
        stage_since: When the stage began.
        freeze: Why nothing may move now, by the store's calendar; empty where it may.
        treatment, control: How each arm was answered so far, over all epochs.
        prices: Of a rollout of prices, which has no arms of shoppers; None otherwise.
    """

    rollout: str
    system: str
    version: str
    control_version: str
    at: datetime
    stage: Stage
    stage_since: datetime
    objective: str
    plan: Plan
    epochs: tuple[Epoch, ...] = ()
    looks: tuple[float, ...] = ()
    control: Service = Service()
    treatment: Service = Service()
    shadow: Shadow | None = None
    data: DataState = DataState()
    freeze: str = ""
    prices: PriceEvidence | None = None

    @property
    def matured(self) -> Iterator[MetricSums]:
        """Sums over matured units, epoch by epoch."""
        return (sums for epoch in self.epochs for sums in epoch.matured)

    @property
    def so_far(self) -> Iterator[MetricSums]:
        """Sums over all units, epoch by epoch."""
        return (sums for epoch in self.epochs for sums in epoch.so_far)
