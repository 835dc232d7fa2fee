"""A list of the night is the same whatever the shopper does, and still shows nothing that may not be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.recommendations.conftest import Shop, product

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.recommendations.system import RecommendationSystem


class Night:
    """Lists by user; `mark` is moved by the test."""

    def __init__(self, lists: Mapping[str, Sequence[tuple[str, float]]]) -> None:
        self.lists = lists
        self.mark = 1

    def of(self, store: str, user: str) -> Sequence[tuple[str, float]] | None:
        return self.lists.get(user) if store == "uk" else None


NIGHT = Night({"ann": [("toy", 0.9), ("lamp", 0.5), ("pan", 0.4), ("cup", 0.3)]})


NIGHTLY = ["toy", "lamp", "pan"]


def nightly(shop: Shop, night: Night = NIGHT) -> RecommendationSystem:
    made = RecommendationSystem(shop.catalogue, shop.trending, lists=night)
    made.load(shop.bundle())
    return made.with_settings({"lists": "nightly"})


def shown(system: RecommendationSystem, shop: Shop, **request: object) -> list[str]:
    return [item.product for item in system.answer(shop.request(**request)).items]  # type: ignore[arg-type]  # fields of a body


def test_a_user_gets_their_list_whatever_they_do(shop: Shop) -> None:
    system = nightly(shop)
    assert shown(system, shop, user="ann") == ["toy", "lamp", "pan"]
    assert shown(system, shop, user="ann", live=[("fork", "view")]) == ["toy", "lamp", "pan"]
    assert shown(system, shop, user="ann", products=("fork",)) == ["toy", "lamp", "pan"]
    answer = system.answer(shop.request(user="ann"))
    assert {reason.code for item in answer.items for reason in item.reasons} == {"for_you"}


def test_what_may_not_be_shown_now_is_left_out_and_the_list_filled_up(shop: Shop) -> None:
    shop.put(product("toy", stock=0.0))
    system = nightly(shop)
    assert shown(system, shop, user="ann", products=("lamp",), exclude=("pan",), k=2)[0] == "cup"
    assert len(shown(system, shop, user="ann", products=("lamp",), exclude=("pan",), k=5)) == 5


def test_who_has_no_list_gets_what_the_export_would_have_written(shop: Shop) -> None:
    system = nightly(shop)
    plain = [item.product for item in shop.system.answer(shop.request(user="ben")).items]
    assert shown(system, shop, user="ben", live=[("fork", "view")], products=("spoon",))[:1] == plain[:1]
    assert shown(system, shop, visitor="nobody", live=[("fork", "view")]) == shown(system, shop, visitor="nobody")


def test_without_consent_a_list_is_not_read(shop: Shop) -> None:
    assert shown(nightly(shop), shop, user="ann", consent=NO_CONSENT) != ["toy", "lamp", "pan"]


def test_an_answer_is_kept_until_other_lists_come(shop: Shop) -> None:
    night = Night(NIGHT.lists)
    system = nightly(shop, night)
    before = system.cache_key(shop.request(user="ann"))
    assert system.cache_key(shop.request(user="ann", live=[("fork", "view")])) == before
    night.mark += 1
    assert system.cache_key(shop.request(user="ann")) != before


def test_hybrid_lists_are_live_for_who_did_enough_lately_and_of_the_night_for_all_others(shop: Shop) -> None:
    system = nightly(shop).with_settings({"lists": "hybrid", "lively_events": 2})
    fork, knife = ("fork", "view"), ("knife", "view")
    assert shown(system, shop, user="ann") == NIGHTLY
    assert shown(system, shop, user="ann", live=[fork]) == NIGHTLY
    assert shown(system, shop, user="ann", live=[fork, knife]) == shop.ask(user="ann", live=[fork, knife]) != NIGHTLY


def test_what_was_done_too_long_ago_and_what_shows_no_interest_makes_nobody_lively(shop: Shop) -> None:
    system = nightly(shop).with_settings({"lists": "hybrid", "lively_hours": 1.5 / 60})
    assert shown(system, shop, user="ann", live=[("fork", "view")]) != NIGHTLY  # a minute ago
    assert shown(system, shop, user="ann", live=[("fork", "view"), ("toy", "dismiss")])[0] != "toy"
    late = system.with_settings({"lively_hours": 0.5 / 60})
    assert shown(late, shop, user="ann", live=[("fork", "view")]) == NIGHTLY


def test_a_hybrid_answer_is_cached_until_what_it_is_made_of_changes(shop: Shop) -> None:
    system = nightly(shop).with_settings({"lists": "hybrid", "lively_events": 2})
    keys = [system.cache_key(shop.request(user="ann", live=[("fork", "view")] * count)) for count in range(4)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
