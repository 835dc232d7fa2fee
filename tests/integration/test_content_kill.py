"""A job that writes texts, in real processes: killed with -9 again and again it ends with each text once."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.integration.verbs import PATIENCE_SECONDS, finished, kill, start

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.jobs_rows import JobRows, open_jobs
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_schema import CONTENT_PIECES, CONTENT_STEPS, CONTENT_VERSIONS
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings

pytestmark = pytest.mark.integration

PRODUCTS_SOLD, FIELDS, KILLS = 400, 10, 5
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = create_workspace(tmp_path / "shop")
    state = open_state(settings.state_url)
    state.tables.upsert(STORES, [SourcedRow(Store(store="uk", locales=("en",)), NOON)])
    rows = [
        Product(
            product=f"k{number}", title=f"Kettle K{number}", brand="Acme", categories=(f"Home > Kettles {number % 7}",),
            attributes={"capacity": f"1.{number % 9 + 1} L", "power": f"{1_000 + number} W", "colour": "red"},
        )
        for number in range(PRODUCTS_SOLD)
    ]  # fmt: skip
    state.tables.upsert(PRODUCTS, [SourcedRow(row, NOON) for row in rows])
    state.close()
    return settings


def content(settings: Settings, *verb: str) -> subprocess.Popen[str]:
    return start(settings.workspace, "content", *verb)


def wait_for_more(state: State, than: int, process: subprocess.Popen[str]) -> int:
    """Wait until more texts are kept; return how many."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (there := sum(state.pieces.counts().values())) <= than:
        assert time.monotonic() < until
        assert process.poll() is None, "the process ended by itself"
        time.sleep(0.01)
    return there


def test_a_job_killed_five_times_ends_with_each_text_once(settings: Settings) -> None:
    state = open_state(settings.state_url)
    there = 0
    for _ in range(KILLS):
        process = content(settings, "generate")
        there = wait_for_more(state, there, process)
        kill(process)
    assert 0 < there < PRODUCTS_SOLD * FIELDS
    done = finished(content(settings, "generate"))
    assert done["products_done"] == done["products"] == PRODUCTS_SOLD
    assert done["texts_written"] == PRODUCTS_SOLD * FIELDS
    with state.engine.connect() as connection:
        for table in (CONTENT_PIECES, CONTENT_VERSIONS, CONTENT_STEPS):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == PRODUCTS_SOLD * FIELDS
    state.close()
    engine = open_jobs(settings.jobs_url)
    (run,) = JobRows(engine).recent()
    engine.dispose()
    assert (run.state, run.attempts) == ("done", KILLS + 1)


def test_a_job_is_paused_and_resumed_from_another_process(settings: Settings) -> None:
    state = open_state(settings.state_url)
    run = finished(content(settings, "generate", "--queue"))["run"]
    finished(content(settings, "pause", run))
    process = content(settings, "generate")
    engine = open_jobs(settings.jobs_url)
    until = time.monotonic() + PATIENCE_SECONDS
    while not JobRows(engine).status(run).text.startswith("paused by"):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert state.pieces.counts() == {}
    finished(content(settings, "resume", run))
    assert finished(process)["texts_written"] == PRODUCTS_SOLD * FIELDS
    engine.dispose()
    state.close()
