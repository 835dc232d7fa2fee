"""The page Content: a text beside its facts, decided under the name of who signed in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.web.test_sign_in import Browser, browser, cheap, staffed

from shopkeeper.content.kept import KeptPiece, Version, Wanted
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.testing.piece_store_suite import example_changes, example_version
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.web import control_room_content
from shopkeeper.web.control_room_texts import Stretch, stretches
from shopkeeper.wiring.content_job import TEXTS, content_work

__all__ = ["browser", "cheap", "staffed"]
KETTLE = {
    "product": "kettle",
    "store": "uk",
    "title": "Kettle & Co",
    "categories": ["Kettles"],
    "price": 30,
    "stock": 5,
}
ORDER = ContentOrder(products=("kettle",), fields=("description_short",), locales=("en",))


@pytest.fixture
def bob(browser: Callable[..., Browser], staffed: Any) -> Browser:  # noqa: ANN401 - a fixture
    """A merchandiser of the store uk, where one text waits."""
    row = {**KETTLE, "attributes": {"capacity": "1.7 L", "colour": "red"}}
    assert staffed.call("PUT", "/v1/products", [row]).status_code == 202
    steps = StepsInMemory(staffed.settings.workspace / "run")
    content_work(staffed.settings)(steps, TEXTS, {"order": msgspec.to_builtins(ORDER), "who": "anna"})
    visitor = browser()
    assert visitor.sign_in("bob@shop.example").status_code == 303
    return visitor


def kept(staffed: Any) -> KeptPiece:  # noqa: ANN401 - a fixture
    found: KeptPiece = staffed.serving.state.pieces.find(Wanted(product="kettle"))[0]
    return found


def decide(visitor: Browser, do: str, page: str = "/content", **fields: str) -> tuple[int, str]:
    """Send the form of a page; return the status and the page one ends on."""
    text = visitor.get(page).text
    names = ("form_token", "piece", "revision")
    sent = {name: re.findall(f'name="{name}" value="([^"]*)"', text)[-1] for name in names}
    answer = visitor.post("/content", {**sent, "do": do, **fields})
    if answer.status_code != 303:
        return answer.status_code, html.unescape(answer.text)
    return 303, html.unescape(visitor.get(answer.headers["location"].removeprefix("/control-room")).text)


def test_a_text_stands_beside_its_facts_with_what_it_says_marked(bob: Browser) -> None:
    page = bob.get("/content").text
    assert "1 text waits for a person" in page
    assert re.search(r'<mark title="capacity [^"]*">1\.7[^<]*</mark>', page)
    assert re.search(r'<th scope="row">colour</th><td class="wide-text">red</td><td>', page)
    assert ("Kettle & Co" in page, "Kettle &amp; Co" in page) == (False, True)


def test_texts_of_other_stores_hide_none_of_ones_own(
    bob: Browser,
    staffed: Any,  # noqa: ANN401 - a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_room_content, "SHOWN", 1)
    others = [change for number in range(20) for change in example_changes(f"lamp-{number}", "fr")]
    staffed.serving.state.pieces.put(others)
    assert min(change.piece.id for change in others) < kept(staffed).id
    text = html.unescape(bob.get("/content").text)
    assert "1 text waits for a person" in text
    assert "Kettle & Co" in text


def test_a_merchandiser_approves_and_can_undo_it(bob: Browser, staffed: Any) -> None:  # noqa: ANN401 - a fixture
    status, page = decide(bob, "accept", seconds="4.5")
    assert (status, "Approved." in page, "Nothing waits here" in page) == (303, True, True)
    assert (kept(staffed).state, kept(staffed).live) == ("published", 1)
    step = staffed.serving.state.pieces.steps(kept(staffed).id)[0]
    assert (step.who.startswith("Bob (person "), step.seconds) == (True, 4.5)
    status, page = decide(bob, "undo", f"/content?piece={kept(staffed).id}")
    assert (status, kept(staffed).state, "The last step is undone." in page) == (303, "checked", True)


def test_a_rejection_without_a_reason_and_a_text_that_does_not_hold_are_named_and_what_was_typed_stays(
    bob: Browser,
    staffed: Any,  # noqa: ANN401 - a fixture
) -> None:
    status, page = decide(bob, "reject")
    assert (status, "needs a reason" in page) == (422, True)
    status, page = decide(bob, "edit", text="Kettle with 9 L.")
    assert (status, "grounding" in page, "Kettle with 9 L.</textarea>" in page) == (422, True, True)
    assert kept(staffed).revision == 1
    assert decide(bob, "edit", text="Red, 1.7 L.")[0] == 303
    assert kept(staffed).locked


def test_a_form_of_another_site_and_a_viewer_decide_nothing(
    bob: Browser,
    browser: Callable[..., Browser],
    staffed: Any,  # noqa: ANN401 - a fixture
) -> None:
    assert bob.post("/content", {"do": "accept", "piece": kept(staffed).id, "revision": "1"}).status_code == 403
    cleo = browser()
    cleo.sign_in("cleo@shop.example")
    page = cleo.get("/content").text
    assert ("Kettle" in page, 'id="decide"' in page) == (True, False)
    assert kept(staffed).state == "checked"


def test_what_is_wrong_is_marked_before_what_is_right_and_tags_are_line_breaks() -> None:
    version: Version = msgspec.structs.replace(
        example_version(), text="<p>A &amp; B</p>", html=True, spans=(), grounded=((3, 4), (5, 10)), findings=()
    )
    assert stretches(version) == [
        Stretch("   "), Stretch("A", "fact", "a fact of the record"), Stretch(" "),
        Stretch("&", "fact", "a fact of the record"),
        Stretch(" B\n   "),
    ]  # fmt: skip
