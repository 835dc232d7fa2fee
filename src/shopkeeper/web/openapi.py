"""The description of the interface at /openapi.json: every route, its scope, its body and what it may answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shopkeeper.commerce.tables import KEYED_TABLES, STORES, USERS, TableSchema
from shopkeeper.serving.ports import Scope
from shopkeeper.web import (
    beacon,
    events,
    experiments,
    openapi_content,
    openapi_examples,
    openapi_history,
    openapi_prices,
    openapi_rollouts,
    openapi_rules,
    prices,
    recommendations,
    tables,
)
from shopkeeper.web.openapi_schemas import REF, Document, schemas
from shopkeeper.wiring.settings_serving import ServingSettings

SEND, ASK, SHELF, RUN = "Send events", "Ask for products", "Keep the shelf current", "Run it"
GROUPS = {
    SEND: "What shoppers do. An event that was accepted shapes that shopper's next answer.",
    ASK: "What to show, here and now. Every answer carries its reasons; if the model fails, the rules answer.",
    SHELF: "What you sell, at what price, and how much is there. What is withdrawn or sold out is in no answer after "
    "its 202.",
    RUN: "Whether the server is well, what it counts, which model versions there are, and what was tried and learnt.",
    openapi_prices.PRICE: openapi_prices.WORDS,
    openapi_rules.RULE: openapi_rules.WORDS,
    openapi_content.WRITE: openapi_content.WORDS,
    openapi_history.LOOK: openapi_history.WORDS,
    openapi_rollouts.STEER: openapi_rollouts.WORDS,
}
_PROBLEMS = {
    "400": "The client went away before the body was complete, or the body is not of its encoding.",
    "401": "No valid key.",
    "403": "The key is for another store, or lacks the scope. Nothing was taken.",
    "404": "Store, product, version, rollout, price run or experiment not known.",
    "409": "It is not so any more, or the gate or a limit does not allow it. Nothing was changed.",
    "413": "Body or batch too large.",
    "415": "The body comes in an encoding that is not read; gzip and zstd are.",
    "422": "A value cannot be used; the fields are named.",
    "429": "Rows come faster than the disk, or one address's allowance, takes them; retry after `Retry-After` seconds.",
    "500": "Unexpected; the id in it is in the server's log.",
    "503": "Not now; retry after the seconds given in `Retry-After`.",
}
_ROUTES: dict[str, tuple[str, str, str, tuple[str, ...], Scope | None]] = {
    "/v1/products/{product}/similar": ("similar", ASK, "RecommendationsAnswer", ("404", "422"), "decide"),
    "/v1/products/{product}/bought-together": (
        "bought_together",
        ASK,
        "RecommendationsAnswer",
        ("404", "422"),
        "decide",
    ),
    "/v1/trending": ("trending", ASK, "TrendingAnswer", ("404", "422"), "decide"),
    "/v1/models": ("models", RUN, "ModelsAnswer", (), None),
    "/v1/objectives": ("objectives", RUN, "ObjectivesAnswer", (), "manage"),
    "/v1/experiments": ("experiments", RUN, "ExperimentsAnswer", ("422",), "manage"),
    "/v1/experiments/{experiment}": ("experiment", RUN, "ExperimentAnswer", ("404", "422"), "manage"),
    "/livez": ("livez", RUN, "Alive", (), None),
    "/readyz": ("readyz", RUN, "Ready", (), None),
    "/metrics": ("metrics", RUN, "", (), None),
}
"""FastAPI's own routes: id, group, answer, problems beside those of every keyed route, scope."""
_WITH_KEY, _WITH_BODY = ("401", "500", "503"), ("400", "413", "415", "422")


def describe(app: FastAPI) -> None:
    """Let /openapi.json show every route of the interface."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _document(app: FastAPI) -> Document:
    described = get_openapi(title=app.title, version=app.version, routes=app.routes)["paths"]
    paths: Document = {
        "/v1/events": {"post": _events()},
        "/v1/beacon": {"post": _beacon()},
        "/v1/recommendations": {"post": _recommend()},
        "/v1/rerank": {"post": _rerank()},
        **{path: {"get": _own(path, item["get"])} for path, item in described.items() if path in _ROUTES},
        **openapi_rollouts.paths(described, _PROBLEMS),
        **openapi_prices.paths(described, _PROBLEMS),
        **openapi_rules.paths(described, _PROBLEMS),
        **openapi_history.paths(described, _PROBLEMS),
        **openapi_content.paths(described, _PROBLEMS),
    }
    paths["/v1/experiments"]["post"] = _start_experiment()
    for table in KEYED_TABLES.values():
        paths[f"/v1/{table.name.replace('_', '-')}"] = {"put": _put(table), "delete": _delete(table)}
    paths["/v1/prices"]["post"] = _quote()
    return {
        "openapi": "3.1.0",
        "info": {"title": app.title, "version": app.version, "description": _DESCRIPTION},
        "tags": [{"name": name, "description": words} for name, words in GROUPS.items()],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "API key; its scopes are named per route"},
                "public": {"type": "apiKey", "in": "query", "name": "key", "description": "Key of web pages"},
            },
        },
    }


def _own(path: str, operation: Document) -> Document:
    """Return the description of a FastAPI route with its answer, scope and problems."""
    name, group, answer, problems, scope = _ROUTES[path]
    with_key = path.startswith("/v1/")
    text = "Counters in the Prometheus text format." if not answer else "The answer."
    media = {"application/json": {"schema": _ref(answer)}} if answer else {"text/plain": {"schema": {"type": "string"}}}
    responses: Document = {"200": {"description": text, "content": media}}
    if path == "/readyz":
        responses["503"] = {"description": "Not ready: what is missing is false.", "content": media}
    parameters = [
        {**parameter, "example": openapi_examples.PARAMETERS[parameter["name"]]}
        for parameter in operation.get("parameters", ())
    ]
    finished = {
        "tags": [group],
        "operationId": name,
        "summary": operation["summary"],
        "description": operation.get("description", "").split("\n\n", maxsplit=1)[0],
        "responses": responses | (_problems(*_WITH_KEY, *problems, *(("403",) if scope else ())) if with_key else {}),
        "security": [{"key": [scope] if scope else []}] if with_key else [],
    }
    return finished | ({"parameters": parameters} if parameters else {})


def _events() -> Document:
    return {
        "tags": [SEND],
        "operationId": "take_events",
        "summary": "What shoppers do, one event or a batch",
        "description": "202 comes after the events are durable; the next answer to the same shopper knows them. Rows "
        "that cannot be taken are kept in quarantine and named. Unknown fields are kept in `properties`.",
        "requestBody": _body(_rows_schema("Event", "events"), openapi_examples.EVENT),
        **_takes("EventsAnswer", "202", "Durable.", events.NEEDS),
    }


def _beacon() -> Document:
    return {
        "tags": [SEND],
        "operationId": "take_beacon",
        "summary": "What a web page tells of its shopper, as `navigator.sendBeacon` sends it",
        "description": "The key is a public one, made with the scope `beacon`; the page's origin stands in "
        f"`serving.store_origins`. At most {beacon.ROWS} events and {beacon.BYTES:,} bytes; no purchases unless the "
        f"store allows them, no `user`, and ids that begin with `{beacon.ID_BEGINS}`. Rejected rows are not kept.",
        "requestBody": _body(_rows_schema("Event", "events"), openapi_examples.BEACON),
        **_takes("EventsAnswer", "202", "Durable.", beacon.NEEDS),
        "security": [{"public": [beacon.NEEDS]}],
    }


def _recommend() -> Document:
    return {
        "tags": [ASK],
        "operationId": "recommend",
        "summary": "Products for this shopper, here and now",
        "description": "Best first, each with its reasons. Send the `decision_id` of the answer with the events that "
        "follow, so that what it brought can be measured.",
        "requestBody": _body(_ref("RecommendationBody"), openapi_examples.RECOMMEND),
        **_takes("RecommendationsAnswer", "200", "Products, best first.", recommendations.NEEDS),
    }


def _quote() -> Document:
    return {
        "tags": [openapi_prices.PRICE],
        "operationId": "quote_prices",
        "summary": "What products cost here and now",
        "description": "Out of memory, each with its version: what a price run decided, else what your feed says. "
        "While pricing is stopped, or the state database is away, the last good prices come, and `fallback` says so.",
        "requestBody": _body(_ref("PricesBody"), openapi_prices.PRICES),
        **_takes("PricesAnswer", "200", "Prices, in the order of the request.", prices.NEEDS),
    }


def _rerank() -> Document:
    return {
        "tags": [ASK],
        "operationId": "rerank",
        "summary": "Search results in the order that suits this shopper",
        "description": "`(1 - search_share) * relevance + search_share * what the model says`, by every rule; results "
        "that may not be shown are left out. Where the model knows nothing, the order stays as it is.",
        "requestBody": _body(_ref("RerankBody"), openapi_examples.RERANK),
        **_takes("RecommendationsAnswer", "200", "Results, best first.", recommendations.NEEDS),
    }


def _start_experiment() -> Document:
    taken = _takes("ExperimentAnswer", "201", "It runs.", experiments.NEEDS)
    taken["responses"] |= _problems("409")
    return {
        "tags": [RUN],
        "operationId": "start_experiment",
        "summary": "Start an experiment by its plan",
        "description": "The plan is checked, frozen and started; its name is used up then. Write it by "
        "`shopkeeper experiment schema`.",
        "requestBody": _body(_ref("ExperimentPlan"), openapi_examples.PLAN),
        **taken,
    }


def _put(table: TableSchema) -> Document:
    name = table.name
    text = "Send one row, an array of rows, or an object that names them; a newer row of the same key replaces an older"
    kept = f" Unknown fields are kept in `{table.attributes_column}`." if table.attributes_column else ""
    return {
        "tags": [SHELF],
        "operationId": f"put_{name}",
        "summary": f"Insert or replace {_words(name)}",
        "description": f"{text}.{kept}",
        "requestBody": _body(_rows_schema(table.row.__name__, name), openapi_examples.PUT[name]),
        **_takes("RowsAnswer", "202", "Durable, and obeyed by every later answer.", tables.NEEDS),
    }


def _delete(table: TableSchema) -> Document:
    name, example = table.name, openapi_examples.DELETE[table.name]
    listed = "store" if table is STORES else table.key[1]
    one: Document = {"type": "string", "minLength": 1, "maxLength": 200}
    fields: Document = {column: {**one, "description": f"{_words(column)} of the rows"} for column in table.key}
    fields[listed] = {"type": "array", "items": one, "minItems": 1, "description": f"Each {listed} to withdraw"}
    withdrawal: Document = {
        "type": "object",
        "properties": fields,
        "required": [column for column in example if column != "store" or listed == "store"],
    }
    erases = " Everything kept of the user is erased, the log and the lake in the background." if table is USERS else ""
    return {
        "tags": [SHELF],
        "operationId": f"delete_{name}",
        "summary": f"Withdraw {_words(name)}",
        "description": f"Name them in the body, or as `?store=NAME&ids=ID,ID`.{erases}",
        "parameters": [
            {**_query("store", "Store of the rows"), "schema": one},
            {**_query("ids", f"Each {listed}, with commas"), "schema": {"type": "string"}},
        ],
        "requestBody": {**_body(withdrawal, example), "required": False},
        **_takes("RowsAnswer", "202", "Withdrawn.", tables.NEEDS),
    }


def _takes(answer: str, status: str, text: str, scope: Scope) -> Document:
    """Return what a route with a body answers, and the scope it needs."""
    media = {"application/json": {"schema": _ref(answer)}}
    problems = _problems(*_WITH_KEY, *_WITH_BODY, "403", *(("429",) if status == "202" else ()))
    return {
        "responses": {status: {"description": text, "content": media}} | problems,
        "security": [{"key": [scope]}],
    }


def _problems(*statuses: str) -> Document:
    media = {"application/problem+json": {"schema": _ref("Problem")}}
    return {status: {"description": _PROBLEMS[status], "content": media} for status in sorted(statuses)}


def _rows_schema(row: str, name: str) -> Document:
    rows = {"type": "array", "items": _ref(row), "minItems": 1}
    wrapped = {"type": "object", "properties": {name: rows}, "required": [name]}
    return {"anyOf": [_ref(row), rows, wrapped]}


def _body(schema: Document, example: object) -> Document:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _query(name: str, words: str) -> Document:
    return {"name": name, "in": "query", "required": False, "description": words}


def _words(table: str) -> str:
    return table.replace("_", " ")


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": REF.format(name=name)}


_DEFAULTS = ServingSettings()  # type: ignore[call-arg]
_DESCRIPTION = (
    "Send `Authorization: Bearer KEY`; a key is for one store (or `*`) and has scopes. Errors are RFC 9457 problem "
    f"documents that name the field and what to do. A request has at most {_DEFAULTS.batch_rows:,} rows and "
    f"{_DEFAULTS.body_bytes:,} bytes, an answer at most {_DEFAULTS.k_limit} products, unless settings say otherwise."
)
