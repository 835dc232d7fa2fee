"""The state database, table by table as JSON lines; a table that comes to the schema later comes along by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from shopkeeper.engines import state_schema
from shopkeeper.engines.state_copy import last_number, numbering, rows_of, write_rows
from shopkeeper.engines.state_schema import METADATA, PERSON_ROLES
from shopkeeper.errors import InputError
from shopkeeper.wiring.parts.part import Counts, House, write_lines

FOLDER: Final = "state"
SECRET: Final = frozenset(str(table.name) for table in state_schema.SECRET)
"""Tables that stay: keys and passwords are made anew where the data go."""


class StateRows:
    """Current rows, models, aliases, reports, audit, cursors, and every later table but those that hold secrets."""

    name = "state"

    def pack(self, house: House, folder: Path) -> Counts:
        """Write every table; of one store only tables that know stores, with what holds in every store."""
        counts = {}
        # Who has which role is the house's, as its people are.
        of_stores = {t.name for t in METADATA.sorted_tables if "store" in t.columns and t is not PERSON_ROLES}
        for table in METADATA.sorted_tables:
            if table.name in SECRET or (house.store is not None and table.name not in of_stores):
                continue
            rows = (row for row in rows_of(table, house.state.engine) if _belongs(row, house.store))
            counts[str(table.name)] = write_lines(folder / FOLDER / f"{table.name}.jsonl", rows)
        return {name: count for name, count in counts.items() if count}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:
        """Write the rows that are not there yet."""
        counts = {}
        files = {path.stem: path for path in sorted((folder / FOLDER).glob("*.jsonl"))}
        strangers = files.keys() - METADATA.tables.keys() | (files.keys() & SECRET)
        if strangers:
            raise InputError(
                f"The export holds tables this version does not take: {', '.join(sorted(strangers))}.",
                "Use the version of Shopkeeper that wrote it, named in its export.json.",
            )
        for table in METADATA.sorted_tables:
            if table.name in files:
                rows = _moved(_read(files[table.name]), numbering(table), offsets.get(table.name, 0))
                binary = [column.name for column in table.columns if column.type.python_type is bytes]
                written = write_rows(table, house.state.engine, (_with_bytes(row, binary) for row in rows))
                counts[str(table.name)] = written
                house.tell(f"state.{table.name}: {written:,} rows")
        return counts


def offsets_of(house: House) -> Counts:
    """Return, by table that numbers its rows, the last number in use."""
    last = ((str(table.name), last_number(table, house.state.engine)) for table in METADATA.sorted_tables)
    return {name: number for name, number in last if number}


def _belongs(row: dict[str, Any], store: str | None) -> bool:
    return store is None or row["store"] in (store, "")


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=dict[str, Any])


def _moved(rows: Iterator[dict[str, Any]], number: str | None, offset: int) -> Iterator[dict[str, Any]]:
    for row in rows:
        if number is not None:
            row[number] += offset
        yield row


def _with_bytes(row: dict[str, Any], binary: list[str]) -> dict[str, Any]:
    for name in binary:
        if row.get(name) is not None:
            row[name] = base64.b64decode(row[name])
    return row
