"""Events, decisions, counts, verdicts and the history of the keyed tables: the lake as Parquet."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.engines.lake_export import export_lake
from shopkeeper.wiring.parts.part import Counts, House


class LakeRows:
    """Every logged table, one folder each. Other tools read it too: plain Parquet."""

    name = "rows"

    def pack(self, house: House, folder: Path) -> Counts:
        """Write every table with its whole history."""
        counts = export_lake(house.settings.folder(house.settings.engines.lake), folder, house.store)
        house.tell(f"wrote {sum(counts.values()):,} rows of {sum(count > 0 for count in counts.values())} tables")
        return {name: count for name, count in counts.items() if count}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Bring every row back as it was, when it was received included."""
        return house.lake.take_exported(folder, house.tell)
