"""The routes of rollouts in /openapi.json."""

from __future__ import annotations

from typing import Final

from shopkeeper.web.openapi_schemas import REF, Document

STEER: Final = "Steer changes"
WORDS: Final = (
    "How a version goes to shoppers, step by step, and what people do with that. A version serves all stores, so a key "
    "for `*` with the scope manage may look, hold, roll back and stop; what goes further takes a person who signed in "
    "(`Authorization: Bearer SESSION`)."
)
EXAMPLE_ROLLOUT: Final = "recommendations-20261126-090000-a1b2"
_STOP = ("400", "403", "413", "422")
_LOOK, _DO = ("403", "404"), ("400", "403", "404", "409", "413", "422")
_ROUTES: Final[dict[tuple[str, str], tuple[str, str, str, tuple[str, ...], str | None]]] = {
    ("/v1/rollouts", "get"): ("rollouts", "RolloutsAnswer", "200", ("403",), None),
    ("/v1/rollouts", "post"): ("begin_rollout", "RolloutAnswer", "201", _DO, "StartBody"),
    ("/v1/rollouts/{rollout}", "get"): ("rollout", "RolloutDetails", "200", _LOOK, None),
    ("/v1/rollouts/{rollout}/verdicts/{number}", "get"): (
        "explain_verdict", "ExplainedVerdict", "200", (*_LOOK, "422"), None,
    ),
    ("/v1/rollouts/{rollout}/{action}", "post"): ("steer_rollout", "RolloutAnswer", "200", _DO, "ActionBody"),
    ("/v1/stops", "post"): ("stop", "StopsAnswer", "200", _STOP, "StopBody"),
    ("/v1/stops", "delete"): ("lift_stop", "StopsAnswer", "200", _STOP, "StopBody"),
}  # fmt: skip
"""Path and method -> id, answer, its status, problems beside those of every keyed route, body."""
_BODIES: Final[dict[str, Document]] = {
    "StartBody": {"system": "recommendations", "why": "more orders in the last test"},
    "ActionBody": {"why": "the spring sale begins"},
    "StopBody": {"why": "odd lists", "system": "recommendations"},
}
_PARAMETERS: Final[dict[str, Document]] = {
    "rollout": {"description": "Id of a rollout, or a system's name: then its newest.", "example": EXAMPLE_ROLLOUT},
    "number": {"description": "Of the verdict, counted from 1 within its rollout.", "example": 3},
    "action": {"description": "What is done with it.", "example": "hold"},
}


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the paths of rollouts.

    Args:
        described: Paths as FastAPI describes them.
        problems: Words for each status of a problem.
    """
    found: Document = {}
    for (path, method), route in _ROUTES.items():
        found.setdefault(path, {})[method] = _operation(described[path][method], route, problems)
    return found


def _operation(
    said: Document, route: tuple[str, str, str, tuple[str, ...], str | None], problems: dict[str, str]
) -> Document:
    name, answer, status, more, body = route
    media = {"application/problem+json": {"schema": _ref("Problem")}}
    failing = {one: {"description": problems[one], "content": media} for one in sorted({"401", "500", "503", *more})}
    fine = {status: {"description": "The answer.", "content": {"application/json": {"schema": _ref(answer)}}}}
    operation: Document = {
        "tags": [STEER],
        "operationId": name,
        "summary": said["summary"],
        "description": said.get("description", "").split("\n\n", maxsplit=1)[0],
        "responses": fine | failing,
        "security": [{"key": ["manage"]}],
    }
    parameters = [{**one, **_PARAMETERS[one["name"]]} for one in said.get("parameters", ())]
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        content = {"application/json": {"schema": _ref(body), "example": _BODIES[body]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _ref(name: str) -> Document:
    return {"$ref": REF.format(name=name)}
