"""The row types of the shop as JSON schemas that say what the HTTP API really takes, field by field in words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shopkeeper.commerce.tables import EVENTS, KEYED_TABLES, SOURCE_TABLES, STORES
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.web.events import EventsAnswer, FieldError
from shopkeeper.web.health import Alive, Ready
from shopkeeper.web.models import ModelsAnswer
from shopkeeper.web.products import TrendingAnswer
from shopkeeper.web.recommendations import RecommendationsAnswer

Document = dict[str, Any]
REF = "#/components/schemas/{name}"
_ATTRIBUTES = re.compile(r"^ {4}(?P<name>\w+): (?P<words>.*(?:\n {8}.*)*)", re.MULTILINE)
_TIME = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}
_TIME_WORDS = "ISO 8601, or epoch seconds; without an offset it is read in the store's time zone."
_FROM_KEY = "Left out: the store of the key; a key for `*` must name it."
_DERIVED = "Identity of the event: sending it again changes nothing. Left out: derived from the row's content."


class Problem(Struct, frozen=True, omit_defaults=True):
    """An error by RFC 9457.

    Attributes:
        type: A URN for machines.
        status: HTTP status.
        detail: What happened.
        remedy: What to do.
        errors: Which fields of which rows are wrong, the first 100.
        errors_left_out: How many more there are.
    """

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    errors: tuple[FieldError, ...]
    errors_left_out: int = 0


class RowsAnswer(Struct, frozen=True, omit_defaults=True):
    """Body of the answer to a `PUT` or `DELETE` of rows.

    Attributes:
        accepted: Rows that are durable now.
        stale: Accepted rows that change nothing, because a newer one of the same key is there.
        rejected: Rows kept in quarantine.
        errors: What is wrong with the rejected ones, up to 100 problems.
        erasure: For users that were deleted: where the erasure of everything else stands.
    """

    accepted: int
    stale: int
    rejected: int
    errors: tuple[FieldError, ...]
    erasure: dict[str, Any] | None = None


_ANSWERS = (RecommendationsAnswer, EventsAnswer, TrendingAnswer, ModelsAnswer, Alive, Ready, Problem, RowsAnswer)


def schemas() -> Document:
    """Return every schema by name."""
    rows = [table.row for table in SOURCE_TABLES.values()]
    found = components([RecommendationBody, *_ANSWERS, *rows])
    for table in SOURCE_TABLES.values():
        schema = found[table.row.__name__]
        fields: Document = schema["properties"]
        for column in table.columns:
            if column.kind == "time":
                fields[column.name] = _time(fields[column.name], required=column.required)
        derived = {"store"}
        if table is not STORES and "store" in schema["required"]:
            fields["store"] = {**fields["store"], "description": _FROM_KEY}
        if table is EVENTS:
            derived.add("event_id")
            fields["event_id"] = {**fields["event_id"], "description": _DERIVED}
            del fields["received_at"]  # stamped here, whatever a row says
        schema["required"] = [name for name in schema["required"] if name not in derived]
    for table in KEYED_TABLES.values():
        found[table.row.__name__]["properties"] |= {
            "source_ts": {**_TIME, "description": "When the source wrote the row; an older row changes nothing."},
            "deleted": {"type": "boolean", "default": False, "description": "True withdraws the row of this key."},
        }
    return found


def _time(field: Document, *, required: bool) -> Document:
    """Return the schema of a time as the API reads it."""
    shapes = _TIME["anyOf"] if required else [*_TIME["anyOf"], {"type": "null"}]
    words = f"{field.get('description', '')} {_TIME_WORDS}".strip()
    return {"anyOf": shapes, "description": words} | ({} if required else {"default": None})


def components(types: Sequence[type[Struct]]) -> Document:
    """Return the schemas of structs and all they hold, with the words of their docstrings at the fields."""
    _, found = msgspec.json.schema_components(types, ref_template=REF)
    for schema in found.values():
        if "properties" in schema:
            _put_words(schema)
    return dict(found)


def _put_words(schema: Document) -> None:
    """Move the `Attributes` section of a docstring to the fields it speaks of."""
    words = inspect.cleandoc(schema.get("description", ""))
    head, _, attributes = words.partition("\nAttributes:\n")
    schema["description"] = head.strip()
    for found in _ATTRIBUTES.finditer(attributes):
        field = schema["properties"].get(found["name"])
        if field is not None:
            field["description"] = re.sub(r"\s+", " ", found["words"])
