"""The pages of price runs: which there are, and one run's prices, gates and steps, with its buttons."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shopkeeper.errors import InputError, NotAllowed, ShopkeeperError
from shopkeeper.people.roles import ALL
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.price_tests.validity import spoilt_tests
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.pricing.runs.run_rows import RowsWanted
from shopkeeper.web import control_room_price_runs as views
from shopkeeper.web import control_room_price_words as words
from shopkeeper.web.control_room import room_page
from shopkeeper.web.control_room_price_offers import DONE, offers
from shopkeeper.web.form import reason_of, sent_fields
from shopkeeper.web.locale_text import money
from shopkeeper.web.price_runs import Action, PriceActionBody, do
from shopkeeper.web.problem import status_of
from shopkeeper.web.room_door import RoomRoute, readable, reader
from shopkeeper.web.signed_in import cookie_name
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGE: Final = "/control-room/prices"
RUNS_SHOWN: Final = 200
ROWS_SHOWN: Final = 100
WRONG_SHOWN: Final = 50
Name = Annotated[str, Query(max_length=200)]


@router.get(PAGE)
def prices(request: Request, store: Name = "", status: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Which price runs are there, and does the shop show what they decided?"""
    serving: Serving = request.app.state.serving
    names = [known.store for known in serving.catalogue.stores]
    theirs = readable(request, "view", names)
    may_see = None if theirs is None else set(theirs)
    newest = serving.state.price_runs.newest(RUNS_SHOWN)
    seen = [one for one in newest if may_see is None or may_see.issuperset(one.stores or (ALL,))]
    runs = [one for one in seen if (not store or store in one.stores) and (not status or one.status == status)]
    published = [one for one in serving.price_book.every() if not store or one.store == store]
    now, policy = datetime.now(UTC), run_policy(serving)
    wrong = views.wrong_prices(published, may_see)
    spoilt = spoilt_tests(wrong, serving.state.price_tests.held()) if wrong else {}
    outcomes = serving.price_book.outcomes(*([store] if store else theirs or ()))
    return room_page(request, "prices", {
        "runs": runs, "any_runs": bool(seen), "far": serving.state.prices.how_far([one.id for one in runs]),
        "headline": views.runs_headline(runs, outcomes), "all_stores": names if theirs is None else theirs,
        "store": store, "status": status, "more": len(newest) == RUNS_SHOWN,
        "wrong": wrong[:WRONG_SHOWN], "spoilt": spoilt, "mismatch": outcomes["mismatch"],
        "overdue": views.overdue(published, policy.confirm_hours, now), "confirm_hours": policy.confirm_hours,
        "words": words, "views": views, "money": money,
    })  # fmt: skip


@router.get(PAGE + "/runs/{run}")
async def price_run(
    request: Request,
    run: str,
    category: Annotated[str, Query(max_length=500)] = "",
    mark: Annotated[str, Query(max_length=200)] = "",
    shown: Annotated[str, Query(max_length=10)] = "",
    skip: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """What would this run change, and may it?"""
    asked = {"category": category, "mark": mark, "shown": shown, "skip": skip}
    values = await asyncio.to_thread(_run_values, request, run, asked)
    return room_page(request, "price_run", {**values, "done": DONE.get(done, ""), "error": None})


@router.post(PAGE + "/runs/{run}/{action}")
async def act(request: Request, run: str, action: Action) -> Response:
    """Take a step of a run, by the one way there is; where that cannot be, the page with what is wrong."""
    serving: Serving = request.app.state.serving
    fields = await sent_fields(request, request.cookies.get(cookie_name(request)))
    actor = reader(request)
    if actor.person is None:
        raise NotAllowed(
            "To decide about prices here takes somebody who signed in, so that it carries a name.",
            "Sign in at /control-room/sign-in, or use `shopkeeper price`.",
        )
    try:
        body = PriceActionBody(reason_of(fields), _moment(fields.get("at", "")) if action == "publish" else None)
        await asyncio.to_thread(do, serving, actor, run, action, body)
    except NotAllowed:
        raise  # the door has a page for it
    except ShopkeeperError as error:
        asked = {"category": "", "mark": "", "shown": "", "skip": 0}
        values = await asyncio.to_thread(_run_values, request, run, asked)
        page = {**values, "done": "", "error": error}
        return room_page(request, "price_run", page, status=status_of(error) or 500)
    await serving.prices.follow()
    word = "schedule" if body.at is not None else action
    return RedirectResponse(f"{PAGE}/runs/{quote(run, safe='')}?done={word}", 303, {"Cache-Control": "no-store"})


def run_policy(serving: Serving) -> RunPolicy:
    """Return what the policy says of runs; what holds by default where it cannot be read."""
    try:
        return load_policy(serving.settings.workspace).runs
    except ShopkeeperError:  # a mistake in the policy closes no page
        return RunPolicy()


def _run_values(request: Request, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    serving: Serving = request.app.state.serving
    state = serving.state
    run = state.price_runs.get(name)
    _look(request, run)
    # A rule or a gate speaks of prices that stay too, so asking for one looks at them.
    moving = asked["shown"] != "all" and not asked["mark"]
    wanted = RowsWanted(moving, asked["category"], asked["mark"])
    found = state.price_runs.largest(name, wanted, asked["skip"], ROWS_SHOWN)
    products = [one.proposal.product for one in found.prices]
    held = run.status in {"published", "reverted"}
    changes = state.prices.made(name, products) if held else ()
    categories, marks = views.choices_of(state.price_runs.tally(name))
    kept = {key: value for key, value in asked.items() if value and key != "skip"}
    before, after = asked["skip"] - ROWS_SHOWN, asked["skip"] + ROWS_SHOWN
    return {
        "here": "prices", "run": run, "headline": views.run_headline(run), "gates": views.gate_views(run),
        "rows": views.row_views(found.prices, changes), "of": found.of, "first": asked["skip"] + 1, "asked": asked,
        "categories": categories, "marks": marks, "moving": moving,
        "earlier": urlencode({**kept, "skip": max(0, before)}) if asked["skip"] else None,
        "later": urlencode({**kept, "skip": after}) if after < found.of else None,
        "far": state.prices.how_far([name]).get(name) if held else None,
        "wrong": state.prices.changes(run=name, outcome="mismatch", limit=WRONG_SHOWN) if held else (),
        "offers": offers(run, run_policy(serving), reader(request)), "words": words, "views": views, "money": money,
    }  # fmt: skip


def _look(request: Request, run: PriceRun) -> None:
    for store in run.stores or (ALL,):
        reader(request).must("view", store)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"{text!r} is no time.", "Give a day and a time, UTC, or leave it empty for now.") from error
