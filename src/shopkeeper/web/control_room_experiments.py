"""The control room's library of experiments: what runs, what came out, what was learnt; and each one's report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from shopkeeper.experiments.library import Entry
from shopkeeper.experiments.log_record import outcome_word
from shopkeeper.experiments.report import CHIPS, report_page, signed
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.web.experiments import may_see
from shopkeeper.web.pages import locked_down
from shopkeeper.web.room_door import RoomRoute, reader
from shopkeeper.wiring.experiment_run import report_of
from shopkeeper.wiring.experiments import library, plan_names
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)


@dataclass(frozen=True, slots=True)
class ExperimentsView:
    """What the page shows.

    Attributes:
        headline: The answer to the page's question in one or two sentences.
        planned: Plan files of what was not started.
    """

    headline: str
    entries: Sequence[Entry]
    planned: Sequence[str]

    @staticmethod
    def chip(one: Entry) -> str:
        """Return the colour of an outcome."""
        return CHIPS[one.outcome] if one.outcome else "soft"

    @staticmethod
    def word(one: Entry) -> str:
        """Return what it came to."""
        return outcome_word(one.outcome, one.state)

    @staticmethod
    def effect(one: Entry) -> str:
        """Return the primary effect with its interval and n; nothing before there is one."""
        if one.relative is None:
            return ""
        return f"{signed(one.relative)} ({signed(one.low)} to {signed(one.high)}), n = {one.n:,}"


def experiments_view(serving: Serving, actor: Actor) -> ExperimentsView:
    """Return every experiment that a reader may see, newest first."""
    every = library(serving.state)
    entries = [one for one in every if may_see(actor, one.stores)]
    started = {one.name for one in every}
    planned = [name for name in plan_names(serving.settings) if name not in started]
    return ExperimentsView(headline(entries), entries, planned)


def headline(entries: Sequence[Entry]) -> str:
    """Return what runs and what was decided, in words."""
    running = [one.title for one in entries if one.state == "running"]
    over = [one for one in entries if one.state == "stopped"]
    won = sum(one.outcome == "wins" for one in over)
    now = f"Now running: {', '.join(running)}." if running else "No experiment runs now."
    learnt = sum(bool(one.learning) for one in entries)
    past = f" Of {len(over)} that are over, {won} won; {learnt} left a learning." if over else ""
    return now + past


@router.get("/control-room/experiments/{name}")
def report(request: Request, name: str) -> Response:
    """What was asked, what came out, and who decided what?"""
    serving: Serving = request.app.state.serving
    found = report_of(serving.state, name)
    for store in found.record.plan.stores or (ALL,):
        reader(request).must("view", store)
    return HTMLResponse(report_page(found), headers=locked_down())
