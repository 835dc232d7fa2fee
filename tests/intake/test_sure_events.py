"""The fast lane takes exactly the rows the validator takes, and writes exactly its bytes."""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.engines.memory import MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.engines.readers_parquet import ParquetReader
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import RejectedRow, SourcedRow, SourceFile, SourceReader, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureRules
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules
from shopkeeper.wiring.contracts import default_contract

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOBODY = KnownTraffic()
FLOAT_LIMIT = 3.4e38
STORES_THERE = [
    Store(store="uk"),
    Store(store="de", time_zone="Europe/Berlin"),
    Store(store="quiet", consent_default=Consent(measure=False, personalise=False, email=False)),
]

TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "ann", " ann", "ann ", "a b", 'a"b', "a\\b", "a\tb", "a\nb", "\x1f", "a\x7fb", "NULL", "nan", "null",
         "Größe", "漢字", "a\u00a0b", "\u2003x", "e\u0301", "😀", "x" * 200, "x" * 201, "x" * 501, "12", "12.0",
         "{", "[1]", "refuser", "allower", "postage", "<b>", "it's", "\u200b", "\u2028"],
    ),
    st.text(min_size=1, max_size=12).filter(lambda text: "\x00" not in text),
)  # fmt: skip
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 2.5, -1.0, 1e-7, 1e6, 1e6 + 1, 1e9, 1e9 + 1, 1e300, float("inf"), float("nan")]),
    st.floats(0, 1e6),
)
TIMES = st.one_of(
    st.sampled_from(
        [NOW + timedelta(seconds=300), NOW + timedelta(seconds=300, microseconds=1), datetime(1970, 1, 1, tzinfo=UTC),
         datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)],
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2026, 5, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given
)  # fmt: skip
KINDS = st.one_of(
    st.sampled_from(["view", "purchase", "refund", "search", "custom", "cart", "VIEW", "vieew", "", " view"]),
    st.sampled_from(["view", "purchase"]),
)
HELD: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "type": ("VARCHAR", KINDS),
    "price": ("DOUBLE", NUMBERS),
    "quantity": ("DOUBLE", NUMBERS),
    "value": ("DOUBLE", NUMBERS),
    "position": ("BIGINT", st.sampled_from([0, 1, 10_000_000, 10_000_001, -1, 2**62])),
    "results": ("BIGINT", st.sampled_from([0, 1, 10_000_000, 10_000_001, -1, 2**62])),
    "currency": ("VARCHAR", st.sampled_from(["GBP", "EUR", "gbp", "", "GB", "GBPX", " GBP", "ÄBC"])),
    "store": ("VARCHAR", st.sampled_from(["uk", "uk", "de", "quiet", "nowhere", "", " uk"])),
    "traffic": ("VARCHAR", st.sampled_from(["human", "human", "internal", "robot", ""])),
    "user_agent": ("VARCHAR", st.sampled_from(["Googlebot/2.1", "Mozilla/5.0", "", "curl/8"])),
    "properties": ("VARCHAR", st.sampled_from(["", "{}", '{"name": "x"}', "broken"])),
    "consent": ("VARCHAR", st.sampled_from(["", '{"measure": false}', '{"measure": true}', "{}", "broken"])),
}


def column(name: str) -> tuple[str, st.SearchStrategy[Any]]:
    """Return the DuckDB type of a column and what it may hold."""
    return HELD.get(name, ("VARCHAR", TEXTS))


@st.composite
def files(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Draw the columns of a file with their types, and its rows."""
    optional = [
        "user", "visitor", "session", "product", "price", "quantity", "position", "currency", "store", "query",
        "results", "value", "traffic", "user_agent", "properties", "consent", "surface", "received_at", "order_id",
    ]  # fmt: skip
    chosen = ["event_id", "ts", "type", *draw(st.lists(st.sampled_from(optional), unique=True, max_size=12))]
    types: dict[str, str] = {}
    holds: dict[str, st.SearchStrategy[Any]] = {}
    for name in chosen:
        if name in ("ts", "received_at"):
            types[name], holds[name] = draw(st.sampled_from(["TIMESTAMP", "TIMESTAMPTZ"])), TIMES
            continue
        types[name], holds[name] = column(name)
        if types[name] == "VARCHAR" and name in ("user", "product", "event_id", "query") and draw(st.booleans()):
            types[name], holds[name] = "BIGINT", st.integers(-5, 2**40)
        if types[name] == "DOUBLE":
            types[name] = draw(st.sampled_from(["DOUBLE", "DOUBLE", "FLOAT"]))
    row = st.fixed_dictionaries({name: st.none() | hold if name != "ts" else hold for name, hold in holds.items()})
    return types, draw(st.lists(row, min_size=1, max_size=30))


class WithoutLane:
    """The same reader, every row of which the validator judges."""

    def __init__(self) -> None:
        self._reader = ParquetReader()

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:
        return self._reader.inspect(path, said)

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        return self._reader.read(source, expressions, batch_rows)


class CountedLane(ParquetReader):
    """The reader with its lane, and how many rows took it."""

    def __init__(self) -> None:
        self.used = False
        self.sure = 0

    def read_sure(self, source: SourceFile, rules: SureRules, batch_rows: int) -> Iterator[SureBatch] | None:
        batches = super().read_sure(source, rules, batch_rows)
        return None if batches is None else self._counted(batches)

    def _counted(self, batches: Iterator[SureBatch]) -> Iterator[SureBatch]:
        self.used = True
        for batch in batches:
            self.sure += len(batch.encoded)
            yield batch


class Written:
    """A log that keeps the bytes it is given, in order."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, bytes]] = []

    def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        self.rows += [(table.name, row) for row in rows]


def write(path: Path, types: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    listed = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    connection.execute(f"CREATE TABLE t ({listed})")
    holes = ", ".join("?" for _ in types)
    values = [[_given(row[name], types[name]) for name in types] for row in rows]
    connection.executemany(f"INSERT INTO t VALUES ({holes})", values)  # noqa: S608 - marks only
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    connection.close()


def _given(value: object, kind: str) -> object:
    if kind == "FLOAT" and isinstance(value, float) and abs(value) > FLOAT_LIMIT:
        return math.copysign(math.inf, value)  # what such a column can hold of it
    return value.replace(tzinfo=None) if isinstance(value, datetime) and kind == "TIMESTAMP" else value


def contract() -> DataContract:
    return read_contract(default_contract(), "default")


def outcome(
    path: Path, reader: SourceReader, store: str | None, known: KnownTraffic = NOBODY
) -> tuple[list[tuple[str, bytes]], list[RejectedRow], dict[str, Any]]:
    """Import one file into a shop in memory and return the bytes logged, the rows rejected and the report."""
    log, quarantine, tables = Written(), MemoryQuarantine(), MemoryTableStore()
    tables.upsert(STORES, [SourcedRow(row, NOW) for row in STORES_THERE])
    said = [User(user="refuser", consent=Consent(measure=False)), User(user="allower", consent=Consent(measure=True))]
    tables.upsert(USERS, [SourcedRow(row, NOW) for row in said])
    tables.upsert(PRODUCTS, [SourcedRow(Product(product="postage", store="uk", kind="service"), NOW)])

    def arriving(validator: RowValidator) -> ArrivingEvents:
        return ArrivingEvents(validator, TrafficRules(known), lambda _: "hash", empty_is_said=False)

    engines = ImportEngines(
        log, tables, quarantine, MemoryReports(), {"parquet": reader}, lambda _l, _s: {}, arriving,
        RowRules(lambda _: contract()),
    )  # fmt: skip
    ticks = itertools.count()
    clocks = Clocks(lambda: NOW, lambda: float(next(ticks)))
    report = run_import(ImportOrder(path, store), engines, ImportLimits(7, 300.0, 0.05), clocks).as_dict()
    report["recognised"]["bought"] = pytest.approx(report["recognised"]["bought"])
    report["recognised"]["returned"] = pytest.approx(report["recognised"]["returned"])
    return log.rows, list(quarantine.rows(10_000)), {**report, "seconds": 0, "rows_per_second": 0}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(file=files(), store=st.sampled_from(["uk", "de", "quiet", None]))
def test_the_lane_takes_the_same_rows_with_the_same_bytes_in_the_same_order(
    file: tuple[dict[str, str], list[dict[str, Any]]], store: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        write(path, *file)
        assert outcome(path, ParquetReader(), store) == outcome(path, WithoutLane(), store)


def usual(rows: int) -> tuple[dict[str, str], list[dict[str, Any]]]:
    types = {"event_id": "VARCHAR", "ts": "TIMESTAMP", "type": "VARCHAR", "user": "VARCHAR", "product": "VARCHAR",
             "price": "DOUBLE", "quantity": "DOUBLE"}  # fmt: skip
    made = [
        {"event_id": f"e{n}", "ts": NOW - timedelta(days=1, microseconds=n), "type": "purchase" if n % 3 else "view",
         "user": f"u{n}", "product": f"p{n % 5}", "price": n / 4, "quantity": 1.0}
        for n in range(rows)
    ]  # fmt: skip
    return types, made


def test_usual_rows_take_the_lane_and_only_the_broken_one_is_looked_at(tmp_path: Path) -> None:
    types, rows = usual(50)
    rows[20]["price"] = -1.0
    write(tmp_path / "events.parquet", types, rows)
    lane = CountedLane()
    logged, rejected, report = outcome(tmp_path / "events.parquet", lane, "uk")
    assert (lane.sure, len(logged) - report["placeholder_products"], len(rejected)) == (49, 49, 1)
    assert rejected[0].row == 21
    events = [msgspec.json.decode(row, type=Event) for name, row in logged if name == "events"]
    assert [event.event_id for event in events] == [f"e{n}" for n in range(50) if n != 20]
    assert events[1].ts == NOW - timedelta(days=1, microseconds=1)


def test_of_one_identity_twice_the_first_of_the_file_comes_first_whichever_way_it_took(tmp_path: Path) -> None:
    types, rows = usual(6)
    for number in (1, 4):
        rows[number] = {**rows[number], "event_id": "same"}
    rows[1]["product"] = "Stra\u00dfe\u00a0\u2003x"  # looked at; the other takes the lane
    write(tmp_path / "events.parquet", types, rows)
    logged, _, _ = outcome(tmp_path / "events.parquet", ParquetReader(), "uk")
    same = [row for name, row in logged if name == "events" and b'"same"' in row]
    assert (len(same), "Stra" in same[0].decode()) == (2, True)


@pytest.mark.parametrize("change", [
    {"people": True}, {"column": "campaign"}, {"type": "JSON"}, {"without": "event_id"},
])  # fmt: skip
def test_what_the_lane_does_not_know_goes_the_validators_way(tmp_path: Path, change: dict[str, Any]) -> None:
    types, rows = usual(5)
    if name := change.get("column"):
        types[name] = "VARCHAR"
        rows = [{**row, name: "x"} for row in rows]
    if kind := change.get("type"):
        types["product"] = kind
        rows = [{**row, "product": '"p"'} for row in rows]
    if name := change.get("without"):
        types.pop(name)
    write(tmp_path / "events.parquet", types, rows)
    known = KnownTraffic(users=frozenset({"u1"})) if change.get("people") else KnownTraffic()
    lane = CountedLane()
    found = outcome(tmp_path / "events.parquet", lane, "uk", known)
    assert not lane.used
    assert found == outcome(tmp_path / "events.parquet", WithoutLane(), "uk", known)


def test_a_contract_that_asks_more_than_bounds_closes_the_lane() -> None:
    held = contract()
    asked = replace(next(field for field in held.fields if field.table == "events"), unit="pieces", column="quantity")
    rules = RowRules(lambda _: replace(held, fields=(asked,)))
    assert rules.bounds("events", "uk") is None
    assert RowRules(lambda _: held).bounds("events", "uk") == {"price": (0.0, 1e6), "quantity": (0.0, 1e6)}
