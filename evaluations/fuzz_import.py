"""Files full of faults against the import: nothing may crash it, and nothing that breaks the contract may come in.

    python evaluations/fuzz_import.py [--rows N] [--files N] [--seed N] [--samples DIR]

Two kinds of input, all from one seed. Planted rows: events of which about half carry one fault the data contract
forbids beyond doubt, in CSV, JSON lines and Parquet, with a mapping and without; each carries a mark in `session`, and
no marked row may come in. Mutated files: such files and samples of the built-in formats (Shopify, WooCommerce, Adobe
Commerce, GA4, Segment) cut short, with bytes changed, in other encodings, with NUL bytes, huge cells, broken JSON,
columns swapped, dropped and doubled; nobody knows what is right about them, so all that comes in is held against the
contract. Each file is imported twice, with the fast lane and row by row, and both must come to the same events.

The contract is read here once more, by hand from docs/guides, so a fault of the code under test is not its own judge.
The last line of stdout is one JSON object: rows, files, refused (files that were refused as a whole, with a reason),
crashes, let_through, lost (rows of intact files that are in no count), differing (files that came out differently by
the two ways), seed, seconds. Exit 1 where any of the last four is not 0.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import LOGGED_TABLES, STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.memory import MemoryEventLog, MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.errors import ShopkeeperError
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.import_report import ImportReport
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules
from shopkeeper.wiring.contracts import default_contract
from shopkeeper.wiring.importing import readers

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.fuzz_contract import breaches
from evaluations.fuzz_files import MAPPING, SHAPES, mutated, planted

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROWS_A_FILE: Final = 500
SAMPLES: Final = Path(__file__).parents[1] / "tests" / "intake" / "formats" / "samples"


@dataclass
class Found:
    """What came of everything so far."""

    rows: int = 0
    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, text: str) -> None:
        """Count something that must not be, and say what it was."""
        self.counts[what] += 1
        print(f"{what}: {text}", file=sys.stderr)


class Shop:
    """A shop without a past, into which one file is imported."""

    def __init__(self, folder: Path, *, lane: bool) -> None:
        self._lake = Lake(folder / "log", folder / "lake", memory="200MB")
        self._log, self._quarantine, self._tables = MemoryEventLog(), MemoryQuarantine(), MemoryTableStore()
        stores = [Store(store="uk"), Store(store="de", time_zone="Europe/Berlin")]
        self._tables.upsert(STORES, [SourcedRow(store, NOW) for store in stores])
        rules, contract = TrafficRules(KnownTraffic()), read_contract(default_contract(), "default")
        self._engines = ImportEngines(
            log=self._log,
            tables=self._tables,
            quarantine=self._quarantine,
            reports=MemoryReports(),
            readers=readers(self._lake if lane else None),
            settle=lambda _logged, _started: {},
            arriving=lambda judge: ArrivingEvents(judge, rules, lambda _: "hash", empty_is_said=False),
            rules=RowRules(lambda _: contract),
        )

    def take(self, path: Path, store: str | None, mapping: Path | None) -> ImportReport:
        """Import a file."""
        order, limits = ImportOrder(path, store, mapping), ImportLimits(100, 300.0, 1.0)
        return run_import(order, self._engines, limits, Clocks(lambda: NOW, time.monotonic))

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every row that came in, with its table."""
        for name in LOGGED_TABLES:
            yield from ((name, row) for row in self._log.rows(name))
        if self._lake.manifest().parts:
            warehouse = self._lake.warehouse()
            found = warehouse.fetch(NamedQuery("all", "SELECT * FROM events"))
            warehouse.close()
            for values in zip(*(column.tolist() for column in found.values()), strict=True):
                yield "events", _as_logged(dict(zip(found, values, strict=True)))


def _as_logged(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of the lake as the log would hold it: without what nobody said."""
    held = {name: value for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124 - NaN
    for name in ("ts", "received_at"):
        if name in held:
            moment = held[name].astimezone(UTC) if held[name].tzinfo else held[name].replace(tzinfo=UTC)
            held[name] = moment.isoformat().replace("+00:00", "Z")
    for name in ("properties", "consent"):
        if isinstance(held.get(name), str):
            held[name] = json.loads(held[name])
    if held.get("properties") == {}:
        held.pop("properties")
    if held.get("traffic") == "human":
        held.pop("traffic")
    return {name: float(value) if isinstance(value, int) else value for name, value in held.items()}


def _comparable(rows: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return events in an order and a form in which two imports can be compared."""
    events = [row for name, row in rows if name == "events"]
    plain = [{n: float(v) if isinstance(v, int) else v for n, v in row.items()} for row in events]
    return sorted(json.dumps(row, sort_keys=True) for row in plain)


def attempt(
    found: Found, path: Path, store: str | None, mapping: Path | None, marked: set[str], rows: int | None
) -> None:
    """Import a file both ways and hold what came in against the contract.

    Args:
        marked: Sessions of rows that must not come in.
        rows: How many rows the file has, where that is known.
    """
    found.files += 1
    outcomes: list[list[str] | str] = []
    for lane in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            shop = Shop(Path(folder), lane=lane)
            try:
                report = shop.take(path, store, mapping)
            except ShopkeeperError as refused:
                found.counts["refused"] += lane
                outcomes.append(type(refused).__name__)
                continue
            except Exception:  # noqa: BLE001 - what this program looks for
                found.note("crashes", f"{path.name} ({'lane' if lane else 'row by row'})\n{traceback.format_exc()}")
                shutil.copy(path, Path(tempfile.gettempdir()) / f"crash-{found.files}-{path.name}")
                continue
            found.rows += report.rows if lane else 0
            came = list(shop.rows())
            _hold(found, path, came, marked)
            if rows is not None and report.rows != rows:
                found.note("lost", f"{path.name}: {rows} rows written, {report.rows} read")
            outcomes.append(_comparable(came))
    if len(outcomes) == 2 and outcomes[0] != outcomes[1]:
        kept = Path(tempfile.gettempdir()) / f"differing-{found.files}-{path.name}"
        shutil.copy(path, kept)
        found.note("differing", f"{kept} for {store}: {_difference(outcomes[0], outcomes[1])}")


def _difference(lane: list[str] | str, single: list[str] | str) -> str:
    if isinstance(lane, str) or isinstance(single, str):
        ends = [way if isinstance(way, str) else "took it" for way in (lane, single)]
        return f"lane: {ends[0]}, row by row: {ends[1]}"
    return f"only by the lane {sorted(set(lane) - set(single))[:2]}, only without {sorted(set(single) - set(lane))[:2]}"


def _hold(found: Found, path: Path, came: list[tuple[str, dict[str, Any]]], marked: set[str]) -> None:
    latest = NOW + timedelta(seconds=300)
    for name, row in came:
        if name == "events" and row.get("session") in marked:
            found.note("let_through", f"{path.name}: a row with a planted fault came in: {row}")
        for breach in breaches(name, row, latest):
            found.note("let_through", f"{path.name}: {name} {breach}: {str(row)[:300]}")


def run(rows: int, files: int, seed: int, samples: Path) -> Found:
    """Import everything and return what came of it."""
    found, draw = Found(), random.Random(seed)  # noqa: S311 - mutations, not secrets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mapping = folder / "mapping.yaml"
        mapping.write_text(MAPPING, "utf-8")
        for number, count in enumerate(_parts(rows, ROWS_A_FILE)):
            shape = SHAPES[number % len(SHAPES)]
            path, marked = planted(draw, folder / str(number), shape, count)
            attempt(found, path, draw.choice(["uk", "de"]), mapping if shape.mapped else None, marked, count)
            shutil.rmtree(folder / str(number))
        for number in range(files):
            path, mapped = mutated(draw, folder / f"m{number}", samples)
            attempt(found, path, draw.choice(["uk", "uk", None]), mapping if mapped else None, set(), None)
            shutil.rmtree(folder / f"m{number}")
            if number % 100 == 99:
                print(f"{number + 1} files, {dict(found.counts)}", file=sys.stderr)
    return found


def _parts(total: int, size: int) -> Iterator[int]:
    while total > 0:
        yield min(size, total)
        total -= size


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=90_000, help="planted rows")
    parser.add_argument("--files", type=int, default=1_500, help="mutated files")
    parser.add_argument("--seed", type=int, default=20_261_125)
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="one file of each built-in format")
    args = parser.parse_args()
    began = time.perf_counter()
    found = run(args.rows, args.files, args.seed, args.samples)
    kinds = ("refused", "crashes", "let_through", "lost", "differing")
    result: dict[str, int | float] = {
        "rows": found.rows,
        "files": found.files,
        **{kind: found.counts[kind] for kind in kinds},
    }
    result |= {"seed": args.seed, "seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(result))
    return int(any(found.counts[kind] for kind in kinds[1:]))


if __name__ == "__main__":
    raise SystemExit(main())
