"""The exam: nothing of the future is shown, and nothing known is asked."""

from __future__ import annotations

import numpy as np
from tests.recommendations.conftest import PRODUCTS as NAMES
from tests.recommendations.conftest import Past, interactions

from shopkeeper.recommendations.behaviour.interactions import Interactions, sequences
from shopkeeper.recommendations.evaluation.questions import cut_questions, time_exam, visit_questions
from shopkeeper.recommendations.evaluation.ranking import Questions, rank_targets
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.testing.planted import PRODUCTS, planted_interactions
from shopkeeper.training.split import time_split


def cut(data: Interactions) -> int:
    return time_split(data.times, 0.2).cutoff


def at_seconds(past: Past, seconds: list[int]) -> Interactions:
    """Return the interactions of shoppers who each did what they did at the same seconds."""
    data = interactions(past)
    data.times[:] = np.tile(seconds, len(past) // len(seconds)) * 1_000_000
    order = np.argsort(data.times, kind="stable")
    return Interactions(
        data.shoppers[order], data.items[order], data.stores[order], data.kinds[order], data.times[order],
        data.devices[order], data.index, data.categories, data.shopper_keys, data.store_names,
    )  # fmt: skip


def test_each_shopper_is_asked_at_most_once_about_something_new_after_the_cutoff() -> None:
    data = planted_interactions()
    exam = time_exam(data, cut(data), seed=1)
    questions = exam.questions
    assert len(questions) > 100
    for row in range(len(questions)):
        history = questions.history.items[questions.history.starts[row] : questions.history.starts[row + 1]]
        assert questions.targets[row] not in history


def test_the_history_lies_strictly_before_the_moment_asked_about() -> None:
    past: Past = [(f"u{n}", product, "view") for n in range(40) for product in ("mug", "cup", "lamp")]
    data = at_seconds(past, [0, 10, 10])  # cup and lamp in one basket
    questions = time_exam(data, 10_000_000, seed=1).questions
    assert len(questions) == 40
    assert {NAMES[code] for code in questions.targets.tolist()} == {"cup", "lamp"}
    assert {NAMES[code] for code in questions.history.items.tolist()} == {"mug"}


def test_what_comes_next_in_a_visit_may_be_what_was_met_before() -> None:
    past: Past = [(f"u{n}", product, "view") for n in range(40) for product in ("mug", "cup", "mug")]
    data = at_seconds(past, [0, 5, 10])
    questions = visit_questions(data, 10_000_000, seed=1)
    assert {NAMES[code] for code in questions.targets.tolist()} == {"mug"}
    assert [NAMES[code] for code in questions.history.items[:2].tolist()] == ["mug", "cup"]
    assert not questions.mask
    assert len(time_exam(data, 10_000_000, seed=1).questions) == 0
    assert len(visit_questions(data, 10_000_000, seed=1, most=17)) == 17


def test_at_a_cut_nothing_later_is_told_and_all_that_is_taken_later_may_be_right() -> None:
    past: Past = [(f"u{n}", product, "view") for n in range(40) for product in ("mug", "cup", "lamp", "mug")]
    data = at_seconds(past, [0, 5, 10, 15])
    again, new = (cut_questions(data, 10_000_000, seed=1, repeats=repeats) for repeats in (True, False))
    assert {NAMES[code] for code in again.targets.tolist()} == {"lamp", "mug"}
    assert {NAMES[code] for code in new.targets.tolist()} == {"lamp"}
    for asked in (again, new):
        assert [NAMES[code] for code in asked.history.items.tolist()] == ["mug", "cup"] * 40
        assert set(asked.history.moments.tolist()) == {10}
    assert (again.mask, new.mask) == (False, True)


def test_the_draw_depends_on_the_seed_alone() -> None:
    data = planted_interactions()
    first, again, other = (time_exam(data, cut(data), seed=seed).questions.targets for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_more_shoppers_are_asked_than_wanted() -> None:
    data = planted_interactions()
    assert len(time_exam(data, cut(data), seed=1, most=17).questions) == 17


def test_only_products_of_the_customer_group_compete() -> None:
    data = planted_interactions()
    questions = time_exam(data, cut(data), seed=1).questions
    model = Popular.fit(data, PopularParams(), 1)
    shown = rank_targets(model, questions).shown
    for row in range(len(questions)):
        group = questions.targets[row] // PRODUCTS
        assert (shown[row][shown[row] >= 0] // PRODUCTS == group).all()


def test_slices_cover_stores_and_shoppers() -> None:
    data = planted_interactions()
    exam = time_exam(data, cut(data), seed=1)
    by_store = [exam.slices[f"store {name}"] for name in data.store_names]
    np.testing.assert_array_equal(np.sum(by_store, axis=0), np.ones(len(exam.questions)))
    np.testing.assert_array_equal(exam.slices["known shoppers"], ~exam.slices["new shoppers"])
    by_device = [exam.slices["device desktop"], exam.slices["device mobile"]]
    np.testing.assert_array_equal(np.sum(by_device, axis=0), np.ones(len(exam.questions)))


def test_a_product_that_was_never_seen_before_the_cutoff_is_new_and_in_the_tail() -> None:
    past: Past = [(f"u{n}", product, "view") for n in range(9) for product in ("mug", "cup")] + [("u0", "lamp", "view")]
    data = interactions(past)
    exam = time_exam(data, int(data.times[-1]), seed=1)
    assert [NAMES[code] for code in exam.questions.targets.tolist()] == ["lamp"]
    assert exam.slices["new products"].tolist() == exam.slices["tail products"].tolist() == [True]
    assert not any(name.startswith("device") for name in exam.slices)


def test_ties_share_their_middle_rank_and_what_was_seen_does_not_compete() -> None:
    data = interactions([("ann", "mug", "view"), ("ann", "cup", "view")])
    model = Popular.fit(data, PopularParams(half_life_days=1e12), 1)
    history = time_exam(planted_interactions(), cut(planted_interactions()), seed=1, most=1).questions.history
    none = type(history)(
        np.array([0, 0, 1]), np.array([NAMES.index("mug")], dtype=np.int32), np.zeros(1, dtype=np.int8),
        np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.int64),
    )  # fmt: skip
    asked = Questions(none, np.array([NAMES.index("cup")] * 2), np.tile([0, len(NAMES)], (2, 1)))
    assert rank_targets(model, asked).ranks.tolist() == [(1 + 2) / 2, 1]
    absent = Questions(none, np.array([NAMES.index("toy")] * 2), np.tile([0, len(NAMES)], (2, 1)))
    assert rank_targets(model, absent).ranks.tolist() == [(3 + 10) / 2, (2 + 9) / 2]


def test_runs_and_moments_of_a_sequence() -> None:
    past: Past = [("ann", "mug", "view"), ("ann", "mug", "purchase"), ("ann", "cup", "view"), ("ben", "mug", "view")]
    seen = sequences(interactions(past))
    assert [NAMES[code] for code in seen.items.tolist()] == ["mug", "cup", "mug"]
    assert (seen.times - seen.first_times).tolist() == [60_000_000, 0, 0]
    assert np.diff(seen.moments).tolist() == [1, 1]
    assert seen.starts.tolist() == [0, 2, 3]
