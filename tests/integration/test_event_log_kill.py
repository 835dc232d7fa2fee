"""Writers are killed with -9 at random moments while another process compacts and a third reads.

At the end every row a writer had acknowledged is there exactly once, and no read on the way was torn or doubled.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from shopkeeper.engines.lake import Lake
from shopkeeper.quality.ports import NamedQuery

pytestmark = pytest.mark.integration

ROUNDS: Final = 24
READ: Final = NamedQuery("read", "SELECT event_id FROM events")

WRITER: Final = """
import asyncio, sys
from pathlib import Path
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.segment_log import SegmentLog

def event(number):
    day, store = 1 + number % 3, number % 2
    return b'{"event_id":"%d","ts":"2026-03-0%dT00:00:00Z","store":"s%d","type":"view"}' % (number, day, store)

async def caller(log, number, last):
    while number < last:
        await log.append(EVENTS, [event(number), event(number + 1)])
        sys.stdout.write(f"{number} {number + 1}\\n")
        sys.stdout.flush()
        number += 2

async def main():
    log = GroupCommit(SegmentLog(Path(sys.argv[1]), "killed", seal_bytes=20_000))
    first = int(sys.argv[2])
    await asyncio.gather(*(caller(log, first + 10_000 * n, first + 10_000 * (n + 1)) for n in range(8)))

asyncio.run(main())
"""

COMPACTOR: Final = """
import sys
from pathlib import Path
from shopkeeper.engines.lake import Lake

lake = Lake(Path(sys.argv[1]), Path(sys.argv[2]), grace_seconds=2.0)
while True:
    lake.compact()
    print("compacted", flush=True)
"""

READER: Final = """
import json, sys
from pathlib import Path
from shopkeeper.engines.lake import Lake
from shopkeeper.quality.ports import NamedQuery

warehouse = Lake(Path(sys.argv[1]), Path(sys.argv[2])).warehouse()
query = NamedQuery("count", "SELECT count(*) AS n, count(DISTINCT event_id) AS d FROM events")
while True:
    row = warehouse.fetch(query)
    print(json.dumps([int(row["n"][0]), int(row["d"][0])]), flush=True)
"""


class Child:
    """A process of ours, its output in a file."""

    def __init__(self, folder: Path, name: str, script: str, *arguments: str) -> None:
        self.output = folder / f"{name}.out"
        self._errors = folder / f"{name}.err"
        with self.output.open("wb") as out, self._errors.open("wb") as err:
            self.process = subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=out, stderr=err)

    def kill(self) -> list[str]:
        """Kill it with -9 and return the whole lines it had printed."""
        assert self.process.poll() is None, self._errors.read_text()
        self.process.kill()
        self.process.wait()
        return [line[:-1] for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_no_acknowledged_row_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20_261_123)
    log, lake = tmp_path / "log", tmp_path / "lake"
    compactor = Child(tmp_path, "compactor", COMPACTOR, str(log), str(lake))
    reader = Child(tmp_path, "reader", READER, str(log), str(lake))
    acknowledged: list[int] = []
    compactions, reads = 0, []
    for number in range(ROUNDS):
        writer = Child(tmp_path, f"writer-{number}", WRITER, str(log), str(number * 1_000_000))
        _wait_for_output(writer)
        time.sleep(chance.uniform(0.0, 0.6))
        acknowledged += [int(name) for line in writer.kill() for name in line.split()]
        if number % 6 == 5:  # the compactor is killed too, wherever it is
            compactions += len(compactor.kill())
            compactor = Child(tmp_path, f"compactor-{number}", COMPACTOR, str(log), str(lake))
    compactions += len(compactor.kill())
    reads = [json.loads(line) for line in reader.kill()]

    final = Lake(log, lake)
    final.compact()
    ids = [int(name) for name in final.warehouse().fetch(READ)["event_id"].tolist()]
    assert len(ids) == len(set(ids))
    assert set(acknowledged) - set(ids) == set()
    # A batch killed between its sync and its acknowledgement may be there; each caller had at most one on its way.
    assert len(set(ids) - set(acknowledged)) <= ROUNDS * 8 * 2
    assert all(count == distinct for count, distinct in reads)
    assert [count for count, _ in reads] == sorted(count for count, _ in reads)
    # A writer killed while it began a segment leaves an empty file, which goes after a minute.
    assert all(path.suffix == ".new" and path.stat().st_size == 0 for path in log.iterdir())
    # The test has tested something: rows were written, and compacted and read meanwhile.
    assert len(acknowledged) > ROUNDS * 100
    assert compactions > ROUNDS
    assert len({count for count, _ in reads}) > ROUNDS // 2


def _wait_for_output(writer: Child) -> None:
    deadline = time.monotonic() + 30
    while not writer.output.stat().st_size:
        assert writer.process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
