"""The file of stop orders: what a person wrote by hand counts, and what cannot be read stops everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.engines.stop_file import StopFile
from shopkeeper.testing.stop_orders_suite import ONE, Reopen, StopOrdersSuite


class TestStopFile(StopOrdersSuite):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return lambda: StopFile(tmp_path)


def test_a_file_written_by_hand_is_read(tmp_path: Path) -> None:
    stops = StopFile(tmp_path)
    assert stops.orders() == ()
    stops.path.write_text('{"stops": [{"system": "pricing", "person": "ann", "reason": "odd prices", "at": "now"}]}')
    assert [(order.system, order.store, order.reason) for order in stops.orders()] == [("pricing", "", "odd prices")]
    stops.path.unlink()
    assert stops.orders() == ()


@pytest.mark.parametrize("content", [b"", b"{", b'{"stop": []}', b'{"stops": [{}]}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_stops_everything_and_says_so(tmp_path: Path, content: bytes) -> None:
    stops = StopFile(tmp_path)
    stops.path.write_bytes(content)
    (order,) = stops.orders()
    assert (order.system, order.store) == ("", "")
    assert "stops.json cannot be read" in order.reason


def test_an_order_given_beside_a_broken_file_keeps_everything_stopped_until_that_is_lifted(tmp_path: Path) -> None:
    stops = StopFile(tmp_path)
    stops.path.write_text("{")
    stops.give(ONE)
    assert [(order.system, order.store) for order in stops.orders()] == [("", ""), ("recommendations", "uk")]
    assert stops.lift("", "")
    assert stops.orders() == (ONE,)
