"""A data contract is read with every wrong key named, compiled to SQL, and held against single rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.order import Order
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import ConfigError
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract_checks import compile_checks, run_checks
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import DAY, AgeLimit, QualityLimits
from shopkeeper.quality.reading import EVER
from shopkeeper.quality.report import Finding
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.wiring.contracts import default_contract

Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""


def test_the_shipped_contract_says_what_holds_without_one() -> None:
    contract = read_contract(default_contract(), "default.yaml")
    assert contract.limits == QualityLimits()
    assert contract.quarantined is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "`the document` is [1]"),
        ("version: 2", "`version` is 2"),
        ("version: 1\nfeilds: {}", "`feilds` is not a key"),
        ("version: 1\nfields: {event: {}}", "`fields.event` names 'event'"),
        ("version: 1\nfields: {events: {prize: {}}}", "`fields.events.prize` 'prize' is no column of events"),
        ("version: 1\nfields: {events: {price: {type: text}}}", "events.price is number"),
        ("version: 1\nfields: {events: {type: {min: 1}}}", "`fields.events.type.min` bounds a field that is text"),
        ("version: 1\nfields: {events: {price: {min: 2, max: 1}}}", "`fields.events.price.min` is 2, above max 1"),
        ("version: 1\nfields: {events: {price: {min: .nan}}}", "`fields.events.price.min` is '.nan'"),
        ("version: 1\nfields: {events: {surface: {enum: [1]}}}", "`fields.events.surface.enum` holds 1"),
        ("version: 1\nfields: {events: {surface: {enum: []}}}", "`fields.events.surface.enum` is []"),
        ("version: 1\nfields: {inventory: {on_hand: {unit: GBP}}}", "inventory has no currency"),
        ("version: 1\nfields: {events: {price: {level: bad}}}", "`fields.events.price.level` is 'bad'"),
        ("version: 1\nunique: [{table: orders}]", "`unique[0].columns` is missing or empty"),
        ("version: 1\nreferences: [{table: events, column: product, to: goods.id}]", "`references[0].to`"),
        ("version: 1\ncompleteness: {required: 95}", "`completeness.required` is 95"),
        ("version: 1\ncompleteness: {on_time_within: soon}", "`completeness.on_time_within` is 'soon'"),
        ("version: 1\naccuracy: {ledger: invoices}", "`accuracy.ledger` is 'invoices'"),
        ("version: 1\nfreshness: {clicks: {warn: 1h}}", "`freshness.clicks` names 'clicks'"),
        ("version: 1\nfreshness: {events: {warn: 2h, error: 1h}}", "`freshness.events.warn` is later than error"),
        ("version: 1\nvolume: {width: 0}", "`volume.width` is 0"),
        ("version: [", "is not valid YAML"),
        ("version: 1\nversion: 1", "line 2: version stands twice"),
    ],
)
def test_a_wrong_key_is_named_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_contract(text, "uk.yaml")
    assert "uk.yaml" in caught.value.reason
    assert said in str(caught.value)
    assert caught.value.remedy


def test_limits_are_set_by_name_and_times_by_unit() -> None:
    text = "version: 1\nfreshness: {events.click: {warn: 15m, error: 2h}, orders: {error: 2d, needed: true}}\n"
    text += "completeness: {coverage: 0.5, on_time_within: 6h, gap: 3d}\nquarantine: {most: 0.2}"
    contract = read_contract(text, "uk.yaml")
    limits = contract.limits
    assert limits.ages == {
        "events.click": AgeLimit(900, 7200), "orders": AgeLimit(None, 2 * DAY, needed=True)
    }  # fmt: skip
    assert (limits.coverage, limits.on_time_seconds, limits.gap_days) == (0.5, 6 * 3600, 3)
    assert (limits.quarantined, contract.quarantined) == (0.2, True)


def test_the_hash_is_of_what_the_contract_says_not_of_how() -> None:
    one = read_contract("version: 1\nvolume: {width: 3}\naccuracy: {tolerance: 0.1}", "a")
    same = read_contract("# words\naccuracy:\n  tolerance: 0.1\nvolume: {width: 3}\nversion: 1", "b")
    other = read_contract("version: 1\nvolume: {width: 4}\naccuracy: {tolerance: 0.1}", "c")
    assert one.digest == same.digest != other.digest


def found(data: Data, text: str) -> dict[str, Finding]:
    judge = Judge("uk")
    run_checks(judge, data.warehouse(), compile_checks(read_contract("version: 1\n" + text, "uk.yaml")), EVER)
    return {finding.name: finding for finding in judge.findings}


def test_every_kind_of_rule_runs_where_the_data_lies(data: Data) -> None:
    data.events(7, surface="home", currency="GBP")
    data.events(2, price=900.0, quantity=1.5, surface="it's", currency="EUR")
    data.events(1, price=None, surface=None)
    data.rows("products", Product(product="lamp", store="uk"), Product(product="rug"))
    asked = found(data, """
fields:
  events:
    price: {min: 0, max: 500, unit: GBP, required: 0.95, level: warn}
    quantity: {unit: pieces, most: 0.2}
    surface: {enum: [home, "it's"]}
    currency: {enum: [GBP]}
unique: [{table: events, columns: [user, product], most: 0.5}]
references: [{table: events, column: product, to: products.product}]
""")  # fmt: skip
    told = {name: (one.figure, one.status) for name, one in asked.items()}
    assert told == {
        "events.price between 0 and 500": (2 / 10, "warn"),
        "events.price in GBP": (2 / 10, "warn"),
        "events.price filled": (1 / 10, "warn"),
        "events.quantity counts whole pieces": (2 / 10, "pass"),
        "events.surface is one of home, it's": (0, "pass"),
        "events.currency is one of GBP": (2 / 10, "fail"),
        "events: user, product come once": (9 / 10, "fail"),
        "events.product names a row of products": (0, "pass"),
    }
    assert [(o.name, o.figure) for o in asked["events.price between 0 and 500"].offenders] == [("900", 2)]


def test_orders_of_one_key_are_one_row_whatever_came(data: Data) -> None:
    order = Order(order_id="a", store="uk", ts=data.NOW, revenue=1.0)
    data.rows("orders", order, msgspec.structs.replace(order, revenue=2.0))
    assert found(data, "unique: [{table: orders, columns: [order_id]}]")["orders: order_id come once"].figure == 0


RULES = """version: 1
fields:
  events:
    price: {min: 1, max: 500, unit: GBP}
    quantity: {unit: pieces}
    surface: {enum: [home, product]}
    position: {max: 50, reject: false}
"""
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reasons"),
    [
        ({"price": 1, "quantity": 2, "surface": "home", "currency": "GBP"}, []),
        ({}, []),
        ({"position": 99}, []),
        ({"price": 0.5}, ["price must be between 1 and 500 by the data contract of the store, got 0.5"]),
        ({"price": 501}, ["price must be between 1 and 500 by the data contract of the store, got 501"]),
        ({"quantity": 0.5}, ["quantity must be whole pieces by the data contract of the store, got 0.5"]),
        (
            {"surface": "moon"},
            ["surface must be one of the allowed values by the data contract of the store, got 'moon'"],
        ),
        ({"price": 2, "currency": "EUR"}, ["currency must be GBP by the data contract of the store, got 'EUR'"]),
    ],
)
def test_rows_are_held_to_the_contract_of_their_store(row: dict[str, Any], reasons: list[str], data: Data) -> None:
    strict, free = read_contract(RULES, "uk.yaml"), read_contract("version: 1", "other")
    rules = RowRules(lambda store: strict if store == "uk" else free)
    stores = {"uk": data.store, "de": msgspec.structs.replace(data.store, store="de")}
    validator = RowValidator(EVENTS, stores, None, lambda: NOW, rules=rules)
    whole = {"ts": "2026-01-01T00:00:00Z", "type": "view", "product": "lamp", "store": "uk", **row}
    judged = validator.check(whole, 3)
    told = [f"{p.field} {p.reason}" for p in judged] if isinstance(judged, tuple) else []
    assert told == reasons
    assert all(problem.row == 3 and problem.remedy for problem in judged) if isinstance(judged, tuple) else True
    assert isinstance(validator.check({**whole, "store": "de"}), Event)
    assert isinstance(validator.check({**whole, "store": "nowhere"}), tuple)
