"""What the analysis of a test costs beside one bare scan-and-group of the same rows; last on stdout is one JSON line.

    python benchmarks/analyze.py [--rows N] [--days N] [--seed N] [--folder DIR] [--memory 5GB]

Rows are exposures (decisions of a test with two arms) and outcomes (six impressions, two views and one click, cart,
purchase or search a decision), 25 rows a shopper on average, two of five signed in; as a lake of Parquet parts, one a
UTC day: four weeks before the test, without decisions, then `--days` of it. CPU seconds of this process, one DuckDB
thread a core, the same memory limit on both sides.

`bare_cpu_s`: one scan of both tables, grouped by whom a row is about: counts by type, newest moment, money; kept in
    memory.
`analysis_cpu_s`, `ratio`: all shipped metrics over units in one go, as `experiment analyze` reads them: whose each row
    is, logins, windows, machines, the four weeks before, winsorising, sums and products by arm, store and day.
`lasting_cpu_s`: what it reads beside, from the rows it kept: the primary metric by days since exposure.
    `lasting_ratio`: both together beside the bare scan.
`days_cpu_s`, `days_ratio`: the same figures as the gate reads them for the first time, each day's sums written as
    Parquet.
`look_cpu_s`, `look_wall_s`: the gate's look a minute later, as every minute of a rollout.
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

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import DECISIONS, EVENTS, PRODUCTS, TableSchema
from shopkeeper.engines.duckdb_session import files_literal, open_duckdb, text_literal
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.lake_columns import part_order
from shopkeeper.engines.lake_manifest import Part, layout_name, publish, read_manifest
from shopkeeper.engines.lake_measuring import LakeMeasuring
from shopkeeper.experiments.daily_sums import read_daily
from shopkeeper.experiments.measuring import Asked, MeasuredTest, measured_of, rows_of_test
from shopkeeper.experiments.metric_file import shipped_metrics

START = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = 28
TEST = "benchmark"
STORE = Store(store="uk", currency="GBP", time_zone="Europe/London", tax_rates={"standard": 0.2})
PRODUCTS_SOLD = 20_000

WHO = """
SELECT i AS visit, CAST(hash(i, {seed}, 1) % 80000 AS BIGINT) AS second, hash(i, {seed}, 2) % {users} AS person
FROM range({visits}) AS r(i)"""
DECIDED = """
SELECT 'd' || printf('%016x', hash(visit, {seed}, 3)) AS decision_id,
  TIMESTAMP '{start}' + to_seconds(second) AS ts, 'uk' AS store, 'recommendations' AS system,
  CASE WHEN person % 5 < 2 THEN 'u' ELSE 'v' END || person AS unit, 's{day}-' || visit AS session, '{test}' AS test,
  CASE WHEN {day} < 7 THEN 0 ELSE 1 END AS epoch,
  CASE WHEN hash(person, 7) % 2 = 0 THEN 'control' ELSE 'treatment' END AS variant,
  CASE WHEN hash(visit, {seed}, 4) % 500 = 0 THEN 'deadline' END AS fallback, 'm1' AS model,
  2.0 + hash(visit, {seed}, 5) % 60 AS took_ms
FROM ({who}) ORDER BY ts"""
HAPPENED = """
SELECT 'e{day}-' || visit || '-' || n AS event_id, TIMESTAMP '{start}' + to_seconds(second + 5 + n * 11) AS ts,
  'uk' AS store,
  CASE WHEN n < 6 THEN 'impression' WHEN n < 8 THEN 'view'
    ELSE list_extract(['click', 'click', 'cart', 'purchase', 'search'], CAST(1 + hash(visit, {seed}, 6) % 5 AS BIGINT))
    END AS type,
  CASE WHEN person % 5 < 2 THEN 'u' || person END AS "user", 'v' || person AS visitor, 's{day}-' || visit AS session,
  'p' || hash(visit, n, {seed}, 8) % {products} AS product,
  CASE WHEN n = 8 THEN 1.0 + hash(visit, {seed}, 9) % 2 END AS quantity,
  CASE WHEN n = 8 THEN 5.0 + hash(visit, {seed}, 10) % 90 END AS price,
  CASE WHEN n = 8 THEN 'o{day}-' || visit END AS order_id,
  CASE WHEN {decides} AND (n < 6 OR n = 8) THEN 'd' || printf('%016x', hash(visit, {seed}, 3)) END AS decision_id,
  CASE WHEN person % 300 = 0 THEN 'declared_bot' ELSE 'human' END AS traffic,
  CASE WHEN person % 300 = 0 THEN 'agent.crawler' END AS traffic_rule
FROM ({who}), range(9) AS k(n) ORDER BY {order}"""
SOLD = """
SELECT 'p' || i AS product, '' AS store, 'product' AS kind, 'active' AS status, 4.0 + i % 30 AS cost,
  TIMESTAMP '2026-01-01' AS source_ts, false AS deleted FROM range({products}) AS r(i)"""
COLUMNS = {
    "decisions": ("decision_id", "ts", "store", "system", "unit", "session", "test", "epoch", "variant", "fallback",
                  "model", "took_ms"),
    "events": ("event_id", "ts", "store", "type", "user", "visitor", "session", "product", "quantity", "price",
               "order_id", "decision_id", "traffic", "traffic_rule"),
    "products": ("product", "store", "kind", "status", "cost", "source_ts", "deleted"),
}  # fmt: skip
BARE = (
    'SELECT store, coalesce("user", visitor, session) AS who, type, count(*) AS n, max(ts) AS newest,'
    " sum(price * quantity) AS money FROM events GROUP BY ALL",
    "SELECT test, epoch, variant, store, unit, count(*) AS n, min(ts) AS first FROM decisions GROUP BY ALL",
)


def make_lake(lake: Path, rows: int, days: int, seed: int, memory: str) -> int:
    """Make a lake and return its rows of decisions and events."""
    visits = rows // (10 * days + 9 * BEFORE)
    users = max(rows // 25, 100)
    add_part(lake, PRODUCTS, START - timedelta(days=60), SOLD.format(products=PRODUCTS_SOLD), memory)
    made = 0
    for day in range(-BEFORE, days):
        start = START + timedelta(days=day)
        name = f"m{-day}" if day < 0 else str(day)
        who = WHO.format(seed=seed * 1_000 + day + BEFORE, users=users, visits=visits)
        told = {"start": start.replace(tzinfo=None), "seed": seed * 1_000 + day + BEFORE, "who": who}
        events = HAPPENED.format(
            order=part_order(EVENTS), day=name, decides=str(day >= 0).lower(), products=PRODUCTS_SOLD, **told
        )
        made += add_part(lake, EVENTS, start, events, memory)
        if day >= 0:
            made += add_part(lake, DECISIONS, start, DECIDED.format(day=day, test=TEST, **told), memory)
    return made


def add_part(lake: Path, table: TableSchema, day: datetime, sql: str, memory: str) -> int:
    """Add one day of a table to the lake and return its rows."""
    path = f"{table.name}/store=uk/day={day.date()}/0.parquet"
    (lake / path).parent.mkdir(parents=True, exist_ok=True)
    connection = open_duckdb(lake, memory, os.cpu_count() or 1)
    target = text_literal(str(lake / path))
    (written,) = connection.execute(f"COPY ({sql}) TO {target} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    connection.close()
    columns = COLUMNS[table.name]
    layout = layout_name(table, columns)
    rows = int(written[0])
    part = Part(table.name, "uk", day.date().isoformat(), path, rows, (lake / path).stat().st_size, layout)
    publish(lake, read_manifest(lake).changed(added=[part], layouts={layout: columns}, now=0.0))
    return rows


def bare(lake: Path, memory: str) -> None:
    """Scan and group both tables as anyone would, results kept in memory."""
    connection = open_duckdb(lake, memory, os.cpu_count() or 1)
    connection.execute("SET preserve_insertion_order = false")
    for table in ("events", "decisions"):
        files = files_literal([lake / part.path for part in read_manifest(lake).parts if part.table == table])
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet({files}, hive_partitioning=false)")
    for number, sql in enumerate(BARE):
        connection.execute(f"CREATE TEMP TABLE result_{number} AS {sql}")
    connection.close()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return CPU and wall seconds of some work."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def asked(days: int, minutes: int = 0) -> Asked:
    """Return the question: every shipped metric over units, at noon of the last day."""
    known = shipped_metrics()
    at = START + timedelta(days=days - 1, hours=12, minutes=minutes)
    return Asked(
        test=TEST, at=at, known=known, metrics=known.of_units(), attribution_days=7, maturation_days=14, slow_ms=60.0,
        stores=(STORE,), since=START,
    )  # fmt: skip


def peak_mb() -> float:
    """Return the most memory this process has had so far, megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def measure(folder: Path, rows: int, days: int, seed: int, memory: str) -> dict[str, object]:
    """Return all figures."""
    lake, threads = folder / "lake", os.cpu_count() or 1
    made = make_lake(lake, rows, days, seed, memory)
    print(f"{made:,} rows made", file=sys.stderr)
    bare(lake, memory)  # once to warm the file cache, for both sides
    bare_cpu, bare_wall = timed(lambda: bare(lake, memory))
    bare_mb = peak_mb()
    found: list[MeasuredTest] = []

    primary = shipped_metrics().metrics["revenue_per_user"]
    lasting: list[tuple[float, float]] = []

    def in_one_go() -> None:
        warehouse = DuckDbWarehouse(lake, memory=memory, threads=threads)
        with rows_of_test(warehouse, asked(days)) as kept:
            found.append(measured_of(kept))
            lasting.append(timed(lambda: read_daily(kept, primary)))
        warehouse.close()

    measuring = LakeMeasuring(lake, memory=memory, threads=threads)
    cpu, wall = timed(in_one_go)
    (lasting_cpu, lasting_wall), one_go_mb = lasting[0], peak_mb()
    all_cpu, cpu, wall = cpu, cpu - lasting_cpu, wall - lasting_wall
    days_cpu, days_wall = timed(lambda: found.append(measuring.measure(asked(days))))
    look_cpu, look_wall = timed(lambda: measuring.measure(asked(days, minutes=1)))
    sums = [one.sums for one in found if one.sums is not None]
    units = [sum(cell.units for cell in one.cells) for one in sums]
    kept = sum(path.stat().st_size for path in (lake / "tests").rglob("*.parquet"))
    return {
        "rows": made, "days": days, "units": units[0], "same_units": len(set(units)) == 1,
        "bare_cpu_s": round(bare_cpu, 2), "bare_wall_s": round(bare_wall, 2),
        "analysis_cpu_s": round(cpu, 2), "analysis_wall_s": round(wall, 2), "ratio": round(cpu / bare_cpu, 2),
        "wall_ratio": round(wall / bare_wall, 2),
        "lasting_cpu_s": round(lasting_cpu, 2), "lasting_wall_s": round(lasting_wall, 2),
        "lasting_ratio": round(all_cpu / bare_cpu, 2),
        "days_cpu_s": round(days_cpu, 2), "days_wall_s": round(days_wall, 2),
        "days_ratio": round(days_cpu / bare_cpu, 2),
        "look_cpu_s": round(look_cpu, 2), "look_wall_s": round(look_wall, 2), "kept_mb": round(kept / 2**20, 1),
        "bare_memory_mb": bare_mb, "one_go_memory_mb": one_go_mb, "memory_mb": peak_mb(),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--memory", default="5GB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        figures = measure(Path(folder), given.rows, given.days, given.seed, given.memory)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
