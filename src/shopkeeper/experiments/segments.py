"""Whether groups that were named beforehand differ in the effect, and which one stands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from shopkeeper.experiments.effect import Effect
from shopkeeper.experiments.multiplicity import adjusted


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """One group.

    Attributes:
        effect: Its own effect.
        from_rest: How far it lies from the mean of all other groups.
        p: Of that distance being 0; `p_holm` over the groups.
    """

    name: str
    effect: Effect
    from_rest: float
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Groups of one kind, such as the stores.

    Attributes:
        q: Cochran's Q: sum of squared distances from the common effect, in errors.
        p: Of all groups having one effect.
        spread: Standard deviation of the true effects between groups, as far as chance does not explain what is seen.
        left_out: Groups that say nothing, with the reason.
    """

    groups: tuple[GroupEffect, ...]
    q: float
    p: float
    spread: float
    left_out: dict[str, str]


def heterogeneity(effects: Mapping[str, Effect]) -> Heterogeneity:
    """Return whether groups that share no unit differ in their effect.

    Args:
        effects: By name of the group, on the relative scale.

    Source:
        Cochran (1954) for Q; DerSimonian, Laird (1986) for the spread.
    """
    said = {name: effect for name, effect in effects.items() if effect.error > 0}
    left_out = {name: effect.reason or "it has no error" for name, effect in effects.items() if name not in said}
    if len(said) < 2:
        alone = tuple(GroupEffect(name, effect, 0.0, 1.0, 1.0) for name, effect in said.items())
        return Heterogeneity(alone, 0.0, 1.0, 0.0, left_out)
    values = np.array([effect.value for effect in said.values()])
    weights = 1 / np.array([effect.error for effect in said.values()]) ** 2
    common = float(weights @ values / weights.sum())
    q, freedom = float(weights @ (values - common) ** 2), len(values) - 1
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    others = (weights @ values - weights * values) / (weights.sum() - weights)
    apart = values - others
    errors = np.sqrt(1 / weights + 1 / (weights.sum() - weights))
    p = 2 * stats.norm.sf(np.abs(apart / errors))
    holm = adjusted(p.tolist(), "holm")
    groups = tuple(
        GroupEffect(name, effect, float(apart[place]), float(p[place]), float(holm[place]))
        for place, (name, effect) in enumerate(said.items())
    )
    return Heterogeneity(
        groups, q, float(stats.chi2.sf(q, freedom)), float(np.sqrt(max(q - freedom, 0.0) / scale)), left_out
    )
