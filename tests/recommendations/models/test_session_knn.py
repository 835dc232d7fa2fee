"""Session kNN, against the formula followed session by session."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.models.sessions import cut_sessions
from shopkeeper.testing.model_suite import asked_about

MINUTE = 60 * SECOND
PARAMS = SessionKnnParams(half_life_days=1.0, reach=2.0, backward=0.5, frequency_power=0.5)
ITEMS = 6


def shop(rows: list[tuple[int, int, int]]) -> Interactions:
    """Return interactions of (shopper, item, minute)."""
    rows = sorted(rows, key=lambda row: row[2])
    count = len(rows)
    return Interactions(
        shoppers=np.array([row[0] for row in rows], dtype=np.int32),
        items=np.array([row[1] for row in rows], dtype=np.int32),
        stores=np.zeros(count, dtype=np.int32),
        kinds=np.zeros(count, dtype=np.int8),
        times=np.array([row[2] * MINUTE for row in rows], dtype=np.int64),
        devices=np.zeros(count, dtype=np.int8),
        index=single_group([str(n) for n in range(ITEMS)]),
        categories=[()] * ITEMS,
        shopper_keys=["a", "b", "c"],
        store_names=("shop",),
    )


DAY = 24 * 60
DATA = shop(
    [
        (0, 0, 0), (0, 1, 1), (0, 2, 2),  # first session of the first shopper
        (0, 3, 100), (0, 4, 101),  # their second, after a pause
        (1, 1, DAY), (1, 5, DAY + 1), (1, 1, DAY + 2),  # holds product 1 twice
        (2, 2, DAY + 5),  # one product is no session
    ]
)  # fmt: skip


def test_a_pause_ends_a_session_and_one_product_is_none() -> None:
    found = cut_sessions(DATA.sequences, ITEMS, 30 * MINUTE)
    cut = [found.items[a:b].tolist() for a, b in zip(found.starts, found.starts[1:], strict=False)]
    assert cut == [[0, 1, 2], [3, 4], [1, 5, 1]]


def test_the_sessions_of_a_product_come_newest_first_with_its_last_place() -> None:
    found = cut_sessions(DATA.sequences, ITEMS, 30 * MINUTE)
    held = found.newest_with(1, 10)
    assert held.sessions.tolist() == [2, 0]
    assert held.places.tolist() == [2, 1]
    assert found.newest_with(1, 1).sessions.tolist() == [2]


def test_a_score_follows_the_formula() -> None:
    model = SessionKnn.fit(DATA, PARAMS, 1)
    found = model.score(asked_about([1], [0.8], "shop"))
    rare = 0.8 / math.sqrt(2)  # two sessions hold product 1
    newest, older = rare / math.sqrt(3), rare / math.sqrt(3) * 2 ** (-DAY / DAY)
    wanted = {
        0: older * math.exp(-1 / 2) * 0.5,
        1: older + newest * (1 + math.exp(-2 / 2) * 0.5),
        2: older * math.exp(-1 / 2),
        5: newest * math.exp(-1 / 2) * 0.5,
    }
    assert dict(zip(found.items.tolist(), found.scores.tolist(), strict=True)) == pytest.approx(wanted, rel=1e-6)


def test_only_the_sessions_most_alike_are_read() -> None:
    model = SessionKnn.fit(DATA, SessionKnnParams(neighbours=1, half_life_days=1.0), 1)
    found = model.score(asked_about([1, 0], [0.1, 5.0], "shop"))
    assert set(found.items.tolist()) == {0, 1, 2}


def test_reasons_add_up_to_the_score() -> None:
    model = SessionKnn.fit(DATA, PARAMS, 1)
    asked = asked_about([0, 1], [0.3, 0.9], "shop")
    found = model.score(asked)
    np.testing.assert_allclose(model.explain(found.items, asked).sum(axis=1), found.scores)


def test_the_product_met_last_counts_less_where_another_was_met_before() -> None:
    plain, less = (SessionKnn.fit(DATA, replace(PARAMS, again=again), 1) for again in (1.0, 0.25))

    def ratio(items: list[int]) -> dict[int, float]:
        asked = asked_about(items, [1.0] * len(items), "shop")
        before, after = plain.score(asked), less.score(asked)
        np.testing.assert_allclose(less.explain(after.items, asked).sum(axis=1), after.scores)
        return dict(zip(after.items.tolist(), (after.scores / before.scores).round(6).tolist(), strict=True))

    assert ratio([0, 1]) == {0: 1.0, 1: 0.25, 2: 1.0, 5: 1.0}
    assert set(ratio([1]).values()) == set(ratio([0, 1, 1]).values()) == {1.0}
