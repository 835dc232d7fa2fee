"""Before the first test of a store: arms that are the same must look the same. p values of resplits lie evenly.

Where the unit that is split is not the unit that is analysed, or rows are logged twice, p values crowd near 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.arms import Form, arm_of
from shopkeeper.experiments.effect import effect_of
from shopkeeper.experiments.moments import Array, Sums

LEAST_RESPLITS = 500
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class AaCheck:
    """What resplits of the same rows show.

    Attributes:
        below: Share of p values below 5%; 0.05 is right.
        uniform_p: Kolmogorov-Smirnov p value of the p values lying evenly.
        passed: Neither says that the analysis finds effects where there are none, at one in a thousand.
    """

    resplits: int
    below: float
    uniform_p: float
    passed: bool
    words: str


def aa_check(
    rows: npt.ArrayLike, units: npt.ArrayLike, form: Form = "mean", resplits: int = LEAST_RESPLITS, seed: int = 0
) -> AaCheck:
    """Split units at random again and again, analyse rows as they would be, and look at the p values.

    Args:
        rows: One row for each unit of analysis, shape (n,), or (n, 2) for the numerator and denominator of a ratio.
        units: What is split, one for each row: the shopper. Equal to the rows where both are the same.

    Raises:
        NotEnoughData: fewer than 500 resplits, or fewer than 20 units.
    """
    names, of_row = np.unique(np.asarray(units), return_inverse=True)
    if resplits < LEAST_RESPLITS or len(names) < 20:
        raise NotEnoughData(
            f"{resplits} resplits of {len(names)} units show nothing.", "Take 500 resplits or more of 20 units or more."
        )
    table = np.asarray(rows, dtype=np.float64)
    p = _p_values(table.reshape(len(table), -1), of_row, len(names), form, resplits, np.random.default_rng(seed))
    below = float((p < 0.05).mean())
    uniform = float(stats.kstest(p, "uniform").pvalue)
    few_or_many = float(stats.binomtest(int((p < 0.05).sum()), resplits, 0.05).pvalue)
    passed = uniform >= 0.001 and few_or_many >= 0.001
    words = f"{100 * below:.1f}% of {resplits} A/A resplits are below 5%; evenly spread with p {uniform:.2g}."
    if not passed:
        words += " The analysis finds effects where there are none: check that the unit split is the unit analysed."
    return AaCheck(resplits, below, uniform, passed, words)


def _p_values(
    table: Array, of_row: npt.NDArray[np.intp], units: int, form: Form, resplits: int, rng: np.random.Generator
) -> Array:
    """Return a p value for each resplit; sums of one arm by one product of matrices, of the other by what is left."""
    figures = table.shape[1]
    products = (table[:, :, None] * table[:, None, :]).reshape(len(table), -1)
    columns = np.column_stack([np.ones(len(table)), table, products])
    whole = columns.sum(axis=0)
    found = list[float]()
    for start in range(0, resplits, max(_MOST_CELLS // len(table), 1)):
        count = min(max(_MOST_CELLS // len(table), 1), resplits - start)
        inside = rng.integers(0, 2, (count, units))[:, of_row].astype(np.float64) @ columns
        found += [_p(_sums(one, figures), _sums(whole - one, figures), form) for one in inside]
    return np.array(found)


def _sums(columns: Array, figures: int) -> Sums:
    return Sums(round(float(columns[0])), columns[1 : 1 + figures], columns[1 + figures :].reshape(figures, figures))


def _p(one: Sums, other: Sums, form: Form) -> float:
    effect = effect_of(arm_of(form, one), arm_of(form, other), "absolute")
    return 2 * float(stats.norm.sf(abs(effect.value / effect.error))) if effect.error > 0 else 1.0
