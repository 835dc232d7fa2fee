"""What a model is told of a shopper is the same in training, overnight and in a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations.behaviour.history import HistoryBatch, ages_of
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, VIEW
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.evaluation.questions import time_exam
from shopkeeper.recommendations.evidence import gather
from shopkeeper.recommendations.loaded import LoadedModel, assemble_model, bundle_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.past import past_of
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.testing.planted import STORES, planted_catalogue, planted_interactions


def test_entries_of_one_second_share_a_moment_and_histories_are_apart() -> None:
    starts, times = np.array([0, 4, 4, 6]), np.array([1, 3, 3, 4, 4, 5])
    assert ages_of(starts, times).tolist() == [2, 1, 1, 0, 1, 0]
    assert ages_of(np.array([0, 0]), times[:0]).tolist() == []


def test_entries_taken_out_leave_the_rest_in_its_place() -> None:
    batch = HistoryBatch(
        starts=np.array([0, 3, 4]),
        items=np.array([7, 8, 9, 5], dtype=np.int32),
        kinds=np.array([0, 5, 0, 1], dtype=np.int8),
        times=np.array([1, 2, 3, 9]),
        stores=np.array([0, 1], dtype=np.int32),
        moments=np.array([10, 11]),
    )
    kept = batch.keep(np.array([True, False, True, True]))
    assert kept.starts.tolist() == [0, 2, 3]
    assert kept.items.tolist() == [7, 9, 5]
    assert kept.ages.tolist() == [1, 0, 0]
    assert kept.moments.tolist() == [10, 11]


@pytest.fixture
def loaded() -> LoadedModel:
    data = planted_interactions()
    model = ItemKnn.fit(data, ItemKnnParams(), 1)
    return assemble_model("v", model.name, bundle_arrays(model, ShopperPasts.build(data)))


def test_a_request_tells_a_model_what_training_told_it(loaded: LoadedModel) -> None:
    data = planted_interactions()
    now = datetime.fromtimestamp(int(data.times.max()) // SECOND, UTC) + timedelta(hours=1)
    seen = data.sequences
    for shopper in range(0, 60, 7):
        part = slice(int(seen.starts[shopper]), int(seen.starts[shopper + 1]))
        count = part.stop - part.start
        trained = HistoryBatch(
            np.array([0, count]), seen.items[part], seen.kinds[part], seen.times[part] // SECOND,
            seen.stores[part][:1], np.array([int(now.timestamp())]),
        )  # fmt: skip
        weights = loaded.model.history_weights(trained.ages, trained.strengths).astype(np.float64)
        store = STORES[shopper % len(STORES)]
        wanted = trained.asked(0, store, weights)
        who = Shopper(data.shopper_keys[shopper].split("\x1f")[0], user=f"u{shopper}")
        request = RecommendationRequest(RecommendationBody(store=store, user=who.user), who, FULL_CONSENT, now)
        told = gather(request, past_of(request, loaded), loaded, planted_catalogue(), DEFAULT_PARAMS).asked
        assert (told.store, told.now) == (wanted.store, wanted.now)
        for name in ("items", "weights", "kinds", "times", "page"):
            np.testing.assert_array_equal(getattr(told, name), getattr(wanted, name), err_msg=name)


def test_the_page_comes_last_as_viewed_now(loaded: LoadedModel) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    body = RecommendationBody(store=STORES[0], user="u0", products=("p001", "p002"))
    request = RecommendationRequest(body, Shopper("north", user="u0"), FULL_CONSENT, now)
    told = gather(request, past_of(request, loaded), loaded, planted_catalogue(), DEFAULT_PARAMS).asked
    assert told.page.tolist() == [False] * (len(told) - 2) + [True, True]
    assert told.items[-2:].tolist() == [1, 2]
    assert told.kinds[-2:].tolist() == [VIEW, VIEW]
    assert told.times[-2:].tolist() == [int(now.timestamp())] * 2
    assert told.kinds.max() < len(KINDS)


def test_a_question_is_asked_at_its_moment_with_what_came_before() -> None:
    data = planted_interactions()
    cutoff = int(np.quantile(data.times, 0.8))
    history = time_exam(data, cutoff, seed=1).questions.history
    assert (history.times <= history.moments[history.rows()]).all()
    assert (history.moments * SECOND + SECOND > cutoff).all()


def test_of_a_long_past_as_much_is_read_in_a_request_as_in_training() -> None:
    data = planted_interactions()
    model = ItemKnn.fit(data, ItemKnnParams(history=3), 1)
    history = time_exam(data, int(np.quantile(data.times, 0.8)), seed=1, most=20).questions.history
    together = model.score_batch(history)
    for row in range(len(history)):
        part = slice(int(history.starts[row]), int(history.starts[row + 1]))
        weights = model.history_weights(history.ages, history.strengths)[part].astype(np.float64)
        asked = history.asked(row, data.store_names[history.stores[row]], weights)
        alone = model.score(asked)
        np.testing.assert_allclose(alone.scores, together[row, alone.items], rtol=1e-5)
        assert len(alone) == np.count_nonzero(together[row])
        assert not model.explain(alone.items, asked)[:, :-3].any()
