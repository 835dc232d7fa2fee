"""What is done with a row that lacks a field is said for every field, done at intake, and counted truly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, SOURCE_TABLES, TableSchema
from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.missing_policy import built_in
from shopkeeper.quality.missing_values import MissingField, missing_values
from shopkeeper.quality.report import RejectedReason
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.wiring.contracts import default_contract
from shopkeeper.wiring.rejections import lacking

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UK = Store(store="uk", currency="GBP", country="GB")
TEXT = """
version: 1
fields:
  events:
    quantity: {missing: {default: 1}, means: one unit}
    currency: {missing: {derive: store.currency}}
    surface: {missing: {derive: device}}
    price: {missing: reject}
    user: {missing: keep}
  products:
    brand: {missing: {default: own brand}}
    categories: {missing: reject}
"""
Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""


def judge(table: TableSchema, text: str = TEXT) -> RowValidator:
    contract = read_contract(text, "uk.yaml")
    return RowValidator(table, {"uk": UK}, None, lambda: NOW, rules=RowRules(lambda _: contract))


def raw(**fields: object) -> dict[str, Any]:
    return {"ts": "2026-01-30T10:00:00Z", "store": "uk", "type": "purchase", "product": "lamp", "price": 2} | fields


def taken(row: dict[str, object], text: str = TEXT) -> Event:
    event = judge(EVENTS, text).check(row)
    assert isinstance(event, Event), event
    return event


def test_a_default_and_a_value_of_the_row_or_its_store_are_filled_in_with_a_mark() -> None:
    event = taken(raw(device="phone", type="click"))
    assert (event.quantity, event.currency, event.surface) == (None, None, "phone")  # a click has no quantity to miss
    assert event.properties == {"filled_surface": "derive"}
    event = taken(raw(quantity="", colour="red"))
    assert (event.quantity, event.currency, event.surface, event.user) == (1.0, "GBP", None, None)
    assert event.properties == {"colour": "red", "filled_quantity": "default", "filled_currency": "derive"}


def test_what_came_stays_as_it_came() -> None:
    event = taken(raw(quantity=3, currency="EUR", surface="home", device="phone"))
    assert (event.quantity, event.currency, event.surface, event.properties) == (3.0, "EUR", "home", {})


def test_a_filled_row_is_the_same_row_as_before_it_was_filled() -> None:
    assert taken(raw()).event_id == taken(raw(), default_contract()).event_id


def test_a_mended_row_is_filled_as_well() -> None:
    event = taken(raw(ts="2026-01-30 10:00", product=17))
    assert (event.product, event.quantity) == ("17", 1.0)


def test_a_row_that_must_have_a_field_is_rejected_with_its_name() -> None:
    found = judge(EVENTS).check(raw(price=None))
    assert isinstance(found, tuple)
    assert [(one.field, one.reason) for one in found] == [("price", "is required by the data contract and missing")]
    assert isinstance(judge(EVENTS).check(raw(price=None, type="view")), Event)
    found = judge(PRODUCTS).check({"product": "lamp", "store": "uk", "categories": []})
    assert isinstance(found, tuple)
    assert found[0].field == "categories"


def test_rows_that_need_a_look_do_not_take_the_fast_lane() -> None:
    contract = read_contract(TEXT, "uk.yaml")
    assert RowRules(lambda _: contract).bounds("events", "uk") is None
    shipped = read_contract(default_contract(), "default.yaml")
    assert RowRules(lambda _: shipped).bounds("events", "uk") == {"price": (0, 1e6), "quantity": (0, 1e6)}


@pytest.mark.parametrize(
    ("field", "policy", "said"),
    [
        ("events.price", "drop", "is 'drop'"),
        ("events.price", "{default: cheap}", "'cheap' is no value of price, which is number"),
        ("events.price", "{default: true}", "True is no value of price"),
        ("events.price", "{derive: currency}", "currency is text, price is number"),
        ("events.price", "{derive: cost}", "'cost' is neither a column of events nor store.COLUMN"),
        ("events.price", "{default: 1, derive: value}", "is {'default': 1, 'derive': 'value'}"),
        ("events.user", "{derive: visitor}", "user is never guessed"),
        ("events.event_id", "keep", "events.event_id is never missing"),
        ("products.status", "reject", "products.status is never missing (default: active)"),
        ("orders.tax", "{default: 0}", "rows of orders have no place"),
    ],
)
def test_a_policy_that_cannot_be_is_named_with_what_to_do(field: str, policy: str, said: str) -> None:
    table, _, column = field.partition(".")
    with pytest.raises(ConfigError) as caught:
        read_contract(f"version: 1\nfields: {{{table}: {{{column}: {{missing: {policy}}}}}}}", "uk.yaml")
    assert said in str(caught.value)
    assert f"fields.{field}.missing" in str(caught.value)


def test_every_field_of_every_table_has_a_policy_of_its_own_or_a_built_in_one() -> None:
    policies = {f"{t.name}.{c.name}": str(built_in(t, c)) for t in SOURCE_TABLES.values() for c in t.columns}
    assert policies["events.price"] == "keep"
    assert policies["events.event_id"] == "derive: a hash of what the row says"
    assert policies["events.type"] == "reject"
    assert policies["products.status"] == "default: active"
    assert policies["products.store"] == "default: empty"
    assert policies["inventory.on_hand"] == "reject"
    assert policies["orders.revenue"] == "default: 0.0"


def test_the_counts_are_those_of_the_rows(data: Data) -> None:
    contract = read_contract(TEXT, "uk.yaml")
    rows: list[dict[str, Any]] = [
        *(raw(event_id=f"a{n}", user="ann", quantity=2) for n in range(3)),
        *(raw(event_id=f"b{n}") for n in range(4)),
        *(raw(event_id=f"c{n}", price=None) for n in range(5)),
        *(raw(event_id=f"d{n}", price=None, type="view") for n in range(6)),
        {"event_id": "e", "store": "uk", "type": "view", "product": "lamp"},
    ]
    judged = [judge(EVENTS).check(row) for row in rows]
    for event in judged:
        if isinstance(event, Event):
            data.logged(event)
    rejected = lacking_in([one for one in judged if isinstance(one, tuple)])
    found = {f"{f.table}.{f.field}": f for f in missing_values(data.warehouse(), "uk", contract, rejected)}
    purchases = 3 + 4
    assert counts(found["events.quantity"]) == (purchases, 4, 0, 4, 0)
    assert counts(found["events.currency"]) == (purchases, 7, 0, 7, 0)
    assert counts(found["events.price"]) == (purchases + 5, 5, 0, 0, 5)
    assert counts(found["events.user"]) == (7 + 6, 4 + 6, 10, 0, 0)
    assert counts(found["events.ts"]) == (7 + 6 + 1, 1, 0, 0, 1)
    assert counts(found["events.traffic"]) == (13, None, 0, 0, 0)
    assert found["events.quantity"].share == pytest.approx(4 / 7)
    assert (found["events.quantity"].policy, found["events.quantity"].written) == ("default: 1", True)
    assert found["events.quantity"].means == "one unit"
    assert (found["events.visitor"].policy, found["events.visitor"].written) == ("keep", False)
    assert str(found["events.price"]) == ("events.price: 5 of 12 rows (41.67%); reject; 5 rejected")


def test_a_report_names_what_is_missing_in_words_and_for_machines(data: Data) -> None:
    data.events(3, user=None)
    data.events(1, properties={"filled_quantity": "default"})
    report = data.report()
    text = report.as_text()
    assert "missing values, by field" in text
    assert "events.user: 3 of 4 rows (75.00%); keep, built in; 3 kept as missing" in text
    machine = {f"{one['table']}.{one['field']}": one for one in report.as_dict()["missing"]}
    assert (machine["events.user"]["missing"], machine["events.user"]["share"]) == (3, 0.75)
    assert machine["events.quantity"]["filled"] == 1
    assert "products.price" not in machine  # the store has no products


def counts(one: MissingField) -> tuple[int, int | None, int, int, int]:
    return one.rows, one.missing, one.kept, one.filled, one.rejected


def lacking_in(problems: list[tuple[FieldProblem, ...]]) -> dict[tuple[str, str], int]:
    return lacking(RejectedReason("uk", "events", p.field, p.reason, p.remedy, 1) for row in problems for p in row)
