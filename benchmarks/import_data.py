"""How fast files come in with every check: the last line of stdout is one JSON object.

    python benchmarks/import_data.py [--rows N] [--products N] [--users N] [--seed N] [--folder DIR] [--no-ids]
        [--formats parquet csv mapped]

One file of simulated events (a view, cart or purchase a row, one in a thousand broken), written as Parquet and as CSV.
`parquet_rows_per_s`, `csv_rows_per_s`: `shopkeeper import` of it into a new workspace, start of the process, checks,
deduplication, quarantine and the way into the lake included.
`bare_parquet_rows_per_s`, `bare_csv_rows_per_s`: DuckDB's `COPY (SELECT * FROM file) TO 'x.parquet'` of the same file
in the same run on the same disk. `share_parquet`, `share_csv`: the first over the second.
`cpu_share_parquet`, `cpu_share_csv`: the same by processor seconds, which other work on the machine disturbs less.
`..._mapped`: the same for a CSV of order lines in a shop's own words, without identities, through a mapping with
expressions that fills products and events.
`peak_mb`: most memory an import held, MiB. `--no-ids` leaves out `event_id`, so each is derived from the row.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb

Made = TypeVar("Made")
START = 1_750_000_000
MAPPING = """
version: 1
tables:
  - table: products
    from: lines.csv
    where: TRY_CAST("Unit Price" AS DOUBLE) > 0
    fields:
      product: Article
      title: trim(Name)
      kind: CASE WHEN starts_with(Article, 'fee') THEN 'service' ELSE 'product' END
    source_ts: TRY_CAST(Moment AS TIMESTAMP)
    keep: none
  - table: events
    from: lines.csv
    fields:
      ts: Moment
      type: CASE WHEN starts_with(Receipt, 'C') THEN 'refund' ELSE 'purchase' END
      user: Customer
      session: Receipt
      order_id: Receipt
      product: Article
      quantity: abs(TRY_CAST(Pieces AS DOUBLE))
      price: '"Unit Price"'
      currency: "'GBP'"
    keep: [Country]
"""


def write_files(
    folder: Path, kinds: Sequence[str], rows: int, products: int, users: int, seed: int, ids: bool
) -> dict[str, Path]:
    """Write the same simulated events in each of some formats and return the files by format."""
    connection = duckdb.connect(str(folder / "events.duckdb"))
    connection.execute("SET enable_progress_bar = false")
    draw = f"hash(n * 1000003 + {seed})"
    connection.execute(
        f"CREATE TABLE events AS SELECT {'md5(n::VARCHAR) AS event_id,' if ids else ''} "  # noqa: S608 - numbers of ours
        f"to_timestamp({START} + n * 86400 * 120 // {rows}) AT TIME ZONE 'UTC' AS ts, "
        f"CASE WHEN {draw} % 1000 = 0 THEN 'vieew' WHEN {draw} % 20 = 1 THEN 'purchase' "
        f"WHEN {draw} % 8 = 2 THEN 'cart' ELSE 'view' END AS type, "
        f"'u' || ({draw} // 1000 % {users}) AS user, 's' || (n // 6) AS session, "
        f"'p' || ({draw} // 1000003 % {products}) AS product, 1.0 + {draw} % 3 AS quantity, "
        f"round(5 + {draw} % 9500 / 100, 2) AS price, 'GBP' AS currency, 'home' AS surface "
        f"FROM range({rows}) AS r(n)"
    )
    files = {
        "parquet": folder / "parquet" / "events.parquet",
        "csv": folder / "csv" / "events.csv",
        "mapped": folder / "mapped" / "lines.csv",
    }
    for kind in kinds:
        path = files[kind]
        path.parent.mkdir()
        rows_of = _LINES if kind == "mapped" else "events"
        connection.execute(f"COPY {rows_of} TO '{path}' (FORMAT {path.suffix[1:]})")
    connection.close()
    (folder / "events.duckdb").unlink()
    return files


_LINES = (
    "(SELECT CASE WHEN type = 'cart' THEN 'C' ELSE '' END || session AS Receipt, product AS Article, "
    "'Article, \"' || product || '\"' AS Name, CASE WHEN type = 'vieew' THEN 'soon' ELSE ts::VARCHAR END AS Moment, "
    "CASE WHEN type = 'cart' THEN -quantity ELSE quantity END AS Pieces, price AS \"Unit Price\", "
    "CASE WHEN hash(session) % 4 > 0 THEN \"user\" END AS Customer, 'United Kingdom' AS Country FROM events)"
)


def bare_copy(file: Path, reader: str) -> tuple[float, float]:
    """Return seconds and processor seconds for DuckDB to copy a file into Parquet with its defaults."""
    out = file.with_name("bare.out")
    began, cpu_began = time.perf_counter(), time.process_time()
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"COPY (SELECT * FROM {reader}('{file}')) TO '{out}' (FORMAT parquet)")  # noqa: S608 - our own path
    connection.close()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    out.unlink()
    return seconds, cpu


@dataclass(frozen=True)
class Imported:
    """What the verb took in a process of its own, and its report."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    report: dict[str, Any]


def imported(folder: Path, file: Path) -> Imported:
    """Import a file into a new workspace by the verb."""
    workspace = folder / f"shop-{file.parent.name}"
    command = [sys.executable, "-m", "shopkeeper"]
    subprocess.run([*command, "init", str(workspace)], check=True, capture_output=True)  # noqa: S603 - our own command
    extra: list[str] = []
    if file.name == "lines.csv":
        (folder / "mapping.yaml").write_text(MAPPING, "utf-8")
        extra = ["--mapping", str(folder / "mapping.yaml")]
    began, report = time.perf_counter(), folder / "report.json"
    with report.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "import", str(file), "--store", "shop", "--workspace", str(workspace), "--json", *extra],
            stdout=out, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)  # what this one process used
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The import ended with {process.returncode}.")
    found = json.loads(report.read_text("utf-8").splitlines()[-1])
    return Imported(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, found)


def apart(work: Callable[..., Made], *given: object) -> Made:
    """Return what a function makes in a process of its own.

    Linux counts the memory a process has when it starts another as that one's, so what starts the imports stays small.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20_261_123)
    kinds = ("parquet", "csv", "mapped")
    parser.add_argument("--formats", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--no-ids", action="store_true", help="leave out event_id")
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a temporary folder by default")
    args = parser.parse_args()
    result: dict[str, Any] = {"rows": args.rows, "ids": not args.no_ids}
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        ids = not args.no_ids
        files = apart(write_files, folder, args.formats, args.rows, args.products, args.users, args.seed, ids)
        for kind, reader in (("parquet", "read_parquet"), ("csv", "read_csv"), ("mapped", "read_csv")):
            if kind not in args.formats:
                continue
            bare, bare_cpu = apart(bare_copy, files[kind], reader)
            own = imported(folder, files[kind])
            print(f"{kind}: {own.seconds:.1f} s, bare {bare:.2f} s", file=sys.stderr)
            (table,) = (table for table in own.report["tables"] if table["table"] == "events")
            result |= {
                f"{kind}_rows_per_s": args.rows / own.seconds,
                f"bare_{kind}_rows_per_s": args.rows / bare,
                f"share_{kind}": bare / own.seconds,
                f"cpu_share_{kind}": bare_cpu / own.cpu_seconds,
                f"{kind}_accepted": table["accepted"],
                f"{kind}_rejected": table["rejected"],
                f"{kind}_peak_mb": own.peak_mb,
            }
    result["peak_mb"] = max(result[f"{kind}_peak_mb"] for kind in args.formats)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
