"""The events a shop's own tracking would have sent while the simulated shoppers browsed and bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.catalogue import POSTAGE
from shopkeeper.simulation.ledger import Ledger, Sale
from shopkeeper.simulation.market import StoreMarket
from shopkeeper.simulation.sessions import HOME, SEARCH, SECOND, Browsing
from shopkeeper.simulation.shoppers import DEVICES

Row = dict[str, Any]

IMPRESSION_DAYS = 10
"""The shop has logged what it showed only for so many days; before, only what was clicked."""
USER_AGENTS = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/604.1",
)
SIGNED_IN_SHARE = 0.85
LATE_SIGN_IN_SHARE = 0.12


def iso_times(ts: npt.ArrayLike) -> list[str]:
    """Return milliseconds since 1970 as ISO 8601 text in UTC."""
    moments = np.asarray(ts, dtype="datetime64[ms]")
    return [f"{text}Z" for text in np.datetime_as_string(moments, unit="ms").tolist()]


def order_id(market: StoreMarket, sale: Sale) -> str:
    """Return the id of an order; a session closes at most one."""
    return f"{market.stamp}-o{sale.session:06d}"


def clickstream(
    market: StoreMarket, browsing: Browsing, ledger: Ledger, prices: npt.NDArray[np.float64], until_ms: int,
    rng: np.random.Generator,
) -> Iterator[Row]:  # fmt: skip
    """Yield the rows of the `events` table in order of time, each with an id of its own.

    Args:
        prices: Price of each product on each day, shape (days, products).
    """
    keys = _SessionKeys(market, browsing, rng)
    moments: list[tuple[int, int, Row]] = []
    _add_entries(moments, market, browsing, keys, until_ms)
    _add_pages(moments, market, browsing, ledger, prices)
    _add_sales(moments, market, ledger)
    moments.sort(key=lambda moment: (moment[0], moment[1]))
    times = iso_times([ts for ts, _, _ in moments])
    signed: set[int] = set()
    for number, (_, session, row) in enumerate(moments):
        if row["type"] == "identify":
            signed.add(session)
        late = keys.late[session] and session not in signed
        yield {
            "event_id": f"{market.stamp}-{number:07d}",
            "ts": times[number],
            **(keys.guest(session) if late else keys.full(session)),
            **row,
        }


class _SessionKeys:
    """Who a session belongs to, as its events say it."""

    def __init__(self, market: StoreMarket, browsing: Browsing, rng: np.random.Generator) -> None:
        n = browsing.shopper.size
        crowd = market.crowd
        signed = crowd.signed_in[browsing.shopper] & (rng.random(n) < SIGNED_IN_SHARE)
        self.late = signed & (rng.random(n) < LATE_SIGN_IN_SHARE)
        self._guests: list[Row] = []
        self._full: list[Row] = []
        for session, shopper in enumerate(browsing.shopper.tolist()):
            person = crowd.people[shopper]
            keys: Row = {
                "store": market.name,
                "visitor": f"v-{person}",
                "session": f"{market.stamp}-s{session:06d}",
                "device": DEVICES[crowd.device[shopper]],
            }
            refused = consent_said(market, shopper)
            if refused:
                keys["consent"] = refused
            self._guests.append(keys)
            self._full.append({**keys, "user": person} if signed[session] else keys)

    def guest(self, session: int) -> Row:
        """Return the keys before signing in."""
        return self._guests[session]

    def full(self, session: int) -> Row:
        """Return the keys of the session once it is known who it is."""
        return self._full[session]


def consent_said(market: StoreMarket, shopper: int) -> dict[str, bool]:
    """Return what a shopper's events say about consent: only what they refuse; the store's default covers the rest."""
    refused: dict[str, bool] = {}
    if not market.crowd.measure[shopper]:
        refused["measure"] = False
    if not market.crowd.personalise[shopper]:
        refused["personalise"] = False
    return refused


def _add_entries(
    moments: list[tuple[int, int, Row]], market: StoreMarket, browsing: Browsing, keys: _SessionKeys, until_ms: int
) -> None:
    """Add how each session began: the strip on the home page, a search, or signing in on the way."""
    shelf, families = market.shelf, market.plan.assortment.families
    first_page = np.searchsorted(browsing.session, np.arange(browsing.shopper.size))
    logged_from = until_ms - IMPRESSION_DAYS * 86_400 * SECOND
    strip = [shelf.ids[product] for product in browsing.strip]
    for session, (start, entry) in enumerate(zip(browsing.start.tolist(), browsing.entry.tolist(), strict=True)):
        page = int(first_page[session])
        if entry == SEARCH:
            family = int(shelf.family[browsing.product[page]])
            query = families[family].leaf.lower() if family >= 0 else "gift card"
            results = int((shelf.family == family).sum())
            moments.append((start, session, {"type": "search", "query": query, "results": results}))
        elif entry == HOME and start >= logged_from:
            moments.extend(
                (start, session, {"type": "impression", "product": product, "surface": "home", "position": place})
                for place, product in enumerate(strip, 1)
            )
        if keys.late[session]:
            moments.append((int(browsing.ts[page]) + SECOND, session, {"type": "identify"}))


def _add_pages(
    moments: list[tuple[int, int, Row]], market: StoreMarket, browsing: Browsing, ledger: Ledger,
    prices: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Add what was clicked, viewed, put into carts and taken out again."""
    ids, currency = market.shelf.ids, market.plan.store.currency
    user_agent = [USER_AGENTS[device] for device in market.crowd.device[browsing.shopper]]
    before = -1
    pages = zip(
        browsing.session.tolist(), browsing.product.tolist(), browsing.ts.tolist(), browsing.position.tolist(),
        ledger.in_cart.tolist(), ledger.left_out.tolist(), strict=True,
    )  # fmt: skip
    for session, product, ts, position, in_cart, left_out in pages:
        name = ids[product]
        if position:
            click = {"type": "click", "product": name, "surface": "home", "position": position}
            moments.append((ts - 400, session, click))
        view: Row = {"type": "view", "product": name, "surface": "product"}
        if session != before:
            view["user_agent"] = user_agent[session]
            before = session
        moments.append((ts, session, view))
        if in_cart:
            price = float(prices[browsing.day[session], product])
            cart = {"type": "cart", "product": name, "quantity": 1, "price": price, "currency": currency}
            moments.append((ts + 1_500, session, cart))
        if left_out:
            moments.append((int(browsing.end[session]) + 30 * SECOND, session, {"type": "remove", "product": name}))


def _add_sales(moments: list[tuple[int, int, Row]], market: StoreMarket, ledger: Ledger) -> None:
    """Add check-outs, purchases line by line (postage is a line, as in many shops), and refunds."""
    ids, currency = market.shelf.ids, market.plan.store.currency
    for sale in ledger.sales:
        order = order_id(market, sale)
        moments.append((sale.ts - 20 * SECOND, sale.session, {"type": "checkout", "value": round(sale.goods, 2)}))
        for line in sale.lines:
            row = {
                "product": ids[line.product], "quantity": line.quantity, "price": line.price, "currency": currency,
                "order_id": order,
            }  # fmt: skip
            moments.append((sale.ts, sale.session, {"type": "purchase", **row}))
            if line.refunded:
                moments.append((line.refunded, sale.session, {"type": "refund", **row}))
        if sale.shipping:
            row = {"product": POSTAGE, "quantity": 1, "price": sale.shipping, "currency": currency, "order_id": order}
            moments.append((sale.ts, sale.session, {"type": "purchase", **row}))
