"""Raw rows become a panel: what did not sell, what was not on offer and what came back are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.pricing.demand.rows import SaleRows, panel_of


def rows(
    period: list[int],
    units: list[float],
    price: list[float],
    store: list[str] | None = None,
    share: float | None = None,
) -> SaleRows:
    return SaleRows(
        product=np.array(["tea"] * len(period)), units=np.array(units), price=np.array(price),
        period=np.array(period), store=None if store is None else np.array(store), share=share,
    )  # fmt: skip


def test_a_short_pause_of_a_slow_seller_is_a_period_without_sales_at_the_last_price() -> None:
    found = panel_of(rows([0, 1, 2, 4], [2, 1, 2, 1], [5, 5, 4, 5]))
    assert found.zeros == 1
    assert found.panel.units[0].tolist() == [2, 1, 2, 0, 1]
    assert found.panel.price[0].tolist() == pytest.approx([5, 5, 4, 4, 5])
    assert found.panel.exposure[0].tolist() == [1, 1, 1, 1, 1]


def test_a_fast_seller_without_a_row_was_not_on_offer() -> None:
    found = panel_of(rows([0, 1, 2, 4], [200, 180, 210, 190], [5, 5, 4, 5]))
    assert (found.zeros, found.pauses) == (0, 1)
    assert found.panel.exposure[0].tolist() == [1, 1, 1, 0, 1]


def test_a_long_pause_is_not_read_as_years_without_a_buyer() -> None:
    found = panel_of(rows([0, 1, 2, 3, 40], [1, 2, 1, 1, 2], [5, 5, 5, 5, 4], store=["a"] * 5))
    assert found.zeros == 0


def test_a_period_in_which_the_whole_store_is_silent_says_nothing() -> None:
    """Of four slow sellers that sold in the periods around it, chance would have left a row."""
    names = np.repeat(["tea", "ale", "jam", "rye"], 2)
    found = panel_of(SaleRows(names, np.ones(8), np.full(8, 5.0), period=np.tile([0, 2], 4)))
    assert found.zeros == 4  # half of the rows are due, two in all: too few to call the store closed
    names = np.repeat(["tea", "ale", "jam", "rye"], 6)
    found = panel_of(SaleRows(names, np.ones(24), np.full(24, 5.0), period=np.tile([0, 1, 2, 4, 5, 6], 4)))
    assert found.zeros == 0  # six sevenths of four


def test_rows_that_say_nought_leave_nothing_to_guess() -> None:
    found = panel_of(rows([0, 1, 3], [1, 0, 2], [5, 5, 4]))
    assert not found.sale_only
    assert found.panel.exposure[0].tolist() == [1, 1, 0, 1]


def test_daily_rows_expose_the_share_of_the_week_they_cover() -> None:
    found = panel_of(rows([0, 0, 0, 1], [1, 0, 2, 1], [5, 5, 4, 5], share=1 / 7))
    assert found.panel.exposure[0].tolist() == pytest.approx([3 / 7, 1 / 7])
    assert found.panel.price[0, 0] == pytest.approx((5 * 5 * 4) ** (1 / 3))


def test_returns_are_netted_and_never_go_below_nought() -> None:
    found = panel_of(rows([0, 0, 1], [3, -1, -2], [5, 5, 5]))
    assert found.panel.units[0].tolist() == [2, 0]
    assert found.netted == 1


def test_rows_without_units_or_price_are_left_out_and_counted() -> None:
    found = panel_of(rows([0, 1, 2], [1, np.nan, 2], [5, 5, np.nan]))
    assert found.left_out == 2


def test_rows_without_time_stand_side_by_side() -> None:
    found = panel_of(SaleRows(np.array(["tea", "tea", "ale"]), np.array([1.0, 2, 3]), np.array([5.0, 4, 3])))
    assert not found.panel.ordered
    assert found.panel.exposure.tolist() == [[1, 0], [1, 1]]


def test_no_usable_row_and_too_many_cells_are_refused_with_a_remedy() -> None:
    with pytest.raises(NotEnoughData, match="Name the columns"):
        panel_of(rows([0], [np.nan], [5]))
    with pytest.raises(InputError, match="Use longer periods"):
        panel_of(rows([0, 500_000_000], [1, 1], [5, 4]))
