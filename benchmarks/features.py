"""What features cost beside bare aggregation of the same events: the last line of stdout is one JSON object.

    python benchmarks/features.py [--events N] [--days N] [--seed N] [--folder DIR] [--all-entities]

Events are made as a lake of Parquet parts, one a UTC day; 25 events a user on average, in visits of about five,
products by a power law; of one visit in 200 a verdict says that it was a machine's. CPU seconds of this process, one
DuckDB thread a core, the same memory limit on both sides.

`bare_cpu_s`: two aggregations by DuckDB over all events, as anyone would write them: per product, type and day counts;
per user counts, distinct types, newest event, purchases and revenue.
`features_cpu_s`: `FeatureStore.refresh` from nothing for users and products: day sums written as Parquet, then the
features of every user and product (`--all-entities`: with user x product, sessions and store x product).
`increment_s`: wall seconds of a refresh one day later, after one more day of events: all that single reads and
training rows need. `tables_s`: wall seconds to write the features of every user and product anew, as batches need.
`training_s`: wall seconds of user and product features for 100,000 examples, each at its own moment.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shopkeeper.commerce.tables import EVENTS, TRAFFIC_VERDICTS, TableSchema
from shopkeeper.engines.duckdb_session import files_literal, open_duckdb, text_literal
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.lake_manifest import Manifest, Part, layout_name, publish, read_manifest
from shopkeeper.features.kinds import ENTITIES, EntityName
from shopkeeper.features.ports import Example

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("event_id", "ts", "store", "type", "user", "session", "product", "quantity", "price", "consent", "traffic")
MEMORY = "6GB"
USER_FEATURES: tuple[EntityName, ...] = ("user", "product")

DAY = """
SELECT 'e' || {day} || '-' || i AS event_id,
  TIMESTAMP '{start}' + to_microseconds(
    CAST((hash(visit, {seed}, 1) % 85000) * 1000000 + (i % 5) * 37000000 + 11 AS BIGINT)) AS ts,
  'uk' AS store,
  CASE WHEN kind < 450 THEN 'view' WHEN kind < 720 THEN 'impression' WHEN kind < 830 THEN 'click'
    WHEN kind < 900 THEN 'search' WHEN kind < 960 THEN 'cart' WHEN kind < 967 THEN 'remove'
    WHEN kind < 997 THEN 'purchase' ELSE 'refund' END AS type,
  'u' || CAST(hash(visit, {seed}, 2) % {users} AS VARCHAR) AS "user",
  's' || {day} || '-' || visit AS session,
  'p' || CAST(floor({products} * pow((hash(i, {seed}, 3) % 1000003) / 1000003e0, 3)) AS BIGINT) AS product,
  CASE WHEN kind >= 900 THEN CAST(1 + hash(i, {seed}, 4) % 3 AS DOUBLE) END AS quantity,
  CASE WHEN kind >= 900 THEN round(1 + hash(i, {seed}, 5) % 20000 / 100e0, 2) END AS price,
  CAST(NULL AS VARCHAR) AS consent,
  CASE WHEN hash(visit, {seed}, 6) % 50 = 0 THEN 'declared_bot' ELSE 'human' END AS traffic
FROM (SELECT i, i // 5 AS visit, hash(i, {seed}, 7) % 1000 AS kind FROM range({rows}) AS r(i))
ORDER BY ts"""

VERDICT_COLUMNS = ("store", "ts", "kind", "subject", "rule", "traffic")
VERDICTS = """
SELECT 'uk' AS store, TIMESTAMP '{start}' AS ts, 'session' AS kind, 's' || {day} || '-' || (v * 200) AS subject,
  'behaviour.rate' AS rule, 'suspected_bot' AS traffic
FROM range({visits} // 200) AS r(v)"""

BARE = (
    "SELECT product, type, CAST(ts AS DATE) AS day, count(*) AS n FROM events WHERE traffic = 'human' GROUP BY ALL",
    'SELECT "user", count(*) AS n, count(DISTINCT type) AS types, max(ts) AS newest, '
    "count(*) FILTER (type = 'purchase') AS purchases, sum(quantity * price) FILTER (type = 'purchase') AS revenue "
    "FROM events WHERE traffic = 'human' GROUP BY ALL",
)


def make_day(lake: Path, day: int, rows: int, users: int, products: int, seed: int) -> None:
    """Add one day of events to the lake, and the verdicts about it."""
    start = START + timedelta(days=day)
    events = DAY.format(day=day, start=start.replace(tzinfo=None), rows=rows, users=users, products=products,
                        seed=seed * 1_000 + day)  # fmt: skip
    verdicts = VERDICTS.format(day=day, start=start.replace(tzinfo=None), visits=rows // 5)
    add_part(lake, EVENTS, COLUMNS, start, events, rows)
    add_part(lake, TRAFFIC_VERDICTS, VERDICT_COLUMNS, start, verdicts, rows // 1_000)


def add_part(lake: Path, table: TableSchema, columns: tuple[str, ...], day: datetime, sql: str, rows: int) -> None:
    """Add one day of a table to the lake."""
    path = f"{table.name}/store=uk/day={day.date()}/0.parquet"
    (lake / path).parent.mkdir(parents=True, exist_ok=True)
    connection = open_duckdb(lake, MEMORY, os.cpu_count() or 1)
    connection.execute(f"COPY ({sql}) TO {text_literal(str(lake / path))} (FORMAT parquet, COMPRESSION zstd)")
    connection.close()
    layout = layout_name(table, columns)
    part = Part(table.name, "uk", day.date().isoformat(), path, rows, (lake / path).stat().st_size, layout)
    manifest: Manifest = read_manifest(lake)
    publish(lake, manifest.changed(added=[part], layouts={layout: columns}, now=0.0))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return CPU and wall seconds of some work."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def bare(lake: Path) -> None:
    """Aggregate all events as anyone would, results kept in memory."""
    connection = open_duckdb(lake, MEMORY, os.cpu_count() or 1)
    files = files_literal([lake / part.path for part in read_manifest(lake).parts if part.table == EVENTS.name])
    connection.execute(f"CREATE VIEW events AS FROM read_parquet({files}, hive_partitioning=false)")
    for number, sql in enumerate(BARE):
        connection.execute(f"CREATE TEMP TABLE result_{number} AS {sql}")
    connection.close()


def examples(count: int, days: int, users: int, products: int) -> list[Example]:
    """Return examples spread over the second half of the days."""
    step = timedelta(days=days / 2) / count
    middle = START + timedelta(days=days / 2)
    return [
        Example("uk", middle + number * step, user=f"u{number * 7919 % users}", product=f"p{number * 31 % products}")
        for number in range(count)
    ]


def measure(folder: Path, events: int, days: int, seed: int, entities: tuple[EntityName, ...]) -> dict[str, object]:
    """Return all figures."""
    users, products, rows = max(events // 25, 100), max(min(events // 50, 100_000), 100), events // days
    lake = folder / "lake"
    for day in range(days):
        make_day(lake, day, rows, users, products, seed)
    print(f"{rows * days:,} events of {users:,} users made", file=sys.stderr)
    bare(lake)  # once to warm the file cache, for both sides
    bare_cpu, bare_wall = timed(lambda: bare(lake))
    store = FeatureStore(lake, memory=MEMORY, threads=os.cpu_count() or 1, entities=entities)
    end = START + timedelta(days=days)
    features_cpu, features_wall = timed(lambda: store.refresh(end))
    make_day(lake, days, rows, users, products, seed)
    later = end + timedelta(days=1)
    _, increment = timed(lambda: store.refresh(later, tables=False))
    _, tables_wall = timed(lambda: store.refresh(later))
    asked = examples(100_000, days, users, products)
    _, training_wall = timed(lambda: [store.training_rows(entity, asked) for entity in USER_FEATURES])
    size = sum(path.stat().st_size for path in (lake / "features").rglob("*.parquet"))
    return {
        "events": rows * days, "users": users, "products": products, "days": days, "entities": list(entities),
        "bare_cpu_s": round(bare_cpu, 2), "bare_wall_s": round(bare_wall, 2),
        "features_cpu_s": round(features_cpu, 2), "features_wall_s": round(features_wall, 2),
        "ratio": round(features_cpu / bare_cpu, 2), "increment_s": round(increment, 2),
        "tables_s": round(tables_wall, 2), "training_s": round(training_wall, 2), "training_examples": len(asked),
        "features_mb": round(size / 2**20, 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--all-entities", action="store_true")
    given = parser.parse_args()
    entities: tuple[EntityName, ...] = tuple(ENTITIES) if given.all_entities else USER_FEATURES
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        figures = measure(Path(folder), given.events, given.days, given.seed, entities)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
