"""Two writers, two compactors and two readers at once, without any grace period for readers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_merge import MOST_PARTS
from shopkeeper.quality.ports import NamedQuery

pytestmark = pytest.mark.integration

SECONDS: Final = 12.0

WRITER: Final = """
import sys, time
from pathlib import Path
from shopkeeper.commerce.tables import EVENTS, PRODUCTS
from shopkeeper.engines.segment_log import SegmentLog

def event(number):
    return b'{"event_id":"%d","ts":"2026-03-0%dT00:00:00Z","store":"uk","type":"view"}' % (number, 1 + number % 2)

def product(number):
    title = '"source_ts":"2026-03-01T00:00:%02d.%06dZ"' % (number // 1000000, number % 1000000)
    return ('{"product":"mug","price":%d,%s}' % (number, title)).encode()

log, number, end = SegmentLog(Path(sys.argv[1]), "writer"), int(sys.argv[2]), time.monotonic() + float(sys.argv[3])
first = number
while time.monotonic() < end:
    # A batch is one frame, so a reader sees all of it or none: it holds 7 rows.
    log.append(EVENTS, [event(n) for n in range(number, number + 7)])
    log.append(PRODUCTS, [product(number - first)])
    number += 7
    if number % 5 == 0:
        log.seal()
    time.sleep(0.002)
log.close()
print(number - first)
"""

COMPACTOR: Final = """
import json, sys, time
from pathlib import Path
from shopkeeper.engines.lake import Lake

lake, end = Lake(Path(sys.argv[1]), Path(sys.argv[2]), grace_seconds=0.0), time.monotonic() + float(sys.argv[3])
rows, merged, busy = 0, 0, 0
while time.monotonic() < end:
    done = lake.compact(wait=False)
    rows += done.rows.get("events", 0)
    merged += done.merged
    busy += done.busy
    time.sleep(0.05)
print(json.dumps([rows, merged, busy]))
"""

READER: Final = """
import json, sys, time
from pathlib import Path
from shopkeeper.engines.lake import Lake
from shopkeeper.quality.ports import NamedQuery

warehouse, end = Lake(Path(sys.argv[1]), Path(sys.argv[2])).warehouse(), time.monotonic() + float(sys.argv[3])
query = NamedQuery("read", '''
SELECT count(*) AS n, count(DISTINCT event_id) AS d,
       (SELECT count(*) FROM products) AS products, (SELECT coalesce(max(price), 0) FROM products) AS price
FROM events''')
seen = []
while time.monotonic() < end:
    row = warehouse.fetch(query)
    seen.append([float(column[0]) for column in row.values()])
print(json.dumps(seen))
"""


def test_readers_see_whole_batches_once_while_all_write_and_compact(tmp_path: Path) -> None:
    log, lake = str(tmp_path / "log"), str(tmp_path / "lake")
    seconds = str(SECONDS)
    writers = [_start(WRITER, log, first, seconds) for first in ("0", "1000000000")]
    compactors = [_start(COMPACTOR, log, lake, seconds) for _ in range(2)]
    readers = [_start(READER, log, lake, seconds) for _ in range(2)]
    written = sum(int(_output(writer)) for writer in writers)
    compacted = [json.loads(_output(compactor)) for compactor in compactors]
    reads = [json.loads(_output(reader)) for reader in readers]

    final = Lake(Path(log), Path(lake))
    rows = sum(done[0] for done in compacted) + final.compact().rows.get("events", 0)
    counted = final.warehouse().fetch(
        NamedQuery("n", "SELECT count(*) AS n, count(DISTINCT event_id) AS d FROM events")
    )
    assert (int(counted["n"][0]), int(counted["d"][0]), rows) == (written, written, written)
    for seen in reads:
        assert all(n == d and n % 7 == 0 for n, d, _, _ in seen)
        assert all(products == min(n, 1) for n, _, products, _ in seen)
        assert [n for n, *_ in seen] == sorted(n for n, *_ in seen)
        assert [price for *_, price in seen] == sorted(price for *_, price in seen)
        assert len({n for n, *_ in seen}) > 5
    assert sum(done[1] for done in compacted) > MOST_PARTS
    assert sum(done[2] for done in compacted) > 0


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True)


def _output(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=SECONDS + 60)
    assert process.returncode == 0
    return output
