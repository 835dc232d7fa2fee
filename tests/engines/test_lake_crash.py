"""A kill at any moment neither loses an acknowledged row nor doubles one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS
from shopkeeper.engines import lake_rows
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.lake_rows import FreshRows
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import Unavailable
from shopkeeper.quality.ports import NamedQuery

STEPS: Final = (
    "segments recovered", "segments read", "rows loaded", "parts staged", "parts placed", "parts durable",
    "manifest published", "segments deleted", "retired files deleted",
)  # fmt: skip
DAY: Final = "2026-03-0"


class Killed(BaseException):
    """Stands for a kill: no handler of the lake may catch it."""


def kill_after(step: str, times: int = 1) -> Callable[[str], None]:
    """Return a listener that kills after a step was done so many times."""
    left = [times]

    def listen(done: str) -> None:
        left[0] -= done == step
        if left[0] == 0:
            raise Killed(step)

    return listen


def event(number: int, user: str = "ann") -> bytes:
    day = f"{DAY}{1 + number % 3}"
    return f'{{"event_id":"e{number}","ts":"{day}T00:00:00Z","store":"uk","type":"view","user":"{user}"}}'.encode()


def logged(folder: Path, *numbers: int) -> None:
    writer = SegmentLog(folder / "log", "test")
    writer.append(EVENTS, [event(number) for number in numbers])
    writer.append(EVENT_COUNTS, [count_row() for _ in numbers])
    writer.close()


def count_row() -> bytes:
    """Return a count nobody sent before."""
    return f'{{"count_id":"{uuid4().hex}","ts":"2026-03-01T00:00:00Z","store":"uk","type":"view"}}'.encode()


def lake(folder: Path, on_step: Callable[[str], None] = lambda _: None, now: float = 0.0) -> Lake:
    return Lake(folder / "log", folder / "lake", on_step=on_step, clock=lambda: now)


def contents(folder: Path) -> tuple[list[int], int]:
    """Return the numbers of all events, and how many counts there are."""
    warehouse = lake(folder).warehouse()
    ids = warehouse.fetch(NamedQuery("ids", "SELECT event_id FROM events"))["event_id"].tolist()
    (total,) = warehouse.fetch(NamedQuery("n", "SELECT coalesce(sum(n), 0) AS n FROM event_counts"))["n"].tolist()
    warehouse.close()
    return sorted(int(name[1:]) for name in ids), int(total)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder / "lake")) for path in folder.glob("lake/*/*/*/*.parquet"))


@pytest.fixture(scope="module")
def eight_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose first day has eight parts, so that the next one starts a merge."""
    folder = tmp_path_factory.mktemp("eight")
    for number in range(0, 8 * 3, 3):
        logged(folder, number)
        lake(folder).compact()
    return folder


@pytest.fixture
def folder(eight_parts: Path, tmp_path: Path) -> Path:
    """The lake with eight parts, and three rows more in the log."""
    shutil.copytree(eight_parts, tmp_path, dirs_exist_ok=True)
    logged(tmp_path, 24, 25, 26)
    return tmp_path


EXPECTED: Final = [*range(0, 8 * 3, 3), 24, 25, 26]
COUNTED: Final = 8 + 3


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_compaction_killed_after_any_step_is_finished_by_the_next(folder: Path, step: str) -> None:
    with pytest.raises(Killed):
        lake(folder, kill_after(step)).compact()
    assert contents(folder) in ((EXPECTED[:8], 8), (EXPECTED, COUNTED))
    _whole_and_tidy(folder)


@pytest.mark.parametrize(
    (
        "step",
        "times",
    ),  # the times before are those of the compaction itself, which writes two tables and publishes once
    [("parts staged", 3), ("parts placed", 3), ("parts durable", 2), ("manifest published", 2)],
)
def test_a_merge_killed_after_any_step_is_finished_by_the_next(folder: Path, step: str, times: int) -> None:
    with pytest.raises(Killed):
        lake(folder, kill_after(step, times)).compact()
    assert contents(folder) == (EXPECTED, COUNTED)
    lake(folder).compact()
    assert sorted(part.rows for part in lake(folder).manifest().parts if part.table == "events") == [1, 1, 9]
    _whole_and_tidy(folder)


def test_a_kill_while_old_files_are_dropped_is_finished_by_the_next(folder: Path) -> None:
    lake(folder).compact()
    with pytest.raises(Killed):
        lake(folder, kill_after("manifest published"), now=1000.0).compact()
    assert len(files_in(folder)) > len(lake(folder).manifest().parts)
    _whole_and_tidy(folder)


def test_a_full_disk_is_told_and_the_next_compaction_goes_on(folder: Path) -> None:
    def full(step: str) -> None:
        if step == "parts staged":
            raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match=r"No space left.*nothing is lost"):
        lake(folder, full).compact()
    _whole_and_tidy(folder)


def _whole_and_tidy(folder: Path) -> None:
    """Every row is there once; once the grace period is over, so is every file and no other."""
    lake(folder).compact()
    lake(folder, now=1000.0).compact()
    assert contents(folder) == (EXPECTED, COUNTED)
    assert files_in(folder) == sorted(part.path for part in lake(folder).manifest().parts)
    assert not list((folder / "log").iterdir())


@pytest.mark.parametrize(
    "step", ["parts staged", "parts placed", "parts durable", "manifest published", "retired files deleted"]
)
def test_an_erasure_killed_after_any_step_is_finished_by_asking_again(tmp_path: Path, step: str) -> None:
    writer = SegmentLog(tmp_path / "log", "test")
    writer.append(EVENTS, [event(1), event(4, "ben"), event(2), event(5)])
    writer.close()
    lake(tmp_path).compact()
    ann = Person(("uk",), users=("ann",))
    with pytest.raises(Killed):
        lake(tmp_path, kill_after(step)).erase(ann, grace_seconds=0)
    assert 4 in contents(tmp_path)[0]
    lake(tmp_path).erase(ann, grace_seconds=0)
    assert contents(tmp_path)[0] == [4]
    assert files_in(tmp_path) == [part.path for part in lake(tmp_path).manifest().parts]


def fresh_rows(numbers: range) -> FreshRows:
    """Return events in a database of their own, as an import has them."""
    connection = duckdb.connect()
    rows = "SELECT n AS place, 'e' || n AS event_id, TIMESTAMP '2026-03-01' + to_days(n % 3) AS ts, 'uk' AS store, "
    rows += "'view' AS type, '{}' AS properties, 'human' AS traffic"
    connection.execute(f"CREATE TABLE events AS {rows} FROM unnest({list(numbers)}) AS t(n)")
    return FreshRows(connection, "events", ("event_id", "ts", "store", "type", "properties", "traffic"))


@pytest.mark.parametrize("step", ["rows loaded", "parts staged", "parts placed", "parts durable", "manifest published"])
@pytest.mark.parametrize("rows_a_span", [1, 1_000])
def test_an_import_killed_after_any_step_is_there_as_a_whole_or_not_and_comes_once_when_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, rows_a_span: int
) -> None:
    monkeypatch.setattr(lake_rows, "ROWS_A_SPAN", rows_a_span)
    lake(tmp_path).add(EVENTS, fresh_rows(range(4)))
    with pytest.raises(Killed):
        lake(tmp_path, kill_after(step)).add(EVENTS, fresh_rows(range(2, 9)))
    assert contents(tmp_path)[0] in ([0, 1, 2, 3], list(range(9)))
    assert lake(tmp_path).add(EVENTS, fresh_rows(range(2, 9))) in (0, 5)
    with pytest.raises(Killed):
        lake(tmp_path, kill_after(step)).add(EVENTS, fresh_rows(range(9, 12)))  # none of which is there
    lake(tmp_path).add(EVENTS, fresh_rows(range(9, 12)))
    lake(tmp_path).compact()
    assert contents(tmp_path)[0] == list(range(12))
    assert files_in(tmp_path) == sorted(part.path for part in lake(tmp_path).manifest().parts)


ACTIONS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 30), min_size=1, max_size=4)),
        st.tuples(st.just("seal"), st.none()),
        st.tuples(st.just("compact"), st.none()),
        st.tuples(st.just("kill compactor"), st.sampled_from(STEPS[:-1])),
        st.tuples(st.just("kill writer"), st.integers(0, 200)),
    ),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTIONS)
def test_whatever_happens_every_acknowledged_row_is_there_once(actions: list[tuple[str, object]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        acknowledged: set[int] = set()
        counted = 0
        writer = SegmentLog(folder / "log", "test", seal_bytes=300)
        for action, detail in actions:
            if action == "append" and isinstance(detail, list):
                writer.append(EVENTS, [event(number) for number in detail])
                acknowledged |= set(detail)
                writer.append(EVENT_COUNTS, [count_row()])
                counted += 1
            elif action == "seal":
                writer.seal()
            elif action == "compact":
                lake(folder).compact()
            elif action == "kill compactor" and isinstance(detail, str):
                with suppress(Killed):
                    lake(folder, kill_after(detail)).compact()
                assert set(contents(folder)[0]) <= acknowledged
            elif isinstance(detail, int):
                _kill_in_a_write(writer, detail)
                writer = SegmentLog(folder / "log", "test", seal_bytes=300)
        writer.close()
        lake(folder).compact()
        assert contents(folder) == (sorted(acknowledged), counted)


def _kill_in_a_write(writer: SegmentLog, torn_bytes: int) -> None:
    """Leave a writer as a kill in the middle of a write does: some bytes of a batch that nobody was told of."""
    segment = writer._segment
    if segment is None:
        return
    durable = segment.end
    writer.append(EVENTS, [event(900 + n) for n in range(5)])
    if writer._segment is segment:
        os.ftruncate(segment._handle, durable + torn_bytes)
        os.close(segment._handle)
    else:  # the batch began a new segment
        assert writer._segment is not None
        os.ftruncate(writer._segment._handle, torn_bytes)
        os.close(writer._segment._handle)
    writer._segment = None
