"""What the challenger in shadow would have earned, for the gate: an interval of the KPI, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from shopkeeper.experiments.off_policy import LEAST_REWARDS, LoggedAnswers, OffPolicy, Options, evaluate
from shopkeeper.rollout.evidence import Shadow


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """One answer that a shopper saw, beside what the challenger would have done.

    Attributes:
        unit: Whose answer it was; None = nobody known, resampled by itself.
        reward: What came of it.
        propensity: Chance with which it was given; None where none was logged, which counts as certain.
        challenger: Chance with which the challenger would have given the same answer.
    """

    unit: str | None
    reward: float
    propensity: float | None
    challenger: float


def expected_kpi(answers: Sequence[SeenAnswer], seed: int = 0) -> OffPolicy | None:
    """Return what the challenger would have earned by the log; None without an answer."""
    if not answers:
        return None
    names: dict[str, int] = {}
    units = [names.setdefault(one.unit or f"\x00{place}", len(names)) for place, one in enumerate(answers)]
    return evaluate(
        LoggedAnswers(
            np.array([one.reward for one in answers], dtype=np.float64),
            np.array([1.0 if one.propensity is None else one.propensity for one in answers]),
            np.array([one.challenger for one in answers], dtype=np.float64),
            units=np.array(units, dtype=np.intp),
        ),
        Options(seed=seed),
    )


def with_expected(shadow: Shadow, found: OffPolicy | None) -> Shadow:
    """Return the shadow's evidence with the interval of the KPI relative to the control's, or why it has none."""
    if found is None:
        return msgspec.structs.replace(shadow, not_identified="no answer was logged beside the challenger's")
    if found.conclusion in ("refused", "not identified") or found.effective_rewards < LEAST_REWARDS:
        return msgspec.structs.replace(shadow, not_identified=found.why)
    named = found.estimates["snips"]
    return msgspec.structs.replace(
        shadow, expected_low=named.relative_low, expected_high=named.relative_high, not_identified=""
    )
