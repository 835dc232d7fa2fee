"""Price runs in real processes: killed with -9 while publishing, all prices changed or none did; runs go on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.state import State, open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.jobs.ports import JobReader
from shopkeeper.pricing.runs import run_steps
from shopkeeper.testing.prices_suite import POLICY, example_price, example_run
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings

pytestmark = pytest.mark.integration

PRICES = 20_000
GOODS = 5_000
RUNS = 8
DELAYS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
PATIENCE_SECONDS = 120.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return create_workspace(tmp_path / "workspace")


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    now = datetime.now(UTC)
    opened.tables.upsert(STORES, [SourcedRow(Store(store="uk", currency="GBP"), now)])
    goods = [Product(product=f"p{n}", price=10.0, cost=4.0) for n in range(GOODS)]
    opened.tables.upsert(PRODUCTS, [SourcedRow(one, now) for one in goods])
    yield opened
    opened.close()


def started(settings: Settings, *verb: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shopkeeper", *verb, "--workspace", str(settings.workspace)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed_after(seconds: float, process: subprocess.Popen[bytes]) -> bool:
    """Kill a process after a while; return whether it still ran."""
    time.sleep(seconds)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def test_whenever_publishing_is_killed_all_prices_changed_or_none_did(settings: Settings, state: State) -> None:
    at = datetime.now(UTC)
    kept = state.price_runs.begin(*example_run("r1", [example_price(f"p{n}", 10, 10.4) for n in range(PRICES)], at))
    state.price_runs.step(kept, run_steps.approve(kept, "ben", "yes", POLICY, at))
    for seconds in DELAYS:
        killed_after(seconds, started(settings, "price", "publish", "r1", "--why", "now"))
        changed, status = len(state.prices.published()), state.price_runs.get("r1").status
        assert (changed, status) in {(0, "approved"), (PRICES, "published")}
        if changed:
            break
    if not changed:
        assert started(settings, "price", "publish", "r1", "--why", "now").wait(PATIENCE_SECONDS) == 0
    changes = state.prices.changes(limit=2 * PRICES)
    assert [one.number for one in changes] == list(range(1, PRICES + 1))
    assert started(settings, "price", "publish", "r1", "--why", "again").wait(PATIENCE_SECONDS) == 2


def killed_once_accepted(jobs: JobReader, accepted: int, process: subprocess.Popen[bytes]) -> None:
    """Kill a process as soon as so many runs were accepted, or when it ended."""
    while len(jobs.recent()) < accepted and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()


def test_a_run_whose_process_was_killed_is_ended_by_a_worker_and_kept_once(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("product,price\n" + "".join(f"p{n},10.4\n" for n in range(GOODS)), "utf-8")
    with opened_jobs(settings) as opened:
        # A process may end its run between two looks at it; so many in a row do not.
        for number in range(1, RUNS + 1):
            begun = started(settings, "price", "run", "--store", "uk", "--prices", str(asked))
            killed_once_accepted(opened.jobs, number, begun)
            if any(one.unfinished for one in opened.jobs.recent()):
                break
        accepted = opened.jobs.recent()
        assert len(accepted) == number
        assert any(one.unfinished for one in accepted)
    assert started(settings, "work", "--once").wait(PATIENCE_SECONDS) == 0
    found = state.price_runs.newest()
    assert [(one.status, one.prices, one.moved) for one in found] == [("waiting", GOODS, GOODS)] * number
    assert len({one.id for one in found}) == number
