"""The last list of a shopper stands in for a model that does not answer, with what has to change in it since."""

from __future__ import annotations

from typing import Any

import pytest

from shopkeeper.commerce.consent import NO_CONSENT

from .conftest import PRODUCTS, Shop, product

PAGE: dict[str, Any] = {"user": "zoe", "products": ("mug",), "surface": "product", "k": 3}


def renewed(shop: Shop, **later: Any) -> list[str]:  # noqa: ANN401 - as `Shop.request`
    """Return the last list of Zoe as it is shown after what came later."""
    before, now = shop.request(**PAGE), shop.request(**{**PAGE, **later})
    assert shop.system.last_key(before) == shop.system.last_key(now)
    answer = shop.system.renewed(now, shop.system.answer(before))
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    assert len(answer.items) == 3
    assert shop.system.still_holds(now, answer)
    return [item.product for item in answer.items]


def test_an_event_of_the_shopper_changes_the_answer_and_not_what_was_asked(shop: Shop) -> None:
    first = shop.ask(**PAGE)
    before, now = shop.request(**PAGE), shop.request(live=[("lamp", "view")], **PAGE)
    assert shop.system.cache_key(before) != shop.system.cache_key(now)
    assert renewed(shop, live=[("lamp", "view")]) == first
    assert shop.system.answer(before).items == shop.system.renewed(now, shop.system.answer(before)).items


def test_what_was_bought_refused_or_sold_out_since_is_left_out_and_rules_fill_up(shop: Shop) -> None:
    first, second, third = shop.ask(**PAGE)
    assert renewed(shop, live=[(first, "purchase")])[:2] == [second, third]
    assert renewed(shop, live=[(second, "dismiss")])[:2] == [first, third]
    shop.put(product(first, stock=0.0))
    assert renewed(shop)[:2] == [second, third]


def test_what_was_picked_because_of_a_product_that_is_refused_since_goes_with_it(shop: Shop) -> None:
    home: dict[str, Any] = {"user": "zoe", "k": 9}
    before = shop.request(live=[("mug", "view")], **home)
    now = shop.request(live=[("mug", "view"), ("mug", "remove")], **home)
    answer = shop.system.answer(before)
    assert any("mug" in reason.products for item in answer.items for reason in item.reasons)
    shown = shop.system.renewed(now, answer).items
    assert not any("mug" in reason.products for item in shown for reason in item.reasons)
    assert sorted(item.product for item in shown) == sorted(set(PRODUCTS) - {"mug"})


@pytest.mark.parametrize(
    "other",
    [{"user": "ben"}, {"consent": NO_CONSENT}, {"k": 4}, {"products": ("cup",)}, {"context": {"landing": "toy"}}],
    ids=str,
)
def test_nothing_stands_in_for_another_question_or_shopper(shop: Shop, other: dict[str, Any]) -> None:
    asked = {**PAGE, **other}
    assert shop.system.last_key(shop.request(**asked)) != shop.system.last_key(shop.request(**PAGE))


def test_lists_of_the_shoppers_own_past_are_made_anew(shop: Shop) -> None:
    for surface in ("recently_viewed", "buy_again", "trending"):
        assert shop.system.last_key(shop.request(user="zoe", surface=surface)) is None
