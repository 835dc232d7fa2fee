"""Requests taken past parser and application: answered as the application answers them, in the order they came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from tests.recommendations.conftest import PRODUCTS
from tests.recommendations.conftest import Shop as Modelled
from tests.web.conftest import Shop
from uvicorn.server import ServerState

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.errors import LogBehind
from shopkeeper.web.plain_connection import PlainConnection
from shopkeeper.web.server import server_of

EVENT = '{"event_id":"%s","ts":1767265200,"type":"view","product":"p1","visitor":"ann"}'
_names = (f"e{n:06d}" for n in count())


class Wire(asyncio.Transport):
    """The other side of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.received = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.received += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Line:
    """One connection to the server of a shop."""

    def __init__(self, shop: Shop) -> None:
        config = server_of(shop.settings, shop.app, "shop", lambda: None).config
        config.load()
        self.wire, self.to_application = Wire(), 0
        application: Any = config.loaded_app

        async def counted(*call: Any) -> None:  # noqa: ANN401 - ASGI's three
            self.to_application += 1
            await application(*call)

        config.loaded_app = counted
        self.shop = shop
        self.secret = shop.key("uk")["authorization"]
        shop.run(shop.serving.keys.refresh())
        self.protocol = shop.run(self._opened(config))

    async def _opened(self, config: Any) -> PlainConnection:  # noqa: ANN401 - uvicorn's
        protocol = PlainConnection(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(self.wire)
        return protocol

    def request(self, body: str, *headers: str, path: str = "events") -> bytes:
        lines = [f"POST /v1/{path} HTTP/1.1", f"authorization: {self.secret}", f"content-length: {len(body.encode())}"]
        return "\r\n".join([*lines, *headers, "", body]).encode()

    def send(self, *chunks: bytes, answers: int = 1) -> list[bytes]:
        """Send bytes, and return the answers once there are so many."""

        async def exchange() -> list[bytes]:
            self.wire.received = b""
            for chunk in chunks:
                self.protocol.data_received(chunk)
            while len(found := self.wire.received.split(b"HTTP/1.1 ")[1:]) < answers or _partial(found[-1]):
                await asyncio.sleep(0.001)
            return found

        return self.shop.run(asyncio.wait_for(exchange(), 20))

    def post(self, body: str, *headers: str) -> bytes:
        return self.send(self.request(body, *headers))[0]

    def list_of(self, **body: Any) -> bytes:  # noqa: ANN401 - fields of a body
        """Return a request for a list."""
        return self.request(json.dumps({"store": "uk", "visitor": "ann", "k": 3, **body}), path="recommendations")

    def list(self, **body: Any) -> tuple[int, dict[str, Any], bool, bool]:  # noqa: ANN401 - fields of a body
        """Ask for a list; return status, body, whether the application answered, and whether the cache did."""
        asked = self.to_application
        head, _, answer = self.send(self.list_of(**body))[0].partition(b"\r\n\r\n")
        logged = self.shop.serving.decision_log.recent
        return int(head[:3]), json.loads(answer), self.to_application > asked, bool(logged and logged[-1].cached)

    def learn(self) -> None:
        """Let the server know the head of a request with one event."""
        assert self.post(EVENT % next(_names)).startswith(b"202")

    def learn_lists(self, visitor: str) -> None:
        """Let the server know the head of a request for a list of a visitor with so long a name."""
        assert self.list(visitor=visitor)[2]


def _partial(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) if b"content-length" in head else 0
    return len(body) < length


@pytest.fixture(scope="module")
def open_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("plain")).open()
    assert shop.call("PUT", "/v1/stores", [{"store": "uk"}, {"store": "de"}]).status_code == 202
    products = [{"product": name, "store": "uk", "price": 10, "stock": 5} for name in PRODUCTS]
    assert shop.call("PUT", "/v1/products", products).status_code == 202
    shop.serving.system.load(Modelled(shop.settings.workspace).bundle())
    yield shop
    shop.close()


@pytest.fixture
def line(open_all: Shop) -> Line:
    return Line(open_all)


@pytest.mark.parametrize(
    ("body", "past"),
    [
        (EVENT, True),
        ("[" + EVENT + "]", True),
        ('[{"event_id":"twice","ts":1767265200,"type":"cart","product":"p1","visitor":"bob"},' + EVENT + "]", True),
        ('{"event_id":"%s","ts":1767265200,"type":"stare","visitor":"ann"}', False),
        ('{"event_id":"%s","ts":9999999999,"type":"view","product":"p1","visitor":"ann"}', False),
        ('{"event_id":"%s","ts":1767265200,"type":"view","product":"p1","visitor":"null"}', False),
        ('{"event_id":"%s","ts":1767265200,"store":"de","type":"view","product":"p1","visitor":"ann"}', False),
        ('{"event_id":"%s', False),
    ],
    ids=["one", "array", "one of two sent before", "a wrong type", "the future", "no value", "another store", "broken"],
)
def test_a_request_whose_head_is_known_gets_the_answer_of_the_application(line: Line, body: str, past: bool) -> None:
    line.post(body % next(_names))
    asked = line.to_application
    by_application = line.post(body % next(_names), "x-never-seen: " + next(_names))
    assert line.to_application == asked + 1
    assert line.post(body % next(_names)) == by_application
    assert line.to_application == asked + (1 if past else 2)


def test_an_event_sent_again_is_a_duplicate(line: Line) -> None:
    line.learn()
    sent = EVENT % next(_names)
    assert b'{"accepted":1,"duplicates":0' in line.post(sent)
    assert b'{"accepted":0,"duplicates":1' in line.post(sent)


@pytest.mark.parametrize("cut", [5, 40, 150, 180])
def test_a_request_in_pieces_and_many_in_one_piece_are_answered_in_order(line: Line, cut: int) -> None:
    line.learn()
    livez = b"GET /livez HTTP/1.1\r\nhost: shop\r\n\r\n"
    events = [line.request(EVENT % name) for name in (next(_names), "twice", next(_names))]
    sent = [events[0], livez, *events[1:]]
    whole = b"".join(sent)
    answers = line.send(sent[0], whole[:cut], whole[cut:], answers=5)
    kinds = [b"accepted" in answer for answer in answers]
    assert (kinds, {answer[:3] for answer in answers if b"accepted" in answer}) == (
        [True, True, False, True, True], {b"202"},
    )  # fmt: skip


def test_what_came_behind_a_request_that_the_application_has_to_answer_waits_for_it(line: Line) -> None:
    line.learn()
    wrong = (EVENT % next(_names)).replace("1767265200", "9999999999")
    line.post(wrong)
    answers = line.send(line.request(wrong), line.request(EVENT % next(_names)), answers=2)
    assert [answer[:3] for answer in answers] == [b"422", b"202"]


@pytest.mark.parametrize("header", ["content-encoding: gzip", "connection: close", "expect: 100-continue", "origin: x"])
def test_a_head_that_says_anything_unusual_goes_to_the_application_each_time(line: Line, header: str) -> None:
    asked = line.to_application
    line.post(EVENT % next(_names), header)
    if not line.wire.closed:
        line.post(EVENT % next(_names), header)
        assert line.to_application == asked + 2


def test_a_key_that_is_no_longer_valid_opens_nothing(line: Line) -> None:
    line.learn()
    keys = line.shop.serving.state.keys
    key = keys.find(line.secret.removeprefix("Bearer "))
    assert key is not None
    keys.revoke(key.key_id, "test")
    line.shop.run(line.shop.serving.keys.refresh())
    assert line.post(EVENT % next(_names)).startswith(b"401")


def test_while_the_log_is_behind_the_sender_is_told_to_come_back(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.learn()
    asked = line.to_application

    async def behind(table: TableSchema, lines: bytes, rows: int) -> None:
        raise LogBehind("The event log is behind.")

    monkeypatch.setattr(line.shop.serving.events._log, "append_lines", behind)
    answer = line.post(EVENT % next(_names))
    assert answer.startswith(b"429")
    assert b"retry-after: 1" in answer
    assert line.to_application == asked


@pytest.mark.parametrize("status", [200, 202])
def test_a_server_that_goes_down_answers_first_and_closes_then(line: Line, status: int) -> None:
    line.learn()
    line.learn_lists("down-a")
    asked = line.list_of(visitor="down-b") if status == 200 else line.request(EVENT % next(_names))

    async def down() -> None:
        line.wire.received = b""
        line.protocol.data_received(asked)
        line.protocol.shutdown()
        assert not line.wire.closed
        while not line.wire.closed:
            await asyncio.sleep(0.001)

    line.shop.run(asyncio.wait_for(down(), 20))
    assert line.wire.received.startswith(f"HTTP/1.1 {status}".encode())


def test_a_sender_that_went_away_is_sent_nothing(line: Line) -> None:
    line.learn()

    async def gone() -> None:
        line.wire.received = b""
        line.protocol.data_received(line.request(EVENT % next(_names)))
        line.wire.close()
        line.protocol.connection_lost(None)
        await line.shop.serving.joined_events.take(
            line.shop.serving.validators.lane("uk"), (EVENT % next(_names)).encode()
        )

    line.shop.run(gone())
    assert line.wire.received == b""


def test_a_list_that_was_asked_before_comes_from_the_cache_past_the_application(line: Line) -> None:
    first, second, third = (line.list(session="again") for _ in range(3))
    assert [found[2:] for found in (first, second, third)] == [(True, False), (False, True), (False, True)]
    assert {found[0] for found in (first, second, third)} == {200}
    told = [{**found[1], "decision_id": "", "took_ms": 0} for found in (first, second, third)]
    assert told[0] == told[1] == told[2]
    assert told[2]["model"]
    logged = line.shop.serving.decision_log.recent[-2:]
    assert [row.decision_id for row in logged] == [found[1]["decision_id"] for found in (second, third)]
    assert [(row.cached, row.answer, row.session) for row in logged] == [(True, logged[0].answer, "again")] * 2


def test_a_list_that_nobody_asked_for_is_made_past_the_application_in_the_same_way(line: Line) -> None:
    line.learn_lists("new-a")
    made, again = line.list(visitor="new-b"), line.list(visitor="new-c", products=[])
    assert (made[0], again[0], made[2:], again[2:]) == (200, 200, (False, False), (True, False))
    assert {**made[1], "decision_id": "", "took_ms": 0} == {**again[1], "decision_id": "", "took_ms": 0}
    assert made[1]["model"]


def test_what_comes_behind_a_list_that_is_being_made_waits_for_it(line: Line) -> None:
    line.learn()
    line.learn_lists("row-a")
    sent = [line.list_of(visitor="row-b"), line.request(EVENT % next(_names)), line.list_of(visitor="row-c")]
    assert [answer[:3] for answer in line.send(*sent, answers=3)] == [b"200", b"202", b"200"]


def test_who_could_not_be_given_a_list_in_time_is_told_when_to_come_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.learn_lists("full-a")
    monkeypatch.setattr(line.shop.serving.admission, "enter", lambda: False)
    by_application = line.send(line.list_of(visitor="full-b", products=[]))[0]
    asked = line.to_application
    assert line.send(line.list_of(visitor="full-c"))[0] == by_application
    assert by_application.startswith(b"503")
    assert line.to_application == asked


def test_a_list_that_fails_is_a_problem_and_leaves_the_door(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.learn_lists("fail-a")

    async def fails(*_: object) -> None:
        raise RuntimeError("nobody expected it")

    monkeypatch.setattr(line.shop.serving.decider, "decide", fails)
    errors = line.shop.serving.telemetry.errors
    assert line.send(line.list_of(visitor="fail-b"))[0].startswith(b"500")
    assert (line.shop.serving.telemetry.errors, line.shop.serving.admission.inside) == (errors + 1, 0)


def test_a_list_is_asked_of_the_model_again_when_the_shopper_did_something(line: Line) -> None:
    assert [line.list(visitor="eve")[3] for _ in range(3)] == [False, True, True]
    line.post((EVENT % next(_names)).replace("p1", "mug").replace("ann", "eve"))
    assert [line.list(visitor="eve")[3] for _ in range(2)] == [False, True]


def test_what_is_sold_out_is_in_no_list_of_the_cache(line: Line) -> None:
    shown = [line.list(visitor="dan") for _ in range(3)][-1][1]["items"][0]["product"]
    sold_out = {"product": shown, "store": "uk", "price": 10, "stock": 0}
    assert line.shop.call("PUT", "/v1/products", [sold_out]).status_code == 202
    _, body, _, from_cache = line.list(visitor="dan")
    assert not from_cache
    assert shown not in [item["product"] for item in body["items"]]
    assert line.shop.call("PUT", "/v1/products", [{**sold_out, "stock": 5}]).status_code == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [({"store": "de"}, 403), ({"k": 0}, 422), ({"k": 999}, 422), ({"slots": [{"surface": "cart"}]}, 200)],
)
def test_what_the_application_refuses_or_answers_otherwise_it_does_each_time(
    line: Line, body: dict[str, Any], status: int
) -> None:
    assert {line.list(**body)[::2] for _ in range(4)} == {(status, True)}
