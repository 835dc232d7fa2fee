"""What is particular to learning recommendations; the rest of a training run is `training.run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ConfigError, UnknownModel
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.answering import answerer
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.behaviour.extract_sentences import SentenceEncoder
from shopkeeper.recommendations.behaviour.interaction_files import read_interactions, write_interactions
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.day_hashes import day_hashes
from shopkeeper.recommendations.evaluation.exam import RecommendationExam
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.space import HYBRID_DEFAULTS, HYBRID_SPACE, hybrid_params
from shopkeeper.recommendations.loaded import bundle_arrays, load_model
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.ease import Ease
from shopkeeper.recommendations.models.habits import habit_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.models.together import FEWEST_BUYERS
from shopkeeper.recommendations.models.visit_lifts_fit import fit_visit_lifts
from shopkeeper.recommendations.parameters import (
    ALS_DEFAULTS,
    ALS_SPACE,
    EASE_DEFAULTS,
    EASE_SPACE,
    ITEM_KNN_DEFAULTS,
    ITEM_KNN_SPACE,
    POPULAR_DEFAULTS,
    POPULAR_SPACE,
    RULE_DEFAULTS,
    RULE_SPACE,
    SESSION_KNN_DEFAULTS,
    SESSION_KNN_SPACE,
    als_params,
    ease_params,
    item_knn_params,
    popular_params,
    rule_params,
    session_knn_params,
)
from shopkeeper.recommendations.rule_baseline import RuleBaseline
from shopkeeper.recommendations.session.blend import Blend, BlendParams
from shopkeeper.recommendations.session.blend_fit import fit_blend
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.recommendations.session_space import (
    BLEND_DEFAULTS,
    BLEND_SPACE,
    SESSION_DEFAULTS,
    SESSION_SPACE,
    blend_params,
    session_params,
)
from shopkeeper.registry.bundle import Bundle
from shopkeeper.training.ports import DataSummary, Nouns, Parameters, SearchRange
from shopkeeper.training.split import moment_of

ParamsT = TypeVar("ParamsT")
_LIFT_SEED = 1
"""Of the draws that say whether lifts pay, so that equal data give equal bundles."""


class Fit(Protocol):
    """Fits one model."""

    def __call__(self, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel: ...


@dataclass(frozen=True, slots=True)
class Learnable:
    """One model as training knows it.

    Attributes:
        space: Where tuning looks for its parameters.
        defaults: Its parameters where nobody has tuned them.
    """

    fit: Fit
    space: Mapping[str, SearchRange]
    defaults: Parameters


def _beside_popular(
    fit: Callable[[Interactions, ParamsT, int, PopularParams], RecommendationModel],
    read: Callable[[Parameters], tuple[ParamsT, PopularParams]],
) -> Fit:
    """Return what fits a model that keeps popularity beside it, from parameters as `read` reads them."""

    def fitted(data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
        params, popular = read(parameters)
        return fit(data, params, seed, popular)

    return fitted


def _fit_session(data: Interactions, params: SessionParams, seed: int, popular: PopularParams) -> RecommendationModel:
    with _pytorch(Session.name):
        from shopkeeper.recommendations.session.fit import fit_session  # noqa: PLC0415 - an extra, and slow to load
    return fit_session(data, params, seed, popular)


def _fit_blend(data: Interactions, params: BlendParams, seed: int, popular: PopularParams) -> RecommendationModel:
    with _pytorch(Blend.name):
        return fit_blend(data, params, seed, popular)


@contextmanager
def _pytorch(model: str) -> Iterator[None]:
    """Say what to install where PyTorch is missing. Raises ConfigError."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"{model} is trained with PyTorch, which is not installed.",
            "Install it: `pip install 'shopkeeper[deep]'`; item-knn, session-knn, and a blend of both (its parameter "
            "`encoder` false) do without.",
        ) from error


def _fit_hybrid(data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
    return Hybrid.fit(data, hybrid_params(parameters), seed)


def _fit_popular(data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
    return Popular.fit(data, popular_params(parameters), seed)


LEARNABLE: Mapping[str, Learnable] = {
    ItemKnn.name: Learnable(_beside_popular(ItemKnn.fit, item_knn_params), ITEM_KNN_SPACE, ITEM_KNN_DEFAULTS),
    Als.name: Learnable(_beside_popular(Als.fit, als_params), ALS_SPACE, ALS_DEFAULTS),
    Ease.name: Learnable(_beside_popular(Ease.fit, ease_params), EASE_SPACE, EASE_DEFAULTS),
    SessionKnn.name: Learnable(
        _beside_popular(SessionKnn.fit, session_knn_params), SESSION_KNN_SPACE, SESSION_KNN_DEFAULTS
    ),
    Session.name: Learnable(_beside_popular(_fit_session, session_params), SESSION_SPACE, SESSION_DEFAULTS),
    Blend.name: Learnable(_beside_popular(_fit_blend, blend_params), BLEND_SPACE, BLEND_DEFAULTS),
    Hybrid.name: Learnable(_fit_hybrid, HYBRID_SPACE, HYBRID_DEFAULTS),
    Popular.name: Learnable(_fit_popular, POPULAR_SPACE, POPULAR_DEFAULTS),
    RuleBaseline.name: Learnable(_beside_popular(RuleBaseline.fit, rule_params), RULE_SPACE, RULE_DEFAULTS),
}
"""Every model by name; the first is the default."""


class RecommendationLearning:
    """Implements `training.ports.LearningSystem`.

    Args:
        warehouse: Where the data lies.
        fewest_buyers: Different buyers a pair of products needs before anything says that they are bought together.
        encoder: What makes vectors of the texts of products; None = they are read as words alone.
    """

    name = "recommendations"
    models = tuple(LEARNABLE)
    baseline = Popular.name
    metric = "ndcg@10"
    nouns = Nouns(
        rows="interactions", subjects="shoppers", asked="met a new product after",
        remedy="Views, clicks, carts, purchases and ratings of people count.",
    )  # fmt: skip

    def __init__(
        self, warehouse: Warehouse, fewest_buyers: int = FEWEST_BUYERS, encoder: SentenceEncoder | None = None
    ) -> None:
        self._warehouse = warehouse
        self._fewest_buyers = fewest_buyers
        self._encoder = encoder

    def extract(self, until: datetime | None, known: datetime | None = None) -> Interactions:
        """Read what people did with products before `until`, as it was known at a moment."""
        return extract_interactions(self._warehouse, until, known, self._encoder)

    def write(self, data: Interactions, folder: Path) -> None:
        """Keep interactions as plain files."""
        write_interactions(data, folder)

    def read(self, folder: Path) -> Interactions:
        """Return the interactions that `write` kept."""
        return read_interactions(folder)

    def summary(self, data: Interactions) -> DataSummary:
        """Return what was read, in figures."""
        return DataSummary(
            interactions=len(data),
            shoppers=len(data.shopper_keys),
            products=len(data.index),
            stores=len(data.store_names),
            first=moment_of(int(data.times[0])) if len(data) else None,
            last=moment_of(int(data.times[-1])) if len(data) else None,
            fingerprint=data.fingerprint(),
        )

    def parts(self, data: Interactions) -> Mapping[str, str]:
        """Return the days of each store with a hash of each."""
        return day_hashes(data)

    def times(self, data: Interactions) -> npt.NDArray[np.int64]:
        """Return the time of each interaction."""
        return data.times

    def take(self, data: Interactions, keep: npt.NDArray[np.bool_]) -> Interactions:
        """Return the interactions where `keep` is true."""
        return data.take(keep)

    def defaults(self, model: str) -> Parameters:
        """Return the parameters nobody has tuned, under dotted names."""
        return _learnable(model).defaults

    def search_space(self, model: str) -> Mapping[str, SearchRange]:
        """Return where tuning looks."""
        return _learnable(model).space

    def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
        """Fit one model."""
        return _learnable(model).fit(data, parameters, seed)

    def exam(self, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        """Return one question a shopper about what happened from `cutoff` on; see `questions.time_exam`."""
        return RecommendationExam.of(data, cutoff, seed)

    def offline(self) -> Callable[[], RecommendationLearning]:
        """Return what makes the system without a warehouse."""
        return offline_learning

    def parameters(self, model: RecommendationModel) -> Parameters:
        """Return what a model was fitted with."""
        return model.parameters

    def arrays(self, model: RecommendationModel, data: Interactions) -> Mapping[str, npt.NDArray[np.generic]]:
        """Return everything serving needs: the model, its products, what every known shopper did, habits and lifts."""
        return {
            **bundle_arrays(model, ShopperPasts.build(data)),
            **habit_arrays(data, self._fewest_buyers),
            **fit_visit_lifts(model, data, _LIFT_SEED).arrays(),
        }

    def answerer(self, bundle: Bundle, data: Interactions, seed: int) -> Callable[[int], object]:
        """Return what answers known shoppers as serving does; see `answering.answerer`."""
        return answerer(bundle, data, seed)

    def open(self, bundle: Bundle) -> RecommendationModel:
        """Return the model of a bundle."""
        return load_model(bundle).model


class NoWarehouse:
    """Stands for the warehouse where nothing is extracted."""

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        """Refuse."""
        raise AssertionError(f"{query.name} is asked for where there is no warehouse")


def offline_learning() -> RecommendationLearning:
    """Return the system for processes that read, fit and judge, and extract nothing."""
    return RecommendationLearning(NoWarehouse())


def _learnable(model: str) -> Learnable:
    found = LEARNABLE.get(model)
    if found is None:
        raise UnknownModel(f"recommendations has no model {model!r}.", f"The models are: {', '.join(LEARNABLE)}.")
    return found
