"""A bundle turned into something that answers, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import UnknownModel
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.model import Arrays, RecommendationModel
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.ease import Ease
from shopkeeper.recommendations.models.habits import Habits, read_habits
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.models.visit_lifts import VisitLifts
from shopkeeper.recommendations.rule_baseline import RuleBaseline
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.session.model import Session
from shopkeeper.registry.bundle import Bundle

MODELS: Mapping[str, Callable[[ItemIndex, Arrays], RecommendationModel]] = {
    Popular.name: Popular.from_arrays,
    RuleBaseline.name: RuleBaseline.from_arrays,
    ItemKnn.name: ItemKnn.from_arrays,
    Als.name: Als.from_arrays,
    Ease.name: Ease.from_arrays,
    SessionKnn.name: SessionKnn.from_arrays,
    Session.name: Session.from_arrays,
    Blend.name: Blend.from_arrays,
    Hybrid.name: Hybrid.from_arrays,
}
"""Models that can be served, by name."""


@dataclass(frozen=True)
class LoadedModel:
    """One version ready to answer.

    Attributes:
        popular: Popularity from the same data; fills what the model leaves open.
        habits: What is bought together and again, by the same data.
        lifts: What of a stranger's visit changes the order of lists.
        content: Hash over the arrays of the bundle; another one after a person was erased from it.
    """

    version: str
    model: RecommendationModel
    popular: Popular
    shoppers: ShopperPasts
    habits: Habits
    lifts: VisitLifts
    content: str = ""

    @property
    def index(self) -> ItemIndex:
        """Which product each item code stands for."""
        return self.model.index

    @cached_property
    def knns(self) -> tuple[ItemKnn, ...]:
        """Every item-kNN that has a say in an answer, which may grow by what shoppers do."""
        return tuple(_knns_of(self.model))

    def steps(self, group: str, products: Sequence[str]) -> tuple[int, ...]:
        """Return what changes when products were met so often since training that what goes with them is told anew."""
        grown = next((knn.grown for knn in self.knns), None)
        if grown is None:
            return ()
        codes = self.index.codes(group)
        return tuple(grown.step(codes[product]) if product in codes else 0 for product in products)

    @property
    def reads_people(self) -> bool:
        """Whether the model reads what shoppers bought and what their records say."""
        return isinstance(self.model, Hybrid) or (isinstance(self.model, Blend) and self.model.reads_people)

    @property
    def picks(self) -> bool:
        """Whether the model scores some products that it picks, and others only where `Asked.named` has them."""
        return self.reads_people  # it is the hybrid that does both


def _knns_of(model: RecommendationModel) -> Iterator[ItemKnn]:
    if isinstance(model, ItemKnn):
        yield model
    elif isinstance(model, Hybrid):
        yield model.known.knn
    elif isinstance(model, Blend):
        for part in model.models:
            yield from _knns_of(part)


def bundle_arrays(model: RecommendationModel, shoppers: ShopperPasts) -> dict[str, npt.NDArray[np.generic]]:
    """Return everything a version needs to answer, as the arrays of its bundle."""
    return {**model.index.arrays(), **model.arrays(), **shoppers.arrays()}


def load_model(bundle: Bundle) -> LoadedModel:
    """Return the model of a bundle.

    Raises:
        UnknownModel: the bundle holds a model this Shopkeeper does not know.
    """
    loaded = assemble_model(bundle.version, bundle.manifest.model, bundle.arrays)
    return replace(loaded, content=bundle.manifest.content)


def assemble_model(version: str, name: str, arrays: Arrays) -> LoadedModel:
    """Return the model that the arrays of a bundle make.

    Raises:
        UnknownModel: it is a model this Shopkeeper does not know.
    """
    build = MODELS.get(name)
    if build is None:
        raise UnknownModel(
            f"Bundle {version} holds model {name!r}, which this Shopkeeper does not know.",
            f"It knows: {', '.join(MODELS)}. Train again, or run the version that wrote it.",
        )
    index = ItemIndex.from_arrays(arrays)
    index.code("", "")  # builds the look-up now, not in the first request
    model = build(index, arrays)
    popular = model if isinstance(model, Popular) else Popular.from_arrays(index, arrays)
    habits, lifts = read_habits(arrays, len(index)), VisitLifts.from_arrays(arrays)
    return LoadedModel(version, model, popular, ShopperPasts(arrays), habits, lifts)
