"""The pages of price runs: found, judged and decided under the name of who signed in, and what the shop shows."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.web.test_sign_in import GOOD, Browser, browser, cheap, staffed

from shopkeeper.people.passwords import hashed
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.price_tests.price_test import Member
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice
from shopkeeper.testing.price_tests_suite import example_test
from shopkeeper.testing.prices_suite import POLICY, example_price, example_run
from shopkeeper.web.control_room_price_offers import offers
from shopkeeper.web.control_room_price_runs import run_headline
from shopkeeper.web.control_room_price_words import change, mark_words
from shopkeeper.web.locale_text import MINUS

__all__ = ["browser", "cheap", "staffed"]


@pytest.fixture
def pricing(staffed: Any) -> Any:  # noqa: ANN401 - fixtures
    """The shop with two people of pricing in its store uk."""
    for name in ("dora", "emil"):
        people = staffed.serving.state.people
        person = people.add(name.title(), f"{name}@shop.example", {"uk": ("pricing",)}, "test")
        people.set_password(person.person_id, hashed(GOOD), "test")
    return staffed


@pytest.fixture
def dora(browser: Callable[..., Browser], pricing: Any) -> Browser:  # noqa: ANN401 - a fixture
    visitor = browser()
    assert visitor.sign_in("dora@shop.example").status_code == 303
    return visitor


def begun(shop: Any, run: str = "r1", *, who: str = "anna", rows: list[RunPrice] | None = None) -> PriceRun:  # noqa: ANN401
    rows = rows or [example_price("p1", 11, 11.5), example_price("p<2>", 12, 11), example_price("p3", 13, 13)]
    made, prices = example_run(run, rows, datetime.now(UTC))
    kept: PriceRun = shop.serving.state.price_runs.begin(replace(made, who=who), prices)
    return kept


def decide(visitor: Browser, do: str, run: str = "r1", **fields: str) -> tuple[int, str]:
    """Press a button of the run's page; return the status and the page one ends on."""
    token = visitor.form(f"/prices/runs/{run}")["form_token"]
    answer = visitor.post(f"/prices/runs/{run}/{do}", {"form_token": token, "why": "agreed", **fields})
    if answer.status_code != 303:
        return answer.status_code, html.unescape(answer.text)
    return 303, html.unescape(visitor.get(answer.headers["location"].removeprefix("/control-room")).text)


def test_runs_are_listed_with_state_risk_and_counts_and_an_empty_list_teaches_how_to_begin_one(
    dora: Browser,
    pricing: Any,  # noqa: ANN401 - a fixture
) -> None:
    assert "shopkeeper price run --prices asked.csv" in dora.get("/prices").text
    begun(pricing)
    page = dora.get("/prices").text
    assert "1 run waits for approval." in page
    assert 'href="/control-room/prices/runs/r1"' in page
    assert re.search(r'<span class="chip warn">waiting</span>', page)
    assert "2 of 3" in page
    assert "r1" not in dora.get("/prices?store=de").text
    assert "r1" not in dora.get("/prices?status=published").text


def test_a_run_of_a_store_that_is_not_the_readers_is_not_shown(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    begun(pricing, rows=[example_price("p1", 11, 11.5, store="de")])
    assert "No price run was begun yet" in dora.get("/prices").text
    assert dora.get("/prices/runs/r1").status_code == 403


def test_the_largest_moves_come_first_and_what_a_product_is_called_is_text(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    begun(pricing)
    page = dora.get("/prices/runs/r1").text
    assert "<2>" not in page
    assert page.index("p&lt;2&gt;<") < page.index(">p1<")
    assert ">p3<" not in page
    assert ">p3<" in dora.get("/prices/runs/r1?shown=all").text
    assert "There are only 2" in dora.get("/prices/runs/r1?skip=100").text
    assert "No price is like that" in dora.get("/prices/runs/r1?category=Garden").text


def test_a_price_the_gate_held_back_is_named_and_found_by_it(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    begun(pricing, rows=[example_price("cup", 11, 11.5), example_price("jug", 12, 6)])
    page = html.unescape(dora.get("/prices/runs/r1").text)
    assert "held some prices" in page
    assert "12.00 -> 6.00 is -50.0%, more than 10.0% a day." in page
    assert "held back by the gate: largest move a day (1)" in page
    found = dora.get("/prices/runs/r1?mark=anomaly:daily_move").text
    assert (">jug<" in found, ">cup<" in found) == (True, False)


def test_eighty_rows_past_a_page_are_turned_to(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    begun(pricing, rows=[example_price(f"x{n:03}", 100, 101 + n / 100) for n in range(180)])
    first, second = (dora.get(f"/prices/runs/r1{asked}").text for asked in ("", "?skip=100"))
    assert ('id="later"' in first, 'id="earlier"' in first) == (True, False)
    assert ('id="later"' in second, 'id="earlier"' in second) == (False, True)
    assert "101 to 180 of 180" in second


def test_a_run_is_approved_published_and_taken_back_under_ones_name_and_served_at_once(
    dora: Browser,
    pricing: Any,  # noqa: ANN401
) -> None:
    begun(pricing)
    assert decide(dora, "approve")[1].count("Your approval is kept.") == 1
    status, page = decide(dora, "publish")
    assert (status, "Published: its prices hold now." in page) == (303, True)
    assert pricing.serving.price_book.get("uk", "", "p1").price == 11.5
    assert "Handed over" in page
    status, page = decide(dora, "revert", why="complaints")
    assert (status, "Taken back" in page) == (303, True)
    assert pricing.serving.price_book.get("uk", "", "p1").price == 11
    steps = pricing.serving.state.price_runs.get("r1").steps
    assert [one.status for one in steps] == ["waiting", "approved", "published", "reverted"]
    assert all(one.who.startswith("Dora (person ") for one in steps[1:])
    kept = pricing.serving.state.audit.found(None, "price_run", 10)
    assert [one["detail"].get("why") for one in kept][:2] == ["complaints", "agreed"]


def test_who_began_a_run_is_offered_no_approval_and_refused_one(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    decided = begun(pricing)
    decide(dora, "reject")
    who = pricing.serving.state.price_runs.get(decided.id).steps[-1].who
    begun(pricing, "r2", who=who)
    page = dora.get("/prices/runs/r2").text
    assert "You began this run" in page
    assert "/runs/r2/approve" not in page
    status, page = decide(dora, "approve", "r2")
    assert (status, "may not approve it" in page) == (403, True)


def test_a_run_of_high_risk_takes_two_people(dora: Browser, pricing: Any, browser: Callable[..., Browser]) -> None:  # noqa: ANN401
    begun(pricing, rows=[example_price("p1", 11, 13, daily_move=0.5)])
    assert "It waits for 2 people to approve it." in dora.get("/prices/runs/r1").text
    _, page = decide(dora, "approve")
    assert "It waits for 1 person to approve it." in page
    assert "You approved this run; it takes a second person." in page
    assert decide(dora, "approve")[0] == 403
    emil = browser()
    emil.sign_in("emil@shop.example")
    assert "waits to be published" in decide(emil, "approve")[1]


def test_a_run_is_scheduled_and_a_step_that_cannot_be_is_said_on_the_page(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    begun(pricing)
    status, page = decide(dora, "publish")
    assert (status, "cannot be published" in page) == (422, True)
    assert decide(dora, "approve", why=" ")[0] == 422
    decide(dora, "approve")
    assert decide(dora, "publish", at="tomorrow")[0] == 422
    soon = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    status, page = decide(dora, "publish", at=soon)
    assert (status, "Scheduled: a worker publishes it" in page) == (303, True)


def test_another_site_and_a_viewer_decide_nothing(
    dora: Browser,
    browser: Callable[..., Browser],
    pricing: Any,  # noqa: ANN401
) -> None:
    begun(pricing)
    assert dora.post("/prices/runs/r1/approve", {"why": "x"}).status_code == 403
    cleo = browser()
    cleo.sign_in("cleo@shop.example")
    page = cleo.get("/prices/runs/r1").text
    assert ("To decide takes the role pricing or admin in uk." in page, 'id="acts"' in page) == (True, False)
    assert pricing.serving.state.price_runs.get("r1").status == "waiting"


def test_a_price_the_shop_shows_otherwise_alarms_on_every_page_it_matters_on(dora: Browser, pricing: Any) -> None:  # noqa: ANN401
    state, at = pricing.serving.state, datetime.now(UTC)
    kept = begun(pricing)
    kept = state.price_runs.step(kept, run_steps.approve(kept, "ben", "yes", POLICY, at))
    state.prices.publish(kept, run_steps.publish(kept, "ben", "now", POLICY, at), at)
    state.prices.handed([1], "csv", at)
    state.prices.saw([Seen(1, "confirmed", 11.5, at), Seen(2, "mismatch", 12, at)])
    pricing.run(pricing.serving.prices.follow())
    state.price_tests.begin(example_test(), (Member("uk", "p<2>", "uk: Home"), Member("uk", "p1", "uk: Home")))
    page = html.unescape(dora.get("/prices").text)
    assert "The shop shows or charges another price than was decided for 1 price." in page
    assert re.search(r'1 of them is in the price test <a href="/control-room/experiments/autumn">autumn</a>', page)
    assert "shows another price for 1." in page
    run = html.unescape(dora.get("/prices/runs/r1").text)
    assert "another price than this run decided for 1 product" in run
    assert "1 of 2 handed over, 1 confirmed" in page
    assert re.search(r'class="chip bad" title="[^"]*">mismatch</span>', run)
    assert "another price than was decided for 1 price" in html.unescape(dora.get("").text)


def test_words_say_what_a_run_did_and_may(pricing: Any) -> None:  # noqa: ANN401
    kept = begun(pricing)
    said = run_headline(kept)
    assert said.startswith("It would change 2 of 3 prices in uk, by at most 8.3%;")
    assert (change(0.0123), change(-0.5, 0), change(0.0001)) == ("+1.2%", f"{MINUS}50%", "0.0%")
    assert mark_words("binding:margin_floor").word == "kept from a better price by: margin floor"
    assert mark_words("held:new_rule").word == "may not move: new rule"


def test_nobody_is_offered_anything_where_nobody_signed_in(pricing: Any) -> None:  # noqa: ANN401
    from shopkeeper.people.person import at_the_machine  # noqa: PLC0415 - for this rule alone

    found = offers(begun(pricing), RunPolicy(), at_the_machine(only_look=False))
    assert (found.buttons, "somebody who signed in" in found.not_yours) == ((), True)
