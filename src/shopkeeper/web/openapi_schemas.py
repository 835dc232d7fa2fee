"""The row types of the shop as JSON schemas that say what the HTTP API really takes, field by field in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shopkeeper.commerce.docstrings import read_words
from shopkeeper.commerce.tables import EVENTS, KEYED_TABLES, SOURCE_TABLES
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.pricing.explanation import Explained, Frontier
from shopkeeper.recommendations.request import RecommendationBody, RerankBody
from shopkeeper.web.content import CategoryAnswer, ContentAnswer, ContentJobAnswer, ReviewAnswer, ReviewBody
from shopkeeper.web.events import EventsAnswer, FieldError
from shopkeeper.web.experiments import ExperimentAnswer, ExperimentsAnswer
from shopkeeper.web.models import ModelsAnswer
from shopkeeper.web.objectives import ObjectivesAnswer
from shopkeeper.web.price_changes import PriceChangesAnswer
from shopkeeper.web.price_runs import (
    PriceActionBody,
    PriceRunAnswer,
    PriceRunBody,
    PriceRunDetails,
    PriceRunOrdered,
    PriceRunsAnswer,
)
from shopkeeper.web.prices import PricesAnswer, PricesBody
from shopkeeper.web.probes import Alive, Ready
from shopkeeper.web.products import TrendingAnswer
from shopkeeper.web.recommendations import RecommendationsAnswer
from shopkeeper.web.rollouts import (
    ActionBody,
    ExplainedVerdict,
    RolloutAnswer,
    RolloutDetails,
    RolloutsAnswer,
    StartBody,
)
from shopkeeper.web.rules import DryRunAnswer, DryRunBody, NoRulesBody, RulesAnswer, RulesBody
from shopkeeper.web.stops import StopBody, StopsAnswer
from shopkeeper.wiring.shopper_history import ShopperHistory

Document = dict[str, Any]
REF = "#/components/schemas/{name}"
_GENERIC = re.compile(r"$|(?:Identifier|Short text|Text|Units|Money|ISO 4217)\b")
"""Words a field has from its type alone."""
_TIME = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}
_TIME_WORDS = "ISO 8601, or epoch seconds; without an offset it is read in the store's time zone."
_FROM_KEY = "Left out: the store of the key; a key for `*` must name it."
_PLAIN_WORDS = {
    "store": "Id of the store.",
    "visitor": "Device or cookie.",
    "user": "Signed-in customer.",
    "session": "One visit.",
    "product": "Id of the product.",
    "order_id": "Id of the order.",
    "type": "What was done.",
    "quantity": "Units.",
    "currency": "ISO 4217 code, such as GBP.",
    "query": "What was searched for.",
    "user_agent": "Of the shopper's browser; bots are told by it.",
    "device": "Such as phone or desktop.",
    "referrer": "Where the shopper came from.",
    "ip_hash": "Address of the shopper, hashed by you.",
    "properties": "Whatever else you know of the event.",
    "attributes": "Whatever else you know.",
    "description": "Shown text, or a map from locale to text.",
    "brand": "Brand.",
    "gtin": "Global trade item number.",
    "url": "Address of the product's page.",
    "image_url": "Address of its picture.",
    "competitor": "Who else sells it.",
    "country": "ISO 3166 code, such as GB.",
    "legal_entity": "Who sells, in law.",
    "locales": "Such as en-GB; the first is the main one.",
    "price": "Price of one unit.",
    "in_stock": "Whether they have it.",
    "age_band": "Such as 25-34.",
    "region": "Where the customer lives.",
    "gender": "As the customer says.",
    "segment": "Your own word for the kind of customer.",
    "price_list": "Your own name of the price list.",
    "status": "Whether it may be shown.",
    "price_includes_tax": "Whether shown prices include tax.",
    "available_from": "Not shown before.",
    "available_until": "Not shown after.",
    "created_at": "When it came to be.",
    "revenue": "What the order brought.",
    "tax": "Tax on top.",
    "shipping": "What shipping cost the shopper.",
    "discount": "What was taken off.",
    "margin": "Revenue less what the goods cost.",
    "field": "Name of the field; `$` is the whole row or body.",
    "reason": "What is wrong, with the value found.",
    "remedy": "What to do.",
    "row": "Which row of the request, counted from 1.",
    "reasons": "Why it is there.",
    "variant": "Arm that answered, such as champion.",
    "system": "Such as recommendations.",
    "version": "Sorts by time.",
    "model": "Name of the model, such as item-knn.",
    "alive": "True.",
    "ready": "Whether all checks hold.",
    "tax_class": "Key into the store's tax_rates.",
}
"""Words for fields whose docstring says nothing of them."""
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


_BODIES = (
    RecommendationBody, RerankBody, StartBody, ActionBody, StopBody, ExperimentPlan, RulesBody, NoRulesBody, DryRunBody,
    PricesBody, PriceRunBody, PriceActionBody,
    CategoryAnswer, ContentOrder, ReviewBody,
)  # fmt: skip
_ANSWERS = (
    RecommendationsAnswer, EventsAnswer, TrendingAnswer, ModelsAnswer, ObjectivesAnswer, Alive, Ready, Problem,
    RowsAnswer, RolloutsAnswer, RolloutAnswer, RolloutDetails, ExplainedVerdict, StopsAnswer,
    ExperimentsAnswer, ExperimentAnswer, RulesAnswer, DryRunAnswer, ShopperHistory,
    PricesAnswer, PriceChangesAnswer, PriceRunsAnswer, PriceRunDetails, PriceRunAnswer, PriceRunOrdered,
    Explained, Frontier, ContentAnswer, ContentJobAnswer, ReviewAnswer,
)  # fmt: skip


def schemas() -> Document:
    """Return every schema by name."""
    rows = [table.row for table in SOURCE_TABLES.values()]
    found = components([*_BODIES, *_ANSWERS, *rows])
    for table in SOURCE_TABLES.values():
        schema = found[table.row.__name__]
        fields: Document = schema["properties"]
        for column in table.columns:
            if column.kind == "time":
                fields[column.name] = _time(fields[column.name], required=column.required)
        derived = {"store"}
        if "store" in schema["required"]:
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
    words = read_words(schema.get("description", ""))
    schema["description"] = words.head.replace("None means", "null means")
    for name, said in words.fields.items():
        field = schema["properties"].get(name)
        if field is not None:
            field["description"] = said.replace("None =", "null =")
    for name, field in schema["properties"].items():
        known = _PLAIN_WORDS.get(name)
        if known and _GENERIC.match(field.get("description", "")):
            field["description"] = known
