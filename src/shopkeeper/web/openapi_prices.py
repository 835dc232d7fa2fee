"""The routes of prices in /openapi.json."""

from __future__ import annotations

from typing import Final

from shopkeeper.web.openapi_rollouts import Route, operations
from shopkeeper.web.openapi_schemas import Document

PRICE: Final = "Set prices"
WORDS: Final = (
    "What products cost, out of memory; what changed, for the shop to set; why a price is what it is; and price runs: "
    "proposed, judged, approved, published, taken back. To ask what products cost takes a key with the scope decide; "
    "what changed, price lists, to look at runs and reasons and to take a run back the scope manage; all else a person "
    "who signed in (`Authorization: Bearer SESSION`)."
)
EXAMPLE_RUN: Final = "price_run-uk-20261126-090000-a1b2c3"
PRICES: Final[Document] = {"store": "uk", "products": ["85123A"], "carts": {"85123A": 0}}
_ASK = ("403", "404", "409", "422", "503")
_LOOK, _DO = ("403", "404", "422"), ("400", "403", "404", "409", "413", "422")
_ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("/v1/prices/changes", "get"): ("price_changes", "PriceChangesAnswer", "200", _LOOK, None),
    ("/v1/prices/{product}/explain", "get"): ("explain_price", "Explained", "200", _ASK, None),
    ("/v1/price-frontier", "get"): ("price_frontier", "Frontier", "200", _ASK, None),
    ("/v1/price-runs", "get"): ("price_runs", "PriceRunsAnswer", "200", ("403", "422"), None),
    ("/v1/price-runs", "post"): ("begin_price_run", "PriceRunOrdered", "202", _DO, "PriceRunBody"),
    ("/v1/price-runs/{run}", "get"): ("price_run", "PriceRunDetails", "200", _LOOK, None),
    ("/v1/price-runs/{run}/{action}", "post"): ("steer_price_run", "PriceRunAnswer", "200", _DO, "PriceActionBody"),
}
_BODIES: Final[dict[str, Document]] = {
    "PriceRunBody": {"stores": ["uk"], "prices": [{"store": "uk", "product": "85123A", "price": 2.49}]},
    "PriceActionBody": {"why": "agreed with the buyer"},
}
_PARAMETERS: Final[dict[str, Document]] = {
    "since": {"description": "Version of the answer before; 0 = from the first change.", "example": 0},
    "store": {"description": "Left out: the store of the key; a key for `*` must name it.", "example": "uk"},
    "limit": {"description": "How many at most.", "example": 100},
    "skip": {"description": "Begin after so many prices.", "example": 0},
    "moved": {"description": "Only prices that change.", "example": True},
    "product": {"description": "Id of a product.", "example": "85123A"},
    "price_list": {"description": "Left out: that of ordinary shoppers.", "example": ""},
    "margin": {"description": "Least margins, shares of revenue; left out: some around today's.", "example": [0.3]},
    "run": {"description": "Id of a price run.", "example": EXAMPLE_RUN},
    "action": {"description": "What is done with it.", "example": "approve"},
}


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the paths of prices; arguments as `openapi_rollouts.paths`."""
    return operations(described, problems, PRICE, _ROUTES, _BODIES, _PARAMETERS)
