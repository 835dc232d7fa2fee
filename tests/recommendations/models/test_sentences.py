"""Nearness of texts: less what all have in common, nothing of what nobody met, and read by V2 where it has vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.facts import ItemFacts
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.models.sentences import Sentences
from shopkeeper.testing.planted import planted_interactions

SMALL = HybridParams(trees=5, leaves=4, fewest=5, axes=4, cuts=2, lists=200, factors=False, choose=False)


def told(vectors: list[list[float]]) -> Interactions:
    """Return the planted shop, its first products with vectors of texts, all others without."""
    data = planted_interactions()
    size = len(data.index)
    sentences = np.zeros((size, len(vectors[0])), dtype=np.float16)
    sentences[: len(vectors)] = vectors
    unknown = np.full(size, np.nan)
    return replace(data, facts=ItemFacts([""] * size, [""] * size, unknown, unknown, sentences))


def asked(items: list[int], page: list[bool]) -> Asked:
    """Return the question of a shopper who met some items, the last of them last."""
    codes, times = np.array(items, dtype=np.int64), np.arange(len(items), dtype=np.int64)
    return Asked("", 9, codes, np.ones(len(items)), np.zeros(len(items), np.int8), times, np.array(page, np.bool_))


def test_what_all_texts_have_in_common_tells_nothing() -> None:
    found = Sentences.fit(told([[1.0, 0.5], [1.0, -0.5], [1.0, 0.5], [1.0, -0.5]]))
    assert found is not None
    assert found.vectors[:4].tolist() == [[0.0, 1.0], [0.0, -1.0], [0.0, 1.0], [0.0, -1.0]]
    assert not found.vectors[4:].any()


def test_what_nobody_met_is_nothing_at_all() -> None:
    data = told([[1.0, 0.5], [1.0, -0.5], [1.0, 0.5]])
    found = Sentences.fit(data.take(data.items != 2))
    assert found is not None
    assert found.vectors[:3].tolist() == [[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]]
    assert Sentences.fit(planted_interactions()) is None


def test_nearness_is_to_the_whole_past_and_to_the_page_else_to_what_came_last() -> None:
    near = Sentences(np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float16))
    wanted = np.array([0, 1, 2])

    def read(items: list[int], page: list[bool]) -> dict[str, list[float]]:
        columns = near.columns(asked(items, page), wanted)
        return {name: np.asarray(column, np.float64).round(3).tolist() for name, column in columns}

    assert read([0, 0, 0, 1], [False] * 4) == {
        "sentences.likeness": [0.949, 0.316, 0.0], "sentences.page": [0.0, 1.0, 0.0],
    }  # fmt: skip
    assert read([0, 1], [True, False])["sentences.page"] == [1.0, 0.0, 0.0]
    assert read([], []) == {"sentences.likeness": [0.0] * 3, "sentences.page": [0.0] * 3}


def test_v2_reads_vectors_where_the_data_has_them_and_keeps_them_in_its_bundle() -> None:
    draw = np.random.default_rng(1)
    data = told(draw.standard_normal((len(planted_interactions().index), 8)).tolist())
    model = Hybrid.fit(data, SMALL, 1)
    assert "sentences" in model.groups
    back = Hybrid.from_arrays(data.index, model.arrays())
    question = asked([1, 2, 3], [False] * 3)
    assert back.score(question).scores.tolist() == model.score(question).scores.tolist()
