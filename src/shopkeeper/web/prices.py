"""`POST /v1/prices`: what products cost here and now, out of memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shopkeeper.errors import FieldProblem, NotAllowed, RequestRejected
from shopkeeper.pricing.runs.price_book import SHOPS_OWN
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import Answer
from shopkeeper.web.auth import authorise, check_store
from shopkeeper.web.raw import Call, RawRoute
from shopkeeper.wiring.serving import Serving

NEEDS: Scope = "decide"
NEEDS_TO_SET: Scope = "manage"
"""Of what a browser may not see: price lists, and what the shop is to set."""
SYSTEM: Final = "pricing"
MOST: Final = 1_000
"""Products of one request."""
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class PricesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/prices`.

    Attributes:
        products: Ids; no more than 1,000.
        price_list: Your own name of the price list, which takes a key with the scope manage; empty = what every shopper
            pays.
        carts: Product -> version of the price it had when it was put into the cart. A cart keeps it for the policy's
            time where the price was raised since; a lower one it gets at once. Ask so from your server, which knows it.
    """

    store: Name
    products: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST)]
    price_list: Annotated[str, Meta(max_length=200)] = ""
    carts: dict[str, Annotated[int, Meta(ge=0)]] = {}


class QuotedPrice(Struct, frozen=True):
    """What one product costs.

    Attributes:
        price: As shown, with the store's tax rule; null where neither a run nor the shop's feed has one.
        version: Of the price; 0 = the shop's own. Keep it with what is put into a cart.
        source: A price run decided it, the shop's own feed says it, a cart keeps it from before, or nobody knows it.
        kept_until: Until when the cart may keep it; null where it is what holds now.
    """

    product: str
    price: float | None
    version: int
    source: Literal["run", "shop", "cart", "none"]
    kept_until: datetime | None = None


class PricesAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        prices: In the order of the request.
        currency: ISO 4217 code of the store.
        version: Number of the newest change of any price that this process knows.
        fallback: Why it is the last good price: `stopped` = pricing is stopped, so each is the last one the shop
            confirmed; `stale` = the state database does not answer, so they are as last known; null = neither.
        took_ms: Time in the server, milliseconds.
    """

    prices: tuple[QuotedPrice, ...]
    currency: str
    version: int
    fallback: str | None
    took_ms: float


class Prices(RawRoute):
    """The hot route."""

    async def answer(self, call: Call) -> Answer:
        """Return prices out of memory, whatever else is away."""
        key = await authorise(call.scope, call.serving.keys, NEEDS)
        started = perf_counter()
        body = _read(await call.body())
        check_store(key, body.store)
        if body.price_list and NEEDS_TO_SET not in key.scopes:
            raise NotAllowed(f"This key ({key.key_id}) may not see price lists.", "Use one with the scope manage.")
        store = call.serving.catalogue.known_store(body.store)
        stopped = call.serving.arms.stopped(SYSTEM, body.store)
        fallback = "stopped" if stopped else None if call.serving.prices.up else "stale"
        quoted = _quotes(call.serving, body, stopped)
        took_ms = (perf_counter() - started) * 1000
        call.serving.telemetry.observe(took_ms, fallback, False, SYSTEM)
        version = call.serving.price_book.version
        shown = PricesAnswer(quoted, store.currency, version, fallback, round(took_ms, 3))
        return Answer(200, msgspec.json.encode(shown))


def _quotes(serving: Serving, body: PricesBody, stopped: bool) -> tuple[QuotedPrice, ...]:
    now, hours = serving.now(), serving.prices.hours
    quoted = []
    for product in body.products:
        price = _quote(serving, body, product, stopped)
        number = body.carts.get(product)
        if number is not None and number != price.version and not stopped:
            past = serving.price_book.kept((body.store, body.price_list, product), number, hours, now)
            if past is not None and price.price is not None and past.price < price.price:
                until = past.ended + timedelta(hours=hours)
                price = QuotedPrice(product, past.price, past.number, "cart", until)
        quoted.append(price)
    return tuple(quoted)


def _quote(serving: Serving, body: PricesBody, product: str, stopped: bool) -> QuotedPrice:
    decided = serving.price_book.get(body.store, body.price_list, product)
    if decided is not None:
        return QuotedPrice(product, decided.good if stopped else decided.holds, decided.number, "run")
    card = None if body.price_list else serving.catalogue.card(body.store, product)
    if card is None or card.price is None:
        return QuotedPrice(product, None, SHOPS_OWN, "none")
    return QuotedPrice(product, card.price, SHOPS_OWN, "shop")


def _read(sent: bytes) -> PricesBody:
    try:
        return msgspec.json.decode(sent, type=PricesBody)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = FieldProblem("$", str(error), "See /docs for the body of this route.")
        raise RequestRejected(f"The body cannot be used: {error}.", "Mend it; see /docs.", (problem,)) from error
