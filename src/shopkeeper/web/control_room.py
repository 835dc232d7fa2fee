"""The control room: what is served, which models there are, what came in, what was decided, who did what.

Read only; the buttons of the rollouts page are `control_room_steer.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.store import Store
from shopkeeper.people.roles import Right
from shopkeeper.web.control_room_audit import KINDS, audit_headline, audit_views
from shopkeeper.web.control_room_data import data_view
from shopkeeper.web.control_room_decisions import decision_views, decisions_headline, recent_decisions
from shopkeeper.web.control_room_experiments import experiments_view
from shopkeeper.web.control_room_models import model_views, points, served_views
from shopkeeper.web.control_room_offers import DONE
from shopkeeper.web.control_room_rollouts import rollouts_values
from shopkeeper.web.control_room_runs import runs_view
from shopkeeper.web.form import form_token
from shopkeeper.web.live_feed import Live, live, snapshot
from shopkeeper.web.locale_text import ago, moment, number, utc
from shopkeeper.web.pages import page
from shopkeeper.web.peers import peers_of
from shopkeeper.web.room_door import RoomRoute, readable, reader
from shopkeeper.web.signed_in import cookie_name
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGES = (
    ("overview", "/control-room", "Overview"),
    ("rollouts", "/control-room/rollouts", "Rollouts"),
    ("models", "/control-room/models", "Models"),
    ("rules", "/control-room/rules", "Rules"),
    ("prices", "/control-room/prices", "Prices"),
    ("content", "/control-room/content", "Content"),
    ("experiments", "/control-room/experiments", "Experiments"),
    ("data", "/control-room/data", "Data"),
    ("decisions", "/control-room/decisions", "Decisions"),
    ("stores", "/control-room/stores", "Stores"),
    ("audit", "/control-room/audit", "Audit"),
)
NEEDS: Mapping[str, Right] = {"decisions": "histories", "audit": "audit"}
"""What a page asks for beyond looking; it is not offered to who may not."""
ROWS_SHOWN = 200


@router.get("/control-room")
def overview(request: Request, counted: Annotated[Live, Depends(live)]) -> Response:
    """What is served right now, and how well does the server do?"""
    serving: Serving = request.app.state.serving
    values = {
        "served": served_views(serving, datetime.now(UTC)),
        "stops": serving.arms.stops,
        "arms_by_rules": serving.following.problems,
        "prices_otherwise": serving.price_book.outcomes()["mismatch"],
        "live": snapshot(serving, counted, counted.seconds),
        "process": os.getpid(),
        "workers": peers_of(request).workers,
        "deadline_ms": serving.settings.serving.deadline_ms,
    }
    return room_page(request, "overview", values, charts=True)


@router.get("/control-room/rollouts")
def rollouts(request: Request, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Which version is on its way to shoppers, and how far is it?"""
    serving: Serving = request.app.state.serving
    values = rollouts_values(serving, reader(request), datetime.now(UTC))
    return room_page(request, "rollouts", {**values, "done": DONE.get(done, "")})


@router.get("/control-room/models")
def models(request: Request) -> Response:
    """Which versions are there, which of them serves, and how good are they?"""
    serving: Serving = request.app.state.serving
    now = datetime.now(UTC)
    values = {"systems": model_views(serving, now), "points": points, "runs": runs_view(serving.settings, now)}
    return room_page(request, "models", values, charts=True)


@router.get("/control-room/experiments")
def experiments(request: Request) -> Response:
    """What was tried, and what was learnt?"""
    return room_page(request, "experiments", {"view": experiments_view(request.app.state.serving, reader(request))})


@router.get("/control-room/runs")
def runs(request: Request) -> Response:
    """The part of the models page that changes while a run goes on."""
    serving: Serving = request.app.state.serving
    return room_page(request, "runs", {"runs": runs_view(serving.settings, datetime.now(UTC))})


@router.get("/control-room/data")
def data(request: Request, store: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    """What came in, is it good enough, and what was refused?"""
    serving: Serving = request.app.state.serving
    theirs = readable(request, "view", _stores(serving))
    chosen = store or (theirs[0] if theirs else None)
    if chosen is not None:
        reader(request).must("view", chosen)
    return room_page(request, "data", {"store": chosen, **data_view(serving, chosen, ROWS_SHOWN), "theirs": theirs})


@router.get("/control-room/decisions")
def decisions(request: Request, recent: Annotated[Sequence[DecisionRecord], Depends(recent_decisions)]) -> Response:
    """What was shown to whom lately, and why?"""
    serving: Serving = request.app.state.serving
    theirs = readable(request, "histories", _stores(serving))
    views = [
        view
        for view in decision_views(recent, serving.catalogue, datetime.now(UTC))
        if theirs is None or view.record.store in theirs
    ]
    values = {"decisions": views, "headline": decisions_headline(views), "port": request.url.port or 80}
    return room_page(request, "decisions", values)


@router.get("/control-room/stores")
async def stores(request: Request) -> Response:
    """Which stores are there, and what do they sell now?"""
    serving: Serving = request.app.state.serving
    catalogue, now = serving.catalogue, datetime.now(UTC)
    rows = []
    theirs = readable(request, "view", _stores(serving))
    for store in catalogue.stores:
        if theirs is not None and store.store not in theirs:
            continue
        cards = list(catalogue.cards(store.store))
        on_sale = sum(card.available(now) for card in cards)
        rows.append({"store": store, "products": len(cards), "on_sale": on_sale, "consent": consent_words(store)})
    return room_page(request, "stores", {"rows": rows, "headline": stores_headline(rows)})


@router.get("/control-room/audit")
def audit(
    request: Request,
    kind: Annotated[str, Query(max_length=50)] = "",
    person: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Who did what?"""
    serving: Serving = request.app.state.serving
    reader(request).must("audit")
    entries = audit_views(serving, person, kind, ROWS_SHOWN, datetime.now(UTC))
    values = {
        "entries": entries,
        "headline": audit_headline(entries, ROWS_SHOWN),
        "kinds": KINDS,
        "kind": kind,
        "person": person,
        "people": serving.state.people.people(),
    }
    return room_page(request, "audit", values)


def _stores(serving: Serving) -> list[str]:
    return [store.store for store in serving.catalogue.stores]


def room_page(
    request: Request, name: str, values: Mapping[str, Any], *, charts: bool = False, status: int = 200
) -> Response:
    """Return a page of the control room for whoever reads it."""
    serving: Serving = request.app.state.serving
    actor, known = reader(request), serving.catalogue.stores
    shown = {
        "here": name,
        "pages": [entry for entry in PAGES if actor.anywhere(NEEDS.get(entry[0], "view"))],
        "reader": actor,
        "form_token": form_token(request.cookies.get(cookie_name(request), "")),
        "stores_known": known,
        "simulated": bool(known) and all(store.simulated for store in known),
        "partly_simulated": any(store.simulated for store in known) and not all(store.simulated for store in known),
        "now": datetime.now(UTC),
        "ago": ago,
        "utc": utc,
        "number": number,
        "moment": moment,
        "flat": flat,
        **values,
    }
    return page(f"control_room/{name}.html", shown, status=status, charts=charts)


def flat(found: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Return nested values as names and words: `{"a": {"b": 1}}` -> `a b: 1`."""
    rows: list[tuple[str, str]] = []
    for name, value in found.items():
        words = f"{above} {name}".strip().replace("_", " ")
        rows += flat(value, words) if isinstance(value, Mapping) else [(words, str(value))]
    return rows


def consent_words(store: Store) -> str:
    """Return what a store takes as allowed where nobody says."""
    default = store.consent_default
    allowed = [word for word in ("measure", "personalise", "email") if getattr(default, word)]
    return ", ".join(allowed) if allowed else "nothing is allowed"


def stores_headline(rows: list[dict[str, Any]]) -> str:
    """Return the answer to the page's question in one sentence."""
    on_sale = sum(row["on_sale"] for row in rows)
    groups = len({row["store"].group for row in rows})
    stores = f"{len(rows)} store{'s' if len(rows) != 1 else ''}"
    return (
        f"{stores} in {groups} customer group{'s' if groups != 1 else ''}, with {number(on_sale)} products on sale now."
    )
