"""An answer of one worker is true of all: counters name their worker, seconds add up, who is stuck is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shopkeeper.serving.telemetry import Second
from shopkeeper.web import peers
from shopkeeper.web.live_feed import Live, joined
from shopkeeper.web.metrics_of_workers import WorkersCollector, families_of
from shopkeeper.web.peers import Peers


class Counted(Struct):
    n: int


class Events(Collector):
    def __init__(self, views: int) -> None:
        self._views = views

    def collect(self) -> Iterator[Metric]:
        events = CounterMetricFamily("events", "Events taken.", labels=["type"])
        events.add_metric(["view"], self._views)
        yield events
        took = HistogramMetricFamily("took", "Time.")
        took.add_metric([], [("1.0", 1.0), ("+Inf", 2.0)], 3.0)
        yield took


def test_each_worker_hears_the_others_and_one_that_is_away_or_stuck_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "WAIT_SECONDS", 0.2)
    one, two, three = (Peers(tmp_path, number, 4) for number in (1, 2, 3))

    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_unix_server(stuck, tmp_path / "4")
        async with server, one.answering({"n": lambda: Counted(1)}), two.answering({"n": lambda: Counted(2)}):
            assert await one.ask("n", Counted) == {2: Counted(2)}
            assert await two.ask("n", Counted) == {1: Counted(1)}
            assert await three.ask("n", Counted) == {1: Counted(1), 2: Counted(2)}
            assert await three.ask("what nobody knows", Counted) == {}
            assert await three.ask("n", str) == {}
        assert await three.ask("n", Counted) == {}

    asyncio.run(scenario())


def test_one_worker_alone_asks_nobody() -> None:
    async def scenario() -> None:
        async with Peers().answering({}):
            assert await Peers().ask("n", Counted) == {}

    asyncio.run(scenario())


def test_every_sample_of_a_scrape_names_its_worker_and_who_did_not_answer_is_down() -> None:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(WorkersCollector({1: families_of(Events(5)), 3: families_of(Events(7))}, workers=3))
    lines = generate_latest(registry).decode().splitlines()
    assert [line for line in lines if line.startswith("shopkeeper_worker_up{")] == [
        'shopkeeper_worker_up{worker="1"} 1.0',
        'shopkeeper_worker_up{worker="2"} 0.0',
        'shopkeeper_worker_up{worker="3"} 1.0',
    ]
    assert [line for line in lines if line.startswith("events_total")] == [
        'events_total{type="view",worker="1"} 5.0',
        'events_total{type="view",worker="3"} 7.0',
    ]
    assert 'took_bucket{le="+Inf",worker="3"} 2.0' in lines
    assert lines.count("# TYPE events_total counter") == 1


def test_seconds_of_workers_add_up_and_times_are_never_better_than_the_worst_worker() -> None:
    first = Live([Second(7, decisions=3, events=1, p50_ms=1.0, p99_ms=9.0)], 10, 4, 1, {"deadline": 1}, 6, 0, 50, 2, 0)
    other = Live(
        [Second(7, decisions=1, errors=1, p50_ms=5.0, p99_ms=6.0), Second(8)],
        5,
        0,
        0,
        {"deadline": 2, "error": 1},
        7,
        1,
        49,
        0,
        1,
    )
    both = joined([first, other])
    assert both.seconds[0] == Second(7, decisions=3 + 1, errors=1, events=1, p50_ms=(3 * 1.0 + 1 * 5.0) / 4, p99_ms=9.0)
    assert [row.second for row in both.seconds] == [7, 8]
    assert (both.decisions, both.cached, both.errors, both.events) == (10 + 5, 4, 1, 6 + 7)
    assert both.fallbacks == {"deadline": 1 + 2, "error": 1}
    assert (both.rejected, both.profiles, both.waiting, both.dropped) == (1, 50, 2, 1)
