"""What a world's shop sells and who comes to it: what every mechanism shares, apart from why anybody chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.simulation.worlds.words import AGE_BANDS, GENDERS, LOOKS, REGIONS, SEGMENTS, SYLLABLES, categories

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ShopPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a shop is made.

    Attributes:
        appeal_spread: Deviation of the log popularity of products: how skewed demand is.
        price_spread: Deviation of the log price inside a category.
        born_in_history: Share of products that come during the history.
        born_in_trial: Share of products that come after it.
        history_days, trial_days: How long each lasts.
        season: How far demand for a category swings over the year, in log units.
    """

    products: int
    brands: int
    appeal_spread: float
    price_spread: float
    born_in_history: float
    born_in_trial: float
    history_days: int
    trial_days: int
    season: float


class CrowdPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who comes.

    Attributes:
        newcomers: Share of the shoppers who first come after the history.
        visits: Visits of the mean shopper over the history.
        activity_spread: Deviation of the log of how often shoppers come.
        pages: Pages of the mean visit, where nothing makes a shopper leave.
        signed_in: Share of shoppers whom the shop knows by account.
    """

    shoppers: int
    newcomers: float
    visits: float
    activity_spread: float
    pages: float
    signed_in: float


@dataclass(frozen=True, slots=True)
class Goods:
    """Products; arrays have one entry each.

    Attributes:
        category: Place in `words.categories()`.
        brand: Place in `brands`.
        looks: 1 where a word of `words.LOOKS` is in title or description, shape (products, looks).
        appeal: Log popularity with everybody.
        born: Day of the history it came on; below 0 = before.
        phase: Time of the year at which its category is wanted most, 0 to 1.
    """

    ids: tuple[str, ...]
    category: Integers
    brands: tuple[str, ...]
    brand: Integers
    looks: Floats
    price: npt.NDArray[np.float64]
    appeal: Floats
    born: Integers
    phase: Floats

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class People:
    """Shoppers; arrays have one entry each.

    Attributes:
        age, gender, region, segment: Places in the lists of `words`.
        purse: Price level they usually pay, as a multiple of a category's middle price.
        rate: Visits a day.
        pages: Pages of a visit, at the mean.
        since: First day they may come; history_days or later = a newcomer.
        signed_in: Known by account, else by device alone.
    """

    ids: tuple[str, ...]
    age: Integers
    gender: Integers
    region: Integers
    segment: Integers
    purse: Floats
    rate: npt.NDArray[np.float64]
    pages: npt.NDArray[np.float64]
    since: Integers
    signed_in: Flags

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.ids)


def make_goods(plan: ShopPlan, rng: np.random.Generator) -> Goods:
    """Make what the shop sells; looks are drawn evenly, see `with_looks`."""
    leaves, n = categories(), plan.products
    weight = rng.lognormal(0.0, 0.3, len(leaves))
    category = np.sort(rng.choice(len(leaves), n, p=weight / weight.sum()))
    middle = rng.lognormal(np.log(22.0), 0.7, len(leaves))
    age = rng.integers(-600, 0, n)
    fate = rng.random(n)
    days = plan.history_days
    born = np.where(fate < plan.born_in_history, rng.integers(1, days, n), age)
    late = fate > 1 - plan.born_in_trial
    born = np.where(late, days + rng.integers(0, max(plan.trial_days, 1), n), born)
    return Goods(
        ids=tuple(f"P{number:05d}" for number in range(n)),
        category=category.astype(np.int64),
        brands=_brands(plan.brands, rng),
        brand=rng.integers(0, plan.brands, n),
        looks=(np.argsort(np.argsort(rng.random((n, len(LOOKS))), axis=1), axis=1) < 3).astype(np.float32),
        price=np.round(middle[category] * rng.lognormal(0.0, plan.price_spread, n), 2),
        appeal=rng.normal(0.0, plan.appeal_spread, n).astype(np.float32),
        born=born.astype(np.int64),
        phase=rng.random(len(leaves))[category].astype(np.float32),
    )


def make_people(plan: CrowdPlan, shop: ShopPlan, rng: np.random.Generator) -> People:
    """Make who comes to it."""
    n = plan.shoppers
    activity = rng.lognormal(0.0, plan.activity_spread, n)
    new = rng.random(n) < plan.newcomers
    first = rng.integers(-shop.history_days, shop.history_days, n)  # half have come for long, others turn up later
    since = np.where(new, shop.history_days + rng.integers(0, max(shop.trial_days - 1, 1), n), np.maximum(first, 0))
    return People(
        ids=tuple(f"S{number:05d}" for number in range(n)),
        age=rng.choice(len(AGE_BANDS), n, p=(0.13, 0.24, 0.22, 0.18, 0.13, 0.10)),
        gender=rng.choice(len(GENDERS), n, p=(0.52, 0.45, 0.03)),
        region=rng.integers(0, len(REGIONS), n),
        segment=rng.choice(len(SEGMENTS), n, p=(0.3, 0.3, 0.15, 0.15, 0.1)),
        purse=rng.lognormal(0.0, 0.45, n).astype(np.float32),
        rate=np.minimum(activity / activity.mean() * plan.visits / shop.history_days, 0.9),
        pages=np.clip(rng.gamma(2.0, plan.pages / 2.0, n), 1.2, 25.0),
        since=since.astype(np.int64),
        signed_in=rng.random(n) < plan.signed_in,
    )


def season(goods: Goods, plan: ShopPlan, day: float) -> Floats:
    """Return what the time of the year adds to the log demand of each product; day 0 lies at phase 0."""
    return np.asarray(plan.season * np.cos(2 * np.pi * (day / 365.0 - goods.phase)), dtype=np.float32)


def relative_price(goods: Goods) -> Floats:
    """Return each price over the middle price of its category."""
    middle = np.array([np.median(goods.price[goods.category == c]) if (goods.category == c).any() else 1.0
                       for c in range(len(categories()))])  # fmt: skip
    return np.asarray(goods.price / middle[goods.category], dtype=np.float32)


def _brands(count: int, rng: np.random.Generator) -> tuple[str, ...]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choice(SYLLABLES, 3)).capitalize()] = None
    return tuple(found)
