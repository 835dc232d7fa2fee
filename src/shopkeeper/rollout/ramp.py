"""The steps a change goes up: how much of the traffic each gives it, and for how long at least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, get_args

from msgspec import Struct

from shopkeeper.rollout.evidence import Stage

STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
MOST_SHARE: Final = 0.5
"""Largest share of a step that compares: the control gets as much as the treatment."""


class RampStep(Struct, frozen=True, kw_only=True):
    """One step.

    Attributes:
        share: In shadow: of all requests, computed beside the answer. Else of all units outside the holdout: those the
            new version answers; the control gets as many, the rest what served before.
        minimum_days: Least time in it, however good the figures are.
    """

    stage: Stage
    share: float
    minimum_days: float = 0.0


DEFAULT_RAMP: Final = (
    RampStep(stage="shadow", share=0.05, minimum_days=2.0),
    RampStep(stage="ab", share=0.15, minimum_days=7.0),
    RampStep(stage="ramp", share=0.5, minimum_days=7.0),
    RampStep(stage="full", share=1.0),
)
"""Whole weeks where shoppers are compared, as a week has days unlike each other."""


def wrong_in(ramp: Sequence[RampStep]) -> Iterator[str]:
    """Yield what is wrong with a ramp, one sentence each.

    A change is proven in a step `ramp` alone, so there is always one before `full`.
    """
    stages = [step.stage for step in ramp]
    if any(STAGES.index(one) > STAGES.index(other) for one, other in pairwise(stages)):
        yield f"The steps come in the order {', '.join(STAGES)}, not {', '.join(stages)}."
    for stage in ("shadow", "full"):
        if stages.count(stage) > 1:
            yield f"There is one step {stage}, not {stages.count(stage)}."
    if "ramp" not in stages:
        yield "A step `ramp` is missing: it is where a change is proven."
    if not ramp or ramp[-1].stage != "full" or ramp[-1].share != 1.0:
        yield "The last step is `full` with share 1."
    for step in ramp:
        if step.minimum_days < 0:
            yield f"{step.stage}: minimum_days is {step.minimum_days:g}; it is 0 or more."
        if step.stage != "full" and not 0 < step.share <= (1.0 if step.stage == "shadow" else MOST_SHARE):
            yield f"{step.stage}: share is {step.share:g}; above 0 and at most {MOST_SHARE:g} (shadow: 1)."
    for one, other in pairwise(step for step in ramp if step.stage in ("ab", "ramp")):
        if one.share >= other.share:
            yield f"Shares rise from step to step, not from {one.share:g} to {other.share:g}."
