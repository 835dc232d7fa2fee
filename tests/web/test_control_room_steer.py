"""The buttons of the rollouts page, over the real database: who may, under whose name, with which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from tests.web.test_rollouts import steered
from tests.web.test_sign_in import HERE, Browser, browser, cheap, staffed

from shopkeeper.engines.stop_file import StopFile
from shopkeeper.people.person import Actor
from shopkeeper.web.control_room_offers import offers
from shopkeeper.wiring.rollouts import acts
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.start import Start, start_rollout

__all__ = ["browser", "cheap", "staffed", "steered"]
ROLLOUTS = "/control-room/rollouts"


@pytest.fixture
def rollout(steered: Any) -> str:  # noqa: ANN401 - a fixture
    """A rollout in shadow of `new` against `old`; its id."""
    asked = Start(units_per_arm=900, why="better lists")
    begun = start_rollout(steered.settings, "recommendations", asked, "test", foresight_of(steered.settings))
    return begun.id


def signed_in(browser: Callable[..., Browser], name: str) -> Browser:
    anna = browser()
    assert anna.sign_in(f"{name}@shop.example").status_code == 303
    return anna


def token(visitor: Browser) -> dict[str, str]:
    found = re.search(r'name="form_token" value="(\w+)"', visitor.get("/rollouts").text)
    assert found
    return {"form_token": found[1]}


def send(visitor: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Press a button; return the status and the page one ends on."""
    answer = visitor.post(path, {**token(visitor), **fields})
    if answer.status_code != 303:
        return answer.status_code, answer.text
    assert answer.headers["location"].startswith(ROLLOUTS), answer.headers["location"]
    return 303, visitor.get(answer.headers["location"].removeprefix("/control-room")).text


def test_an_admin_holds_resumes_asks_and_takes_back_under_their_name(
    browser: Callable[..., Browser],
    rollout: str,
    steered: Any,  # noqa: ANN401 - a fixture
) -> None:
    anna = signed_in(browser, "anna")
    offered = anna.get("/rollouts").text
    assert "Roll back: version new is computed no more; no shopper saw it" in offered
    assert re.findall(r"<summary>([^<]+)</summary>", offered) == ["Ask the gate now", "Hold", "Roll back", "Stop"]
    assert send(anna, f"/rollouts/{rollout}/advance")[0] == 422
    status, page = send(anna, f"/rollouts/{rollout}/advance", why="in a hurry")
    assert (status, "lets nothing move yet" in page, "No row was counted" in page) == (303, True, True)
    status, page = send(anna, f"/rollouts/{rollout}/hold", why="the fair")
    assert (status, "no step is taken until somebody resumes it" in page) == (303, True)
    assert re.findall(r"<summary>([^<]+)</summary>", page) == ["Resume", "Roll back", "Stop"]
    assert send(anna, f"/rollouts/{rollout}/resume", why="over")[0] == 303
    until = datetime(2100, 1, 2, 3, 4, tzinfo=UTC)
    acts.override_gate(steered.settings, rollout, "Cleo", "a contract", until)
    assert "Cleo lets it pass this gate until 2 Jan 2100, 03:04:00 UTC, unless it does harm: a contract." in (
        anna.get("/rollouts").text
    )
    status, page = send(anna, f"/rollouts/{rollout}/rollback", why="complaints <b>")
    assert (status, "complaints &lt;b&gt;" in page) == (303, True)
    assert re.findall(r"<summary>([^<]+)</summary>", page) == ["Stop"]
    trail = [entry["who"].partition(" (person ")[0] for entry in steered.serving.state.audit.latest(5)]
    assert trail == ["Anna", "Cleo", "Anna", "Anna", "Anna"]


def test_an_action_without_a_reason_or_on_what_is_over_is_refused_with_the_page(
    browser: Callable[..., Browser], rollout: str
) -> None:
    anna = signed_in(browser, "anna")
    status, page = send(anna, f"/rollouts/{rollout}/hold", why="  ")
    assert (status, "A reason is missing." in page) == (422, True)
    assert send(anna, f"/rollouts/{rollout}/hold", why="x" * 2_001)[0] == 422
    assert send(anna, f"/rollouts/{rollout}/rollback", why="complaints")[0] == 303
    status, page = send(anna, f"/rollouts/{rollout}/hold", why="again")
    assert (status, "is over" in page) == (409, True)
    assert send(anna, "/rollouts/nobody/hold", why="again")[0] == 404


def test_who_lacks_the_right_is_offered_nothing_and_refused_with_words(
    browser: Callable[..., Browser],
    rollout: str,
    steered: Any,  # noqa: ANN401 - a fixture
) -> None:
    for name in ("bob", "cleo"):  # a merchandiser of one store, and a viewer
        visitor = signed_in(browser, name)
        page = visitor.get("/rollouts").text
        assert "To hold it or take it back takes the role" in page
        assert f"/rollouts/{rollout}/" not in page
        for action in ("advance", "hold", "resume", "rollback"):
            status, words = send(visitor, f"/rollouts/{rollout}/{action}", why="now")
            assert (status, f"{name.title()} may not" in words) == (403, True)
        status, words = send(visitor, "/stops", system="recommendations", store="", why="now")
        assert (status, "may not stop a system in all stores" in words) == (403, True)
    assert steered.serving.state.rollouts.get(rollout).status == "running"
    assert StopFile(steered.settings.workspace).orders() == ()


def test_a_system_is_stopped_where_one_may_and_the_order_lifted_by_an_operator(
    browser: Callable[..., Browser],
    rollout: str,
    steered: Any,  # noqa: ANN401 - a fixture
) -> None:
    bob, anna = signed_in(browser, "bob"), signed_in(browser, "anna")
    assert "every store</option>" not in bob.get("/rollouts").text
    status, page = send(bob, "/stops", system="recommendations", store="uk", why="odd lists")
    assert (status, "the fallback alone answers" in page) == (303, True)
    assert "/control-room/stops/lift" not in page
    (order,) = StopFile(steered.settings.workspace).orders()
    assert (order.system, order.store, order.person[:12]) == ("recommendations", "uk", "Bob (person ")
    assert send(bob, "/stops/lift", system="recommendations", store="uk", why="mended")[0] == 403
    assert "/control-room/stops/lift" in anna.get("/rollouts").text
    status, page = send(anna, "/stops/lift", system="recommendations", store="uk", why="mended")
    assert (status, "The order to stop is lifted." in page) == (303, True)
    assert StopFile(steered.settings.workspace).orders() == ()


def test_a_button_pressed_by_another_site_or_by_nobody_does_nothing(
    browser: Callable[..., Browser],
    rollout: str,
    steered: Any,  # noqa: ANN401 - a fixture
) -> None:
    anna = signed_in(browser, "anna")
    path, fields = f"/rollouts/{rollout}/rollback", {**token(anna), "why": "x"}
    assert anna.post(path, fields, origin="https://evil.example").status_code == 403
    assert anna.post(path, {"why": "x"}).status_code == 403
    assert anna.post(path, {**fields, "form_token": "0" * 64}).status_code == 403
    stranger = browser().post(path, fields)
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/control-room/sign-in?next=%2Fcontrol-room")
    assert steered.serving.state.rollouts.get(rollout).status == "running"


def test_where_nobody_signs_in_the_page_says_how_and_acts_for_nobody(rollout: str, steered: Any) -> None:  # noqa: ANN401
    visitor = Browser(steered, client=("127.0.0.1", 5555))
    page = visitor.get("/rollouts").text
    assert "takes somebody who signed in" in page
    assert "<summary>" not in page
    refused = visitor.post(f"/rollouts/{rollout}/hold", {"why": "x"}, origin=HERE)
    assert (refused.status_code, "shopkeeper people add" in refused.text) == (403, True)


def test_the_button_says_how_many_shoppers_get_what(
    staffed: Any,  # noqa: ANN401 - a fixture
    rollout: str,
    steered: Any,  # noqa: ANN401 - a fixture
) -> None:
    assert staffed is steered
    state = steered.serving.state
    anna = next(one for one in state.people.people() if one.name == "Anna")
    ramp = replace(state.rollouts.get(rollout), step=2)
    *_, back = offers(ramp, Actor("Anna", anna))
    # Half of those who are not among the 1% held out.
    assert 0.5 * (1 - 0.01) == 0.495
    assert back.button == "Roll back: 49.5% of shoppers get version old within a second"
    *_, back = offers(replace(ramp, control_version=""), Actor("Anna", anna))
    assert back.button == "Roll back: 49.5% of shoppers get the rules within a second"
    assert offers(ramp, Actor("loopback")) == ()
