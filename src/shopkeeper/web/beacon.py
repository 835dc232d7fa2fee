"""`POST /v1/beacon?key=KEY`: what a web page itself sends of its shopper, as `navigator.sendBeacon` can.

The key stands in the page, so anybody has it. What it opens is bounded therefore: events of the types a browser may
send, of one store, from pages of that store, small, so many a minute from each address, and never in the name of
somebody signed in. Rejected rows are named and counted, but not kept: anybody could fill the quarantine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.types import Scope as AsgiScope

from shopkeeper.commerce.event import Event
from shopkeeper.errors import FieldProblem, NotAllowed
from shopkeeper.serving.allowance import Allowance
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import Answer, json_answer
from shopkeeper.web.auth import check_rows, key_of
from shopkeeper.web.batch import read_batch
from shopkeeper.web.events import EventsAnswer, FieldError
from shopkeeper.web.limits import read_body
from shopkeeper.web.problem import ERRORS_SHOWN, HttpProblem, problem
from shopkeeper.web.raw import Call, RawRoute
from shopkeeper.wiring.settings_serving import ServingSettings

NEEDS: Scope = "beacon"
PATH: Final = "/v1/beacon"
BYTES: Final = 65_536
"""Largest body, bytes: browsers queue no larger beacon."""
ROWS: Final = 100
ID_BEGINS: Final = "web-"
"""How ids that browsers give begin: else anybody could use up the id of an order before the shop sends it."""


class Beacon(RawRoute):
    """The hot route.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, settings: ServingSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._origins = settings.store_origins
        self._types = frozenset(settings.beacon_types)
        self._allowance = Allowance(settings.beacon_per_minute, clock)

    async def answer(self, call: Call) -> Answer:
        """Take what a browser may say, and name the rest."""
        serving = call.serving
        key = await key_of(key_in_query(call.scope), serving.keys, NEEDS)
        headers = dict(call.scope["headers"])
        self._check_origin(headers, key.store)
        rows = read_batch(await read_body(call.scope, call.receive, BYTES), "events", ROWS).rows
        check_rows(key, rows)
        wait = self._allowance.use((call.scope.get("client") or ("",))[0], len(rows))
        if wait:
            serving.telemetry.rejected_rows("beacon", "rate", len(rows))
            after = ((b"retry-after", str(math.ceil(wait)).encode()),)
            raise HttpProblem(429, "Too many events came from this address.", "Send them later.", (), after)
        agent = headers.get(b"user-agent", b"").decode("latin-1")[:500]
        judge = serving.validators.events(key.store)
        events: list[Event] = []
        problems: list[FieldProblem] = []
        for number, raw in enumerate(rows, start=1):
            judged = judge.check({"user_agent": agent, **raw} if isinstance(raw, dict) else raw, number)
            found = self._unfit(raw, judged, number) if isinstance(judged, Event) else judged
            problems += found if isinstance(found, tuple) else ()
            if isinstance(judged, Event) and not found:
                events.append(judged)
            else:
                serving.telemetry.rejected_rows("beacon", problems[-1].field)
        if not events:
            return problem(422, "None of the rows can be taken.", "See the errors; none was kept.", tuple(problems))
        taken = await serving.events.take(events)
        errors = tuple(FieldError(p.field, p.reason, p.remedy, p.row) for p in problems[:ERRORS_SHOWN])
        return json_answer(EventsAnswer(taken.accepted, taken.duplicates, len(rows) - len(events), errors), 202)

    def _check_origin(self, headers: Mapping[bytes, bytes], store: str) -> None:
        """Raise NotAllowed unless a request comes from a page of the store."""
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin not in self._origins.get(store, ()):
            raise NotAllowed(
                f"Pages of {origin[:200] or 'no origin'!r} may not send events of store {store!r}.",
                "Name the page's origin in `serving.store_origins`; servers use a key with the scope `events`.",
            )

    def _unfit(self, raw: Mapping[str, Any], event: Event, row: int) -> tuple[FieldProblem, ...]:
        """Return what a browser may not say of an event that is right in itself."""
        problems = []
        if event.type not in self._types:
            known = ", ".join(sorted(self._types))
            reason = f"must be a type that browsers may send ({known}), got {event.type!r}"
            problems.append(FieldProblem("type", reason, "Let the shop's server send it.", row))
        if event.user is not None:
            reason = "must not be said by a browser, which may say it of anybody"
            remedy = "Send the visitor; the shop's server says who is signed in when it asks for products."
            problems.append(FieldProblem("user", reason, remedy, row))
        if raw.get("event_id") not in (None, "") and not event.event_id.startswith(ID_BEGINS):
            reason = f"must begin with {ID_BEGINS!r} where a browser gives it, got {event.event_id[:50]!r}"
            remedy = f"Use `{ID_BEGINS}` and `crypto.randomUUID()`, or leave it out."
            problems.append(FieldProblem("event_id", reason, remedy, row))
        return tuple(problems)


def key_in_query(scope: AsgiScope) -> str:
    """Return the public key that a beacon's address names; empty where it names none."""
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("key", [""])[0]
