"""Brings a log of a test into a lake."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.experiments.shop_log import PRODUCTS, START, STORES, ShopLog

from shopkeeper.commerce.tables import DECISIONS, EVENTS, KEYED_TABLES, TRAFFIC_VERDICTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow


def lake_of(folder: Path, log: ShopLog) -> Lake:
    """Return a lake with all rows of a log."""
    writer = SegmentLog(folder / "log", "test")
    for table, rows in ((EVENTS, log.events), (DECISIONS, log.decisions), (TRAFFIC_VERDICTS, log.verdicts)):
        writer.append(table, [msgspec.json.encode(row) for row in rows])
    for name, kept in (("stores", STORES), ("products", PRODUCTS)):
        writer.append(KEYED_TABLES[name], [logged(SourcedRow(row, START)) for row in kept])
    writer.close()
    lake = Lake(folder / "log", folder / "lake")
    lake.compact()
    return lake
