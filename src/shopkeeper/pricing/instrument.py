"""How much of a slope is prices reacting to demand, told by moves of cost (two-stage residual inclusion)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.pooled import PooledFit, clustered, inverted

Floats = npt.NDArray[np.float64]

STRONG: Final = 16.0
"""F of cost in the first stage below which it is no instrument: its error would be larger than the bias it removes."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What moves of cost say about one category.

    Attributes:
        strength: F of cost on price given everything else, clustered by product.
        pass_through: Percent of price per percent of cost.
        reaction: Effect on sales of the part of price that cost does not explain, beyond the effect of price; above
            zero where prices are raised in good times. NaN without a strong instrument.
        error: Its standard error.
        share: For each pair, the part of its price's movement that cost does not explain.
    """

    strength: float
    pass_through: float
    reaction: float
    error: float
    share: Floats


def instrument_of(fit: PooledFit, price: Floats, cost: Floats, cluster: npt.NDArray[np.integer]) -> Instrument:
    """Compare the slope over cost's moves with the slope over all others.

    Args:
        fit: The category's.
        price: Log price not explained by effects and controls, shape (pairs, periods).
        cost: Log cost, the same taken out.
        cluster: Of each pair: one product's cost moves in all stores at once.

    Source:
        Terza, Basu, Rathouz (2008), Two-stage residual inclusion estimation.
    """
    weights = fit.weights
    moved = float((weights * cost * cost).sum())
    none = Instrument(0.0, 0.0, np.nan, np.nan, np.zeros(len(price)))
    if moved < 1e-9 * float((weights * price * price).sum() + 1e-30):
        return none
    through = float((weights * cost * price).sum()) / moved
    rest = price - through * cost
    strength = through**2 / max(
        clustered((weights * cost * rest).sum(axis=1)[:, None], cluster)[0, 0] / moved**2, 1e-30
    )
    both = np.stack([price, rest])
    gram = np.einsum("kpt,lpt->kl", both * weights, both, optimize=True)
    response = fit.residual + fit.slopes[0] * price
    bread = inverted(gram)
    slopes = bread @ np.einsum("kpt,pt->k", both, weights * response, optimize=True)
    left = weights * (response - np.einsum("k,kpt->pt", slopes, both))
    scores = np.einsum("kpt,pt->pk", both, left, optimize=True)
    covariance = bread @ clustered(scores, cluster) @ bread
    own = (weights * price * price).sum(axis=1)
    share = np.divide((weights * rest * price).sum(axis=1), own, out=np.zeros(len(own)), where=own > 1e-12)
    share = np.clip(share, 0.0, 1.0)
    if strength < STRONG:
        return Instrument(strength, through, np.nan, np.nan, share)
    return Instrument(strength, through, float(slopes[1]), float(covariance[1, 1] ** 0.5), share)


def believed(instruments: list[Instrument]) -> tuple[Floats, Floats]:
    """Return each category's reaction as far as it can be believed, and its standard deviation.

    Reactions are drawn to their common mean, and that to nought, as noisy as they are: a correction that is mostly
    noise would do more harm than the bias. Nought where no category has a strong instrument.
    """
    reaction = np.asarray([i.reaction for i in instruments])
    variance = np.asarray([i.error for i in instruments]) ** 2
    told = np.isfinite(reaction)
    if not told.any():
        return np.zeros(len(reaction)), np.zeros(len(reaction))
    x, v = reaction[told], variance[told]
    between = 0.0
    for _ in range(50):
        weight = 1 / (v + between)
        centre = (weight * x).sum() / weight.sum()
        between = max(0.0, float((weight**2 * ((x - centre) ** 2 - v)).sum() / (weight**2).sum()))
    error = 1 / (1 / (v + between)).sum()
    about = max(0.0, float(centre**2 - error))
    keep = about / (about + error)
    centre, centre_variance = keep * centre, keep * error
    own = np.where(told, between / np.where(told, between + variance, 1.0), 0.0)
    mean = centre + own * np.where(told, reaction - centre, 0.0)
    spread = (1 - own) ** 2 * centre_variance + np.where(told, own * np.where(told, variance, 0.0), between)
    return np.asarray(mean), np.sqrt(spread)
