"""Two rankers share a list fairly, and shoppers' clicks say which one they prefer, a vote each."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments.interleaving import MixedList, credit, preference, team_draft

A, B = list("abcdefgh"), list("hgfedcba")


def test_each_ranker_picks_its_best_that_is_left_and_both_get_half_of_the_places() -> None:
    mixed = team_draft(A, B, 6, "decision 1")
    assert len(set(mixed.products)) == 6
    assert mixed.teams.count("a") == mixed.teams.count("b") == 3
    picked = [product for product, team in zip(mixed.products, mixed.teams, strict=True) if team == "a"]
    assert picked == ["a", "b", "c"]


def test_the_same_seed_gives_the_same_list_and_the_coin_is_fair() -> None:
    assert team_draft(A, B, 6, "x") == team_draft(A, B, 6, "x")
    first = [team_draft(A, B, 6, str(seed)).teams[0] for seed in range(1_000)]
    assert first.count("a") == pytest.approx(500, abs=3 * np.sqrt(1_000 * 0.25))


def test_products_both_would_have_shown_there_belong_to_nobody() -> None:
    mixed = team_draft(["x", "y", "a", "b"], ["x", "y", "b", "a"], 4, "s")
    assert mixed.products[:2] == ("x", "y")
    assert mixed.teams[:2] == ("", "")
    assert set(mixed.teams[2:]) == {"a", "b"}
    assert credit(mixed, {"x", "y"}) == 0


def test_two_equal_rankers_give_their_list_and_no_credit() -> None:
    mixed = team_draft(A, A, 5, "s")
    assert mixed == MixedList(tuple(A[:5]), ("",) * 5)


def test_a_ranker_that_runs_out_leaves_the_places_to_the_other() -> None:
    assert len(team_draft(["a"], B, 5, "s").products) == 5
    assert team_draft(["a"], ["a"], 5, "s").products == ("a",)


def test_credit_is_clicks_on_b_less_clicks_on_a() -> None:
    mixed = MixedList(("p", "q", "r"), ("a", "b", "b"))
    assert credit(mixed, {"p", "q", "r"}) == 2 - 1
    assert credit(mixed, {"p"}) == -1


def test_a_shopper_has_one_vote_however_often_they_click() -> None:
    found = preference([("ann", 1)] * 50 + [("bob", -1), ("eve", -1), ("joe", 0)])
    assert (found.units, found.for_a, found.for_b) == (4, 2, 1)
    assert found.share_b == pytest.approx(1 / 3)
    assert found.sign_p == pytest.approx(stats.binomtest(1, 3).pvalue)
    sums = np.array([50, -1, -1, 0])
    t = sums.mean() / (sums.std(ddof=1) / 2)
    assert found.credit_p == pytest.approx(2 * stats.t.sf(t, 3))


def test_without_a_preference_a_ranker_is_preferred_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(1)
    found = [
        preference([(str(unit), int(one)) for unit, one in enumerate(rng.choice([-1, 0, 1], 200))]).sign_p < 0.05
        for _ in range(100)
    ]
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_nobody_who_tells_them_apart_prefers_neither() -> None:
    found = preference([("ann", 0)])
    assert (found.share_b, found.sign_p, found.credit_p) == (0.5, 1.0, 1.0)
    assert preference([]).units == 0
