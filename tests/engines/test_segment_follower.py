"""What another process writes to the log is read while it writes, each batch once, and nothing half written."""

from __future__ import annotations

import os
import time
from pathlib import Path

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.segment_follower import SegmentFollower
from shopkeeper.engines.segment_log import SegmentLog, joined_rows


def rows(follower: SegmentFollower, most_bytes: int = 1 << 20) -> list[bytes]:
    return [row for batch in follower.read(most_bytes) for row in batch.payload.splitlines()]


def follower_in(folder: Path) -> SegmentFollower:
    return SegmentFollower(folder, "serve-me", "serve-")


def test_batches_of_others_come_once_in_their_order_and_own_ones_never(tmp_path: Path) -> None:
    mine, other = SegmentLog(tmp_path, "serve-me"), SegmentLog(tmp_path, "serve-other")
    imported = SegmentLog(tmp_path, "import")
    follower = follower_in(tmp_path)
    for log, row in ((mine, b'{"n":1}'), (other, b'{"n":2}'), (imported, b'{"n":3}'), (other, b'{"n":4}')):
        log.append(EVENTS, [row])
    batches = follower.read()
    assert [(batch.writer, batch.table, batch.payload) for batch in batches] == [
        ("serve_other", "events", b'{"n":2}\n'),
        ("serve_other", "events", b'{"n":4}\n'),
    ]
    assert follower.read() == []
    other.append(EVENTS, [b'{"n":5}', b'{"n":6}'])
    assert rows(follower) == [b'{"n":5}', b'{"n":6}']


def test_a_segment_that_was_sealed_and_deleted_since_it_was_first_seen_is_read_to_its_end(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    other.append(EVENTS, [b'{"n":1}'])
    follower = follower_in(tmp_path)
    follower.begin()
    other.append(EVENTS, [b'{"n":2}'])
    sealed = other.seal()
    assert sealed is not None
    sealed.unlink()
    other.append(EVENTS, [b'{"n":3}'])
    assert sorted(rows(follower)) == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert rows(follower) == []


def test_a_sealed_segment_that_stays_is_read_once(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    other.append(EVENTS, [b'{"n":1}'])
    other.seal()
    follower = follower_in(tmp_path)
    assert rows(follower) == [b'{"n":1}']
    assert rows(follower) == rows(follower) == []


def test_a_batch_comes_when_it_is_whole(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    other.append(EVENTS, [b'{"n":1}'])
    other.append(EVENTS, [b'{"n":2}'])
    path = next(tmp_path.glob("*.open"))
    whole = path.read_bytes()
    follower = follower_in(tmp_path)
    read = []
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        read.append(len(rows(follower)))
    half = len(whole) // 2
    assert sum(read) == 2
    assert (read[half], read[-1]) == (1, 1)


def test_a_write_that_failed_and_was_undone_hides_nothing_of_what_came_after(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    other.append(EVENTS, [b'{"n":1}'])
    path = next(tmp_path.glob("*.open"))
    before = path.read_bytes()
    follower = follower_in(tmp_path)
    other.append(EVENTS, [b'{"undone":"a batch that was written and not synced"}'])
    rows(follower)
    after = SegmentLog(tmp_path, "elsewhere")
    after.append(EVENTS, [b'{"n":1}'])
    after.append_payloads((("events", joined_rows([b'{"n":2}'])), ("events", joined_rows([b'{"n":3}' * 20]))))
    path.write_bytes(next(tmp_path.glob("elsewhere*.open")).read_bytes())
    assert path.read_bytes().startswith(before)
    found = rows(follower) + rows(follower)
    assert {b'{"n":2}', b'{"n":3}' * 20} <= set(found)
    assert rows(follower) == []


def test_a_look_tells_whether_there_is_anything_to_read(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    other.append(EVENTS, [b'{"n":1}'])
    follower = follower_in(tmp_path)
    assert not follower.unchanged()
    os.utime(tmp_path, ns=(1, 1))  # as if the folder had not changed for long
    rows(follower)
    assert follower.unchanged()
    other.append(EVENTS, [b'{"n":2}'])
    assert not follower.unchanged()
    rows(follower)
    assert follower.unchanged()
    other.seal()
    assert not follower.unchanged()


def test_a_folder_that_changed_just_now_is_looked_at_again(tmp_path: Path) -> None:
    follower = follower_in(tmp_path)
    ahead = time.time_ns() + 10**12
    os.utime(tmp_path, ns=(ahead, ahead))  # however long this test takes
    rows(follower)
    assert not follower.unchanged()


def test_much_is_read_in_parts(tmp_path: Path) -> None:
    other = SegmentLog(tmp_path, "serve-other")
    for n in range(5):
        other.append(EVENTS, [b'{"n":%d}' % n])
    follower = follower_in(tmp_path)
    parts = [rows(follower, most_bytes=1) for _ in range(6)]
    assert parts == [*([b'{"n":%d}' % n] for n in range(5)), []]
