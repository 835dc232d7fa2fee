"""What it costs from a figure that jumped to a proposal that went through the gates, and what a whole run costs.

    python benchmarks/jumps.py [--products 10000] [--stores 8] [--weeks 20] [--rounds 20] [--seed 1]

A made-up shop in a workspace of its own: purchases of every product in every store in most weeks, prices that move
every fourth week, costs, stock and two rivals, slopes learnt from all of it, a margin target. A worker first makes a
whole run. Then, again and again, the cost, a rival or the stock of 1, 10 or 100 products jumps in one store: the state
database takes the rows (before the clock starts, as the shop's request pays for that), and the work of a price run's
job proposes, judges and keeps the run. Not in it: that a jump is seen (workers look every minute, `look_cpu_s`), and
the rows in which the engine of jobs records steps, here kept in memory. Last on stdout is one JSON line.

`jump_ms_1`, `jump_ms_10`, `jump_ms_100`: {p50, p99, cpu} of a run of so many products, wall and mean CPU milliseconds;
    `per_product_ms_*` the same for each product. `in_memory`: share of these runs that needed no whole run.
`whole_cpu_s`, `whole_s`: the whole run of all stores before, same process; `whole_of_store_cpu_s`: of the one store,
    which is what a jump costs where nothing is kept. `look_cpu_s`: a look at what was told in all stores.
    `peak_memory_mb`: of the process, learning the slopes in it; `kept_mb`: what is kept of the whole run.
`same_without_news`: share of 1,000 products that are given the run's own choice where nothing jumped.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from shopkeeper.commerce.product import CompetitorPrice, Inventory, Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import (
    COMPETITOR_PRICES,
    EVENTS,
    INVENTORY,
    PRICES,
    PRODUCTS,
    STORES,
    TableSchema,
)
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State, open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.learn import PriceLearning
from shopkeeper.pricing.price_model import ELASTIC
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.jumping import order_jumps
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of

MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
CATEGORIES: Final = 40
SIZES: Final = (1, 10, 100)
CHUNK: Final = 20_000
POLICY: Final = """version: 1
portfolio_margin: 0.4
rules: {days_between_changes: 0, competitor: {lowest: 0.7, highest: 1.5}}
runs: {sales_hours: 1000, on_jump: {}}
"""


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--stores", type=int, default=8)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), asked)
        print(json.dumps(shop.measured(asked.rounds)))


class Shop:
    """A made-up shop in a workspace of its own, and its worker."""

    def __init__(self, folder: Path, asked: argparse.Namespace) -> None:
        self.rng = np.random.default_rng(asked.seed)
        self.products, self.stores, self.weeks = asked.products, asked.stores, asked.weeks
        self.settings = Settings(workspace=folder)
        (folder / "shopkeeper.toml").touch()
        (folder / "price-policy.yaml").write_text(POLICY)
        self.end = MONDAY + timedelta(weeks=self.weeks, hours=6)
        self.state: State = open_state(self.settings.state_url)
        self.base = np.exp(self.rng.normal(2.7, 0.6, self.products))
        self.cost = np.round(self.base * self.rng.uniform(0.45, 0.62, self.products), 2)
        self.log = SegmentLog(self.settings.folder(self.settings.engines.log), "bench")
        self._write()
        self.log.close()
        lake = lake_of(self.settings)
        lake.compact()
        self._learn(lake)
        self.work = price_run_work(self.settings)
        self.runs = 0

    def _put(self, table: TableSchema, rows: list[dict[str, Any]]) -> None:
        for first in range(0, len(rows), CHUNK):
            self.log.append(table, [msgspec.json.encode(row) for row in rows[first : first + CHUNK]])

    def _write(self) -> None:
        declared = [Store(store=f"s{one}", currency="EUR", tax_rates={"standard": 0.2}) for one in range(self.stores)]
        self.state.tables.upsert(STORES, [SourcedRow(one, MONDAY) for one in declared])
        goods = [self.product(number, self.cost[number]) for number in range(self.products)]
        self.state.tables.upsert(PRODUCTS, [SourcedRow(one, MONDAY) for one in goods])
        self._put(PRODUCTS, [{**msgspec.to_builtins(one), "source_ts": self.end - timedelta(days=2)} for one in goods])
        for store in range(self.stores):
            self._of_store(store)

    def product(self, number: int, cost: float) -> Product:
        """Return a catalogue entry."""
        return Product(product=f"p{number}", categories=(f"c{number % CATEGORIES}",), cost=round(float(cost), 2))

    def _of_store(self, store: int) -> None:
        """Write prices that move every fourth week, sales that answer, stock and rivals."""
        name, rng = f"s{store}", self.rng
        slope = -np.exp(rng.normal(np.log(2.4), 0.3, self.products))
        level = np.exp(rng.normal(1.0, 1.2, self.products))
        for week in range(self.weeks):
            day = MONDAY + timedelta(weeks=week)
            if week % 4 == 0:
                lean = rng.normal(0, 0.08, self.products)
                shown = np.round(self.base * 1.2 * np.exp(lean), 2)
                self._put(PRICES, [self._row(name, number, day, price=float(shown[number])) for number in self._all()])
            units = rng.poisson(level * np.exp(slope * lean))
            self._put(EVENTS, [
                {
                    "event_id": f"{name}-{week}-{number}", "ts": day + timedelta(days=2), "store": name,
                    "received_at": day + timedelta(days=2), "type": "purchase", "product": f"p{number}",
                    "quantity": int(units[number]), "price": float(shown[number]), "user": f"u{number % 997}",
                }
                for number in np.flatnonzero(units).tolist()
            ])  # fmt: skip
        fresh = self.end - timedelta(hours=12)
        self._put(INVENTORY, [self._row(name, number, fresh, on_hand=500) for number in self._all()])
        self._put(EVENTS, [{
            "event_id": f"{name}-last", "ts": fresh + timedelta(hours=6), "store": name, "received_at": fresh,
            "type": "purchase", "product": "p0", "quantity": 1, "price": float(shown[0]), "user": "u0",
        }])  # fmt: skip
        for rival in ("north", "south"):
            asks = np.round(self.base * 1.2 * rng.uniform(0.95, 1.1, self.products), 2)
            self._put(COMPETITOR_PRICES, [
                self._row(name, number, fresh, competitor=rival, price=float(asks[number])) for number in self._all()
            ])  # fmt: skip

    def _all(self) -> range:
        return range(self.products)

    def _row(self, store: str, number: int, moment: datetime, **said: object) -> dict[str, Any]:
        return {"store": store, "product": f"p{number}", "ts": moment, "source_ts": moment, "deleted": False, **said}

    def _learn(self, lake: Lake) -> None:
        warehouse = lake.warehouse()
        stores = [row.row for row in self.state.tables.scan(STORES)]
        system = PriceLearning(warehouse, stores)  # type: ignore[arg-type]
        model = system.fit(ELASTIC, system.extract(self.end), {}, 0)
        warehouse.close()
        content = BundleContent(
            system="pricing", model=ELASTIC, code_version="bench", parameters=model.parameters, seed=0, fingerprint="",
            metrics={}, arrays=model.arrays(),
        )  # fmt: skip
        written = write_bundle(self.settings.folder(self.settings.engines.models), content, self.end)
        version = ModelVersion(
            "pricing", written.version, ELASTIC, f"pricing/{written.version}", written.created_at, True, {}, ""
        )
        self.state.registry.register(version)
        self.state.registry.point("pricing", "champion", written.version, "bench", "first")

    def run(self, stores: Sequence[str], products: Sequence[str], at: datetime) -> tuple[PriceRun, float, float]:
        """Do the work of one job; return its run, wall seconds and CPU seconds."""
        self.runs += 1
        steps = StepsInMemory(self.settings.workspace / "steps" / str(self.runs))
        steps.run = f"run-{self.runs}"
        order = msgspec.to_builtins(RunOrder(stores=tuple(stores), at=at, who="rule", products=tuple(products)))
        wall, cpu = time.perf_counter(), time.process_time()
        done = self.work(steps, "bench", order)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return self.state.price_runs.get(str(done["run"])), wall, cpu

    def tell(self, numbers: Sequence[int], turn: int, at: datetime) -> None:
        """Let the cost, a rival or the stock of some products jump in store s0."""
        factor = 1 + 0.03 * (1 + turn % 5)
        if turn % 3 == 0:
            rows = [SourcedRow(self.product(one, self.cost[one] * factor), at) for one in numbers]
            self.state.tables.upsert(PRODUCTS, rows)
            return
        names = [f"p{one}" for one in numbers]
        if turn % 3 == 1:
            asks = [round(float(self.base[one]) * 1.2 / factor, 2) for one in numbers]
            self.state.tables.upsert(COMPETITOR_PRICES, [
                SourcedRow(CompetitorPrice(store="s0", product=name, ts=at, competitor="north", price=ask), at)
                for name, ask in zip(names, asks, strict=True)
            ])  # fmt: skip
        else:
            stock = [Inventory(store="s0", product=name, ts=at, on_hand=turn % 40) for name in names]
            self.state.tables.upsert(INVENTORY, [SourcedRow(one, at) for one in stock])

    def measured(self, rounds: int) -> dict[str, Any]:
        """Return the figures."""
        result: dict[str, Any] = {"pairs": self.products * self.stores, "weeks": self.weeks, "rounds": rounds}
        every = [f"s{one}" for one in range(self.stores)]
        _, _, of_store = self.run(["s0"], (), self.end)
        whole, wall, cpu = self.run(every, (), self.end)
        look = time.process_time()
        order_jumps(self.settings, self.state, self.end, lambda *_: "none")
        result["look_cpu_s"] = round(time.process_time() - look, 2)
        result |= {"whole_s": round(wall, 2), "whole_cpu_s": round(cpu, 2), "whole_of_store_cpu_s": round(of_store, 2)}
        result |= {"whole_status": whole.status, "whole_moved": whole.moved, "whole_findings": len(whole.findings)}
        own = {one.proposal.product: one.price for one in self._prices(whole, "s0")}
        at = self.end + timedelta(minutes=1)
        names = [f"p{one}" for one in self.rng.choice(self.products, min(1_000, self.products), replace=False)]
        same, _, _ = self.run(["s0"], names, at)
        result["same_without_news"] = round(
            float(np.mean([one.price == own[one.proposal.product] for one in self._prices(same, "s0")])), 4
        )
        kept, looked = 0, 0
        for size in (one for one in SIZES if one <= self.products):
            walls, cpus, moved = [], [], 0
            for turn in range(rounds):
                at += timedelta(seconds=20)
                numbers = self.rng.choice(self.products, size, replace=False).tolist()
                self.tell(numbers, turn, at - timedelta(seconds=5))
                found, wall, cpu = self.run(["s0"], [f"p{one}" for one in numbers], at)
                walls.append(wall * 1_000)
                cpus.append(cpu * 1_000)
                moved += found.moved
                looked += 1
                kept += any(note.startswith("at the shadow prices") for note in found.notes)
            p50, p99 = np.quantile(walls, (0.5, 0.99)).tolist()
            result[f"jump_ms_{size}"] = {
                "p50": round(p50, 1),
                "p99": round(p99, 1),
                "cpu": round(float(np.mean(cpus)), 1),
            }
            result[f"per_product_ms_{size}"] = {"p50": round(p50 / size, 2), "p99": round(p99 / size, 2)}
            result[f"moved_{size}"] = moved
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        result |= {"in_memory": kept / max(looked, 1), "peak_memory_mb": memory}
        with_kept = resident_mb()
        self.work = price_run_work(self.settings)
        return result | {"kept_mb": round(with_kept - resident_mb())}

    def _prices(self, run: PriceRun, store: str) -> list[Any]:
        found = self.state.price_runs.prices(run.id, limit=run.prices)
        return [one for one in found if one.proposal.store == store]


def resident_mb() -> float:
    """Return the resident memory of this process once what is free was given back."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
