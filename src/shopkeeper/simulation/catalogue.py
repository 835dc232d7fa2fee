"""A seeded catalogue that reads like a shop's: titles, prices, costs, and the hidden traits that make things sell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.assortment import Assortment, Family
from shopkeeper.simulation.retailer import Scale, StorePlan

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

STYLES = 6
"""Hidden traits of a product's looks (classic or bold, light or heavy ...), shared by products and shoppers."""

GIFT_CARDS = (25.0, 50.0, 100.0)
POSTAGE = "POSTAGE"
PARTNERS_PER_FAMILY = 2
TWINS = 4
MOST_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one store sells and the truth about it. Arrays have one entry per product, gift cards and postage last.

    Attributes:
        ids: Product ids.
        family: Index into the assortment's families; -1 for lines that are no product.
        style: Hidden traits, shape (n, STYLES).
        tier: 0 = cheapest of its family, 1 = dearest.
        price: Usual price, in the store's currency and by its tax rule.
        cost: What one unit costs the store, same currency, without tax.
        appeal: Log of how popular the product is with everyone.
        elasticity: Percent of carts lost for 1% more price, positive.
        born: Day of the history the product appears on; 0 or less = there from the start.
        withdrawn: True for products taken off the shelf at the end of the history.
        restocked: True for products that are bought in again when they run low.
        first_stock: Units on hand at the start.
        sellable: False for gift cards and postage, which are never recommended.
        partners: What is looked at after each product, of the families it goes with, shape (n, m), -1 = none.
        twins: Most alike products of the same family, shape (n, TWINS), -1 = none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    brands: tuple[str, ...]
    colours: tuple[str, ...]
    materials: tuple[str, ...]
    family: IntArray
    style: FloatArray
    tier: FloatArray
    price: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    appeal: FloatArray
    elasticity: FloatArray
    born: IntArray
    withdrawn: npt.NDArray[np.bool_]
    restocked: npt.NDArray[np.bool_]
    first_stock: IntArray
    sellable: npt.NDArray[np.bool_]
    partners: IntArray
    twins: IntArray

    @property
    def size(self) -> int:
        """Lines in the catalogue, gift cards and postage included."""
        return len(self.ids)

    @property
    def postage(self) -> int:
        """Index of the postage line."""
        return self.size - 1

    @property
    def gift_cards(self) -> IntArray:
        """Indices of the gift cards."""
        return np.arange(self.size - 1 - len(GIFT_CARDS), self.size - 1)


def make_shelf(plan: StorePlan, scale: Scale, rng: np.random.Generator) -> Shelf:
    """Compose one store's catalogue."""
    words, n = plan.assortment, scale.products
    family = np.sort(np.arange(n) % len(words.families))
    titles, brands = _titles(words, family, rng)
    colours = rng.integers(len(words.colours), size=n)
    materials = [_one(words.families[f].materials, rng) for f in family]
    style = rng.normal(size=(n, STYLES)).astype(np.float32)
    low = np.array([words.families[f].low for f in family])
    high = np.array([words.families[f].high for f in family])
    tier = rng.beta(1.4, 2.2, size=n)
    price = _charming(np.exp(np.log(low) + tier * np.log(high / low)) * plan.per_pound)
    margin = np.clip(rng.normal(0.46, 0.09, size=n), 0.15, 0.7)
    cost = np.round(price / (1 + plan.tax_rate) * (1 - margin), 2)
    appeal = rng.normal(scale=0.9, size=n)
    newcomers = rng.random(n) < 0.04
    scarce = (rng.random(n) < 0.16) & (appeal > 0) & ~newcomers  # liked and not bought in again, so they sell out
    few = 1 + rng.integers(max(2, scale.shoppers // 100), size=n)
    extra = len(GIFT_CARDS) + 1
    partners, twins = _neighbours(words.families, family, style, tier.astype(np.float32))
    cards = [f"Gift Card {amount:g} {plan.store.currency}" for amount in GIFT_CARDS]
    prefix = plan.name.split("-")[0].upper()

    return Shelf(
        ids=(*(f"{prefix}-{i + 1001}" for i in range(n)), *(f"{prefix}-GIFT-{a:g}" for a in GIFT_CARDS), POSTAGE),
        titles=(*titles, *cards, "Postage and Packing"),
        brands=(*brands, *[""] * extra),
        colours=(*(words.colours[c] for c in colours), *[""] * extra),
        materials=(*materials, *[""] * extra),
        family=np.concatenate([family, np.full(extra, -1)]),
        style=np.vstack([style, np.zeros((extra, STYLES), np.float32)]),
        tier=np.concatenate([tier, np.zeros(extra)]).astype(np.float32),
        price=np.concatenate([price, GIFT_CARDS, [plan.shipping]]),
        cost=np.concatenate([cost, GIFT_CARDS, [plan.shipping]]),
        appeal=np.concatenate([appeal, np.full(extra, 0.8)]).astype(np.float32),
        elasticity=np.concatenate([rng.gamma(9.0, 0.22, size=n), np.zeros(extra)]).astype(np.float32),
        born=np.concatenate(
            [np.where(newcomers, rng.integers(scale.days // 2, scale.days - 2, size=n), 0), np.zeros(extra, np.int64)]
        ),
        withdrawn=np.concatenate([(rng.random(n) < 0.03) & ~newcomers & ~scarce, np.zeros(extra, np.bool_)]),
        restocked=np.concatenate([~scarce, np.ones(extra, np.bool_)]),
        first_stock=np.concatenate([np.where(scarce, few, rng.integers(15, 120, size=n)), np.full(extra, 1_000_000)]),
        sellable=np.concatenate([np.ones(n, np.bool_), np.zeros(extra, np.bool_)]),
        partners=np.vstack([partners, np.full((extra, partners.shape[1]), -1)]),
        twins=np.vstack([twins, np.full((extra, TWINS), -1)]),
    )


def describe(words: Assortment, shelf: Shelf, product: int) -> str:
    """Return the description a shop would print, composed from the product's own facts."""
    family = words.families[shelf.family[product]]
    partners = " and ".join(name.lower() for name in family.goes_with[:2])
    match = f" Goes well with our {partners}." if partners else ""
    named = f"{shelf.titles[product]} by {shelf.brands[product]}"
    if not shelf.materials[product]:
        return f"{named}.{match}"
    look = f"in {shelf.colours[product].lower()}, made of {shelf.materials[product]}"
    return f"{named}, {look}. {words.sentence}{match}"


def _titles(words: Assortment, family: IntArray, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Return a title and a brand for each product; no two products of a store share a title."""
    titles: list[str] = []
    brands: list[str] = []
    taken: set[str] = set()
    for index in family:
        for attempt in count(1):
            title = f"{_one(words.ranges, rng)} {_one(words.families[index].nouns, rng)}"
            if attempt > MOST_DRAWS:  # every pair of words is taken, so this is a new edition of one of them
                title = f"{title} {attempt - MOST_DRAWS + 1}"
            if title not in taken:
                break
        taken.add(title)
        titles.append(title)
        brands.append(_one(words.brands, rng))
    return titles, brands


def _one(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))] if words else ""


def _charming(price: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return prices as shops write them: .99 below 20, .95 below 100, whole above."""
    whole = np.maximum(np.floor(price), 1)
    return np.where(price < 20, whole + 0.99, np.where(price < 100, whole + 0.95, whole))


def _neighbours(
    families: tuple[Family, ...], family: IntArray, style: FloatArray, tier: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return each product's complements in the families it goes with, and its substitutes in its own family.

    Both are the products nearest in style and price tier, so what goes together is learnable and not random.
    """
    n = family.size
    place = np.hstack([style, 2.0 * tier[:, None]])
    distance = np.square(place[:, None, :] - place[None, :, :]).sum(axis=2)
    by_leaf = {leaf.leaf: np.flatnonzero(family == index) for index, leaf in enumerate(families)}
    most = max(len(leaf.goes_with) for leaf in families)
    partners = np.full((n, most * PARTNERS_PER_FAMILY), -1, dtype=np.int64)
    twins = np.full((n, TWINS), -1, dtype=np.int64)
    for product in range(n):
        found: list[int] = []
        for leaf in families[family[product]].goes_with:
            members = by_leaf[leaf]
            found.extend(members[np.argsort(distance[product, members], kind="stable")[:PARTNERS_PER_FAMILY]])
        partners[product, : len(found)] = found
        own = by_leaf[families[family[product]].leaf]
        own = own[own != product]
        alike = own[np.argsort(distance[product, own], kind="stable")[:TWINS]]
        twins[product, : alike.size] = alike
    return partners, twins
