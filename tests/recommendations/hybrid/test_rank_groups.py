"""Which groups of features stay: what helps on the newest lists, judged by what was not known when it was learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_features import readable
from shopkeeper.recommendations.hybrid.rank_groups import Told, Verdict, choose_groups
from shopkeeper.recommendations.hybrid.rank_lists import RankLists
from shopkeeper.recommendations.hybrid.ranker import try_ranker

COLUMNS = (
    "behaviour.entries", "behaviour.knn_of_best", "content.likeness", "demographics.age_band_item",
    "demographics.age_band_leaf",
)  # fmt: skip
PARAMS = HybridParams(trees=10, leaves=4, fewest=5)
LISTS, LONG = 120, 20


def lists(clue: str, alone: bool = False) -> RankLists:
    """Return lists of two cuts in which one of twenty products is taken, and one column knows which; others are noise.

    Args:
        alone: Whether what is taken is named by content alone.
    """
    draw = np.random.default_rng(3)
    taken = np.zeros((LISTS, LONG), dtype=np.int32)
    taken[np.arange(LISTS), draw.integers(0, LONG, LISTS)] = 1
    rows = draw.normal(size=(LISTS * LONG, len(COLUMNS))).astype(np.float32)
    rows[:, 0] = 1.0
    rows[:, COLUMNS.index(clue)] += 5.0 * taken.ravel()
    return RankLists(
        rows,
        taken.ravel(),
        taken.ravel(),
        (taken.ravel() > 0) & alone,
        np.full(LISTS, LONG),
        np.zeros(LISTS, dtype=np.int32),
        np.repeat([0, 1], LISTS // 2).astype(np.int32),
    )


@pytest.mark.parametrize(
    ("clue", "left_out"),
    [
        ("behaviour.knn_of_best", ("content", "demographics")),
        ("content.likeness", ("demographics",)),
        ("demographics.age_band_item", ("content",)),
    ],
)
def test_a_group_stays_where_it_helps_and_goes_where_it_does_not(clue: str, left_out: tuple[str, ...]) -> None:
    told, trial, verdicts = choose_groups(lists(clue), COLUMNS, PARAMS, 1)
    assert told.left_out == left_out
    assert {one.group for one in verdicts if one.stays} == {"content", "demographics"} - set(left_out)
    assert told.columns == tuple(COLUMNS[place] for place in readable(COLUMNS, left_out))
    assert told.lists.rows.shape[1] == len(told.columns)
    assert trial is not None
    assert trial.figures.mean() > 0.95


def test_a_gain_must_be_above_its_standard_error() -> None:
    assert Verdict("content", 0.011, 0.010).stays
    assert not Verdict("content", 0.010, 0.010).stays
    assert not Verdict("content", -0.1, 0.010).stays


def test_the_same_lists_and_seed_choose_the_same() -> None:
    one, other = (choose_groups(lists("content.likeness"), COLUMNS, PARAMS, 1)[2] for _ in range(2))
    assert one == other


def test_what_content_alone_names_is_missed_without_content_and_found_with_it() -> None:
    named = lists("content.likeness", alone=True)
    _, _, verdicts = choose_groups(replace(named, alone=np.zeros(len(named.alone), dtype=np.bool_)), COLUMNS, PARAMS, 1)
    assert verdicts[0].stays
    half = named.alone & (np.repeat(np.arange(LISTS), LONG) % 2 == 0)
    plain = Told.of(replace(named, alone=half), COLUMNS, ("content", "demographics")).trial(PARAMS, 1)
    assert plain is not None
    assert (plain.figures[::2] == 0.0).all()
    assert plain.figures[1::2].max() > 0.0


def test_what_content_alone_names_goes_where_it_is_never_right_and_content_stays() -> None:
    known = lists("content.likeness")
    idle = replace(known, alone=(np.arange(LISTS * LONG) % 3 == 0) & (known.grades == 0))
    told, _, verdicts = choose_groups(idle, COLUMNS, PARAMS, 1)
    assert [(one.group, one.stays) for one in verdicts] == [
        ("content", True), ("alike", False), ("demographics", False),
    ]  # fmt: skip
    assert told.left_out == ("demographics", "alike")
    np.testing.assert_array_equal(told.lists.alone, idle.alone)
    half = (known.grades > 0) & (np.repeat(np.arange(LISTS), LONG) % 2 == 0)
    told, _, verdicts = choose_groups(replace(known, alone=half), COLUMNS, PARAMS, 1)
    assert {one.group for one in verdicts if one.stays} == {"content", "alike"}
    assert not told.lists.alone.any()


def test_without_enough_lists_to_say_or_where_it_is_not_asked_all_groups_stay() -> None:
    few = lists("behaviour.knn_of_best").of(np.arange(LISTS) < LISTS // 2 + 10)
    assert choose_groups(few, COLUMNS, PARAMS, 1)[0].left_out == ()
    many = lists("behaviour.knn_of_best")
    assert choose_groups(many, COLUMNS, replace(PARAMS, choose=False), 1)[0].left_out == ()


def test_without_content_no_category_is_told_of() -> None:
    assert [COLUMNS[place] for place in readable(COLUMNS, ("content",))] == [
        "behaviour.entries", "behaviour.knn_of_best", "demographics.age_band_item",
    ]  # fmt: skip
    assert readable(COLUMNS, ()) == list(range(len(COLUMNS)))


def test_what_was_taken_since_the_newest_cut_teaches_nothing_that_is_judged_by_it() -> None:
    known = lists("content.likeness")
    older = known.turns[np.repeat(np.arange(LISTS), LONG)] == 0
    late = replace(known, settled=np.where(older, 0, known.settled).astype(np.int32))
    assert len(late.parted()[0].lengths) == 0
    assert try_ranker(late, COLUMNS, PARAMS, 1) is None
    assert len(known.parted()[0].lengths) == LISTS // 2


@pytest.mark.parametrize(
    ("group", "gain", "stays"),
    [("content", 0.001, False), ("content", 0.003, True), ("alike", 0.0, True), ("alike", -0.003, False)],
)
def test_a_group_must_gain_and_what_finds_new_products_must_not_lose(group: str, gain: float, *, stays: bool) -> None:
    assert Verdict(group, gain, 0.002).stays is stays
