"""The answer that cannot fail, over odd catalogues and odd requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.categories import under
from shopkeeper.recommendations.request import Filters, RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import passes
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.catalogue import Card, Catalogue
from shopkeeper.serving.ports import Profile, SessionEvent
from shopkeeper.serving.sensitive import HIDDEN_ON

from .conftest import NOW, Shop, product

IDS = st.sampled_from(["a", "b", "c", "d", "é", "e ", "\x00", "f" * 200])
STORES = st.sampled_from(["uk", "de", "nowhere"])
PATHS = st.sampled_from(["x", "x > y", "x>y>z", "", " > ", "ü > ß", ">" * 20, "y"])
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MONEY = st.none() | st.floats(0, 1e9)
TYPES = st.sampled_from(["view", "click", "cart", "checkout", "purchase", "rating", "impression", "dismiss"])

products = st.builds(
    Product,
    product=IDS,
    store=st.sampled_from(["", "uk", "de"]),
    kind=st.sampled_from(["product", "service", "gift_card", "bundle"]),
    title=st.none() | st.text(max_size=5) | st.just({}) | st.just({"de": "Ding"}),
    brand=st.none() | st.sampled_from(["", "m"]),
    categories=st.lists(PATHS, max_size=3).map(tuple),
    price=MONEY,
    stock=MONEY,
    status=st.sampled_from(["active", "withdrawn", "draft"]),
    available_from=st.none() | TIMES,
    available_until=st.none() | TIMES,
    created_at=st.none() | TIMES,
    sensitive=st.booleans(),
)
bodies = st.builds(
    RecommendationBody,
    store=STORES,
    user=st.none() | IDS,
    visitor=st.none() | IDS,
    surface=st.sampled_from(["home", "cart", "?"]),
    products=st.lists(IDS, max_size=4).map(tuple),
    candidates=st.none() | st.lists(IDS, max_size=5).map(tuple),
    k=st.integers(1, 12),
    filters=st.builds(
        Filters,
        categories=st.lists(PATHS, max_size=2).map(tuple),
        brands=st.lists(st.sampled_from(["", "m"]), max_size=2).map(tuple),
        price_min=MONEY,
        price_max=MONEY,
    ),
    exclude=st.lists(IDS, max_size=3).map(tuple),
)
profiles = st.lists(st.builds(SessionEvent, product=IDS, type=TYPES, ts=TIMES), max_size=6)
live = st.lists(st.tuples(STORES, IDS, PATHS, TYPES, TIMES), max_size=8)


def shop_of(rows: list[Product], counted: list[Any]) -> tuple[Catalogue, RecommendationSystem]:
    catalogue, trending = Catalogue(), Trending()
    stores = [Store(store="uk", customer_group="g"), Store(store="de", customer_group="g", locales=())]
    catalogue.apply([SourcedRow(row, NOW) for row in (*stores, *rows)])
    for store, name, path, kind, ts in counted:
        trending.record(store, name, (path,), kind, ts)
    return catalogue, RecommendationSystem(catalogue, trending)


def of_the_page(card: Card, body: RecommendationBody, catalogue: Catalogue) -> bool:
    """Say whether a page may show a sensitive product as it is about it."""
    if body.surface in HIDDEN_ON:
        return False
    cards = [catalogue.card(body.store, name) for name in body.products[:3]]
    shown = [*body.filters.categories, *(one.category for one in cards if one is not None and one.category)]
    return body.candidates is not None or any(under(card.product.categories, category) for category in shown)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(products, max_size=10), bodies, profiles, live, st.none() | st.booleans())
def test_it_answers_whatever_is_asked_and_breaks_no_rule(
    rows: list[Product], body: RecommendationBody, events: list[SessionEvent], counted: list[Any], personal: bool | None
) -> None:
    catalogue, system = shop_of(rows, counted)
    shopper = Shopper("g", user=body.user, visitor=body.visitor)
    request = RecommendationRequest(body, shopper, Consent(personalise=personal), NOW, Profile(tuple(events), 1))
    answer = system.fallback(request)
    names = [item.product for item in answer.items]
    assert len(set(names)) == len(names) <= body.k
    assert set(names).isdisjoint(body.exclude) and set(names).isdisjoint(body.products)  # noqa: PT018
    assert body.candidates is None or set(names) <= set(body.candidates)
    bought = {e.product for e in events if personal and e.type == "purchase" and e.ts > NOW - timedelta(days=365)}
    assert bought.isdisjoint(names)
    for name in names:
        card = catalogue.card(body.store, name)
        assert card is not None
        assert card.available(NOW)
        assert passes(card, body.filters)
    may_be_shown = {
        card.product.product
        for card in catalogue.cards(body.store)
        if card.available(NOW)
        and passes(card, body.filters)
        and not (card.product.sensitive and not of_the_page(card, body, catalogue))
    }
    may_be_shown -= {*body.exclude, *body.products, *bought}
    if body.candidates is not None:
        may_be_shown &= set(body.candidates)
    assert len(names) == min(body.k, len(may_be_shown))
    assert system.still_holds(request, answer)


def test_the_page_s_category_comes_first_then_the_store_then_the_newest(make_shop: Any) -> None:  # noqa: ANN401
    shop: Shop = make_shop()
    shop.put(product("star", categories=("Garden",), created_at=NOW - timedelta(days=1)))
    shop.put(product("dawn", categories=("Garden",), created_at=NOW - timedelta(days=900)))
    shop.trending.record("uk", "toy", ("Play",), "view", NOW)
    answer = shop.system.fallback(shop.request(products=("lamp",), k=4)).items
    assert [item.product for item in answer[1:]] != []
    codes = [item.reasons[0].code for item in shop.system.fallback(shop.request(products=("star",), k=3)).items]
    assert codes[:2] == ["also_in_category", "trending"]
    newest = shop.system.fallback(shop.request(k=3)).items
    assert [(item.product, item.reasons[0].code) for item in newest] == [
        ("toy", "trending"), ("star", "new"), ("dawn", "range"),
    ]  # fmt: skip


def test_in_a_store_that_knows_nothing_yet_the_range_of_the_shopper_s_category_comes_before_the_rest(
    make_shop: Any,  # noqa: ANN401
) -> None:
    shop: Shop = make_shop()
    for name, category in (("axe", "Wood"), ("rake", "Weeds"), ("seed", "Weeds")):
        shop.put(product(name, categories=(category,), created_at=NOW - timedelta(days=900)))
    first, *rest = shop.system.fallback(shop.request([("seed", "view")], k=50)).items
    assert (first.product, first.reasons[0].code) == ("rake", "also_in_category")
    assert {item.reasons[0].code for item in rest[:-1]} == {"range"}
    assert rest[-1].product == "seed", "what was just seen comes last"


def test_a_product_put_on_the_shelf_now_is_in_the_next_answer(make_shop: Any) -> None:  # noqa: ANN401
    shop: Shop = make_shop()
    assert "star" not in [item.product for item in shop.system.fallback(shop.request(k=50)).items]
    shop.put(product("star", created_at=NOW))
    assert "star" in [item.product for item in shop.system.fallback(shop.request(k=50)).items]
