"""What was really sold: carts against stock and budget, orders, refunds, and the stock that is left."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.market import StoreMarket
from shopkeeper.simulation.sessions import SECOND, Browsing

DAY = 86_400 * SECOND
RESTOCK_AT = 8
RESTOCK_TO = 60
LEAD_DAYS = 4
REFUND_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """One product of one order; `refunded` is when it came back (ms), 0 = kept."""

    product: int
    quantity: int
    price: float
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Sale:
    """One order: the session it closed, when (ms), what was in it."""

    session: int
    ts: int
    lines: tuple[Line, ...]
    shipping: float

    @property
    def goods(self) -> float:
        """What the goods cost the shopper, postage not included."""
        return sum(line.quantity * line.price for line in self.lines)


@dataclass(frozen=True, slots=True)
class Count:
    """Units on hand of a product from `ts` (ms) on, and how many are on their way."""

    ts: int
    product: int
    on_hand: int
    inbound: int = 0


@dataclass(slots=True)
class Ledger:
    """The books of one store.

    Attributes:
        in_cart: For each page: it went into the cart.
        left_out: For each page: it was taken out again, because the order would have cost more than the budget.
        stock: Units on hand at the end.
    """

    in_cart: npt.NDArray[np.bool_]
    left_out: npt.NDArray[np.bool_]
    stock: npt.NDArray[np.int64]
    sales: list[Sale] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)


def keep_books(
    market: StoreMarket, browsing: Browsing, prices: npt.NDArray[np.float64], until_ms: int, rng: np.random.Generator
) -> Ledger:
    """Go through the sessions in order of their end and sell what stock and budgets allow.

    Args:
        prices: Price of each product on each day, shape (days, products).
    """
    shelf, crowd = market.shelf, market.crowd
    pages = browsing.session.size
    ledger = Ledger(np.zeros(pages, np.bool_), np.zeros(pages, np.bool_), shelf.first_stock.copy())
    opening = int(browsing.start.min(initial=until_ms)) - DAY // 24
    ledger.counts.extend(Count(opening, p, int(shelf.first_stock[p])) for p in range(shelf.size) if shelf.sellable[p])
    coming: dict[int, int] = {}
    wants = np.flatnonzero(browsing.wanted)
    by_session: dict[int, list[int]] = {}
    for page in wants.tolist():
        by_session.setdefault(int(browsing.session[page]), []).append(page)
    for session in sorted(by_session, key=lambda s: (int(browsing.end[s]), s)):
        end = int(browsing.end[session])
        _receive(ledger, coming, end)
        cart = [page for page in by_session[session] if ledger.stock[browsing.product[page]] > 0]
        ledger.in_cart[cart] = True
        day_prices = prices[browsing.day[session]]
        lines, left_out = _fill(ledger, browsing, cart, day_prices, float(crowd.budget[browsing.shopper[session]]), rng)
        ledger.left_out[left_out] = True
        if not lines or rng.random() >= market.habits.purchase_share:
            continue
        sale = _sell(market, ledger, session, end + 90 * SECOND, lines, until_ms, rng)
        ledger.sales.append(sale)
        for line in sale.lines:
            product = line.product
            if shelf.restocked[product] and ledger.stock[product] <= RESTOCK_AT and product not in coming:
                coming[product] = sale.ts + LEAD_DAYS * DAY
                ledger.counts.append(Count(sale.ts, product, int(ledger.stock[product]), RESTOCK_TO))
            elif ledger.stock[product] == 0:
                ledger.counts.append(Count(sale.ts, product, 0))
    _receive(ledger, coming, until_ms)
    ledger.counts.sort(key=lambda count: (count.ts, count.product))
    return ledger


def _receive(ledger: Ledger, coming: dict[int, int], now: int) -> None:
    """Put on the shelf what has arrived by `now`."""
    for product in [p for p, ts in coming.items() if ts <= now]:
        ledger.stock[product] += RESTOCK_TO
        ledger.counts.append(Count(coming.pop(product), product, int(ledger.stock[product])))


def _fill(
    ledger: Ledger, browsing: Browsing, cart: list[int], prices: npt.NDArray[np.float64], budget: float,
    rng: np.random.Generator,
) -> tuple[list[Line], list[int]]:  # fmt: skip
    """Return the lines the budget allows, in the order they were put in, and the pages that had to be left out."""
    lines: list[Line] = []
    left_out: list[int] = []
    total = 0.0
    for page in cart:
        product = int(browsing.product[page])
        if any(line.product == product for line in lines):
            continue
        price = float(prices[product])
        quantity = 2 if rng.random() < 0.12 and ledger.stock[product] >= 2 else 1
        if total + quantity * price > budget:
            quantity = 1
        if total + price > budget:
            left_out.append(page)
            continue
        total += quantity * price
        lines.append(Line(product, quantity, price))
    return lines, left_out


def _sell(
    market: StoreMarket, ledger: Ledger, session: int, ts: int, lines: list[Line], until_ms: int,
    rng: np.random.Generator,
) -> Sale:  # fmt: skip
    """Take the units off the shelf and say which lines will come back."""
    sold: list[Line] = []
    for line in lines:
        ledger.stock[line.product] -= line.quantity
        back = ts + int(rng.integers(3 * DAY, 14 * DAY))
        returned = market.shelf.sellable[line.product] and rng.random() < REFUND_SHARE and back < until_ms
        sold.append(Line(line.product, line.quantity, line.price, back if returned else 0))
    goods = any(market.shelf.sellable[line.product] for line in sold)
    free = sum(line.quantity * line.price for line in sold) >= market.plan.free_shipping_from
    return Sale(session, ts, tuple(sold), 0.0 if free or not goods else market.plan.shipping)
