"""What every event log must do, whatever engine keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Protocol

import pytest

from shopkeeper.commerce.tables import EVENTS, PRODUCTS, TableSchema
from shopkeeper.errors import InputError
from shopkeeper.intake.ports import EventLog


class LogUnderTest(Protocol):
    """An engine under test: how its log is opened, killed and read back."""

    def open(self) -> EventLog:
        """Return a new writer over the same log, as another process would have."""
        ...

    def kill(self, writer: EventLog) -> None:
        """Let go of a writer as a killed process does: without a word."""
        ...

    def rows(self, table: TableSchema) -> Sequence[bytes]:
        """Return every row the log holds of a table, in the order of each writer, all writers taken as gone."""
        ...


def numbered(first: int, count: int) -> list[bytes]:
    """Return rows that can be told apart."""
    return [
        b'{"event_id":"e%d","store":"uk","ts":"2026-01-01T00:00:00Z","type":"view"}' % n
        for n in range(first, first + count)
    ]


class EventLogSuite:
    """Laws of `intake.ports.EventLog`. An engine's test class inherits it and gives the fixture `log`.

    Example:
        class TestMyLog(EventLogSuite):
            @pytest.fixture
            def log(self, tmp_path: Path) -> LogUnderTest: ...
    """

    def test_an_appended_row_is_there_after_the_writer_was_killed(self, log: LogUnderTest) -> None:
        writer = log.open()
        writer.append(EVENTS, numbered(0, 3))
        log.kill(writer)
        assert list(log.rows(EVENTS)) == numbered(0, 3)

    def test_rows_stay_in_the_order_of_the_calls(self, log: LogUnderTest) -> None:
        writer = log.open()
        for first in range(0, 50, 5):
            writer.append(EVENTS, numbered(first, 5))
        log.kill(writer)
        assert list(log.rows(EVENTS)) == numbered(0, 50)

    def test_tables_do_not_mix(self, log: LogUnderTest) -> None:
        writer = log.open()
        writer.append(EVENTS, numbered(0, 2))
        writer.append(PRODUCTS, [b'{"product":"mug"}'])
        log.kill(writer)
        assert list(log.rows(EVENTS)) == numbered(0, 2)
        assert list(log.rows(PRODUCTS)) == [b'{"product":"mug"}']

    def test_nothing_is_written_for_no_rows(self, log: LogUnderTest) -> None:
        writer = log.open()
        writer.append(EVENTS, [])
        log.kill(writer)
        assert list(log.rows(EVENTS)) == []

    def test_a_row_with_a_line_break_is_refused_and_leaves_nothing_behind(self, log: LogUnderTest) -> None:
        writer = log.open()
        with pytest.raises(InputError, match="line break"):
            writer.append(EVENTS, [*numbered(0, 1), b'{\n"event_id":"e1"}'])
        writer.append(EVENTS, numbered(5, 1))
        log.kill(writer)
        assert list(log.rows(EVENTS)) == numbered(5, 1)

    def test_a_killed_writer_does_not_hinder_the_next(self, log: LogUnderTest) -> None:
        for number in range(5):
            writer = log.open()
            writer.append(EVENTS, numbered(number, 1))
            log.kill(writer)
        assert sorted(log.rows(EVENTS)) == numbered(0, 5)

    def test_several_writers_write_at_once(self, log: LogUnderTest) -> None:
        writers = [log.open() for _ in range(3)]
        for number in range(4):
            for place, writer in enumerate(writers):
                writer.append(EVENTS, numbered(10 * place + number, 1))
        for writer in writers:
            log.kill(writer)
        expected = [row for place in range(3) for row in numbered(10 * place, 4)]
        assert sorted(log.rows(EVENTS)) == sorted(expected)

    def test_threads_may_share_a_writer(self, log: LogUnderTest) -> None:
        writer = log.open()

        def write(first: int) -> None:
            for number in range(first, first + 20):
                writer.append(EVENTS, numbered(number, 1))

        threads = [Thread(target=write, args=(place * 100,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log.kill(writer)
        expected = [row for place in range(4) for row in numbered(place * 100, 20)]
        assert sorted(log.rows(EVENTS)) == sorted(expected)

    def test_any_text_comes_back_as_it_went_in(self, log: LogUnderTest) -> None:
        rows = [b'{"title":"SKL1 \xc3\xa9 \\n \\u0000 \xf0\x9f\x98\x80"}', b"{}", b'{"t":"' + b"x" * 3_000_000 + b'"}']
        writer = log.open()
        writer.append(PRODUCTS, rows)
        log.kill(writer)
        assert list(log.rows(PRODUCTS)) == rows
