"""A fetch gives the port's types, from exactly one state of the lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines import duckdb_warehouse
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.lake_manifest import Manifest, read_manifest
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import LogDamaged, Unavailable
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def query(sql: str) -> NamedQuery:
    return NamedQuery("test", sql)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "log", tmp_path / "lake")


def logged(lake: Lake, *events: Event) -> None:
    writer = SegmentLog(lake._log_folder, "test")
    writer.append(EVENTS, [msgspec.json.encode(event) for event in events])
    writer.close()
    lake.compact()


def viewed(number: int, **fields: object) -> Event:
    return msgspec.convert(
        {"event_id": f"e{number}", "ts": NOON + timedelta(hours=number), "store": "uk", "type": "view", **fields}, Event
    )


@pytest.mark.parametrize(
    ("sql", "kind", "values"),
    [
        ("SELECT 1 AS x", "int64", [1]),
        ("SELECT sum(position) AS x FROM events", "int64", [1 + 2]),
        ("SELECT count(*) AS x FROM events", "int64", [3]),
        ("SELECT CAST(1 AS UTINYINT) AS x", "int64", [1]),
        ("SELECT position AS x FROM events ORDER BY ts", "float64", [1, 2, np.nan]),
        ("SELECT price AS x FROM events ORDER BY ts", "float64", [0.5, np.nan, np.nan]),
        ("SELECT CAST(1.25 AS DECIMAL(9, 2)) AS x", "float64", [1.25]),
        ("SELECT CAST(NULL AS BIGINT) AS x", "float64", [np.nan]),
        ("SELECT true AS x", "bool", [True]),
        ("SELECT unnest([true, NULL]) AS x", "object", [True, None]),
        ("SELECT product AS x FROM events ORDER BY ts", "object", ["mug", "é", None]),
        ("SELECT ts AS x FROM events ORDER BY ts LIMIT 1", "datetime64[us]", [np.datetime64("2026-03-01T13:00", "us")]),
        ("SELECT DATE '2026-03-01' AS x", "datetime64[us]", [np.datetime64("2026-03-01", "us")]),
        ("SELECT max(ts) AS x FROM events WHERE false", "datetime64[us]", [np.datetime64("NaT")]),
        ("SELECT received_at AS x FROM events LIMIT 1", "datetime64[us]", [np.datetime64("NaT")]),
    ],
)
def test_columns_come_as_the_port_says(lake: Lake, sql: str, kind: str, values: list[object]) -> None:
    logged(lake, viewed(1, position=1, price=0.5, product="mug"), viewed(2, position=2, product="é"), viewed(3))
    column = lake.warehouse().fetch(query(sql))["x"]
    assert column.dtype == np.dtype(kind)
    np.testing.assert_array_equal(column, np.array(values, dtype=kind))
    assert not np.ma.isMaskedArray(column)


@pytest.mark.parametrize(
    ("column", "kind"),
    [("event_id", "object"), ("ts", "datetime64[us]"), ("price", "float64"), ("position", "int64")],
)
def test_an_empty_result_has_every_column_with_no_rows(lake: Lake, column: str, kind: str) -> None:
    assert lake.warehouse().fetch(query("SELECT event_id, ts, price, position FROM events"))[column].shape == (0,)
    logged(lake, viewed(1))
    result = lake.warehouse().fetch(query("SELECT event_id, ts, price, position FROM events WHERE false"))
    assert list(result) == ["event_id", "ts", "price", "position"]
    assert (result[column].dtype, result[column].shape) == (np.dtype(kind), (0,))


@pytest.mark.parametrize(
    "since",
    [
        NOON + timedelta(hours=2),
        (NOON + timedelta(hours=2)).replace(tzinfo=None),
        (NOON + timedelta(hours=2)).astimezone(timezone(timedelta(hours=-5))),
        np.datetime64("2026-03-01T14:00:00", "us"),
    ],
)
def test_a_time_parameter_means_the_same_instant_however_it_is_given(lake: Lake, since: object) -> None:
    logged(lake, viewed(1), viewed(2), viewed(3))
    found = lake.warehouse().fetch(query("SELECT event_id FROM events WHERE ts >= $since ORDER BY ts"), since=since)
    assert found["event_id"].tolist() == ["e2", "e3"]


def test_parameters_are_values_not_sql(lake: Lake) -> None:
    logged(lake, viewed(1))
    sql = query("SELECT count(*) AS n FROM events WHERE store = $store AND list_contains($ids, event_id)")
    ids = np.array(["e1", "e2"], dtype=object)
    assert lake.warehouse().fetch(sql, store="uk", ids=ids)["n"].tolist() == [1]
    assert lake.warehouse().fetch(sql, store="uk' OR 'a'='a", ids=ids)["n"].tolist() == [0]


def test_the_same_reader_sees_what_came_later(lake: Lake) -> None:
    warehouse = lake.warehouse()
    for number in range(3):
        logged(lake, viewed(number))
        assert warehouse.fetch(query("SELECT count(*) AS n FROM events"))["n"].tolist() == [number + 1]


def test_what_is_returned_belongs_to_the_caller(lake: Lake) -> None:
    logged(lake, viewed(1))
    warehouse = lake.warehouse()
    first = warehouse.fetch(query("SELECT event_id, ts, count(*) AS n FROM events GROUP BY ALL"))
    for column in first.values():
        assert column.flags.writeable
        column[:] = column[:0].sum() if column.dtype == np.int64 else column[0]
    assert warehouse.fetch(query("SELECT count(*) AS n FROM events"))["n"].tolist() == [1]


def test_a_file_deleted_under_a_reader_is_read_anew_from_the_newer_manifest(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(lake, viewed(1, user="ann"), viewed(2))
    warehouse = lake.warehouse()
    old = lake.manifest()
    lake.erase(Person(("uk",), users=("ann",)), grace_seconds=0)
    seen: list[int] = []

    def late(folder: Path) -> Manifest:
        """The reader took the old manifest just before it was replaced."""
        seen.append(len(seen))
        return old if len(seen) == 1 else read_manifest(folder)

    monkeypatch.setattr(duckdb_warehouse, "read_manifest", late)
    assert warehouse.fetch(query("SELECT event_id FROM events"))["event_id"].tolist() == ["e2"]
    assert len(seen) > 1


def test_a_file_that_is_gone_without_a_newer_manifest_is_named(lake: Lake) -> None:
    logged(lake, viewed(1))
    (part,) = lake.manifest().parts
    (lake._folder / part.path).unlink()
    with pytest.raises(LogDamaged, match=Path(part.path).name):
        lake.warehouse().fetch(query("SELECT event_id FROM events"))


def test_a_wrong_query_is_told_as_it_is(lake: Lake) -> None:
    with pytest.raises(duckdb.CatalogException, match="nonsense"):
        lake.warehouse().fetch(query("SELECT * FROM nonsense"))


def test_nothing_is_loaded_over_the_network(lake: Lake) -> None:
    names = "'autoinstall_known_extensions', 'autoload_known_extensions'"
    sql = f"SELECT DISTINCT value FROM duckdb_settings() WHERE name IN ({names})"  # noqa: S608
    assert lake.warehouse().fetch(query(sql))["value"].tolist() == ["false"]
    with pytest.raises(duckdb.Error, match=r"(?i)httpfs|extension"):
        lake.warehouse().fetch(query("SELECT * FROM read_parquet('https://example.invalid/x.parquet')"))


def test_a_manifest_that_is_no_manifest_is_named(lake: Lake) -> None:
    (lake._folder / "manifest.json").write_text("{")
    with pytest.raises(LogDamaged, match=r"manifest\.json cannot be read"):
        lake.warehouse().fetch(query("SELECT 1 AS x"))


def test_a_query_short_of_memory_is_asked_again_by_one_thread(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    logged(lake, viewed(1))
    warehouse, threads = lake.warehouse(), query("SELECT current_setting('threads') AS x")
    ask = DuckDbWarehouse._columns

    def short_for_two(self: DuckDbWarehouse, *asked: Any) -> dict[str, Any]:  # noqa: ANN401 - of the method
        if ask(self, threads, {})["x"][0] > 1:
            raise duckdb.OutOfMemoryException("could not allocate block")
        return ask(self, *asked)

    monkeypatch.setattr(DuckDbWarehouse, "_columns", short_for_two)
    assert warehouse.fetch(threads)["x"].tolist() == [1]


def test_a_query_that_one_thread_has_no_memory_for_either_is_named(lake: Lake) -> None:
    logged(lake, viewed(1))
    warehouse = DuckDbWarehouse(lake._folder, memory="16MB")
    with pytest.raises(Unavailable, match=r"'test' needs more than 16MB"):
        warehouse.fetch(query('SELECT list(range) AS "one list" FROM range(5000000)'))
    assert warehouse.fetch(query("SELECT count(*) AS x FROM events"))["x"].tolist() == [1]


def test_relations_that_are_kept_stay_as_they_were_and_are_gone_afterwards(lake: Lake) -> None:
    logged(lake, viewed(1), viewed(2))
    warehouse = lake.warehouse()
    seen = Relation("seen", "SELECT event_id FROM events WHERE ts >= $since", {"since": NOON + timedelta(hours=2)})
    counted = Relation("counted", "SELECT count(*) AS n FROM seen", {})
    asked = query("SELECT n, (SELECT count(*) FROM seen) AS kept, (SELECT count(*) FROM events) AS now FROM counted")
    with warehouse.keeping([seen, counted]) as kept:
        logged(lake, viewed(3))
        found = kept.fetch(asked)
        assert [int(found[name][0]) for name in ("n", "kept", "now")] == [1, 1, 3]
    with pytest.raises(duckdb.CatalogException):
        warehouse.fetch(query("SELECT * FROM seen"))
    with pytest.raises(ZeroDivisionError), warehouse.keeping([seen]):
        raise ZeroDivisionError
    with pytest.raises(duckdb.CatalogException):
        warehouse.fetch(query("SELECT * FROM seen"))
    warehouse.close()
