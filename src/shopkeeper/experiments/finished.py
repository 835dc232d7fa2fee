"""A finished test analysed once, from one row a unit: sample ratio, then each metric of each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.arms import mean_arm
from shopkeeper.experiments.cuped import pooled_theta, variance_left
from shopkeeper.experiments.effect import Judged, adjusted_effect, t_test
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.multiplicity import adjusted
from shopkeeper.experiments.sequential import sequence
from shopkeeper.experiments.srm import ALERT, mismatch_p

Array = npt.NDArray[np.float64]

WINSOR: Final = 0.999
"""Values above this quantile of all arms together are cut to it, beside the raw figures."""
ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """One metric of one arm against the control.

    Attributes:
        relative, low, high: Relative effect with its 95% interval, for one look at the planned end.
        always_low, always_high: The interval that holds at any look, narrowest at the size the test has.
        p: Of the fixed test; `p_holm` over all metrics and arms of the test.
        absolute: Difference in the metric's own unit.
        variance_left: Share of the variance that the covariate left; 1 without one.
    """

    metric: str
    arm: str
    n_control: int
    n: int
    control: float
    value: float
    relative: float
    low: float
    high: float
    always_low: float
    always_high: float
    p: float
    p_holm: float
    absolute: float
    variance_left: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished test says.

    Attributes:
        users: Units of each arm.
        srm_p: p value of the arms' sizes against the planned weights.
        valid: False where the sizes do not fit: then no estimate may be believed.
        estimates: On raw values, adjusted by the covariate where there is one.
        winsorised: The same with the largest values cut; equal where nothing was cut.
    """

    control: str
    users: dict[str, int]
    srm_p: float
    valid: bool
    estimates: tuple[Estimate, ...]
    winsorised: tuple[Estimate, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def analyse(
    arms: npt.NDArray[np.str_],
    metrics: Mapping[str, Array],
    covariate: Array | None = None,
    control: str | None = None,
    weights: Mapping[str, float] | None = None,
) -> Finished:
    """Analyse a finished test.

    Args:
        arms: Arm of each unit; shape (n,).
        metrics: Values of each unit; each of shape (n,).
        covariate: A figure of each unit from before it was exposed.
        control: Arm the others are compared with; the first by name where nobody says.
        weights: Planned share of each arm; equal where nobody says.

    Raises:
        ValueError: there are not two arms, or the control is none of them.
    """
    names = sorted(set(arms.tolist()))
    base = names[0] if control is None else control
    if len(names) < 2 or base not in names:
        raise ValueError(f"A test has a control and another arm; there are {names}, and the control is {base!r}.")
    users = {name: int((arms == name).sum()) for name in names}
    planned = [1.0 if weights is None else float(weights.get(name, 0.0)) for name in names]
    p = mismatch_p([float(users[name]) for name in names], planned)
    others = [name for name in names if name != base]
    raw = _estimates(arms, metrics, covariate, base, others)
    cut = {name: np.minimum(values, np.quantile(values, WINSOR)) for name, values in metrics.items()}
    return Finished(base, users, p, p >= ALERT, raw, _estimates(arms, cut, covariate, base, others))


def _estimates(
    arms: npt.NDArray[np.str_], metrics: Mapping[str, Array], covariate: Array | None, base: str, others: Sequence[str]
) -> tuple[Estimate, ...]:
    found = [
        _estimate(name, other, *(_rows(values, covariate)[arms == arm] for arm in (base, other)))
        for name, values in metrics.items()
        for other in others
    ]
    holm = adjusted([one.p for one in found], "holm")
    return tuple(_with_holm(one, float(p)) for one, p in zip(found, holm, strict=True))


def _rows(values: Array, covariate: Array | None) -> Array:
    return values.reshape(-1, 1) if covariate is None else np.column_stack([values, covariate])


def _estimate(metric: str, arm: str, control_rows: Array, rows: Array) -> Estimate:
    sums = [Sums.of_rows(control_rows), Sums.of_rows(rows)]
    control, treatment = map(mean_arm, sums)
    theta = pooled_theta(sums) if control_rows.shape[1] == 2 else 0.0
    effect = adjusted_effect(control, treatment, theta, "relative")
    fixed: Judged = t_test(effect, "two-sided", ALPHA)
    always = sequence(effect, "two-sided", ALPHA, max(effect.n, 2))
    difference = adjusted_effect(control, treatment, theta, "absolute")
    return Estimate(
        metric=metric, arm=arm, n_control=control.n, n=treatment.n, control=control.value, value=treatment.value,
        relative=effect.value, low=fixed.low, high=fixed.high, always_low=always.low, always_high=always.high,
        p=fixed.p, p_holm=fixed.p, absolute=difference.value, variance_left=variance_left(control, treatment, theta),
        reason=effect.reason,
    )  # fmt: skip


def _with_holm(one: Estimate, p: float) -> Estimate:
    return Estimate(**{**asdict(one), "p_holm": p})
