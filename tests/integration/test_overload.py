"""More is asked of a server than it can answer: some are answered in time, the rest is told at once to come back."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.request import urlopen

import pytest

from shopkeeper.testing.load import LoadResult, http_request, load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.trained_shop import ask_for, make_workspace

pytestmark = pytest.mark.integration
PRODUCTS = 300
FEW, MANY = 4, 400
"""Connections that ask as soon as they were answered."""
SECONDS = 3.0


class Shop:
    """A server that answers by rules, and how long a request may expect to wait there."""

    def __init__(self, folder: Path, wait_ms: float) -> None:
        folder.mkdir()
        self.key = make_workspace(folder)
        (folder / "shopkeeper.toml").write_text(f"[serving]\nwait_ms = {wait_ms}\ncache_entries = 0\n", "utf-8")
        self.server: ServerProcess = start_server(folder)
        shelf = [{"product": f"p{n}", "store": "shop", "price": 5 + n % 90} for n in range(PRODUCTS)]
        bodies = {"/v1/stores": [{"store": "shop"}], "/v1/products": shelf}
        told = [http_request("PUT", path, json.dumps(rows).encode(), self.key) for path, rows in bodies.items()]
        assert self._load(iter(told), 1, 60).errors == 0

    def asked_by(self, connections: int) -> LoadResult:
        asked = cycle([ask_for(self.key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(1_000)])
        return self._load(asked, connections, SECONDS)

    def turned_away(self) -> float:
        with urlopen(f"http://{self.server.host}:{self.server.port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("shopkeeper_turned_away_total"))

    def _load(self, requests: Iterator[bytes], connections: int, seconds: float) -> LoadResult:
        return asyncio.run(load(self.server.host, self.server.port, requests, connections, seconds))


def test_below_its_capacity_nobody_is_turned_away_and_beyond_it_who_is_let_in_is_answered_in_time(
    tmp_path: Path,
) -> None:
    bounded, patient = Shop(tmp_path / "bounded", wait_ms=15), Shop(tmp_path / "patient", wait_ms=1e6)
    try:
        few = bounded.asked_by(FEW)
        assert (few.errors, bounded.turned_away()) == (0, 0)
        many, all_wait = bounded.asked_by(MANY), patient.asked_by(MANY)
        assert set(many.statuses) == {200, 503}
        assert bounded.turned_away() == many.statuses[503]
        assert set(all_wait.statuses) == {200}
        for share in (0.5, 0.9):  # the last percent waited for its connection to be taken
            assert many.percentile_ms(share) < 0.75 * all_wait.percentile_ms(share)
        assert statistics.median(many.turned_away) < 0.75 * all_wait.percentile_ms(0.5)
        assert many.rps > few.rps / 5, "turning away costs so little that others are still answered"
        calm = bounded.asked_by(FEW)
        assert calm.errors == 0, "once it is over nobody is turned away any more"
    finally:
        bounded.server.stop()
        patient.server.stop()
