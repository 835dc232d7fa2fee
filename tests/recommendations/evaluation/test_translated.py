"""A serving version is asked in the codes of newer data, and answers as it serves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.evaluation.exam import RecommendationExam
from shopkeeper.recommendations.evaluation.translated import Translated
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.training.split import time_split

NEWCOMERS = ("a-new-product", "p000x", "zzz")


def renumbered(data: Interactions) -> Interactions:
    """Return the same interactions in a catalogue with newcomers between the products, and a new store first."""
    groups = data.index.group_of()
    names = [(data.index.groups[group], name) for group, name in zip(groups.tolist(), data.index.products, strict=True)]
    every = sorted([*names, *((group, name) for group in data.index.groups for name in NEWCOMERS)])
    place = {name: code for code, name in enumerate(every)}
    counts = [sum(group == one for group, _ in every) for one in data.index.groups]
    index = ItemIndex(data.index.groups, np.concatenate([[0], np.cumsum(counts)]), [name for _, name in every])
    items = np.array([place[name] for name in names], dtype=np.int32)[data.items]
    return replace(
        data, items=items, stores=data.stores + np.int32(1), index=index, categories=[()] * len(every),
        store_names=("brand-new", *data.store_names),
    )  # fmt: skip


def fitted(name: str, data: Interactions) -> RecommendationModel:
    if name == Popular.name:
        return Popular.fit(data, PopularParams(), 1)
    return ItemKnn.fit(data, ItemKnnParams(), 1)


@pytest.mark.parametrize("name", [Popular.name, ItemKnn.name])
def test_a_model_scores_newer_data_as_it_scored_its_own(name: str) -> None:
    data = planted_interactions()
    split = time_split(data.times, 0.2)
    model = fitted(name, data.take(split.train))
    own = RecommendationExam.of(data, split.cutoff, 1).score(model)
    newer = RecommendationExam.of(renumbered(data), split.cutoff, 1).score(model)
    for metric, values in own.metrics.items():
        np.testing.assert_array_equal(newer.metrics[metric], values, err_msg=metric)


def test_what_the_model_never_saw_scores_nothing_and_tells_nothing() -> None:
    data = planted_interactions()
    other = renumbered(data)
    model = Translated(fitted(ItemKnn.name, data), other.index, other.store_names)
    newcomer = other.index.products.index("zzz")
    known, late = int(other.items[0]), int(other.items[1])
    kinds, stores, moments = np.zeros(3, dtype=np.int8), np.array([1], dtype=np.int32), np.array([9])
    with_it = HistoryBatch(np.array([0, 3]), np.array([known, newcomer, late], dtype=np.int32), kinds,
                           np.array([6, 7, 8]), stores, moments)  # fmt: skip
    without = HistoryBatch(np.array([0, 2]), np.array([known, late], dtype=np.int32), kinds[:2],
                           np.array([6, 8]), stores, moments)  # fmt: skip
    scores = model.score_batch(with_it)
    np.testing.assert_array_equal(scores, model.score_batch(without))
    assert scores.any()
    assert not scores[:, newcomer].any()


def test_a_store_the_model_never_saw_has_no_popularity() -> None:
    other = renumbered(planted_interactions())
    model = Translated(fitted(Popular.name, planted_interactions()), other.index, other.store_names)
    none = np.zeros(0, dtype=np.int32)
    for store, popular in ((0, False), (1, True)):
        stores = np.array([store], dtype=np.int32)
        empty = HistoryBatch(np.array([0, 0]), none, none.astype(np.int8), none.astype(np.int64), stores, np.array([9]))
        assert model.tie_break(stores).any() == popular
        assert model.score_batch(empty).any() == popular
