"""Every named query of the package gives the same rows on DuckDB and on ClickHouse.

A new `.sql` file is run here by itself. Where it names a parameter unknown here, give `VALUES` one for it; where no row
ever comes back, give `seeded_rows` what it needs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from clickhouse_connect.driver.client import Client

import shopkeeper
from shopkeeper.commerce.event import EventType, TrafficClass
from shopkeeper.commerce.tables import KEYED_TABLES, LOGGED_TABLES, SOURCE_TABLES, Column, TableSchema
from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.missing_values import counting, counting_filled
from shopkeeper.quality.ports import NamedQuery, Warehouse

# The transport is other tests' matter; ClickHouse's own code in this process, or a server that is named, will do.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("clickhouse", ["in process", "server"], indirect=True, scope="session"),
]

PACKAGE = Path(shopkeeper.__file__).parent
FILES = sorted(PACKAGE.rglob("*.sql"))
BEGINNINGS = {"recommendations/behaviour/interaction": "recommendations/behaviour/seen"}
"""Files that go on where another one ends, by the start of their names."""

LINES = {"lines": NamedQuery.load("shopkeeper.pricing.house", "sale_lines").text}
FILLED: Mapping[str, list[dict[str, str]]] = {
    "experiments/outcome_shown": [{"attribution": "7"}],
    "experiments/shadow_rewards": [{"attribution": "7", "arm_blind": "'agent.crawler'"}],
    "pricing/house/sales": [
        LINES | {"retail": "''", "local": "e.sale_ts"},
        LINES
        | {
            "retail": "'', 'a'",
            "local": "CASE WHEN e.sale_ts < $since THEN e.sale_ts - INTERVAL 21600 SECOND"
            " ELSE e.sale_ts + INTERVAL 3600 SECOND END",
        },
    ],
    "pricing/paid_prices": [{"retail": "''"}, {"retail": "'', 'a'"}],
    "pricing/price_tests/sales_days": [
        LINES | {"retail": "''", "local": "e.sale_ts"},
        LINES | {"retail": "'', 'a'", "local": "e.sale_ts + INTERVAL 3600 SECOND"},
    ],
    "quality/contract_breach": [
        {"table": "events", "breach": "price < $least OR price > 5", "within": "ts >= $since"},
        {"table": "products", "breach": "currency NOT IN ('GBP')", "within": "TRUE"},
        {"table": "users", "breach": "region IS NULL", "within": "TRUE"},
    ],
    "quality/contract_breach_worst": [
        {"table": "events", "column": "price", "breach": "price < $least"},
        {"table": "orders", "column": '"user"', "breach": "\"user\" NOT IN ('u1')"},
    ],
    "quality/contract_repeated": [
        {"table": "events", "columns": 'event_id, "user"', "present": 'event_id IS NOT NULL AND "user" IS NOT NULL'}
    ],
    "quality/contract_strangers": [
        {"table": "events", "column": "product", "other": "products", "target": "product", "within": "ts >= $since"},
        {"table": "orders", "column": '"user"', "other": "users", "target": '"user"', "within": "TRUE"},
    ],
}
"""Files with places in braces, and what the code puts there."""
MADE: Mapping[str, list[NamedQuery]] = {
    "experiments/metric_sums": [],  # test_metric_sums_on_clickhouse.py runs these
    "experiments/revenue_caps": [],
    "experiments/outcome_days": [],
    "experiments/outcome_rows": [],
    "experiments/outcome_lines": [],
    "experiments/priced_lines": [],
    "experiments/products_shown": [],
    "experiments/seen_devices": [],
    "experiments/first_devices": [],
    "pricing/house/sale_lines": [],  # a part of sales and of sales_days
    "quality/missing_values": [counting(table) for table in SOURCE_TABLES.values()],
    "quality/filled_values": [
        counting_filled(table, table.attributes_column)
        for table in SOURCE_TABLES.values()
        if table.attributes_column is not None
    ],
}
"""Files whose places the code fills from the columns of a table."""

NOON = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
STORES = ["uk", "de", "Ключ-鍵'é"]
VALUES: Mapping[str, list[object]] = {
    "store": [*STORES, "nowhere"],
    "user": ["u1", "ü-鍵"],
    "group": ["group", "uk", "nobody's"],
    "since": [NOON - timedelta(days=3), datetime(1, 1, 1, tzinfo=UTC)],
    "known": [datetime(9000, 1, 1, tzinfo=UTC), NOON + timedelta(hours=7)],
    "until": [NOON + timedelta(hours=7), datetime(9000, 1, 1, tzinfo=UTC)],
    "started": [NOON],
    "seconds": [90],
    "rows": [7, 100_000],
    "break_ms": [1_800_000],
    "pages": [1],
    "least": [0.5],
    "system": ["recommendations", "pricing"],
    "version": ["a", "nobody"],
    "decision": ["d1", "d2"],
    "test": ["a"],
    "led_since": [NOON - timedelta(days=5)],
    "slow_ms": [1.5],
    "currency": ["GBP"],
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The same rows on both engines."""

    duckdb: Warehouse
    clickhouse: Warehouse


def queries() -> Iterator[NamedQuery]:
    """Yield every query of the package, put together as the code does."""
    texts = {str(file.relative_to(PACKAGE).with_suffix("")): file.read_text("utf-8") for file in FILES}
    for name, text in texts.items():
        start = next((first for rest, first in BEGINNINGS.items() if name.startswith(rest)), None)
        if name in MADE:
            yield from MADE[name]
        elif name not in BEGINNINGS.values():
            whole = f"{texts[start]}{text}" if start else text
            for parts in FILLED.get(name, [{}]):
                filled_in = re.sub(r"\{(\w+)\}", _from(parts), whole)
                yield NamedQuery(name, filled_in)


def _from(parts: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda place: parts[place[1]]


def parameters(query: NamedQuery) -> Iterator[dict[str, object]]:
    """Yield every choice of values for the parameters of a query."""
    names = sorted(set(re.findall(r"\$(\w+)", re.sub(r"--[^\n]*", "", query.text))))
    for chosen in product(*(VALUES[name] for name in names)):
        yield dict(zip(names, chosen, strict=True))


def seeded_rows(table: TableSchema, rows: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield rows of any table from few different values, so that joins meet, ties happen and fields are missing."""
    draw = random.Random(f"{table.name}{seed}")
    for _ in range(rows):
        row: dict[str, object] = {}
        for column in table.columns:
            value = _value(table, column, draw)
            if value is not None:
                row[column.name] = value
        if table.name in KEYED_TABLES:
            row |= {"source_ts": _moment(draw), "deleted": draw.random() < 0.1}
        yield row


_CHOICES: Mapping[str, list[str]] = {
    "store": STORES,
    "product": [f"p{n}" for n in range(9)] + ["Ключ-鍵", "o'brien\\", 'say "hi"'],
    "user": ["u1", "u2", "u3", "ü-鍵"],
    "visitor": ["v1", "v2", "v3", *(f"w{n}" for n in range(400))],
    "unit": ["u1", "v1", "s1"],
    "session": ["s1", "s2", "s3", "s4", "s5"],
    "order_id": [f"o{n}" for n in range(20)],
    "decision_id": [f"d{n}" for n in range(25)],
    "event_id": [f"e{n}" for n in range(300)],
    "type": list(get_args(EventType)),
    "traffic": [*["human"] * 9, *get_args(TrafficClass)],
    "surface": ["home", "product", "cart"],
    "variant": ["champion", "challenger"],
    "system": ["recommendations"],
    "currency": ["GBP", "EUR"],
    "kind": ["product", "product", "bundle", "service"],
    "status": ["active", "active", "withdrawn"],
    "customer_group": ["", "group"],
}
_DOCUMENTS: Mapping[str, list[object]] = {
    "categories": [[], ["Home > Lamps"], ["Home > Lamps", "Küche > 鍋"]],
    "consent": [{"personalise": False}, {"measure": True, "personalise": True}, {"email": True}],
    "consent_default": [{"personalise": False}, {"measure": True, "personalise": True}],
    "attributes": [{}, {"colour": "röd", "size": 4}],
    "properties": [{}, {"a": 1}],
    "answer": [{"x": 1}, {"items": [{"product": "p1", "chance": 0.5, "open": True}], "policy": "drawn"}],
    "chances": [[], [["p1", 0.5, 0.1], ["Ключ-鍵", 0.01, 0]]],
}


def _value(table: TableSchema, column: Column, draw: random.Random) -> object:
    """Return a value for a column; None where the row does not say."""
    if column.name not in table.key and not column.required and draw.random() < 0.3:
        return None
    numbers: Mapping[str, list[object]] = {"integer": [0, 1, 2, 5], "number": [0, 0.1, 1.5, 2, 19.99, 1e9]}
    choices: Mapping[str, list[object]] = {
        **numbers,
        "boolean": [True, False],
        "json": _DOCUMENTS.get(column.name, [{"x": 1}]),
    }
    if column.kind == "time":
        return _moment(draw)
    return draw.choice(choices[column.kind]) if column.kind in choices else _text(table, column, draw)


def _text(table: TableSchema, column: Column, draw: random.Random) -> str:
    if column.name == "store" and table.name in ("products", "users") and draw.random() < 0.2:
        return ""
    if column.name == "product" and table.name in ("events", "prices", "inventory") and draw.random() < 0.2:
        return draw.choice(["ghost", "phantom"])
    return draw.choice(_CHOICES.get(column.name, ["a", "b", "é"]))


def _moment(draw: random.Random) -> str:
    """Return one of few moments around midnight UTC and a change of clocks, written in one of several time zones."""
    moment = NOON + timedelta(minutes=30 * draw.randrange(-160, 40), microseconds=draw.choice([0, 0, 1, 999_999]))
    zone = draw.choice([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
    return moment.astimezone(zone).isoformat()


def filled(folder: Path, rows: int, seed: int, client: Client) -> Pair:
    """Bring rows of every table into a lake, the way of production, and from there into ClickHouse."""
    log = SegmentLog(folder / "log", "seed")
    for table in LOGGED_TABLES.values():
        if rows:
            log.append(table, [msgspec.json.encode(row) for row in seeded_rows(table, rows, seed)])
    log.close()
    lake = Lake(folder / "log", folder / "lake")
    lake.compact()
    data = ClickHouseData(client, folder / "lake")
    data.prepare()
    data.load()
    return Pair(lake.warehouse(), data.warehouse())


@pytest.fixture(scope="module")
def pairs(clickhouse: Callable[[], Client], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """Give a function that returns the pair with no rows (`empty`) or `many`."""
    made: dict[str, Pair] = {}
    sizes = {"empty": (0, 0), "many": (1_500, 2)}
    clients: dict[str, Client] = {}

    def pair(name: str) -> Pair:
        if name not in made:
            rows, seed = sizes[name]
            clients[name] = clickhouse()
            made[name] = filled(tmp_path_factory.mktemp(name), rows, seed, clients[name])
        return made[name]

    return pair


@pytest.mark.parametrize("size", ["empty", "many"])
def test_every_query_gives_the_same_rows_on_both_engines(pairs: Callable[[str], Pair], size: str) -> None:
    pair = pairs(size)
    silent = []
    for query in queries():
        found = 0
        choices = list(parameters(query))
        if size == "empty":  # no row can tell values apart; a value and none of it still may be of other types
            choices = [choices[0], choices[-1]]
        for given in choices:
            one, other = pair.duckdb.fetch(query, **given), pair.clickhouse.fetch(query, **given)
            assert_same(query, given, one, other)
            found += len(next(iter(one.values())))
        if not found:
            silent.append(query.name)
    if size == "many":
        assert silent == [], "these returned no row for any parameters, so nothing was compared"


def assert_same(
    query: NamedQuery,
    given: Mapping[str, object],
    one: dict[str, npt.NDArray[np.generic]],
    other: dict[str, npt.NDArray[np.generic]],
) -> None:
    """Compare names, kinds and rows; in order where the query says one. Sums of floats may end differently."""
    where = f"{query.name} with {given}"
    assert list(one) == list(other), where
    if len(next(iter(one.values()))):
        assert {n: v.dtype.kind for n, v in one.items()} == {n: v.dtype.kind for n, v in other.items()}, where
    rows, others = _rows(one), _rows(other)
    if not _ordered(query.text):
        rows, others = sorted(rows, key=repr), sorted(others, key=repr)
    assert rows == others, where


def _rows(columns: dict[str, npt.NDArray[np.generic]]) -> list[tuple[Any, ...]]:
    return list(zip(*(_plain(values) for values in columns.values()), strict=True))


def _plain(values: npt.NDArray[np.generic]) -> list[Any]:
    if values.dtype.kind == "f":  # sums of 1e8 and -1e8 end differently from the 8th decimal on, by order of threads
        floats = values.astype(np.float64)
        return ["nan" if np.isnan(value) else float(f"{round(value, 6):.12g}") for value in floats]
    return list(values.tolist())


def _ordered(text: str) -> bool:
    """Say whether a query orders its result, not only a part of it."""
    outer = re.sub(r"--[^\n]*", "", text)
    while (shorter := re.sub(r"\([^()]*\)", "", outer)) != outer:
        outer = shorter
    return "ORDER BY" in outer
