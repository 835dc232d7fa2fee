"""The segment log obeys the laws of every event log, and mends or names what went wrong with its files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from shopkeeper.commerce.tables import EVENTS, TableSchema
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.segment_recovery import live_segments, read_segment, recover, sealed_segments
from shopkeeper.errors import InputError, LogDamaged, Overloaded
from shopkeeper.intake.ports import EventLog
from shopkeeper.testing.event_log_suite import EventLogSuite, LogUnderTest, numbered


class Segments:
    """A segment log in a folder, as the suite wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> SegmentLog:
        return SegmentLog(self.folder, "test", seal_bytes=4096)

    def kill(self, writer: EventLog) -> None:
        assert isinstance(writer, SegmentLog)
        killed(writer)

    def rows(self, table: TableSchema) -> Sequence[bytes]:
        return log_rows(self.folder, table.name)


class TestSegmentLog(EventLogSuite):
    """The shipped suite on segments."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> LogUnderTest:
        return Segments(tmp_path / "log")


def killed(log: SegmentLog) -> Path | None:
    """Close the files of a log as the kernel does for a killed process; returns the segment it leaves behind."""
    segment, log._segment = log._segment, None
    if segment is None:
        return None
    os.close(segment._handle)
    return segment._path


def log_rows(folder: Path, table: str = "events") -> list[bytes]:
    """Return the rows of all segments whose writers are gone."""
    _, damaged = recover(folder)
    assert not damaged
    return [
        row
        for path in sealed_segments(folder)
        for frame in read_segment(path)
        if frame.table == table
        for row in frame.payload.splitlines()
    ]


def left_behind(folder: Path, *batches: int) -> Path:
    """Return the open segment of a killed writer that holds batches of so many rows each."""
    log = SegmentLog(folder, "dead")
    first = 0
    for count in batches:
        log.append(EVENTS, numbered(first, count))
        first += count
    path = killed(log)
    assert path is not None
    return path


def test_a_torn_last_batch_is_cut_and_the_ones_before_stay(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2, 3)
    os.truncate(path, path.stat().st_size - 1)
    assert log_rows(tmp_path) == numbered(0, 2)


def test_a_last_batch_with_a_wrong_checksum_is_cut_as_a_whole(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2, 3)
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    assert log_rows(tmp_path) == numbered(0, 2)


def test_zeroes_after_the_last_batch_are_cut(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2)
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert log_rows(tmp_path) == numbered(0, 2)


def test_a_segment_with_nothing_but_a_torn_batch_goes(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2)
    os.truncate(path, 5)
    assert log_rows(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_batches_of_one_torn_write_are_cut_together_even_if_the_later_one_survived(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, "dead")
    log.append(EVENTS, numbered(0, 1))
    before = log._segment.end if log._segment else 0
    log.append_payloads([("events", b"%s\n" % row) for row in numbered(1, 2)])
    path = killed(log)
    assert path is not None
    content = bytearray(path.read_bytes())
    content[before + 40] ^= 1  # the first of the two frames: a power cut may persist pages in any order
    path.write_bytes(content)
    assert log_rows(tmp_path) == numbered(0, 1)


def test_damage_before_acknowledged_rows_is_named_and_nothing_is_cut(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2, 3)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    sealed, (damage,) = recover(tmp_path)
    assert sealed == []
    assert isinstance(damage, LogDamaged)
    assert path.name in str(damage)
    assert "offset 0" in str(damage)
    assert path.read_bytes() == content


def test_a_damaged_length_does_not_pass_for_a_torn_tail(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 2, 3)
    content = bytearray(path.read_bytes())
    content[9] ^= 0x40  # the top byte of the first payload's length: the batch now seems to reach beyond the file
    path.write_bytes(content)
    assert len(recover(tmp_path)[1]) == 1


def test_a_sealed_segment_has_no_tail_to_cut(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, "writer")
    log.append(EVENTS, numbered(0, 2))
    path = log.seal()
    assert path is not None
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(LogDamaged, match=rf"{path.name}.*offset 0"):
        list(read_segment(path))


def test_the_segment_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, "alive")
    log.append(EVENTS, numbered(0, 2))
    assert recover(tmp_path) == ([], [])
    assert live_segments(tmp_path) == 1
    log.append(EVENTS, numbered(2, 1))
    log.close()
    assert live_segments(tmp_path) == 0
    assert log_rows(tmp_path) == numbered(0, 3)


def test_an_empty_file_of_a_writer_killed_at_birth_goes_once_it_is_a_minute_old(tmp_path: Path) -> None:
    old, young = (tmp_path / f"dead-{age:020d}-00000000.new" for age in (1, 2))
    old.touch()
    young.touch()
    os.utime(old, (0, tmp_path.stat().st_mtime - 61))
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == [young]


def test_a_segment_is_sealed_when_it_is_large_enough(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, "writer", seal_bytes=1000)
    for number in range(100):
        log.append(EVENTS, numbered(number, 1))
    sizes = [path.stat().st_size for path in sealed_segments(tmp_path)]
    assert len(sizes) > 5
    assert all(1000 <= size < 1200 for size in sizes)
    log.close()
    assert log_rows(tmp_path) == numbered(0, 100)


def test_sealing_nothing_leaves_nothing(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, "writer")
    assert log.seal() is None
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_turns_the_call_away_and_leaves_no_half_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SegmentLog(tmp_path, "writer")
    log.append(EVENTS, numbered(0, 1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", _DiskWithRoom(50))
        with pytest.raises(Overloaded, match="disk is full"):
            log.append(EVENTS, numbered(1, 5))
        with pytest.raises(Overloaded, match="disk is full"):
            log.append(EVENTS, numbered(1, 5))
    log.append(EVENTS, numbered(6, 1))
    log.close()
    assert log_rows(tmp_path) == numbered(0, 1) + numbered(6, 1)


def test_a_full_disk_at_the_start_of_a_segment_is_no_lasting_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SegmentLog(tmp_path, "writer")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _no_space)
        with pytest.raises(Overloaded, match="disk is full"):
            log.append(EVENTS, numbered(0, 1))
    log.append(EVENTS, numbered(1, 1))
    log.close()
    assert log_rows(tmp_path) == numbered(1, 1)


def test_after_a_failed_sync_the_segment_is_left_and_a_new_one_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SegmentLog(tmp_path, "writer")
    log.append(EVENTS, numbered(0, 1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", _no_space)
        with pytest.raises(Overloaded):
            log.append(EVENTS, numbered(1, 1))
    log.append(EVENTS, numbered(2, 1))
    log.close()
    assert log_rows(tmp_path) == numbered(0, 1) + numbered(2, 1)
    assert len(sealed_segments(tmp_path)) == 2


def test_a_batch_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopkeeper.engines.segment_log.MOST_PAYLOAD_BYTES", 100)
    with pytest.raises(InputError, match="too large"):
        SegmentLog(tmp_path, "writer").append(EVENTS, numbered(0, 2))


class _DiskWithRoom:
    """`os.write` on a disk with so many bytes left."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._write = os.write

    def __call__(self, handle: int, content: bytes) -> int:
        if self._room == 0:
            _no_space(handle)
        written = self._write(handle, content[: self._room])
        self._room -= written
        return written


def _no_space(_: int) -> None:
    raise OSError(28, "No space left on device")
