"""`GET|POST /v1/experiments`: what was tried and learnt, one of them whole, and the start of a new one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from msgspec import Struct
from starlette.responses import Response

from shopkeeper.errors import ContractNotMet, InputError, NotAuthenticated, RequestRejected
from shopkeeper.experiments.analysis_record import Analysis, Outcome
from shopkeeper.experiments.library import Entry, Search
from shopkeeper.experiments.log_record import ExperimentRecord, Resolution, State
from shopkeeper.experiments.plan_file import take_plan
from shopkeeper.experiments.report import answer
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import json_answer
from shopkeeper.web.limits import read_body
from shopkeeper.web.problem import HttpProblem
from shopkeeper.web.signed_in import asking, signed_in
from shopkeeper.wiring.experiment_run import report_of, start
from shopkeeper.wiring.experiments import checked, library
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["experiments"])
NEEDS: Scope = "manage"


class ExperimentsAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/experiments`.

    Attributes:
        experiments: What fits, newest first.
    """

    experiments: tuple[Entry, ...]


class ExperimentAnswer(Struct, frozen=True):
    """Body of the answer about one experiment.

    Attributes:
        answer: What came out, in words.
        experiment: The frozen plan, who started it and when.
        analysis_number: Number of the newest analysis in the log; 0 = none.
        analysis: The newest analysis; null = none yet.
        decisions: What was decided, newest first.
    """

    answer: str
    experiment: ExperimentRecord
    analysis_number: int
    analysis: Analysis | None
    decisions: tuple[Resolution, ...]


@router.get("/experiments", response_class=Response, summary="Search what was tried and learnt")
async def experiments(
    request: Request,
    *,
    text: Annotated[str, Query(max_length=200, description="Words that all stand in it somewhere")] = "",
    system: Annotated[str | None, Query(max_length=60, description="Only of this system")] = None,
    store: Annotated[str | None, Query(max_length=200, description="Only what ran in this store")] = None,
    metric: Annotated[str | None, Query(max_length=60, description="Only with this metric")] = None,
    tag: Annotated[str | None, Query(max_length=200, description="Only with this tag")] = None,
    state: Annotated[State | None, Query(description="Whether it goes on")] = None,
    outcome: Annotated[Outcome | None, Query(description="What the newest analysis found")] = None,
    since: Annotated[date | None, Query(description="Started on this day or later")] = None,
) -> Response:
    """Return the experiments that fit, newest first, with what came out and what was learnt."""
    serving: Serving = request.app.state.serving
    actor = await reading(request)
    search = Search(
        text=text, system=system, store=store, metric=metric, tag=tag, state=state, outcome=outcome, since=since
    )
    every = await asyncio.to_thread(library, serving.state, search)
    return json_answer(ExperimentsAnswer(tuple(one for one in every if may_see(actor, one.stores)))).response()


@router.get("/experiments/{experiment}", response_class=Response, summary="One experiment, whole")
async def experiment(
    request: Request, experiment: Annotated[str, Path(max_length=100, description="Name of the plan")]
) -> Response:
    """Return the plan, the newest analysis and every decision of an experiment."""
    serving: Serving = request.app.state.serving
    actor = await reading(request)
    try:
        found = await asyncio.to_thread(report_of, serving.state, experiment)
    except InputError as error:
        raise HttpProblem(404, error.reason, error.remedy) from error
    for store in found.record.plan.stores or (ALL,):
        actor.must("view", store)
    return json_answer(
        ExperimentAnswer(answer(found), found.record, found.number, found.analysis, tuple(found.resolutions))
    ).response()


@router.post("/experiments", response_class=Response, summary="Start an experiment by its plan")
async def start_experiment(request: Request) -> Response:
    """Check a plan, freeze it and start it; it takes a person who may advance. Its name is used up then."""
    serving: Serving = request.app.state.serving
    plan = take_plan(await _body(request, serving.settings.serving.body_bytes))
    actors = [await signed_in(request, "advance", store) for store in plan.stores or (ALL,)]

    def begin() -> ExperimentRecord:
        return start(
            serving.state,
            checked(serving.state, plan, serving.settings.content.wordings),
            actors[0].who,
            datetime.now(UTC),
        )

    try:
        record = await asyncio.to_thread(begin)
    except ContractNotMet as error:
        raise HttpProblem(409, error.reason, error.remedy) from error
    found = await asyncio.to_thread(report_of, serving.state, record.name)
    return json_answer(ExperimentAnswer(answer(found), record, 0, None, ()), 201).response()


async def reading(request: Request) -> Actor:
    """Return who asks, a person or a key that manages. Raises NotAuthenticated where nobody can be told."""
    actor = await asking(request)
    if actor is None:
        raise NotAuthenticated("Nobody signed in, and no key came.", "Send a key with the scope `manage`.")
    return actor


def may_see(actor: Actor, stores: tuple[str, ...]) -> bool:
    """Say whether somebody may look at a test: at every store it runs in; none named = all."""
    return all(actor.may("view", store) for store in stores or (ALL,))


async def _body(request: Request, limit: int) -> object:
    body = await read_body(request.scope, request.receive, limit)
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise RequestRejected(f"The body is no JSON: {error}.", "Send the plan as one JSON object.") from error
