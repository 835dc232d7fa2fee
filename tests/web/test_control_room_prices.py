"""The pages of price runs: found, judged and decided under the name of who signed in, and what the shop shows.

One server answers all tests here: each has runs and products of its own.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from shopkeeper.people.person import at_the_machine
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.price_tests.price_test import Member
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice
from shopkeeper.testing.price_tests_suite import example_test
from shopkeeper.testing.prices_suite import POLICY, example_price, example_run
from shopkeeper.web.control_room_price_offers import offers
from shopkeeper.web.control_room_price_runs import run_headline, runs_headline
from shopkeeper.web.control_room_price_words import change, mark_words
from shopkeeper.web.locale_text import MINUS

if TYPE_CHECKING:
    from tests.web.conftest import Office
    from tests.web.test_sign_in import Browser

NUMBERS = count(1)
NOTHING = {"unsure": 0, "confirmed": 0, "mismatch": 0, "changed": 0}


@pytest.fixture
def dora(pricing_office: Office) -> Browser:
    visitor: Browser = pricing_office.browser("dora")
    return visitor


def begun(office: Office, *rows: RunPrice, who: str = "anna") -> str:
    """Begin a run of two moves, of which the second is larger, or of some rows; return its id."""
    run = f"run-{next(NUMBERS)}"
    made, prices = example_run(run, [*rows] or two_moves(run), datetime.now(UTC))
    office.shop.serving.state.price_runs.begin(replace(made, who=who), prices)
    return run


def two_moves(run: str) -> list[RunPrice]:
    return [example_price(f"{run} small", 11, 11.5), example_price(f"{run} <large>", 12, 11),
            example_price(f"{run} still", 13, 13)]  # fmt: skip


def kept(office: Office, run: str) -> PriceRun:
    return office.shop.serving.state.price_runs.get(run)


def decide(visitor: Browser, do: str, run: str, **fields: str) -> tuple[int, str]:
    """Press a button of the run's page; return the status and the page one ends on."""
    token = visitor.form(f"/prices/runs/{run}")["form_token"]
    answer = visitor.post(f"/prices/runs/{run}/{do}", {"form_token": token, "why": "agreed", **fields})
    if answer.status_code != 303:
        return answer.status_code, html.unescape(answer.text)
    return 303, html.unescape(visitor.get(answer.headers["location"].removeprefix("/control-room")).text)


def test_runs_are_listed_by_store_and_state_to_who_may_look_and_an_empty_list_teaches(
    dora: Browser, pricing_office: Office
) -> None:
    run = begun(pricing_office)
    page = dora.get("/prices").text
    assert f'href="/control-room/prices/runs/{run}"' in page
    assert re.search(r'<span class="chip warn">waiting</span>', page)
    assert "2 of 3" in page
    assert run not in dora.get("/prices?store=de").text
    assert run not in dora.get("/prices?status=rejected").text
    finn = pricing_office.browser("finn")
    assert "shopkeeper price run --prices asked.csv" in finn.get("/prices").text
    assert finn.get(f"/prices/runs/{run}").status_code == 403


def test_the_largest_moves_come_first_page_by_page_and_what_a_product_is_called_is_text(
    dora: Browser, pricing_office: Office
) -> None:
    run = begun(pricing_office)
    page = dora.get(f"/prices/runs/{run}").text
    assert "<large>" not in page
    assert page.index(f"{run} &lt;large&gt;<") < page.index(f"{run} small<")
    assert f"{run} still<" not in page
    assert f"{run} still<" in dora.get(f"/prices/runs/{run}?shown=all").text
    assert "There are only 2" in dora.get(f"/prices/runs/{run}?skip=100").text
    assert "No price is like that" in dora.get(f"/prices/runs/{run}?category=Garden").text
    long = begun(pricing_office, *(example_price(f"x{n:03}", 100, 101 + n / 100) for n in range(180)))
    first, second = (dora.get(f"/prices/runs/{long}{asked}").text for asked in ("", "?skip=100"))
    assert ('id="later"' in first, 'id="earlier"' in first) == (True, False)
    assert ('id="later"' in second, 'id="earlier"' in second) == (False, True)
    assert "101 to 180 of 180" in second


def test_a_price_the_gate_held_back_is_named_and_found_by_it(dora: Browser, pricing_office: Office) -> None:
    run = begun(pricing_office, example_price("cup", 11, 11.5), example_price("jug", 12, 6))
    page = html.unescape(dora.get(f"/prices/runs/{run}").text)
    assert "held some prices" in page
    assert "12.00 -> 6.00 is -50.0%, more than 10.0% a day." in page
    assert "held back by the gate: largest move a day (1)" in page
    found = dora.get(f"/prices/runs/{run}?mark=anomaly:daily_move").text
    assert (">jug<" in found, ">cup<" in found) == (True, False)


def test_a_run_is_approved_published_and_taken_back_under_ones_name_and_served_at_once(
    dora: Browser, pricing_office: Office
) -> None:
    run, serving = begun(pricing_office), pricing_office.shop.serving
    assert "Your approval is kept." in decide(dora, "approve", run)[1]
    status, page = decide(dora, "publish", run)
    assert (status, "Published: its prices hold now." in page, "Handed over" in page) == (303, True, True)
    held = serving.price_book.get("uk", "", f"{run} small")
    assert held is not None
    assert held.price == 11.5
    status, page = decide(dora, "revert", run, why="complaints")
    assert (status, "Taken back" in page) == (303, True)
    back = serving.price_book.get("uk", "", f"{run} small")
    assert back is not None
    assert back.price == 11
    steps = kept(pricing_office, run).steps
    assert [one.status for one in steps] == ["waiting", "approved", "published", "reverted"]
    assert all(one.who.startswith("Dora (person ") for one in steps[1:])
    audited = serving.state.audit.found(None, "price_run", 2)
    assert [one["detail"].get("why") for one in audited] == ["complaints", "agreed"]


def test_who_began_a_run_approves_none_of_it_and_high_risk_takes_two_others(
    dora: Browser, pricing_office: Office
) -> None:
    mine = begun(pricing_office)
    decide(dora, "reject", mine)
    own = begun(pricing_office, who=kept(pricing_office, mine).steps[-1].who)
    page = dora.get(f"/prices/runs/{own}").text
    assert ("You began this run" in page, f"/runs/{own}/approve" in page) == (True, False)
    status, page = decide(dora, "approve", own)
    assert (status, "may not approve it" in page) == (403, True)
    wild = begun(pricing_office, example_price("vase", 11, 13, daily_move=0.5))
    assert "It waits for 2 people to approve it." in dora.get(f"/prices/runs/{wild}").text
    _, page = decide(dora, "approve", wild)
    assert "It waits for 1 person to approve it." in page
    assert "You approved this run; it takes a second person." in page
    assert decide(dora, "approve", wild)[0] == 403
    assert "waits to be published" in decide(pricing_office.browser("emil"), "approve", wild)[1]


def test_a_run_is_scheduled_and_a_step_that_cannot_be_is_said_on_the_page(
    dora: Browser, pricing_office: Office
) -> None:
    run = begun(pricing_office)
    status, page = decide(dora, "publish", run)
    assert (status, "cannot be published" in page) == (422, True)
    assert decide(dora, "approve", run, why=" ")[0] == 422
    decide(dora, "approve", run)
    assert decide(dora, "publish", run, at="tomorrow")[0] == 422
    soon = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    status, page = decide(dora, "publish", run, at=soon)
    assert (status, "Scheduled: a worker publishes it" in page) == (303, True)


def test_another_site_and_a_viewer_decide_nothing(dora: Browser, pricing_office: Office) -> None:
    run = begun(pricing_office)
    assert dora.post(f"/prices/runs/{run}/approve", {"why": "x"}).status_code == 403
    page = pricing_office.browser("cleo").get(f"/prices/runs/{run}").text
    assert ("To decide takes the role pricing or admin in uk." in page, 'id="acts"' in page) == (True, False)
    assert kept(pricing_office, run).status == "waiting"


def test_a_price_the_shop_shows_otherwise_alarms_on_every_page_it_matters_on(
    dora: Browser, pricing_office: Office
) -> None:
    shop, at = pricing_office.shop, datetime.now(UTC)
    state, run = shop.serving.state, begun(pricing_office)
    before = state.price_runs.get(run)
    before = state.price_runs.step(before, run_steps.approve(before, "ben", "yes", POLICY, at))
    state.prices.publish(before, run_steps.publish(before, "ben", "now", POLICY, at), at)
    large, small = sorted(state.prices.changes(run=run), key=lambda one: one.product)
    state.prices.handed([small.number], "csv", at)
    state.prices.saw([Seen(small.number, "confirmed", 11.5, at), Seen(large.number, "mismatch", 12, at)])
    members = (Member("uk", large.product, "uk: Home"), Member("uk", small.product, "uk: Home"))
    state.price_tests.begin(example_test(), members)
    shop.run(shop.serving.prices.follow())
    page = html.unescape(dora.get("/prices").text)
    assert "The shop shows or charges another price than was decided for 1 price." in page
    assert re.search(r'1 of them is in the price test <a href="/control-room/experiments/autumn">autumn</a>', page)
    assert "1 of 2 handed over, 1 confirmed" in page
    shown = html.unescape(dora.get(f"/prices/runs/{run}").text)
    assert "another price than this run decided for 1 product" in shown
    assert re.search(r'class="chip bad" title="[^"]*">mismatch</span>', shown)
    assert "another price than was decided for 1 price" in html.unescape(dora.get("").text)
    assert b'shopkeeper_prices{outcome="mismatch"} 1.0' in shop.call("GET", "/metrics").content


def test_words_say_what_a_run_did_and_may(pricing_office: Office) -> None:
    made = kept(pricing_office, begun(pricing_office))
    assert run_headline(made).startswith("It would change 2 of 3 prices in uk, by at most 8.3%;")
    assert runs_headline([made], NOTHING) == "1 run waits for approval. No run has published a price yet."
    said = runs_headline([replace(made, status="approved")], {**NOTHING, "mismatch": 2, "confirmed": 7})
    assert said.startswith("No run waits for approval, 1 is approved and not published. Of 9 prices")
    assert (change(0.0123), change(-0.5, 0), change(0.0001)) == ("+1.2%", f"{MINUS}50%", "0.0%")
    assert mark_words("binding:margin_floor").word == "kept from a better price by: margin floor"
    assert mark_words("held:new_rule").word == "may not move: new rule"
    found = offers(made, RunPolicy(), at_the_machine(only_look=False))
    assert (found.buttons, "somebody who signed in" in found.not_yours) == ((), True)
