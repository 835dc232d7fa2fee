"""More is asked of a server than it can answer: some are answered in time, the rest is told at once to come back."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from shopkeeper.testing.load import http_request, load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.trained_shop import ask_for, make_workspace

pytestmark = [pytest.mark.integration, pytest.mark.alone]
PRODUCTS = 300
FEW, MANY = 4, 400
"""Connections."""
WAIT_MS = 20.0


class Answered(NamedTuple):
    """One answer of many that were asked for in the same moment."""

    status: int
    seconds: float
    retry_after: bool


class Shop:
    """A server that answers by rules."""

    def __init__(self, folder: Path) -> None:
        self._key = make_workspace(folder)
        settings = f"[serving]\nwait_ms = {WAIT_MS}\ncache_entries = 0\n"
        (folder / "shopkeeper.toml").write_text(settings, "utf-8")
        self.server: ServerProcess = start_server(folder)
        shelf = [{"product": f"p{n}", "store": "shop", "price": 5 + n % 90} for n in range(PRODUCTS)]
        bodies = {"/v1/stores": [{"store": "shop"}], "/v1/products": shelf}
        told = [http_request("PUT", path, json.dumps(rows).encode(), self._key) for path, rows in bodies.items()]
        assert asyncio.run(load(self.server.host, self.server.port, iter(told), 1, 60)).errors == 0

    def asked_by_few(self) -> dict[int, int]:
        """Let few ask for two seconds, each as soon as it was answered; return how often each status came."""
        return asyncio.run(load(self.server.host, self.server.port, self._asked(), FEW, 2.0)).statuses

    def asked_at_once(self) -> list[Answered]:
        """Let many ask while the server stands still, so that it finds them all when it wakes."""
        return asyncio.run(self._at_once())

    async def _at_once(self) -> list[Answered]:
        asked = self._asked()
        lines = [await asyncio.open_connection(self.server.host, self.server.port) for _ in range(MANY)]
        for reader, writer in lines:  # answered once, so that every connection is taken
            writer.write(next(asked))
            await _answer(reader, 0.0)
        with self.server.asleep():
            for _, writer in lines:
                writer.write(next(asked))
            await asyncio.sleep(0.2)
        woken = time.perf_counter()
        answers = await asyncio.gather(*(_answer(reader, woken) for reader, _ in lines))
        for _, writer in lines:
            writer.close()
        return list(answers)

    def metric(self, name: str) -> float:
        with urlopen(f"http://{self.server.host}:{self.server.port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def _asked(self) -> Iterator[bytes]:
        return cycle([ask_for(self._key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(1_000)])


async def _answer(reader: asyncio.StreamReader, since: float) -> Answered:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return Answered(int(head[9:12]), time.perf_counter() - since, b"retry-after: 1" in head)


def test_as_many_as_can_be_in_time_are_answered_and_the_rest_is_told_at_once_to_come_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    try:
        assert set(shop.asked_by_few()) == {200}
        assert shop.metric("shopkeeper_turned_away_total") == 0

        fit = WAIT_MS / 1000 / shop.metric("shopkeeper_answer_seconds")
        found = shop.asked_at_once()
        good = [one for one in found if one.status == 200]
        away = [one for one in found if one.status == 503]
        assert len(good) + len(away) == MANY
        assert fit / 2 < len(good) < 2 * fit, "as many as its own measure says"
        assert shop.metric("shopkeeper_turned_away_total") == len(away)
        assert all(one.retry_after for one in away)
        assert statistics.median(one.seconds for one in away) < statistics.median(one.seconds for one in good)

        assert set(shop.asked_by_few()) == {200}, "once it is over nobody is turned away any more"
    finally:
        shop.server.stop()
