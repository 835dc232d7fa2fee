"""Who shops: tastes, budgets, how often they come, what they allow. Stores of one customer group share people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.catalogue import STYLES, FloatArray, IntArray
from shopkeeper.simulation.retailer import Scale, StorePlan

AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
DEVICES = ("mobile", "desktop", "tablet")
FAMILIES_LIKED = 4


@dataclass(frozen=True, slots=True)
class Crowd:
    """The shoppers of one store. Arrays have one entry per shopper.

    Attributes:
        people: Ids; the same id in two stores of a group is the same person.
        style: What looks they like, shape (n, STYLES).
        tier: How dear they usually buy, 0 to 1.
        thrift: How much they mind a price away from their tier.
        budget: The most one order of theirs may cost, in the store's currency.
        interest: Log liking of each family of the store, shape (n, families).
        activity: Expected sessions over the history, relative to the mean shopper; heavy-tailed.
        patience: Expected pages of a session.
        signed_in: Has an account and usually uses it.
        measure: Allows measurement; False is said on every event.
        personalise: Allows a profile; False is said on every event.
        device: Index into DEVICES.
        age: Index into AGE_BANDS.
    """

    people: tuple[str, ...]
    style: FloatArray
    tier: FloatArray
    thrift: FloatArray
    budget: npt.NDArray[np.float64]
    interest: FloatArray
    activity: npt.NDArray[np.float64]
    patience: npt.NDArray[np.float64]
    signed_in: npt.NDArray[np.bool_]
    measure: npt.NDArray[np.bool_]
    personalise: npt.NDArray[np.bool_]
    device: IntArray
    age: IntArray

    @property
    def size(self) -> int:
        """How many shoppers there are."""
        return len(self.people)


def make_crowd(plan: StorePlan, scale: Scale, rng: np.random.Generator, neighbour: Crowd | None = None) -> Crowd:
    """Make the shoppers of one store.

    Args:
        neighbour: Crowd of the first store of the same customer group; a share of its people shop here too, with the
            same style, price tier, device and consent.
    """
    n = scale.shoppers
    families = len(plan.assortment.families)
    interest = np.full((n, families), -1.0, dtype=np.float32) + rng.normal(scale=0.3, size=(n, families))
    liked = np.argsort(rng.random((n, families)), axis=1)[:, :FAMILIES_LIKED]
    np.put_along_axis(interest, liked, rng.normal(1.6, 0.4, size=(n, FAMILIES_LIKED)), axis=1)
    own = Crowd(
        people=tuple(f"{plan.store.group}-{plan.name[:2]}{i + 1:05d}" for i in range(n)),
        style=rng.normal(size=(n, STYLES)).astype(np.float32),
        tier=rng.beta(1.6, 2.0, size=n).astype(np.float32),
        thrift=rng.gamma(4.0, 0.5, size=n).astype(np.float32),
        budget=np.round(rng.lognormal(np.log(130.0), 0.6, size=n) * plan.per_pound, 2),
        interest=interest.astype(np.float32),
        activity=_mean_one(np.clip(rng.pareto(1.6, size=n) + 0.25, 0.25, 25.0)),
        patience=np.clip(rng.gamma(3.0, 1.9, size=n), 1.5, 18.0),
        signed_in=rng.random(n) < 0.55,
        measure=rng.random(n) >= 0.04,
        personalise=rng.random(n) >= 0.08,
        device=rng.choice(len(DEVICES), size=n, p=[0.58, 0.34, 0.08]),
        age=rng.choice(len(AGE_BANDS), size=n, p=[0.13, 0.24, 0.22, 0.18, 0.13, 0.10]),
    )
    return own if neighbour is None else _shared(own, neighbour, 1.0 - plan.locals_share)


def _shared(own: Crowd, neighbour: Crowd, share: float) -> Crowd:
    """Return `own` with its first people replaced by people who also shop at the neighbour."""
    n = min(int(own.size * share), neighbour.size)
    return Crowd(
        people=neighbour.people[:n] + own.people[n:],
        style=np.vstack([neighbour.style[:n], own.style[n:]]),
        tier=np.concatenate([neighbour.tier[:n], own.tier[n:]]),
        thrift=np.concatenate([neighbour.thrift[:n], own.thrift[n:]]),
        budget=own.budget,
        interest=own.interest,
        activity=own.activity,
        patience=own.patience,
        signed_in=np.concatenate([neighbour.signed_in[:n], own.signed_in[n:]]),
        measure=np.concatenate([neighbour.measure[:n], own.measure[n:]]),
        personalise=np.concatenate([neighbour.personalise[:n], own.personalise[n:]]),
        device=np.concatenate([neighbour.device[:n], own.device[n:]]),
        age=np.concatenate([neighbour.age[:n], own.age[n:]]),
    )


def _mean_one(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(values / values.mean())
