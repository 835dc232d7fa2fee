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


Route = tuple[str, str, str, tuple[str, ...], str | None]
"""Id, answer, its status, problems beside those of every keyed route, body."""


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the paths of rollouts.

    Args:
        described: Paths as FastAPI describes them.
        problems: Words for each status of a problem.
    """
    return operations(described, problems, STEER, _ROUTES, _BODIES, _PARAMETERS)


def operations(
    described: Document,
    problems: dict[str, str],
    group: str,
    routes: dict[tuple[str, str], Route],
    bodies: dict[str, Document],
    parameters: dict[str, Document],
) -> Document:
    """Return the paths of some routes that take a person or a key with the scope manage.

    Args:
        group: Where they stand on the page.
        bodies: Example of each body.
        parameters: Words and example of each parameter.
    """
    found: Document = {}
    for (path, method), route in routes.items():
        operation = _operation(described[path][method], route, problems)
        operation["tags"] = [group]
        said = [{**one, **parameters[one["name"]]} for one in described[path][method].get("parameters", ())]
        if said:
            operation["parameters"] = said
        body = route[-1]
        if body is not None:
            content = {"application/json": {"schema": _ref(body), "example": bodies[body]}}
            operation["requestBody"] = {"required": True, "content": content}
        found.setdefault(path, {})[method] = operation
    return found


def _operation(said: Document, route: Route, problems: dict[str, str]) -> Document:
    name, answer, status, more, _ = route
    media = {"application/problem+json": {"schema": _ref("Problem")}}
    failing = {one: {"description": problems[one], "content": media} for one in sorted({"401", "500", "503", *more})}
    fine = {status: {"description": "The answer.", "content": {"application/json": {"schema": _ref(answer)}}}}
    return {
        "operationId": name,
        "summary": said["summary"],
        "description": said.get("description", "").split("\n\n", maxsplit=1)[0],
        "responses": fine | failing,
        "security": [{"key": ["manage"]}],
    }


def _ref(name: str) -> Document:
    return {"$ref": REF.format(name=name)}
