"""What shoppers of the shop of `session_shop.py` ask a server, as bytes to be sent."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from itertools import count, cycle

from benchmarks.session_shop import STORE, Shop

from shopkeeper.testing.load import http_request
from shopkeeper.testing.trained_shop import ask_for

K = 20
PRIMED = 500
"""Requests that were asked before."""


def wish(shop: Shop, shopper: int) -> bytes:
    """Return one request of a shopper with a past."""
    return ask_for(shop.key, {"store": STORE, "visitor": f"v{shopper % shop.shoppers}", "k": K})


def uncached(shop: Shop) -> Iterator[bytes]:
    """Yield requests of shoppers with a past, far from each other in the bundle, made beforehand."""
    return cycle([wish(shop, 7_919 * n) for n in range(min(shop.shoppers, 20_000))])


def primed(shop: Shop) -> list[bytes]:
    """Return requests that are asked first, so that their answers are kept."""
    return [wish(shop, n) for n in range(PRIMED)]


def mixed_hits(shop: Shop) -> Iterator[bytes]:
    """Yield requests of which four in five were asked before."""
    known, fresh = cycle(primed(shop)), fresh_requests(shop)
    for number in count():
        yield next(fresh) if number % 5 == 4 else next(known)


_FRESH: Callable[[], int] = count(PRIMED).__next__


def fresh_requests(shop: Shop) -> Iterator[bytes]:
    """Yield requests nobody asked before, in this run or another: each of a shopper on some product's page."""
    for number in iter(_FRESH, -1):
        page = {"products": [f"p{number * 31 % shop.products}"], "surface": "product"}
        yield ask_for(shop.key, {"store": STORE, "visitor": f"v{number % shop.shoppers}", "k": K, **page})


def traffic_of(shop: Shop) -> Iterator[bytes]:
    """Yield a shop's traffic: of ten requests seven views, two recommendations and a price."""
    for number in count():
        shopper = f"v{number * 13 % shop.shoppers}"
        if number % 10 < 7:
            event = {
                "event_id": f"{os.getpid()}-{time.monotonic_ns()}-{number}", "ts": time.time(), "store": STORE,
                "type": "view",
                "product": f"p{number * 17 % shop.products}", "visitor": shopper,
            }  # fmt: skip
            yield http_request("POST", "/v1/events", json.dumps(event).encode(), shop.key)
        elif number % 10 < 9:
            yield ask_for(shop.key, {"store": STORE, "visitor": shopper, "k": K})
        else:
            asked = {"store": STORE, "products": [f"p{(number + n) % shop.products}" for n in range(5)]}
            yield http_request("POST", "/v1/prices", json.dumps(asked).encode(), shop.key)
