"""The demo shop: pages a shopper could meet, whose own script talks to Shopkeeper only through the public API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from shopkeeper.commerce.store import Store
from shopkeeper.serving.catalogue import Card
from shopkeeper.web.pages import page
from shopkeeper.web.storefront_cards import category_path, shown, store_name, store_path
from shopkeeper.web.storefront_keys import KEYS_FILE, browser_keys
from shopkeeper.web.storefront_shelf import ORDERS, Order, Shelf, ancestors, lay_out

PAGE_SIZE = 30
DOOR_PICTURES = 4
FRESH_SECONDS = 5.0
CARDS_LIMIT = 50
router = APIRouter(include_in_schema=False)

StoreName = Annotated[str, Path(max_length=200)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a store that is open.

    Attributes:
        key: The store's browser key.
        shelf: Its shelf, at most `FRESH_SECONDS` old; single products are always read live.
    """

    store: Store
    key: str
    shelf: Shelf
    now: datetime

    def page(self, name: str, values: dict[str, Any], *, status: int = 200) -> Response:
        """Render a page of this store."""
        store = self.store.store
        return page(
            f"storefront/{name}",
            {
                "store": self.store,
                "name": store_name(store),
                "home": store_path(store),
                "sections": self.shelf.sections(limit=8),
                "category_path": lambda category: category_path(store, category),
                "data": {
                    "store": store,
                    "key": self.key,
                    "group": self.store.group,
                    "home": store_path(store),
                    "currency": self.store.currency,
                    "locale": self.store.locales[0] if self.store.locales else "en",
                },
                "surface": "not_found",
                "crumbs": (),
                "query": "",
                **values,
            },
            status=status,
        )

    def cards(self, cards: Sequence[Card]) -> list[Any]:
        """Return products as this store shows them."""
        return [shown(card, self.store, self.now) for card in cards]


@router.get("/")
def front_door(request: Request) -> Response:
    """Send a newcomer to the demo shop where one is set up, else to the control room."""
    keys, _ = _keys(request)
    return RedirectResponse("/storefront" if keys else "/control-room")


@router.get("/storefront")
async def stores(request: Request) -> Response:
    """Show the stores that can be visited, or how to open one."""
    keys, problems = await run_in_threadpool(_keys, request)
    known = request.app.state.serving.catalogue.stores
    now = datetime.now(UTC)
    opened = [store for store in known if store.store in keys]
    shelves = [await _shelf(request, store) for store in opened]
    values = {
        "opened": [
            (store, [shown(card, store, now) for card in shelf.products()[:DOOR_PICTURES]])
            for store, shelf in zip(opened, shelves, strict=True)
        ],
        "closed": [store for store in known if store.store not in keys],
        "problems": problems,
        "keys_file": KEYS_FILE,
        "store_path": store_path,
        "store_name": store_name,
    }
    return page("storefront/stores.html", values)


@router.get("/storefront/{store}")
async def home(request: Request, store: StoreName, order: Order = "featured", number: PageNumber = 1) -> Response:
    """Show a store's front page."""
    visit = await _visit(request, store)
    if isinstance(visit, Response):
        return visit
    return _grid(visit, visit.shelf.products("", order), order, number, {"surface": "home", "heading": "All products"})


@router.get("/storefront/{store}/c/{category:path}")
async def category(
    request: Request, store: StoreName, category: str, order: Order = "featured", number: PageNumber = 1
) -> Response:
    """Show a category: what is in it and in all below it."""
    visit = await _visit(request, store)
    if isinstance(visit, Response):
        return visit
    cards = visit.shelf.products(category, order)
    if not cards:
        return visit.page("missing.html", {"what": f"the category “{category}”"}, status=404)
    above = ancestors(category)
    values = {
        "surface": "category",
        "category": category,
        "heading": above[-1].rpartition(" > ")[2],
        "crumbs": [(path.rpartition(" > ")[2], category_path(store, path)) for path in above],
        "below": visit.shelf.sections(category),
    }
    return _grid(visit, cards, order, number, values)


@router.get("/storefront/{store}/search")
async def search(
    request: Request,
    store: StoreName,
    q: Annotated[str, Query(max_length=200)] = "",
    order: Order = "featured",
    number: PageNumber = 1,
) -> Response:
    """Show the products that fit a shopper's words."""
    visit = await _visit(request, store)
    if isinstance(visit, Response):
        return visit
    found = await run_in_threadpool(visit.shelf.find, q, order)
    values = {"surface": "search" if found else "empty_search", "heading": f"Results for “{q}”", "query": q}
    return _grid(visit, found, order, number, values)


@router.get("/storefront/{store}/cart")
async def cart(request: Request, store: StoreName) -> Response:
    """Show the cart; its content lives in the browser, whose script fills it in."""
    visit = await _visit(request, store)
    return visit if isinstance(visit, Response) else visit.page("cart.html", {"surface": "cart"})


@router.get("/storefront/{store}/cards")
async def cards(
    request: Request, store: StoreName, product: Annotated[list[str], Query(max_length=CARDS_LIMIT)]
) -> Response:
    """Return the cards of the asked products as a fragment, in their order; what may not be shown is left out."""
    visit = await _visit(request, store)
    if isinstance(visit, Response):
        return visit
    catalogue = request.app.state.serving.catalogue
    found = [card for name in product if (card := catalogue.card(store, name)) and card.available(visit.now)]
    return page("storefront/cards.html", {"cards": visit.cards(found)})


@router.get("/storefront/{store}/p/{product:path}")
async def product_page(request: Request, store: StoreName, product: str) -> Response:
    """Show one product."""
    visit = await _visit(request, store)
    if isinstance(visit, Response):
        return visit
    card: Card | None = request.app.state.serving.catalogue.card(store, product)
    if card is None or card.product.status == "draft":
        return visit.page("missing.html", {"what": f"the product “{product}”"}, status=404)
    above = ancestors(card.category or "")
    values = {
        "surface": "product",
        "item": shown(card, visit.store, visit.now),
        "description": _description(card, visit.store),
        "facts": _facts(card),
        "crumbs": [(path.rpartition(" > ")[2], category_path(store, path)) for path in above],
    }
    return visit.page("product.html", values)


def _grid(visit: Visit, cards: Sequence[Card], order: Order, number: int, values: dict[str, Any]) -> Response:
    """Render one page of a list of products."""
    pages = max(1, -(-len(cards) // PAGE_SIZE))
    number = min(number, pages)
    part = cards[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    paging = {"cards": visit.cards(part), "total": len(cards), "page_number": number, "pages": pages}
    return visit.page("grid.html", {"category": "", "below": (), **values, **paging, "order": order, "orders": ORDERS})


async def _visit(request: Request, store: str) -> Visit | Response:
    """Return a visit to an open store, or the page that says why it cannot be visited."""
    serving = request.app.state.serving
    declared: Store | None = serving.catalogue.store(store)
    keys, problems = await run_in_threadpool(_keys, request)
    if declared is None or store not in keys:
        values = {"store": store, "known": declared is not None, "problems": problems, "keys_file": KEYS_FILE}
        return page("storefront/closed.html", values, status=404)
    return Visit(declared, keys[store], await _shelf(request, declared), datetime.now(UTC))


async def _shelf(request: Request, store: Store) -> Shelf:
    """Return a store's shelf, laid out anew when the catalogue changed and the last one is some seconds old."""
    catalogue, state = request.app.state.serving.catalogue, request.app.state
    if not hasattr(state, "storefront_shelves"):
        state.storefront_shelves = {}
    kept: tuple[datetime, Shelf] | None = state.storefront_shelves.get(store.store)
    now = datetime.now(UTC)
    if kept and (kept[1].version == catalogue.version or (now - kept[0]).total_seconds() < FRESH_SECONDS):
        return kept[1]
    # The event loop alone changes the catalogue, so the cards are gathered here and sorted elsewhere.
    available = [card for card in catalogue.cards(store.store) if card.available(now)]
    locale = store.locales[0] if store.locales else "en"
    shelf = await run_in_threadpool(lay_out, available, catalogue.version, locale)
    state.storefront_shelves[store.store] = (now, shelf)
    return shelf


def _keys(request: Request) -> tuple[dict[str, str], tuple[str, ...]]:
    serving = request.app.state.serving
    return browser_keys(serving.settings.workspace, serving.state.keys)


def _description(card: Card, store: Store) -> str:
    words = card.product.description
    if isinstance(words, dict):
        return words.get(store.locales[0] if store.locales else "") or next(iter(words.values()), "")
    return words or ""


def _facts(card: Card) -> list[tuple[str, str]]:
    """Return the product's attributes that are plain words or numbers, as a shopper reads them."""
    plain = [(name, value) for name, value in card.product.attributes.items() if isinstance(value, str | int | float)]
    facts = [(name.replace("_", " ").capitalize(), str(value)) for name, value in plain if not isinstance(value, bool)]
    return facts[:8]
