"""`/v1/content`: what shops get of texts, and what people may do with them over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shopkeeper.content.kept import KeptPiece, Wanted
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.people.person import shell_user
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.content_job import TEXTS, content_work
from shopkeeper.wiring.content_review import approve_all
from shopkeeper.wiring.content_truth import FRESH
from shopkeeper.wiring.seen_runs import recent_runs

if TYPE_CHECKING:
    from tests.web.conftest import Shop

Header = dict[str, str]
KETTLE = {"product": "kettle", "title": "Kettle", "categories": ["Home > Kettles"], "price": 30, "stock": 5}
URL = "/v1/content/kettle?store=uk"
ORDER = ContentOrder(store="uk", products=("kettle",), fields=("title", "description_short"))


@pytest.fixture
def kettle(shop: Shop) -> Shop:
    """A shop that sells a kettle with texts that wait."""
    sell(shop, "1.7 L")
    steps = StepsInMemory(shop.settings.workspace / "run")
    content_work(shop.settings)(steps, TEXTS, {"order": msgspec.to_builtins(ORDER), "who": "anna"})
    return shop


def sell(shop: Shop, capacity: str) -> None:
    row = {**KETTLE, "attributes": {"capacity": capacity, "colour": "red"}}
    answer = shop.call("PUT", "/v1/products", [{**row, "store": "uk"}])
    assert answer.status_code == 202, answer.text


def publish(shop: Shop) -> None:
    wanted = Wanted(product="kettle")
    approve_all(shop.settings, shop.serving.state, wanted, "fine", shell_user("anna"), datetime.now(UTC))


def waiting(shop: Shop, field: str = "description_short") -> KeptPiece:
    return shop.serving.state.pieces.find(Wanted(product="kettle", field=field, locale="en"))[0]


def decide(shop: Shop, piece: KeptPiece, key: Header, **body: Any) -> Any:  # noqa: ANN401 - httpx's answer
    return shop.call("POST", f"/v1/content/{piece.id}/review", {"revision": piece.revision, **body}, key=key)


def test_only_what_is_published_is_shown_and_answers_are_told_apart_by_their_etag(kettle: Shop) -> None:
    empty = kettle.call("GET", URL)
    assert (empty.status_code, empty.json()["texts"]) == (200, {})
    publish(kettle)
    answer = kettle.call("GET", URL)
    texts = answer.json()["texts"]
    assert set(texts) == {"title", "description_short"}
    assert "1.7" in texts["description_short"]["text"]
    assert (texts["title"]["by_model"], texts["title"]["html"], answer.json()["locale"]) == (False, False, "en")
    assert answer.headers["etag"] != empty.headers["etag"]
    again = kettle.call("GET", URL, key={**kettle.admin, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


def test_what_the_record_says_otherwise_now_is_left_out_at_once(kettle: Shop) -> None:
    publish(kettle)
    sell(kettle, "1.5 L")
    answer = kettle.call("GET", URL).json()
    assert "description_short" in answer["left_out"]
    assert "description_short" not in answer["texts"]


def test_a_product_that_is_not_sold_and_a_store_nobody_knows_have_no_texts(kettle: Shop) -> None:
    assert kettle.call("GET", "/v1/content/nothing?store=uk").status_code == 404
    assert kettle.call("GET", "/v1/content/kettle?store=nowhere").status_code == 404
    assert kettle.call("GET", URL, key=kettle.key("de")).status_code == 403
    assert kettle.call("GET", URL, key=kettle.key("uk", "events")).status_code == 403


def test_a_merchandiser_decides_and_it_is_audited_under_their_name(kettle: Shop) -> None:
    merchandiser = kettle.person("merchandiser")
    taken = decide(kettle, waiting(kettle), merchandiser, do="accept", seconds=3)
    assert (taken.status_code, taken.json()["state"], taken.json()["live"]) == (200, "published", 1)
    entry = kettle.serving.state.audit.latest(1)[0]
    assert (entry["action"], entry["who"].startswith("merchandiser-0 (person ")) == ("content.approve", True)
    late = decide(kettle, waiting(kettle), merchandiser, do="reject", revision=1, reason="no")
    assert (late.status_code, waiting(kettle).state) == (409, "published")


def test_typed_text_that_does_not_hold_is_refused_with_what_fails(kettle: Shop) -> None:
    merchandiser = kettle.person("merchandiser")
    answer = decide(kettle, waiting(kettle), merchandiser, do="edit", text="<script>x</script> Kettle with 9 L.")
    assert answer.status_code == 422
    assert "grounding" in answer.text
    good = decide(kettle, waiting(kettle), merchandiser, do="edit", text="Red kettle with 1.7 L.")
    assert (good.status_code, good.json()["locked"]) == (200, True)
    assert kettle.call("GET", URL).json()["texts"]["description_short"]["text"] == "Red kettle with 1.7 L."


def test_keys_and_viewers_decide_nothing_and_an_unknown_text_is_404(kettle: Shop) -> None:
    piece = waiting(kettle)
    assert decide(kettle, piece, kettle.admin, do="accept").status_code == 403
    assert decide(kettle, piece, kettle.person("viewer"), do="accept").status_code == 403
    assert decide(kettle, piece, kettle.person("merchandiser", store="de"), do="accept").status_code == 403
    body = {"do": "accept", "revision": 1}
    answer = kettle.call("POST", "/v1/content/nothing/review", body, key=kettle.person("merchandiser"))
    assert answer.status_code == 404
    assert piece == waiting(kettle)


def test_a_job_is_accepted_for_a_worker_and_audited(kettle: Shop) -> None:
    body = {"store": "uk", "fields": ["title"]}
    answer = kettle.call("POST", "/v1/content/jobs", body, key=kettle.person("merchandiser"))
    assert answer.status_code == 202, answer.text
    (run,) = recent_runs(kettle.settings, 5)
    assert (run.run, run.state, run.order["order"]["store"]) == (answer.json()["run"], "queued", "uk")
    assert kettle.serving.state.audit.latest(1)[0]["action"] == "content.order"


def test_a_job_nobody_can_do_or_may_order_is_refused(kettle: Shop) -> None:
    merchandiser = kettle.person("merchandiser")
    assert kettle.call("POST", "/v1/content/jobs", {"fields": ["poem"]}, key=merchandiser).status_code == 422
    assert kettle.call("POST", "/v1/content/jobs", {"locales": ["hu"]}, key=merchandiser).status_code == 422
    assert kettle.call("POST", "/v1/content/jobs", {"store": "nowhere"}, key=merchandiser).status_code == 404
    assert kettle.call("POST", "/v1/content/jobs", {}, key=kettle.admin).status_code == 403
    assert recent_runs(kettle.settings, 5) == ()


def test_the_introduction_of_a_category_is_shown_while_it_is_published_and_true(
    kettle: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, capacity in (("small", "1 L"), ("large", "2 L")):
        row = {**KETTLE, "product": name, "attributes": {"capacity": capacity, "colour": "red"}, "store": "uk"}
        assert kettle.call("PUT", "/v1/products", [row]).status_code == 202
    order = msgspec.structs.replace(ORDER, products=(), fields=("category_intro",))
    steps = StepsInMemory(kettle.settings.workspace / "intro")
    content_work(kettle.settings)(steps, TEXTS, {"order": msgspec.to_builtins(order), "who": "anna"})
    url = "/v1/category-content?store=uk&category=Home > Kettles"
    assert kettle.call("GET", url).json()["intro"] is None
    approve_all(kettle.settings, kettle.serving.state, Wanted(), "fine", shell_user("anna"), datetime.now(UTC))
    answer = kettle.call("GET", url).json()
    assert (answer["category"], answer["locale"], answer["intro"]["html"]) == ("Home > Kettles", "en", False)
    assert "kettles" in answer["intro"]["text"].lower()
    assert kettle.call("GET", url, key=kettle.key("de")).status_code == 403
    later = kettle.serving.now() + FRESH
    monkeypatch.setattr(kettle.serving, "now", lambda: later)
    row = {**KETTLE, "product": "large", "attributes": {"capacity": "3 L", "colour": "red"}, "store": "uk"}
    assert kettle.call("PUT", "/v1/products", [row]).status_code == 202
    assert kettle.call("GET", url).json()["intro"] is None
