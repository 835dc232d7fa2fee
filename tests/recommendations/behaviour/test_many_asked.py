"""Several questions together hold what each holds alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.history import Asked, ages_in
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.testing.model_suite import asked_about


def question(past: int, page: int, first: int = 0) -> Asked:
    """Return a question about `past` entries, two of them of each moment, and `page` products of a page."""
    asked = asked_about(list(range(first, first + past + page)), [1.0] * (past + page))
    there = np.arange(past + page)
    return replace(asked, times=np.where(there < past, there // 2, 99), page=there >= past)


ONES = (question(5, 2), question(0, 0), question(0, 1), question(3, 0, 40), question(2, 9, 60))


def test_the_ages_of_a_past_do_not_count_the_page() -> None:
    many = ManyAsked.of(ONES)
    for one, ages in zip(ONES, np.split(many.ages, many.starts[1:-1]), strict=True):
        past = ~one.page
        assert ages[past].tolist() == ages_in(one.times[past]).tolist()
        assert not ages[one.page].any()


def test_columns_end_with_the_newest_entry() -> None:
    many = ManyAsked.of(ONES)
    for one, columns in zip(ONES, np.split(many.columns, many.starts[1:-1]), strict=True):
        assert columns.tolist() == list(range(many.longest - len(one), many.longest))


def test_the_past_is_cut_and_the_page_stays() -> None:
    many = ManyAsked.of(ONES)
    assert many.newest(5) is many, "no past is longer, though a page is"
    for one, alone in zip(ONES, many.newest(2).each, strict=True):
        cut = one.newest(2)
        assert alone.items.tolist() == cut.items.tolist()
        assert alone.page.tolist() == cut.page.tolist()


def test_other_weights_change_nothing_else() -> None:
    many = ManyAsked.of(ONES)
    other = many.weighed(2.0 * many.weights)
    assert other.only is None
    for one, alone in zip(ONES, other.each, strict=True):
        assert alone.weights.tolist() == (2.0 * one.weights).tolist()
        assert alone.items is one.items
