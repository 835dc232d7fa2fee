"""Requests as a shop's server sends them again and again: the same head each time, and a small body.

A head that was read once and named a key, a length and nothing unusual is known by its hash from then on. A request
that begins with it is not parsed anew, and is answered on its connection where that is surely right: events, joined
with those of the same turn of the loop, and lists of products. All else goes through parser and application as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from shopkeeper.commerce.event import Event
from shopkeeper.errors import NotAuthenticated, RequestRejected
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.recommendations.request import RecommendationBody, read_body
from shopkeeper.serving.joined_events import Sender
from shopkeeper.serving.key_ring import digest_of
from shopkeeper.serving.live_events import ONE_TAKEN, TakenEvents
from shopkeeper.serving.ports import ApiKey, Scope
from shopkeeper.web import events, recommendations
from shopkeeper.web.admitted import FULL, done_inside
from shopkeeper.web.answer import Answer
from shopkeeper.web.auth import ALL, default_store, secret_in
from shopkeeper.web.events import taken_answer
from shopkeeper.web.raw import failed
from shopkeeper.web.recommendations import rendered
from shopkeeper.web.wire_form import wire_form
from shopkeeper.wiring.serving import Serving

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

EVENTS: Final = b"POST /v1/events HTTP/1.1\r\n"
LISTS: Final = b"POST /v1/recommendations HTTP/1.1\r\n"
BYTES: Final = 4_096
"""Largest body taken so: a larger one holds many events, and what HTTP adds is little for each of them."""
_HEAD_BYTES: Final = 2_048
_HEADS: Final = 10_000
_LISTS: Final = 20_000
_END: Final = b"\r\n\r\n"
_UNUSUAL: Final = frozenset({b"content-encoding", b"transfer-encoding", b"expect", b"origin", b"upgrade"})

Stamp = Sequence[tuple[bytes, bytes]]
"""Headers that the server adds to each answer: a new list each second."""


class PlainRequests:
    """Reads and answers plain requests for the connections of one server. Used from one event loop.

    Args:
        serving: Returns what the server works with; it is not there before the server started.
    """

    def __init__(self, serving: Callable[[], Serving]) -> None:
        self._opened = serving
        self._heads: dict[bytes, tuple[bytes, int]] = {}
        """Hash of a head -> hash of its key's secret, and the length of its body, bytes."""
        self._asked: dict[bytes, RecommendationBody | None] = {}
        """Bodies that asked for a list, with what they say from the second time on."""
        self._stamp: Stamp | None = None
        self._one = b""

    @cached_property
    def _serving(self) -> Serving:
        return self._opened()

    def learn(self, request: bytes, scope: HTTPScope) -> None:
        """Know the head of a request again that the parser read, if it is a plain one.

        Args:
            request: Its bytes from its first on, beginning with `EVENTS` or `LISTS`.
        """
        end = request.find(_END) + len(_END)
        head = request[:end]
        sent = list(scope["headers"])
        headers = dict(sent)
        length = headers.get(b"content-length", b"")
        if (
            not len(_END) <= end <= _HEAD_BYTES
            or head.count(b"\n") != head.count(b"\r\n")  # so the parser saw its end where it is seen here
            or len(headers) < len(sent)
            or not _UNUSUAL.isdisjoint(headers)
            or headers.get(b"connection", b"keep-alive").lower() != b"keep-alive"
            or not length.isdigit()
            or int(length) > min(BYTES, self._serving.settings.serving.body_bytes)
        ):
            return
        try:
            key = digest_of(secret_in({"headers": sent}))
        except NotAuthenticated:
            return
        if self._serving.keys.held(key) is not None:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            self._heads[sha256(head).digest()] = (key, int(length))

    def events(self, request: bytes) -> tuple[LiveLane, list[Event]] | None:
        """Return the events of a request that begins with `EVENTS`, and what read them; None where it is no plain one,
        or not surely right."""
        found = self._known(request, events.NEEDS)
        if found is None:
            return None
        lane = self._serving.validators.lane(default_store(found[0]))
        read = lane.read(found[1])
        return (lane, read) if read is not None else None

    def join(self, lane: LiveLane, read: list[Event], sender: Sender) -> None:
        """Take events, and tell the sender what became of them."""
        self._serving.joined_events.join(lane, read, sender)

    def taken(self, taken: TakenEvents, stamp: Stamp) -> bytes:
        """Return the answer to events that were taken."""
        if taken != ONE_TAKEN:
            return wire_form(taken_answer(taken), stamp)
        if stamp is not self._stamp:
            self._stamp, self._one = stamp, wire_form(taken_answer(taken), stamp)
        return self._one

    def failed(self, error: Exception, stamp: Stamp) -> bytes:
        """Return the answer to a request whose events could not be taken."""
        return wire_form(failed(error, self._serving.telemetry), stamp)

    def listed(self, request: bytes, stamp: Stamp) -> bytes | Coroutine[Any, Any, Answer] | None:
        """Return the answer to a request that begins with `LISTS`: its bytes where the cache alone gives it, else what
        will give it; None where it is no plain one, or not surely right."""
        found = self._known(request, recommendations.NEEDS)
        if found is None:
            return None
        again = found[1] in self._asked
        body = self._list_asked(found[1])
        if body is None or found[0].store not in (ALL, body.store):
            return None
        decision = self._serving.recommended(body) if again else None
        return self._decided(body) if decision is None else wire_form(rendered(decision), stamp)

    async def _decided(self, body: RecommendationBody) -> Answer:
        """Return the answer to a list, as the application gives it; 503 where it could not be given in time."""
        serving, answer = self._serving, FULL

        async def decide() -> None:
            nonlocal answer
            try:
                answer = rendered(await serving.recommend(body))
            except Exception as error:  # noqa: BLE001 - the outermost loop of a request: clients never see a stack trace
                answer = failed(error, serving.telemetry)

        await done_inside(serving.admission, decide)
        return answer

    def _known(self, request: bytes, needs: Scope) -> tuple[ApiKey, bytes] | None:
        """Return the key and the body of a request whose head is known and whose key is valid."""
        end = request.find(_END) + len(_END)
        known = self._heads.get(sha256(request[:end]).digest())
        if known is None or len(request) != end + known[1]:
            return None
        key = self._serving.keys.held(known[0])
        return (key, request[end:]) if key is not None and needs in key.scopes else None

    def _list_asked(self, raw: bytes) -> RecommendationBody | None:
        """Return a body that is right and asks for one list; kept from the second time on, as many come only once."""
        known = self._asked.get(raw)
        if known is not None:
            return known
        try:
            body = read_body(raw)
        except RequestRejected:
            return None
        if body.slots or body.k > self._serving.settings.serving.k_limit:
            return None
        if raw in self._asked:
            self._asked[raw] = body
        else:
            if len(self._asked) >= _LISTS:
                self._asked.clear()
            self._asked[raw] = None
        return body
