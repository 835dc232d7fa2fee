"""Dropping days of the lake that have been kept long enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from shopkeeper.commerce.tables import DECISIONS, EVENTS, SHADOW_ANSWERS, TRAFFIC_VERDICTS
from shopkeeper.engines.duckdb_session import files_literal
from shopkeeper.engines.lake_manifest import Part, files_by_columns
from shopkeeper.engines.lake_writer import LakeWriter


def expire_days(writer: LakeWriter, before: date) -> Counter[str]:
    """Drop every whole UTC day before `before` and return how many rows went, per table.

    An event's time runs from its day or from its arrival, whichever is later, so the history a shop brings along is not
    gone the day it is imported. Verdicts about traffic go with the last events of their store and day, never before.
    """
    tables = (EVENTS, DECISIONS, SHADOW_ANSWERS, TRAFFIC_VERDICTS)
    dropped: Counter[str] = Counter(dict.fromkeys((table.name for table in tables), 0))
    old = [part for part in writer.manifest.parts if date.fromisoformat(part.day) < before]
    gone = [part for part in old if part.table in (DECISIONS.name, SHADOW_ANSWERS.name)]
    gone += _all_arrived_before(writer, [part for part in old if part.table == EVENTS.name], before)
    going = set(gone)
    alive = {(p.store, p.day) for p in writer.manifest.parts if p.table == EVENTS.name and p not in going}
    gone += [p for p in old if p.table == TRAFFIC_VERDICTS.name and (p.store, p.day) not in alive]
    for part in gone:
        dropped[part.table] += part.rows
    if gone:
        writer.publish([], replaced=gone)
    return dropped


def _all_arrived_before(writer: LakeWriter, parts: Sequence[Part], before: date) -> list[Part]:
    """Return the parts of which every row arrived before a day; a row that does not say when counts by its time."""
    by_file = {str(writer.folder / part.path): part for part in parts}
    arrived: list[Part] = []
    for present, files in files_by_columns(parts, writer.manifest.layouts, writer.folder).items():
        when = "coalesce(received_at, ts)" if "received_at" in present else "ts"
        found = writer.connection.execute(
            f"SELECT filename, max({when}) FROM read_parquet({files_literal(files)}, filename=true, "  # noqa: S608
            "hive_partitioning=false) GROUP BY filename"
        ).fetchall()
        limit = datetime.combine(before, datetime.min.time())
        arrived += [by_file[file] for file, newest in found if newest is None or newest < limit]
    return arrived
