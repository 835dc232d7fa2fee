"""The fast lane takes exactly the rows the validator takes, and writes exactly its bytes."""

from __future__ import annotations

import csv
import itertools
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES, USERS
from shopkeeper.engines import lake_rows, readers_parquet, sure_csv
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.memory import MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.engines.readers_csv import CsvReader
from shopkeeper.engines.readers_parquet import ParquetReader
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import Unavailable
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import RejectedRow, SourcedRow, SourceFile, SourceReader, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureFilling, SureRules
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.ports import NamedQuery
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
    return types, draw(st.lists(row, min_size=1, max_size=60))


class CountedLane:
    """A reader with its lane, and how many rows took it."""

    def __init__(self, reader: ParquetReader | CsvReader) -> None:
        self._reader = reader
        self.used = False
        self.sure = 0

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:
        return self._reader.inspect(path, said)

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        return self._reader.read(source, expressions, batch_rows)

    def read_sure(
        self, source: SourceFile, fillings: Sequence[SureFilling], rules: SureRules
    ) -> Iterator[SureBatch] | None:
        batches = self._reader.read_sure(source, fillings, rules)
        return None if batches is None else self._counted(batches)

    def _counted(self, batches: Iterator[SureBatch]) -> Iterator[SureBatch]:
        self.used = True
        for batch in batches:
            self.sure += batch.events
            yield batch


def write(path: Path, types: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
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


@dataclass
class Outcome:
    """What an import left: the events of the lake, every other row of it, rejected rows, and the report."""

    events: list[tuple[Any, ...]]
    others: list[list[tuple[Any, ...]]]
    rejected: list[RejectedRow]
    report: dict[str, Any]
    sure: int = field(default=0, compare=False)
    used: bool = field(default=False, compare=False)


class Shop:
    """A shop of its own to import into.

    Args:
        on_step: Told each step of the lake.
        lane: Whether there is a fast lane.
    """

    def __init__(
        self, folder: Path, on_step: Callable[[str], None] = lambda _: None, *, lane: bool = True,
        known: KnownTraffic = NOBODY,
    ) -> None:  # fmt: skip
        self.quarantine = MemoryQuarantine()
        log, tables = SegmentLog(folder / "log", "test"), MemoryTableStore()
        self.lake = lake = Lake(folder / "log", folder / "lake", on_step=on_step)
        tables.upsert(STORES, [SourcedRow(row, NOW) for row in STORES_THERE])
        said = [
            User(user="refuser", consent=Consent(measure=False)), User(user="allower", consent=Consent(measure=True)),
        ]  # fmt: skip
        tables.upsert(USERS, [SourcedRow(row, NOW) for row in said])
        tables.upsert(PRODUCTS, [SourcedRow(Product(product="postage", store="uk", kind="service"), NOW)])

        def arriving(validator: RowValidator) -> ArrivingEvents:
            return ArrivingEvents(validator, TrafficRules(known), lambda _: "hash", empty_is_said=False)

        self.parquet, self.csv = CountedLane(ParquetReader(lake)), CountedLane(CsvReader(lake))
        readers: dict[str, SourceReader] = (
            {"parquet": self.parquet, "csv": self.csv}
            if lane
            else {"parquet": OneByOne(ParquetReader()), "csv": OneByOne(CsvReader())}
        )

        def settle(_logged: Mapping[str, int], _started: datetime) -> Mapping[str, int]:
            log.seal()
            lake.compact()
            return {}

        self._engines = ImportEngines(
            log, tables, self.quarantine, MemoryReports(), readers, settle, arriving, RowRules(lambda _: contract())
        )

    def take(self, path: Path, store: str | None, mapping: Path | None = None) -> dict[str, Any]:
        """Import files and return the report."""
        ticks = itertools.count()
        clocks = Clocks(lambda: NOW, lambda: float(next(ticks)))
        order, limits = ImportOrder(path, store, mapping), ImportLimits(7, 300.0, 0.05)
        return run_import(order, self._engines, limits, clocks).as_dict()

    def events(self) -> list[tuple[Any, ...]]:
        """Return the events of the lake."""
        return next(rows_of(self.lake, "events"))


def outcome(
    path: Path, store: str | None, *, lane: bool, known: KnownTraffic = NOBODY, mapping: Path | None = None,
    twice: bool = False,
) -> Outcome:  # fmt: skip
    """Import files into a shop of their own and return what that came to."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), lane=lane, known=known)
        report = shop.take(path, store, mapping)
        if twice:
            shop.take(path, store, mapping)
        for money in ("bought", "returned"):
            report["recognised"][money] = pytest.approx(report["recognised"][money])
        report |= {"seconds": 0, "rows_per_second": 0}
        events, *others = rows_of(shop.lake, "events", "event_counts", "products_history")
        kept = sorted(shop.quarantine.rows(10_000), key=lambda row: (row.source, row.row, row.table, str(row.problems)))
        parquet, csv = shop.parquet, shop.csv
        return Outcome(events, others, kept, report, parquet.sure + csv.sure, parquet.used or csv.used)


class OneByOne:
    """The same reader without a lane, every row of which the validator judges."""

    def __init__(self, reader: ParquetReader | CsvReader) -> None:
        self.inspect = reader.inspect
        self.read = reader.read


def rows_of(lake: Lake, *names: str) -> Iterator[list[tuple[Any, ...]]]:
    warehouse = lake.warehouse()
    for name in names:
        found = warehouse.fetch(NamedQuery(name, f"SELECT * FROM {name} ORDER BY ALL"))  # noqa: S608 - names of ours
        yield [tuple(map(str, row)) for row in zip(*found.values(), strict=True)]
    warehouse.close()


def both(path: Path, store: str | None, known: KnownTraffic = NOBODY, mapping: Path | None = None) -> Outcome:
    """Hold that both ways come to the same, and return it."""
    fast = outcome(path, store, lane=True, known=known, mapping=mapping)
    assert fast == outcome(path, store, lane=False, known=known, mapping=mapping)
    return fast


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=4, deadline=None, suppress_health_check=SLOW, phases=[Phase.generate])
@given(drawn=st.lists(files(), min_size=3, max_size=4), store=st.sampled_from(["uk", "de", "quiet", None]))
def test_the_lane_takes_the_same_rows_and_rejects_the_same_rows(
    drawn: list[tuple[dict[str, str], list[dict[str, Any]]]], store: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake_rows, "ROWS_A_SPAN", 1)
        for number, file in enumerate(drawn):
            write(Path(folder) / "events" / f"{number}.parquet", *file)
        both(Path(folder), store)


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
    found = both(tmp_path / "events.parquet", "uk")
    assert (found.sure, len(found.events), [row.row for row in found.rejected]) == (49, 49, [21])


def test_of_one_identity_twice_the_first_of_the_file_stays_whichever_way_it_took(tmp_path: Path) -> None:
    types, rows = usual(6)
    for number in (1, 4):
        rows[number] = {**rows[number], "event_id": "same", "price": number}
    rows[1]["product"] = "Stra\u00dfe\u00a0\u2003x"  # looked at; the other takes the lane
    write(tmp_path / "events.parquet", types, rows)
    found = both(tmp_path / "events.parquet", "uk")
    assert (len(found.events), found.sure) == (5, 5)
    assert any("Stra" in value for row in found.events for value in row)


@pytest.mark.parametrize("step", ["rows loaded", "parts durable", "manifest published"])
def test_a_disk_that_fails_while_the_next_rows_are_judged_loses_nothing_and_the_import_done_again_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(readers_parquet, "BATCH_ROWS", 10)
    types, rows = usual(50)
    rows[5]["price"] = rows[25]["price"] = -1.0
    write(tmp_path / "events.parquet", types, rows)
    left = [3]

    def fails_at_the_third(done: str) -> None:
        left[0] -= done == step
        if done == step and left[0] == 0:
            raise OSError(28, "No space left on device")

    shop = Shop(tmp_path / "shop", fails_at_the_third)
    with pytest.raises(Unavailable, match="No space left"):
        shop.take(tmp_path / "events.parquet", "uk")
    there = 2 * 10 + (10 if step == "manifest published" else 0)  # the lake has them though the import was told no
    assert len(shop.events()) in (there - 1, there - 2)
    assert [row.row for row in shop.quarantine.rows(9)] == [6]  # the third batch was not through
    report = shop.take(tmp_path / "events.parquet", "uk")
    assert len(shop.events()) == len({row[0] for row in shop.events()}) == 50 - 2
    assert sorted(row.row for row in shop.quarantine.rows(9)) == [6, 26]
    assert report["tables"][0]["accepted"] == 50 - 2


def test_an_import_done_twice_adds_nothing(tmp_path: Path) -> None:
    types, rows = usual(30)
    write(tmp_path / "events.parquet", types, rows)
    assert outcome(tmp_path / "events.parquet", "uk", lane=True, twice=True).events == both(
        tmp_path / "events.parquet", "uk"
    ).events  # fmt: skip


@pytest.mark.parametrize(("change", "used"), [
    ({"people": True}, False), ({"column": "client_ip"}, False), ({"type": "JSON"}, False), ({"type": "BLOB"}, False),
    ({"column": "campaign"}, True), ({"without": "event_id"}, True), ({"type": "UUID"}, True),
])  # fmt: skip
def test_what_the_lane_does_not_know_goes_the_validators_way(
    tmp_path: Path, change: dict[str, Any], used: bool
) -> None:
    types, rows = usual(5)
    if name := change.get("column"):
        types[name] = "VARCHAR"
        rows = [{**row, name: "x"} for row in rows]
    if kind := change.get("type"):
        types["product"] = kind
        held = {"JSON": '"p"', "BLOB": b"p", "UUID": "3d9b1d3e-7a3c-4f4e-8d7a-0c3f1a2b3c4d"}[kind]
        rows = [{**row, "product": held} for row in rows]
    if name := change.get("without"):
        types.pop(name)
    write(tmp_path / "events.parquet", types, rows)
    known = KnownTraffic(users=frozenset({"u1"})) if change.get("people") else KnownTraffic()
    found = both(tmp_path / "events.parquet", "uk", known)
    assert (found.used, found.sure) == (used, 5 * used)


CELLS = st.sampled_from(
    ["", "a", "b c", " a", "1", "12.50", "-3", "007", "1e3", "nan", "view", "purchase", "cart", "VIEW", '"q"', '""',
     '"x, y"', '"two\nlines"', '"say ""hi"""', 'a"b', '"open', 'close"', '"a"b', "x,y", "\r", "a\rb", "\u00e9", "null",
     "2026-05-01T10:00:00Z", "2026-05-01 10:00:00", "2026-03-29 02:30:00", "2026-10-25 02:30:00.5", "1777629600",
     "1777629600123", "2026-13-01", "2026-05-01", "GBP", "\x00", "\ufeff", "0.1", "00", "-0", "uk", "de"]
)  # fmt: skip
CSV_COLUMNS = ["event_id", "ts", "type", "user", "product", "price", "quantity", "position", "currency", "session",
               "campaign", "user_agent", "consent_measure", "value", "store", "traffic"]  # fmt: skip


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """Draw a CSV file most lines of which are usual ones."""
    columns = draw(st.lists(st.sampled_from(CSV_COLUMNS[3:]), unique=True, max_size=7))
    columns = ["ts", "type", "product", *(name for name in columns if name != "product")]
    columns = [*(["event_id"] if draw(st.booleans()) else []), *columns]
    usual_cells = {
        "event_id": st.integers(0, 30).map(str), "type": st.sampled_from(["view", "purchase", "custom"]),
        "ts": st.sampled_from(["2026-05-01 10:00:00", "2026-05-02T10:00:00Z", "2026-03-29 02:30:00", "1777629600"]),
        "product": st.sampled_from(["p1", '"p, 2"', "postage", ""]), "price": st.sampled_from(["1", "2.50", "", "1e2"]),
        "quantity": st.sampled_from(["1", "", "2"]), "position": st.sampled_from(["1", ""]),
        "currency": st.sampled_from(["GBP", ""]), "store": st.sampled_from(["uk", "de", ""]),
        "user_agent": st.sampled_from(["", "Googlebot/2.1", "Mozilla/5.0 (X11; Linux) Firefox/120.0"]),
        "consent_measure": st.sampled_from(["", "true", "no"]), "traffic": st.sampled_from(["", "human", "internal"]),
        "user": st.sampled_from(["ann", "refuser", "", "7"]), "value": st.sampled_from(["", "-5", "3.25"]),
        "session": st.sampled_from(["s1", '"s 2"']), "campaign": st.sampled_from(["", "spring", '"a ""b"""']),
    }  # fmt: skip
    line = st.tuples(*(usual_cells[name] for name in columns)).map(",".join)
    odd = st.lists(CELLS, min_size=max(len(columns) - 1, 1), max_size=len(columns) + 1).map(",".join)
    lines = draw(st.lists(st.one_of(line, line, line, odd, st.just("")), min_size=1, max_size=50))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = (",".join(columns) + end + end.join(lines) + (end if draw(st.booleans()) else "")).encode()
    at = draw(st.none() | st.integers(len(",".join(columns) + end), len(text)))
    return text if at is None else text[:at] + draw(st.sampled_from([b"\xff", b"\xe9", b'"'])) + text[at:]


@settings(max_examples=6, deadline=None, suppress_health_check=SLOW, phases=[Phase.generate])
@given(
    drawn=st.lists(csv_files(), min_size=3, max_size=5),
    store=st.sampled_from(["uk", "de", None]),
    size=st.sampled_from([40, 200, 100_000]),
)
def test_lines_of_csv_in_blocks_come_to_what_they_come_to_one_by_one(
    drawn: list[bytes], store: str | None, size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sure_csv, "BLOCK_BYTES", size)
        for number, content in enumerate(drawn):
            path = Path(folder) / "events" / f"{number}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        both(Path(folder), store)


@pytest.mark.parametrize("size", [40, 100_000])
def test_a_byte_order_mark_within_a_file_is_text_wherever_a_block_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(sure_csv, "BLOCK_BYTES", size)
    lines = [f"{mark}{n},2026-05-01 10:00:00,view,p1" for n, mark in enumerate(["", "\ufeff", "\ufeff", "", "\ufeff"])]
    (tmp_path / "events.csv").write_text("\n".join(["event_id,ts,type,product", *lines]), "utf-8")
    assert len(both(tmp_path / "events.csv", "uk").events) == 5


MAPPING = """
version: 1
tables:
  - table: products
    from: lines*
    where: TRY_CAST(price AS DOUBLE) > 0
    fields:
      product: item
      title: trim(label)
      price: TRY_CAST(price AS DOUBLE)
      kind: "CASE WHEN item = 'fee' THEN 'service' ELSE 'product' END"
    source_ts: TRY_CAST(moment AS TIMESTAMP)
    keep: [colour]
  - table: events
    from: lines*
    where: label <> 'skip'
    fields:
      ts: moment
      type: CASE WHEN CAST(units AS INTEGER) < 0 THEN 'refund' WHEN label = 'gift' THEN 'custom' ELSE 'purchase' END
      user: shopper
      product: item
      price: price
      quantity: abs(CAST(units AS INTEGER))
      properties.name: CASE WHEN label = 'gift' THEN 'given' END
      properties.units: TRY_CAST(units AS INTEGER)
      properties.share: TRY_CAST(price AS DOUBLE) / 7
    keep: [colour, label]
"""
LINES = st.fixed_dictionaries(
    {
        "moment": st.sampled_from(["2026-05-01 10:00:00", "2026-05-02 11:00:00", "2026-03-29 02:30:00", "soon", ""]),
        "item": st.sampled_from(["p1", "p2", "fee", "p\u00fc", ""]),
        "label": st.sampled_from(["cup", " cup ", "gift", "skip", 'a "b"']),
        "price": st.sampled_from(["1.5", "2", "-1", "", "x"]),
        "units": st.sampled_from(["1", "-2", "many", "3"]),
        "shopper": st.sampled_from(["ann", "", "refuser"]),
        "colour": st.sampled_from(["red", "", "two\nlines"]),
    }
)


def fee(price: str) -> dict[str, str]:
    """Return a line about a fee, of which its price says whether it describes the fee too."""
    usual_cells = {"moment": "2026-05-01 10:00:00", "units": "1", "shopper": "ann", "colour": "red"}
    return {**usual_cells, "item": "fee", "label": "cup", "price": price}


@settings(max_examples=5, deadline=None, suppress_health_check=SLOW, phases=[Phase.explicit, Phase.generate])
@example(drawn=[[fee(""), fee("1.5")], [fee("")]], store="uk")  # what a fee is stands below the event that names it
@given(
    drawn=st.lists(st.lists(LINES, min_size=1, max_size=50), min_size=2, max_size=4),
    store=st.sampled_from(["uk", "de"]),
)
def test_mapped_files_come_to_the_same_both_ways(drawn: list[list[dict[str, str]]], store: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers_parquet, "BATCH_ROWS", 10)
        mapping = Path(folder) / "mapping.yaml"
        mapping.write_text(MAPPING)
        for number, rows in enumerate(drawn):
            names = list(rows[0])
            path = Path(folder) / "data" / f"lines{number}"
            if number % 2:
                write(path.with_suffix(".parquet"), dict.fromkeys(names, "VARCHAR"), rows)
            else:
                path.parent.mkdir(exist_ok=True)
                with path.with_suffix(".csv").open("w", newline="") as file:
                    csv.writer(file).writerows([names, *([row[name] for name in names] for row in rows)])
        both(path.parent, store, mapping=mapping)


def test_lines_of_an_order_file_take_the_lane_for_products_and_events_at_once(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    lines = [f"2026-05-01 10:{n // 60:02d}:{n % 60:02d},p{n % 3},cup,2.5,{1 + n},ann,red" for n in range(90)]
    (tmp_path / "lines.csv").write_text("\n".join(["moment,item,label,price,units,shopper,colour", *lines]))
    found = both(tmp_path / "lines.csv", "uk", mapping=tmp_path / "mapping.yaml")
    assert (found.sure, len(found.events), len(found.others[1])) == (90, 90, 3)


def test_a_contract_that_asks_more_than_bounds_closes_the_lane() -> None:
    held = contract()
    asked = replace(next(field for field in held.fields if field.table == "events"), unit="pieces", column="quantity")
    rules = RowRules(lambda _: replace(held, fields=(asked,)))
    assert rules.bounds("events", "uk") is None
    assert RowRules(lambda _: held).bounds("events", "uk") == {"price": (0.0, 1e6), "quantity": (0.0, 1e6)}
