"""Fits `blend`: every model on what came first, the weights on what came next, then every model again on all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.evaluation.questions import cut_questions, visit_questions
from shopkeeper.recommendations.evaluation.ranking import Questions
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.mixture import learnt_mixture
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.session.blend import Blend, BlendParams
from shopkeeper.training.split import time_split

if TYPE_CHECKING:
    from shopkeeper.recommendations.session.fit import Share


def fit_blend(
    data: Interactions,
    params: BlendParams,
    seed: int,
    popular_params: PopularParams | None = None,
    share: Share | None = None,
) -> Blend:
    """Fit the models and learn how much each counts, on the newest `params.held_out` of the data.

    Args:
        share: On what the encoder is trained; None = a GPU where there is one.
    """
    counted = popular_params or PopularParams()
    split = time_split(data.times, params.held_out)
    first = fit_models(data.take(split.train), params, seed, counted, share)
    mixture = learnt_mixture(first, _questions(data, split.cutoff, params.hybrid, seed))
    models = fit_models(data, params, seed, counted, share)
    return Blend(models, mixture, Popular.fit(data, counted, seed), params.held_out)


def _questions(data: Interactions, cutoff: int, hybrid: HybridParams | None, seed: int) -> Questions:
    """Return what the weights are learnt by: the questions that the ranker of the hybrid learns by, if there is one."""
    if hybrid is None or hybrid.visits:
        return visit_questions(data, cutoff, seed)
    return cut_questions(data, cutoff, seed, repeats=hybrid.repeats)


def fit_models(
    data: Interactions, params: BlendParams, seed: int, counted: PopularParams, share: Share | None = None
) -> tuple[RecommendationModel, ...]:
    """Return the models of a blend, fitted on `data`."""
    models: list[RecommendationModel] = []
    if params.session is not None:
        from shopkeeper.recommendations.session.fit import fit_session  # noqa: PLC0415 - an extra, and slow to load

        models.append(fit_session(data, params.session, seed, counted, share))
    if params.item_knn is not None:
        models.append(ItemKnn.fit(data, params.item_knn, seed, counted))
    if params.session_knn is not None:
        models.append(SessionKnn.fit(data, params.session_knn, seed, counted))
    if params.hybrid is not None:
        models.append(Hybrid.fit(data, replace(params.hybrid, popular=counted), seed))
    return tuple(models)
