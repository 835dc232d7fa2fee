"""`POST /v1/events`: what shoppers do, durable before the answer and known to the shopper's next request."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct

from shopkeeper.intake.live import Taken, take_events
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.serving.live_events import ONE_TAKEN, TakenEvents
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import Answer, json_answer
from shopkeeper.web.auth import authorise, check_rows, default_store
from shopkeeper.web.batch import read_batch
from shopkeeper.web.problem import field_problems, problem
from shopkeeper.web.raw import Call, RawRoute
from shopkeeper.wiring.serving import Serving

NEEDS: Scope = "events"


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One thing wrong with one field of one row, counted from 1."""

    field: str
    reason: str
    remedy: str = ""
    row: int | None = None


class EventsAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        accepted: Events that are durable now.
        duplicates: Events that had been sent before; nothing was done twice.
        rejected: Events kept in quarantine with their reasons.
        errors: What is wrong with the rejected ones, up to 100 problems.
    """

    accepted: int
    duplicates: int
    rejected: int
    errors: tuple[FieldError, ...]


_ONE_TAKEN = json_answer(EventsAnswer(1, 0, 0, ()), 202)


class Events(RawRoute):
    """The hot route."""

    async def answer(self, call: Call) -> Answer:
        """Take what is right, keep what is not in quarantine; a batch with nothing right is a problem."""
        serving = call.serving
        key = await authorise(call.scope, serving.keys, NEEDS)
        body, store = await call.body(), default_store(key)
        sure = await serving.joined_events.take(serving.validators.lane(store), body)
        if sure is not None:
            return taken_answer(sure)
        batch = read_batch(body, "events", serving.settings.serving.batch_rows)
        check_rows(key, batch.rows)
        judged = take_events(batch.rows, serving.validators.events(store), store)
        taken = await serving.events.take(judged.rows)
        if judged.rejected:
            await quarantine(serving, "events", [serving.events.quarantined(row) for row in judged.rejected])
            if not judged.rows:
                return all_rejected(judged)
        return json_answer(
            {
                "accepted": taken.accepted,
                "duplicates": taken.duplicates,
                "rejected": len(judged.rejected),
                "errors": field_problems(judged.problems),
            },
            202,
        )


def taken_answer(taken: TakenEvents) -> Answer:
    """Return the answer to a body of which every row is right."""
    if taken == ONE_TAKEN:
        return _ONE_TAKEN
    return json_answer(EventsAnswer(taken.accepted, taken.duplicates, 0, ()), 202)


async def quarantine(serving: Serving, table: str, rows: list[RejectedRow]) -> None:
    """Keep rejected rows and count why."""
    for row in rows:
        serving.telemetry.rejected_rows(table, row.problems[0].field)
    await asyncio.to_thread(serving.quarantine.keep, rows)


def all_rejected(judged: Taken[Any]) -> Answer:
    """Return the problem of a request without one good row."""
    rows = len(judged.rejected)
    first = judged.problems[0]
    detail = f"None of the {rows} row(s) can be taken; the first problem is in {first.field}: {first.reason}."
    return problem(422, detail, f"{first.remedy} The rows are kept in quarantine.".strip(), judged.problems)
