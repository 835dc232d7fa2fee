"""Two servers of one workspace: nothing of a version that was taken back, and a stop that needs nothing but a file."""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.small_shop import register_version, stock_up
from shopkeeper.testing.trained_shop import make_workspace
from shopkeeper.wiring.settings import load_settings

pytestmark = pytest.mark.integration
STOP = StopOrder(system="recommendations", person="ann", reason="odd lists", at="2026-06-01T12:00:00Z")


@dataclass(frozen=True)
class Seen:
    """One answer; `at` is when it was asked for."""

    at: float
    server: int
    decision_id: str
    model: str | None
    variant: str
    fallback: str | None


class Shop:
    """A workspace with two versions, two servers, and shoppers who ask both without a pause."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = make_workspace(folder)
        (folder / "shopkeeper.toml").write_text("[serving]\ndeadline_ms = 5000\n")  # a slow machine is no fault
        self.settings = load_settings(folder)
        state = self.state()
        stock_up(state.tables)
        models = self.settings.folder(self.settings.engines.models)
        self.first, self.second = (register_version(state.registry, models, seed) for seed in (1, 2))
        state.registry.point("recommendations", "champion", self.first, "test", "test")
        state.close()
        self.servers: list[ServerProcess] = []
        self.seen: list[Seen] = []
        self.failed: list[str] = []
        self._over = threading.Event()
        self._shoppers: list[threading.Thread] = []

    def state(self) -> State:
        return open_state(self.settings.state_url)

    def start(self, servers: int) -> None:
        self.servers = [start_server(self.folder) for _ in range(servers)]
        self._over.clear()
        self._shoppers = [threading.Thread(target=self._ask, args=(n,)) for n in range(servers)]
        for shopper in self._shoppers:
            shopper.start()

    def stop(self) -> None:
        self._over.set()
        for shopper in self._shoppers:
            shopper.join(20)
        for server in self.servers:
            server.stop()
        self.servers, self._shoppers = [], []

    def _ask(self, server: int) -> None:
        turn = 0
        while not self._over.is_set():
            turn += 1
            at = time.time()
            asked = {"store": "uk", "visitor": f"v{turn % 300}", "k": 3, "products": [f"p{turn % 12:02}"]}
            try:
                answer = self.recommend(server, asked)
            except Exception as error:  # noqa: BLE001 - any failed request is a finding
                self.failed.append(repr(error))
                continue
            kept = (answer["decision_id"], answer["model"], answer["variant"], answer["fallback"])
            self.seen.append(Seen(at, server, *kept))

    def recommend(self, server: int, asked: dict[str, Any]) -> dict[str, Any]:
        process = self.servers[server]
        request = urllib.request.Request(
            f"http://{process.host}:{process.port}/v1/recommendations",
            json.dumps(asked).encode(),
            {"authorization": f"Bearer {self.key}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our server
            return dict(json.loads(answer.read()))

    def until(self, holds: Callable[[Seen], bool]) -> None:
        """Wait until each server gave an answer of a kind from now on."""
        begun, end = time.time(), time.monotonic() + 20
        while {one.server for one in self.seen if one.at > begun and holds(one)} != set(range(len(self.servers))):
            assert time.monotonic() < end, self.seen[-3:]
            time.sleep(0.05)

    def after(self, moment: float, seconds: float = 2.0) -> list[Seen]:
        """Let time go by and return what was asked for from one second after a moment on, of both servers."""
        time.sleep(max(0.0, moment + 1 + seconds - time.time()))
        late = [one for one in self.seen if one.at > moment + 1]
        assert {one.server for one in late} == set(range(len(self.servers)))
        return late

    def logged(self, since: float) -> list[tuple[datetime, str | None]]:
        """Return time and model of the decisions in the log."""
        lake = Lake(self.folder / "log", self.folder / "lake")
        lake.compact()
        warehouse = lake.warehouse()
        try:
            found = warehouse.fetch(
                NamedQuery("all", "SELECT epoch(ts) AS ts, coalesce(model, '') AS m FROM decisions")
            )
        finally:
            warehouse.close()
        rows = zip(found["ts"].tolist(), found["m"].tolist(), strict=True)
        return [(datetime.fromtimestamp(ts, UTC), model) for ts, model in rows if ts > since]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.stop()


def test_nothing_is_answered_by_a_version_from_a_second_after_it_was_taken_back(shop: Shop) -> None:
    shop.start(2)
    state = shop.state()
    arms = (TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, version=shop.second))
    test = LiveTest(test="x1", kind="experiment", system="recommendations", seed="seed", arms=arms)
    flips = []
    for _ in range(2):
        state.live_tests.put(test, "test", "test")
        shop.until(lambda one: (one.model, one.variant) == (shop.second, "treatment"))
        state.live_tests.remove("x1", "test", "test")
        flips.append(time.time())
        assert {one.model for one in shop.after(flips[-1])} == {shop.first}
    state.registry.point("recommendations", "champion", shop.second, "test", "test")
    shop.until(lambda one: one.model == shop.second)
    state.registry.point("recommendations", "champion", shop.first, "test", "test")
    flips.append(time.time())
    assert {one.model for one in shop.after(flips[-1])} == {shop.first}
    state.close()
    shop.stop()
    assert not shop.failed
    assert {model for _, model in shop.logged(flips[-1] + 1)} == {shop.first}


def test_a_stop_holds_within_a_second_with_the_database_dead_and_after_a_restart(shop: Shop) -> None:
    shop.start(2)
    shop.until(lambda one: one.model == shop.first)
    database = shop.folder / "state.db"
    shutil.copyfile(database, shop.folder / "copy.db")
    for beside in ("state.db-wal", "state.db-shm"):
        (shop.folder / beside).unlink(missing_ok=True)
    database.write_bytes(b"not a database any more" * 1_000)
    time.sleep(1)
    shop.until(lambda one: one.model == shop.first)
    StopFile(shop.folder).give(STOP)
    given = time.time()
    assert {one.fallback for one in shop.after(given)} == {"stopped"}
    shop.stop()
    shutil.copyfile(shop.folder / "copy.db", database)
    shop.start(2)
    shop.until(lambda one: one.fallback == "stopped")
    assert StopFile(shop.folder).lift("recommendations", "")
    lifted = time.time()
    assert {(one.model, one.fallback) for one in shop.after(lifted)} == {(shop.first, None)}
    shop.stop()
    assert not shop.failed
