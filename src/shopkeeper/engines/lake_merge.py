"""Merging small parts, so that a partition stays a few files however often it was written to."""

from __future__ import annotations

from datetime import date
from typing import Final

from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.engines.lake_columns import ANSWERS, column_names, laid_out_sql, read_parts_sql
from shopkeeper.engines.lake_manifest import Part, files_by_columns
from shopkeeper.engines.lake_writer import LakeWriter

MOST_PARTS: Final = 8
"""Parts of about one size that a partition may have before they become one."""
_SMALLEST_BYTES: Final = 64 * 1024
_PARTITIONS_A_MANIFEST: Final = 256


def merge_parts(writer: LakeWriter) -> int:
    """Merge partitions with too many parts and return how many parts were replaced.

    Only parts of about one size (within a factor of eight) are merged, so a row is rewritten a few times at most.
    """
    replaced: list[Part] = []
    fresh: list[Part] = []
    merged = 0
    due = _due(writer.manifest.parts)
    for number, parts in enumerate(due, 1):
        table = LOGGED_TABLES[parts[0].table]
        rows = read_parts_sql(table, files_by_columns(parts, writer.manifest.layouts, writer.folder))
        cell = (parts[0].store, date.fromisoformat(parts[0].day))
        laid = laid_out_sql(table, rows, sum(part.rows for part in parts))
        database = writer.frugal if table in ANSWERS else writer.connection
        fresh += writer.write_part(table, laid, cell, column_names(table), database)
        replaced += parts
        if number == len(due) or number % _PARTITIONS_A_MANIFEST == 0:
            writer.publish(fresh, replaced=replaced)
            merged += len(replaced)
            replaced, fresh = [], []
    return merged


def _due(parts: tuple[Part, ...]) -> list[list[Part]]:
    """Return the groups of parts to merge, each of one partition and one size."""
    groups: dict[tuple[tuple[str, str, str], int], list[Part]] = {}
    for part in parts:
        if part.table in LOGGED_TABLES:  # a table of a later version is left alone
            groups.setdefault((part.partition, _tier(part.bytes)), []).append(part)
    return [group for group in groups.values() if len(group) > MOST_PARTS]


def _tier(size: int) -> int:
    """Return the size class of a part; each is eight times the one before."""
    return (max(size // _SMALLEST_BYTES, 1).bit_length() - 1) // 3
