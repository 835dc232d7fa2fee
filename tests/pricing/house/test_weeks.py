"""What weeks are made of a store's records: what counts as sold, at which price, and when it could be bought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.pricing.houses import STORE, House

from shopkeeper.pricing.house.weeks import StoreWeeks, weeks_of


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    for day in (0.5, 8.5, 15.5, 27.5):  # four whole weeks
        house.sale("always", day)
    yield house
    house.close()


def weeks(house: House, days: float = 28.0) -> StoreWeeks:
    found = weeks_of(house.records(days), "")
    assert found is not None
    return found


def row(found: StoreWeeks, name: str = "lamp") -> int:
    return found.goods.names.index(name)


def test_sales_are_net_of_returns_in_the_week_of_the_order(house: House) -> None:
    house.sale("lamp", 1, 5, order_id="o1")
    house.sale("lamp", 9, 2, type="refund", order_id="o1")
    found = weeks(house)
    assert found.units[row(found)].tolist() == [5 - 2, 0, 0, 0]
    assert found.treated["returned_units"] == 2


def test_cancelled_orders_bots_and_services_are_no_demand(house: House) -> None:
    house.sale("lamp", 1, 5)
    house.sale("lamp", 1, 7, order_id="gone")
    house.order("gone", "cancelled")
    house.sale("lamp", 1, 9, traffic="declared_bot")
    house.product("postage", kind="service")
    house.sale("postage", 1)
    found = weeks(house)
    assert found.units[row(found)].tolist() == [5, 0, 0, 0]
    assert "postage" not in found.goods.names


def test_wholesale_buyers_teach_nothing_and_are_counted(house: House) -> None:
    house.user("dealer", "wholesale")
    house.user("anna", "retail")
    house.sale("lamp", 1, 3, 10.0)
    house.sale("lamp", 2, 400, 5.0, user="dealer")
    found = weeks(house)
    assert found.units[row(found), 0] == 3
    assert found.price[row(found), 0] == pytest.approx(10 / 1.25)
    assert found.treated["wholesale_units"] == 400


def test_shoppers_who_do_not_allow_measurement_count_as_sold(house: House) -> None:
    house.sale("lamp", 8, 3)
    house.counted("lamp", 9, 4)
    found = weeks(house)
    assert found.units[row(found)].tolist() == [0, 3 + 4, 0, 0]


def test_a_day_is_one_of_the_stores_clock_also_after_it_changed(house: House) -> None:
    house.sale("lamp", 7 - 0.5 / 24, 1)  # 23:30 UTC on Sunday is Monday 00:30 in Berlin
    house.sale("lamp", 28 - 2.5 / 24, 1)  # 21:30 UTC on Sunday, 29 March, is 23:30 in Berlin, where clocks went ahead
    found = weeks(house)
    assert found.units[row(found)].tolist() == [0, 1, 0, 1]


def test_prices_are_without_the_tax_of_their_class(house: House) -> None:
    house.product("novel", tax_class="books")
    house.price("novel", 0, 10.5)
    found = weeks(house)
    assert found.price[row(found, "novel"), 1] == pytest.approx(10.5 / 1.05)


def test_a_shown_price_counts_for_the_time_it_stood_and_not_what_was_paid(house: House) -> None:
    house.product("lamp")
    house.price("lamp", 0, 10.0)
    house.price("lamp", 7 + 3.5 - 1 / 24, 20.0)  # half of the second week, by Berlin's clock
    house.sale("lamp", 8, 1, 6.0)  # with a voucher
    found = weeks(house)
    assert found.price[row(found), 1] == pytest.approx(np.sqrt(10 * 20) / 1.25)
    assert found.price[row(found), 2] == pytest.approx(20 / 1.25)
    assert not found.paid[row(found)]


def test_a_product_without_a_price_history_is_priced_by_its_purchases(house: House) -> None:
    house.sale("lamp", 1, 2, 10.0)
    house.sale("lamp", 15, 1, 8.0)
    found = weeks(house)
    assert found.paid[row(found)]
    np.testing.assert_allclose(found.price[row(found)], [10 / 1.25, np.nan, 8 / 1.25, np.nan])


def test_a_price_in_other_money_is_none(house: House) -> None:
    house.sale("lamp", 1, 2, 10.0, currency="USD")
    found = weeks(house)
    assert np.isnan(found.price[row(found)]).all()
    assert found.treated["lines_in_other_money"] == 1


def test_an_announced_reduction_is_a_promotion_for_the_time_it_runs(house: House) -> None:
    house.product("lamp")
    house.price("lamp", 0, 10.0)
    house.price("lamp", 7 - 1 / 24, 8.0, list_price=10.0)
    house.price("lamp", 14 - 1 / 24, 8.0, promo="spring")
    house.price("lamp", 21 - 1 / 24, 8.0)
    found = weeks(house)
    assert found.promo[row(found)].tolist() == pytest.approx([0, 1, 1, 0])


def test_days_out_of_stock_are_no_days_without_demand(house: House) -> None:
    house.product("lamp")
    house.price("lamp", 0, 10.0)
    house.stock("lamp", 0 - 1 / 24, 9)
    house.stock("lamp", 7 + 3.5 - 1 / 24, 0)
    house.stock("lamp", 21 - 1 / 24, 9)
    found = weeks(house)
    assert found.exposure[row(found)].tolist() == pytest.approx([1, 0.5, 0, 1])


def test_what_was_sold_was_there_whatever_the_stock_says(house: House) -> None:
    house.stock("lamp", 0 - 1 / 24, 0)
    house.sale("lamp", 8, 1)
    found = weeks(house)
    assert found.exposure[row(found)].tolist() == pytest.approx([0, 1, 0, 0])
    assert found.treated["weeks_sold_while_out_of_stock"] == 1


def test_a_week_in_which_the_store_sold_nothing_says_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    for day in (0.5, 15, 27.5):
        house.sale("lamp", day)
    found = weeks(house)
    house.close()
    assert found.exposure[row(found)].tolist() == [1, 0, 1, 1]
    assert found.treated["weeks_without_any_sale"] == 1


def test_a_withdrawn_product_is_not_on_offer_after_its_last_sale(house: House) -> None:
    house.product("lamp", status="withdrawn")
    house.price("lamp", 0, 10.0)
    house.sale("lamp", 8)
    found = weeks(house)
    assert found.exposure[row(found)].tolist() == [1, 1, 0, 0]


def test_an_absurd_rival_is_left_out_and_counted(house: House) -> None:
    house.product("lamp")
    house.price("lamp", 0, 10.0)
    for day in (0, 7, 14, 21):
        house.rival("lamp", day, 0.1 if day == 7 else 9.0)
        house.rival("lamp", day, 11.0, "other")
    found = weeks(house)
    assert found.treated["absurd_rival_prices"] == 1
    np.testing.assert_allclose(found.rival[row(found)], np.sqrt(9 * 11) / 1.25, rtol=0.01)


def test_half_a_week_at_either_end_is_left_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    for day in (2, 8, 15, 23):
        house.sale("lamp", day)
    found = weeks_of(house.records(30, store=STORE), "")
    house.close()
    assert found is not None
    assert found.units[0].tolist() == [1, 1]
