"""Parameters of the hybrid model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.popular import PopularParams

Stores = Literal["shared", "each", "store-feature"]


@dataclass(frozen=True, slots=True)
class HybridParams:
    """How products come into question and how they are ranked."""

    pool: int = 200
    """Products that may come into question for one answer."""
    trending_days: float = 3.0
    """After so many days an event counts half for what trends, one of the sources."""
    axes: int = 24
    """Axes on which words and categories are told apart."""
    content: bool = True
    """Whether category, brand, price and words are read."""
    sentences: bool = True
    """Whether vectors of texts are read, where the data has them."""
    demographics: bool = True
    """Whether age band, gender, region and segment are read."""
    way: bool = False
    """Whether the way of the visit is read, from category to category; the blend, V3, does."""
    choice: bool = False
    """Whether choices within categories are learnt and read; the blend, V3, does."""
    rhythm: bool = False
    """Whether is read how often each product was bought lately; the blend, V3, does."""
    choose: bool = True
    """Whether content, sentences and demographics must have helped on the newest lists to be read."""
    factors: bool = True
    """Whether als is among the sources."""
    stores: Stores = "shared"
    """One ranker for all stores of the model, one for each, or one that is told the store."""
    repeats: bool = True
    """Whether products the shopper met before come into question."""
    visits: bool = True
    """Learn in the middle of visits what is taken next, as serving is asked; else at the cuts what the days bring."""
    place_weights: bool = True
    """Whether what was taken from a low place of a list counts more, as logged chances say how seldom it is seen."""
    cuts: int = 3
    """Moments of the past that lists are made at."""
    days: float = 7.0
    """Days after such a moment whose visits are asked about, or in which is looked what was taken."""
    step: float = 7.0
    """Days between two such moments."""
    lists: int = 6_000
    """Lists made at most."""
    trees: int = 150
    """Trees at most; the newest lists say after how many the others teach nothing more."""
    leaves: int = 16
    """Leaves of a tree, at most 32."""
    rate: float = 0.05
    """How much of each tree is added."""
    fewest: int = 50
    """Rows that must lie in a leaf."""
    click: float = 1.0
    """Worth of a product looked at or rated."""
    cart: float = 3.0
    """Worth of a product put into the cart."""
    purchase: float = 6.0
    """Worth of a product bought."""
    margin: float = 0.0
    """How much more a purchase is worth whose whole price is margin, in purchases."""
    history: int = 50
    """Newest entries of the history read."""
    knn: ItemKnnParams = field(default_factory=ItemKnnParams)
    als: AlsParams = field(default_factory=lambda: AlsParams(factors=24, iterations=6, age_decay=0.98))
    popular: PopularParams = field(default_factory=PopularParams)

    def own(self) -> dict[str, Any]:
        """Return the parameters that belong to none of the sources."""
        return {name: value for name, value in asdict(self).items() if name not in ("knn", "als", "popular")}

    def document(self) -> dict[str, Any]:
        """Return all parameters as plain values."""
        return {
            **self.own(), "knn": asdict(self.knn), "als": asdict(self.als), "popular": self.popular.document(),
        }  # fmt: skip


READ_BY_V3 = HybridParams(way=True, choice=True, rhythm=True)
"""The hybrid of a blend, V3: it reads what V2 does not."""


def packed(params: HybridParams) -> dict[str, float]:
    """Return the own parameters as numbers."""
    return {**params.own(), "stores": get_args(Stores).index(params.stores)}


def unpacked(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the own parameters that `packed` made numbers of."""
    return {**numbers, "stores": get_args(Stores)[int(numbers["stores"])]}
