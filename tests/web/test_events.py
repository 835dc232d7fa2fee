"""`POST /v1/events`: durable before the answer, counted once, known to the shopper's next request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from shopkeeper.commerce.shopper import Shopper
from shopkeeper.quality.ports import NamedQuery

if TYPE_CHECKING:
    from tests.web.conftest import Shop

LOGGED = NamedQuery("logged", 'SELECT event_id, visitor, "user" FROM events ORDER BY event_id')
COUNTED = NamedQuery("counted", "SELECT store, type, product, n FROM event_counts")


def event(number: int = 1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    at = datetime.now(UTC) - timedelta(minutes=1)
    row = {"event_id": f"e{number}", "ts": at.isoformat(), "store": "uk", "type": "view", "product": "p1"}
    return {**row, "visitor": "ann", **fields}


def logged(shop: Shop, query: NamedQuery = LOGGED) -> list[tuple[Any, ...]]:
    shop.run(shop.serving.make_visible())
    warehouse = shop.serving.lake.warehouse()
    try:
        return list(zip(*(column.tolist() for column in warehouse.fetch(query).values()), strict=True))
    finally:
        warehouse.close()


@pytest.mark.parametrize(
    "body", [event(), [event()], {"events": [event()]}, {"rows": [event()]}], ids=["one", "array", "events", "rows"]
)
def test_one_event_or_a_batch_is_taken_and_logged(shop: Shop, body: object) -> None:
    answer = shop.call("POST", "/v1/events", body)
    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "rejected": 0, "errors": []},
    )
    assert logged(shop) == [("e1", "ann", None)]


def test_an_event_taken_now_changes_that_shoppers_next_answer_and_nobody_elses(shop: Shop) -> None:
    shop.call("POST", "/v1/events", event(product="p3"))
    profile = shop.serving.profiles.local.read(Shopper("uk", visitor="ann"))
    assert [seen.product for seen in profile.events] == ["p3"]
    assert shop.serving.profiles.local.read(Shopper("uk", visitor="bob")).events == ()


def test_an_event_sent_again_is_a_counted_duplicate_and_touches_nothing_twice(shop: Shop) -> None:
    sent = event()
    shop.call("POST", "/v1/events", [sent, event(2)])
    answer = shop.call("POST", "/v1/events", [sent, event(3)]).json()
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert len(shop.serving.profiles.local.read(Shopper("uk", visitor="ann")).events) == 3
    assert [row[0] for row in logged(shop)] == ["e1", "e2", "e3"]


def test_events_the_disk_cannot_keep_up_with_are_refused_whole_with_when_to_come_again(shop: Shop) -> None:
    log, disk = shop.serving.log.live, threading.Event()
    log._most_waiting_bytes = 0  # beside one call that is written and one that waits
    many = msgspec.json.encode([event(n) for n in range(10, 60)])

    async def scenario() -> tuple[httpx.Response, ...]:
        def post(content: bytes) -> asyncio.Task[httpx.Response]:
            return asyncio.create_task(shop.client.post("/v1/events", content=content, headers=shop.admin))

        log._writer.submit(disk.wait)
        taken = []
        for waiting, path, row in ((1, "/v1/products", {"product": "p9", "store": "uk"}), (2, "/v1/events", event(1))):
            method, body = "POST" if path == "/v1/events" else "PUT", msgspec.json.encode([row])
            call = shop.client.request(method, path, content=body, headers=shop.admin)
            taken.append(asyncio.create_task(call))
            while log.counts.waiting < waiting:
                await asyncio.sleep(0)
        refused = await post(many)
        disk.set()
        return refused, *[await one for one in taken], await post(many)

    refused, *taken, again = shop.run(scenario())
    assert (refused.status_code, float(refused.headers["retry-after"])) == (429, 1.0)
    assert "behind" in refused.json()["detail"]
    assert [one.status_code for one in taken] == [202, 202]
    assert again.json() == {"accepted": 50, "duplicates": 0, "rejected": 0, "errors": []}
    assert len(logged(shop)) == 51


def test_good_rows_are_taken_and_bad_ones_kept_in_quarantine_with_row_field_and_remedy(shop: Shop) -> None:
    answer = shop.call("POST", "/v1/events", [event(1), event(2, type="stare"), event(3)])
    assert answer.status_code == 202
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == (2, 1)
    assert (body["errors"][0]["row"], body["errors"][0]["field"]) == (2, "type")
    assert body["errors"][0]["remedy"]
    (kept,) = shop.serving.quarantine.rows()
    assert (kept.table, kept.row, kept.raw["event_id"], kept.raw["type"]) == ("events", 2, "e2", "stare")


def test_a_batch_without_one_good_row_is_a_problem_and_kept_as_well(shop: Shop) -> None:
    answer = shop.call("POST", "/v1/events", [event(type="stare"), {"store": "uk"}])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["row"] for error in answer.json()["errors"]} == {1, 2}
    assert shop.serving.quarantine.count() == 2


def test_without_measure_only_a_count_without_person_and_hour_is_logged(shop: Shop) -> None:
    shop.call("POST", "/v1/events", [event(n, visitor=f"v{n}", consent={"measure": False}) for n in range(3)])
    assert logged(shop) == []
    shop.call("POST", "/v1/events", event(3, type="rating", value=1, consent={"measure": False}))
    assert sorted(logged(shop, COUNTED)) == [("uk", "dismiss", "p1", 1), *[("uk", "view", "p1", 1)] * 3]


def test_a_rejected_event_of_a_shopper_who_is_not_measured_is_kept_without_keys(shop: Shop) -> None:
    secret: dict[str, Any] = {"visitor": "zoe", "user": {"mail": "zoe@shop"}, "mail": "zoe@home", "order_id": "zoe-1"}
    shop.call("POST", "/v1/events", event(type="stare", consent={"measure": False}, **secret))
    (kept,) = shop.serving.quarantine.rows()
    text = msgspec.json.encode(kept).decode()
    assert kept.raw["type"] == "stare"
    assert "zoe" not in text


def test_without_personalise_no_profile_is_written_but_the_event_is_logged(shop: Shop) -> None:
    shop.call("POST", "/v1/events", event(consent={"personalise": False}))
    assert len(shop.serving.profiles) == 0
    assert logged(shop) == [("e1", "ann", None)]


def test_a_declared_bot_shapes_no_profile(shop: Shop) -> None:
    shop.call("POST", "/v1/events", event(traffic="declared_bot"))
    assert len(shop.serving.profiles) == 0
    assert logged(shop) == [("e1", "ann", None)]


def test_profiles_outlive_a_restart(open_shop: Callable[..., Shop], shop: Shop) -> None:
    refused = event(2, product="p4", consent={"personalise": False})
    shop.call("POST", "/v1/events", [event(1, product="p3"), refused, event(3, type="rating", product="p5", value=1)])
    shop.close()
    again = open_shop()
    profile = again.serving.profiles.local.read(Shopper("uk", visitor="ann"))
    assert [(seen.product, seen.type) for seen in profile.events] == [("p3", "view"), ("p5", "dismiss")]
    answer = again.call("POST", "/v1/events", event(1, product="p3")).json()
    assert answer["duplicates"] == 1, "what is resent after a restart is known too"


def test_more_rows_than_allowed_are_refused_whole(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(batch_rows=2)
    shop.call("PUT", "/v1/stores", {"store": "uk"})
    answer = shop.call("POST", "/v1/events", [event(n) for n in range(3)])
    assert answer.status_code == 413
    assert "2 rows" in answer.json()["remedy"]
    assert logged(shop) == []
