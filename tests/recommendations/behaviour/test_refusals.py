"""What a shopper refuses is gone from the next answer, and comes back when they want it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.recommendations.conftest import NOW, Shop

from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.behaviour.refusals import refusals
from shopkeeper.serving.ports import SessionEvent


@pytest.mark.parametrize(
    ("types", "refused"),
    [
        (["view"], False),
        (["view", "dismiss"], True),
        (["dismiss", "view", "click", "rating"], True),
        (["dismiss", "cart"], False),
        (["cart", "remove"], True),
        (["cart", "remove", "view"], False),
        (["dismiss", "remove", "view"], True),
        (["dismiss", "purchase", "remove"], True),
    ],
)
def test_a_dismissal_holds_until_the_cart_and_a_removal_until_any_interest(
    types: list[EventType], refused: bool
) -> None:
    events = [SessionEvent("mug", kind, NOW + timedelta(minutes=n)) for n, kind in enumerate(types)]
    assert refusals(events) == ({"mug"} if refused else set())


@pytest.mark.parametrize("settings", [{}, {"lists": "nightly"}])
def test_what_is_refused_is_not_in_the_next_answer_by_model_rules_or_list_of_the_night(
    shop: Shop, settings: dict[str, str]
) -> None:
    system = shop.system.with_settings(settings)
    before = shop.request(user="ann", k=9)
    shown = system.answer(before).items[0].product
    after = shop.request(user="ann", k=9, live=[(shown, "dismiss")])
    assert shown not in [item.product for item in system.answer(after).items]
    assert shown not in [item.product for item in system.fallback(after).items]
    assert system.cache_key(before) != system.cache_key(after)


def test_what_is_refused_tells_nothing(shop: Shop) -> None:
    assert shop.ask(live=[("mug", "cart")])[0] == "cup"
    quiet = shop.system.answer(shop.request(live=[("mug", "cart"), ("mug", "remove")]))
    assert all("mug" not in reason.products for item in quiet.items for reason in item.reasons)
