from __future__ import annotations

from collections import Counter

import numpy as np

from shopkeeper.simulation.ledger import RESTOCK_TO, Ledger
from shopkeeper.simulation.market import Market
from shopkeeper.simulation.sessions import Browsing

from .conftest import UNTIL_MS

Booked = tuple[Browsing, Ledger]


def test_stock_is_what_was_there_plus_what_came_less_what_was_sold(market: Market, booked: Booked) -> None:
    _, ledger = booked
    shelf = market.stores[0].shelf
    sold = Counter[int]()
    for sale in ledger.sales:
        for line in sale.lines:
            sold[line.product] += line.quantity
    orders_placed = Counter(count.product for count in ledger.counts if count.inbound)
    for product in np.flatnonzero(shelf.sellable).tolist():
        missing = ledger.stock[product] - (shelf.first_stock[product] - sold[product])
        assert missing in (orders_placed[product] * RESTOCK_TO, (orders_placed[product] - 1) * RESTOCK_TO)


def test_nothing_is_sold_that_is_not_there(market: Market, booked: Booked) -> None:
    _, ledger = booked
    assert ledger.stock.min() >= 0
    assert min(count.on_hand for count in ledger.counts) == 0
    scarce = ~market.stores[0].shelf.restocked
    assert (ledger.stock[scarce] == 0).any()


def test_a_product_that_is_sold_out_for_good_goes_into_no_later_cart(market: Market, booked: Booked) -> None:
    browsing, ledger = booked
    gone = {
        c.product: c.ts for c in ledger.counts if c.on_hand == 0 and not market.stores[0].shelf.restocked[c.product]
    }
    assert gone
    for page in np.flatnonzero(ledger.in_cart):
        product = int(browsing.product[page])
        assert browsing.ts[page] <= gone.get(product, UNTIL_MS)


def test_no_order_costs_more_than_its_shoppers_budget(market: Market, booked: Booked) -> None:
    browsing, ledger = booked
    assert ledger.sales
    for sale in ledger.sales:
        assert sale.goods <= market.stores[0].crowd.budget[browsing.shopper[sale.session]] + 1e-6


def test_what_the_budget_forbids_is_taken_out_of_the_cart_and_not_sold(booked: Booked) -> None:
    browsing, ledger = booked
    assert (ledger.left_out <= ledger.in_cart).all()
    by_session = {sale.session: {line.product for line in sale.lines} for sale in ledger.sales}
    for page in np.flatnonzero(ledger.left_out):
        assert int(browsing.product[page]) not in by_session.get(int(browsing.session[page]), set())


def test_only_what_was_in_the_cart_is_sold(booked: Booked) -> None:
    browsing, ledger = booked
    carts: dict[int, set[int]] = {}
    for page in np.flatnonzero(ledger.in_cart):
        carts.setdefault(int(browsing.session[page]), set()).add(int(browsing.product[page]))
    for sale in ledger.sales:
        assert {line.product for line in sale.lines} <= carts[sale.session]
        assert sale.ts > browsing.end[sale.session]


def test_postage_is_paid_below_the_free_limit_and_never_for_gift_cards_alone(market: Market, booked: Booked) -> None:
    _, ledger = booked
    plan, shelf = market.stores[0].plan, market.stores[0].shelf
    for sale in ledger.sales:
        goods = any(shelf.sellable[line.product] for line in sale.lines)
        due = goods and sale.goods < plan.free_shipping_from
        assert sale.shipping == (plan.shipping if due else 0.0)


def test_refunds_come_back_after_the_sale_and_before_the_end(booked: Booked) -> None:
    _, ledger = booked
    back = [(sale.ts, line.refunded) for sale in ledger.sales for line in sale.lines if line.refunded]
    assert back
    assert all(sold < refunded < UNTIL_MS for sold, refunded in back)
