"""The description of the interface at /openapi.json, the raw routes with their msgspec types included."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import KEYED_TABLES, STORES, USERS, TableSchema
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.web.events import EventsAnswer, FieldError
from shopkeeper.web.recommendations import RecommendationsAnswer
from shopkeeper.web.tables import NEEDS as TABLES_NEED

Document = dict[str, Any]
_REF = "#/components/schemas/{name}"
_EVENT = {
    "event_id": "e-1",
    "ts": "2026-01-31T12:00:00Z",
    "store": "uk",
    "type": "view",
    "visitor": "device-7",
    "product": "85123A",
    "consent": {"measure": True, "personalise": True},
}
_REQUEST = {"store": "uk", "visitor": "device-7", "surface": "product", "products": ["85123A"], "k": 4}


class Problem(Struct, frozen=True):
    """An error by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    errors: tuple[FieldError, ...]


class RowsAnswer(Struct, frozen=True, omit_defaults=True):
    """Body of the answer to a `PUT` or `DELETE` of rows.

    Attributes:
        accepted: Rows that are durable now.
        stale: Accepted rows that change nothing, because a newer one of the same key is there.
        rejected: Rows kept in quarantine.
        erasure: For users that were deleted: where the erasure of everything else stands.
    """

    accepted: int
    stale: int
    rejected: int
    errors: tuple[FieldError, ...]
    erasure: dict[str, Any] | None = None


def describe(app: FastAPI) -> None:
    """Let /openapi.json show every route of the interface."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _document(app: FastAPI) -> Document:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION)
    rows = [table.row for table in KEYED_TABLES.values()]
    types = [RecommendationBody, RecommendationsAnswer, Event, EventsAnswer, Problem, RowsAnswer, *rows]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    components: Document = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "API key of a store"}}
    document["security"] = [{"key": []}]
    document["paths"].update(_hot_paths())
    for table in KEYED_TABLES.values():
        document["paths"][f"/v1/{table.name.replace('_', '-')}"] = _table_paths(table)
    for path, item in document["paths"].items():
        for operation in item.values():
            _finish(operation, with_key=path.startswith("/v1/"))
    return document


def _hot_paths() -> Document:
    return {
        "/v1/recommendations": {
            "post": {
                "tags": ["recommendations"],
                "operationId": "recommend",
                "summary": "Products for this shopper, here and now",
                "description": "Needs the scope `decide`.",
                "requestBody": _body(_ref("RecommendationBody"), _REQUEST),
                "responses": {"200": _answer("Products, best first.", "RecommendationsAnswer")},
            }
        },
        "/v1/events": {
            "post": {
                "tags": ["events"],
                "operationId": "take_events",
                "summary": "What shoppers do, one event or a batch",
                "description": "Needs the scope `events`. 202 comes after the events are durable; the next answer to "
                "the same shopper knows them. Rows that cannot be taken are kept in quarantine and named.",
                "requestBody": _body(_rows_schema("Event", "events"), _EVENT),
                "responses": {"202": _answer("Durable.", "EventsAnswer")},
            }
        },
    }


def _table_paths(table: TableSchema) -> Document:
    name, row = table.name, table.row.__name__
    key = "store" if table is STORES else table.key[1]
    withdrawal: Document = {
        "type": "object",
        "properties": {"store": {"type": "string"}, key: {"type": "array", "items": {"type": "string"}}},
        "required": [key],
    }
    erases = " Everything kept of the user is erased, the log and the lake in the background." if table is USERS else ""
    return {
        "put": {
            "tags": ["tables"],
            "operationId": f"put_{name}",
            "summary": f"Insert or replace rows of {name}",
            "description": f"Needs the scope `{TABLES_NEED}`. A row may carry `source_ts` (or `updated_at`); an older "
            "one never replaces a newer one. Unknown columns are kept as attributes where the table has them.",
            "requestBody": _body(_rows_schema(row, name)),
            "responses": {"202": _answer("Durable, and obeyed by every later answer.", "RowsAnswer")},
        },
        "delete": {
            "tags": ["tables"],
            "operationId": f"delete_{name}",
            "summary": f"Withdraw rows of {name}",
            "description": f"Needs the scope `{TABLES_NEED}`. Name them in the body or as `?store=NAME&ids=ID,ID`."
            + erases,
            "parameters": [_query("store"), _query("ids")],
            "requestBody": {**_body(withdrawal, {"store": "uk", key: ["85123A"]}), "required": False},
            "responses": {"202": _answer("Withdrawn.", "RowsAnswer")},
        },
    }


def _finish(operation: Document, *, with_key: bool) -> None:
    """Say which problems an operation may answer with."""
    problems = {"422": "A value cannot be used; the fields are named.", "503": "Retry after the time given."}
    if with_key:
        problems |= {"401": "No valid key.", "403": "Another store, or a scope is missing.", "404": "Not known."}
    else:
        operation["security"] = []
    if "requestBody" in operation:
        problems["413"] = "Body or batch too large."
    for status, text in problems.items():
        operation["responses"][status] = {
            "description": text, "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }  # fmt: skip


def _rows_schema(row: str, name: str) -> Document:
    rows = {"type": "array", "items": _ref(row)}
    wrapped = {"type": "object", "properties": {name: rows}, "required": [name]}
    return {"oneOf": [_ref(row), rows, wrapped]}


def _body(schema: Document, example: object = None) -> Document:
    content: Document = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"required": True, "content": {"application/json": content}}


def _answer(text: str, name: str) -> Document:
    return {"description": text, "content": {"application/json": {"schema": _ref(name)}}}


def _query(name: str) -> Document:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _ref(name: str) -> Document:
    return {"$ref": _REF.format(name=name)}


_DESCRIPTION = (
    "Send `Authorization: Bearer KEY`; a key is for one store (or `*`) and has scopes. Errors are RFC 9457 problem "
    "documents that name the field and what to do."
)
