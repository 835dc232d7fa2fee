"""The laws of `jobs.shards.ShardMapper`, for any engine: subclass and give a `mapper` fixture.

An engine whose calls run in processes of their own takes `RemoteShardMapperSuite`, in which workers are killed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.errors import InputError, ShardFailed
from shopkeeper.jobs.shards import RUNS, ShardMapper, Shared

PRICES: npt.NDArray[np.float64] = np.linspace(1.0, 50.0, 1_000)


def square(shard: int, shared: Shared) -> int:  # noqa: ARG001 - shares nothing
    """Return the square of a number."""
    return shard * shard


def basket_values(shard: npt.NDArray[np.int64], shared: Shared) -> npt.NDArray[np.float64]:
    """Return running sums of the prices of some products: floats whose last bits depend on the order of adding."""
    totals: npt.NDArray[np.float64] = np.cumsum(shared.arrays["prices"][shard])
    return totals


def held_basket_values(shard: tuple[npt.NDArray[np.int64], str], shared: Shared) -> npt.NDArray[np.float64]:
    """Do the same; but below the process that the file `doomed` names, be at it until this worker is lost with it.

    Elsewhere, wait until one has begun there: a machine that is free at once would be given all shards.
    """
    products, folder = shard
    parent = os.getppid()
    log, doomed = Path(folder, "log"), Path(folder, "doomed").read_text()
    with log.open("a") as written:
        written.write(f"begun below {parent}\n")
    patience = time.monotonic() + 60
    while time.monotonic() < patience and (doomed == str(parent) or f"begun below {doomed}\n" not in log.read_text()):
        time.sleep(0.05)
    return basket_values(products, shared)


def refuse_three(shard: int, shared: Shared) -> int:  # noqa: ARG001 - shares nothing
    """Raise for 3."""
    if shard == 3:
        raise ValueError("3 is refused")
    return shard


def overwrite(shard: int, shared: Shared) -> int:
    """Write into what is shared."""
    shared.arrays["prices"][0] = 0.0
    return shard


def times_prepared(shard: int, shared: Shared) -> tuple[int, int]:
    """Return the process and how often this process has prepared what is shared."""
    _prepared(shared)
    return shard, _prepared.cache_info().misses


@lru_cache(maxsize=1)
def _prepared(shared: Shared) -> float:
    return float(shared.arrays["prices"].sum())


def die_once(shard: tuple[int, str], shared: Shared) -> int:  # noqa: ARG001 - shares nothing
    """Kill the own process the first time the shard's mark is not there."""
    number, mark = shard
    if mark and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * 10


def die_always(shard: tuple[int, str], shared: Shared) -> int:  # noqa: ARG001 - shares nothing
    """Kill the own process for shard 1, leaving a line in its mark each time."""
    number, mark = shard
    if number == 1:
        with Path(mark).open("a") as file:
            file.write("run\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def baskets(count: int) -> list[npt.NDArray[np.int64]]:
    """Return sets of products drawn by chance."""
    draw = np.random.default_rng(11)
    return [draw.integers(0, len(PRICES), 300) for _ in range(count)]


class ShardMapperSuite:
    """Every engine passes these."""

    def test_results_come_in_the_order_of_the_shards(self, mapper: ShardMapper) -> None:
        assert list(mapper.map_shards(square, range(40))) == [number * number for number in range(40)]

    def test_results_are_those_of_a_loop_to_the_last_bit(self, mapper: ShardMapper) -> None:
        shared = Shared({"prices": PRICES})
        expected = [basket_values(shard, shared) for shard in baskets(12)]
        found = list(mapper.map_shards(basket_values, baskets(12), shared=shared.arrays))
        assert len(found) == 12
        for own, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(own, other)

    def test_no_shard_gives_no_result(self, mapper: ShardMapper) -> None:
        assert list(mapper.map_shards(square, [])) == []

    def test_it_can_be_asked_again(self, mapper: ShardMapper) -> None:
        assert list(mapper.map_shards(square, [1, 2])) == [1, 4]
        assert list(mapper.map_shards(square, [3])) == [9]

    def test_a_call_that_raises_names_its_shard_and_stops_the_rest(self, mapper: ShardMapper) -> None:
        read: list[int] = []

        def shards() -> Iterator[int]:
            for number in range(10_000):
                read.append(number)
                yield number

        results = mapper.map_shards(refuse_three, shards())
        assert list(islice(results, 3)) == [0, 1, 2]
        with pytest.raises(ShardFailed, match=r"Shard 3 failed: ValueError: 3 is refused\.") as caught:
            next(results)
        assert caught.value.shard == 3
        assert len(read) < 1_000
        assert next(results, None) is None

    def test_what_is_shared_cannot_be_changed(self, mapper: ShardMapper) -> None:
        prices = PRICES.copy()
        with pytest.raises(ShardFailed, match="read-only"):
            list(mapper.map_shards(overwrite, [0], shared={"prices": prices}))
        np.testing.assert_array_equal(prices, PRICES)

    def test_arrays_of_any_shape_are_shared(self, mapper: ShardMapper) -> None:
        prices = {"prices": np.zeros((0, 3))}
        found = list(mapper.map_shards(basket_values, [np.zeros(0, dtype=np.int64)], shared=prices))
        assert [len(one) for one in found] == [0]

    def test_what_is_made_of_shared_arrays_is_made_once_a_worker(self, mapper: ShardMapper) -> None:
        before = _prepared.cache_info().misses
        found = list(mapper.map_shards(times_prepared, range(30), shared={"prices": PRICES}))
        assert [shard for shard, _ in found] == list(range(30))
        assert max(misses for _, misses in found) <= before + 1

    def test_progress_counts_every_shard_once(self, mapper: ShardMapper) -> None:
        told: list[int] = []
        assert len(list(mapper.map_shards(square, range(7), progress=told.append))) == 7
        assert told == [1, 2, 3, 4, 5, 6, 7]

    def test_shards_are_read_only_a_few_ahead_of_the_results(self, mapper: ShardMapper) -> None:
        read: list[int] = []

        def shards() -> Iterator[int]:
            for number in range(1_000):
                read.append(number)
                yield number

        results = mapper.map_shards(square, shards())
        assert next(results) == 0
        assert len(read) < 200
        results.close()
        assert len(read) < 200

    def test_a_function_that_others_cannot_import_is_refused(self, mapper: ShardMapper) -> None:
        def nested(shard: int, shared: Shared) -> int:
            return len(shared.arrays) + shard

        with pytest.raises(InputError, match="top level"):
            mapper.map_shards(nested, [1])

    def test_python_objects_are_not_shared(self, mapper: ShardMapper) -> None:
        with pytest.raises(InputError, match="names"):
            mapper.map_shards(square, [1], shared={"names": np.array([object()])})


class RemoteShardMapperSuite(ShardMapperSuite):
    """Engines whose calls run in other processes pass these as well."""

    def test_a_worker_that_is_killed_costs_no_result(self, mapper: ShardMapper, tmp_path: Path) -> None:
        marks = {3: tmp_path / "three", 8: tmp_path / "eight"}
        shards = [(number, str(marks.get(number, ""))) for number in range(12)]
        assert list(mapper.map_shards(die_once, shards)) == [number * 10 for number in range(12)]
        assert all(mark.exists() for mark in marks.values())

    def test_a_shard_that_kills_every_worker_is_named_and_given_up(self, mapper: ShardMapper, tmp_path: Path) -> None:
        mark = tmp_path / "runs"
        with pytest.raises(ShardFailed, match=r"Shard 1 failed: its worker died in each of 3 runs") as caught:
            list(mapper.map_shards(die_always, [(number, str(mark)) for number in range(6)]))
        assert caught.value.shard == 1
        assert mark.read_text().count("run") == RUNS == 3

    def test_a_result_that_cannot_be_sent_is_the_failure_of_its_shard(self, mapper: ShardMapper) -> None:
        with pytest.raises(ShardFailed) as caught:
            list(mapper.map_shards(unsendable, [0, 1]))
        assert caught.value.shard == 0


def unsendable(shard: int, shared: Shared) -> object:  # noqa: ARG001 - shares nothing
    """Return something that lives in one process only."""
    return (number for number in range(shard))
