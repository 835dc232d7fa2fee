"""Erasing one person from the lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from shopkeeper.commerce.tables import (
    DECISIONS,
    EVENTS,
    LOGGED_TABLES,
    ORDERS,
    SHADOW_ANSWERS,
    TRAFFIC_VERDICTS,
    USERS,
)
from shopkeeper.engines.duckdb_session import files_literal, name_literal, text_literal
from shopkeeper.engines.lake_columns import column_names, read_parts_sql
from shopkeeper.engines.lake_manifest import Part, files_by_columns
from shopkeeper.engines.lake_writer import LakeWriter
from shopkeeper.errors import InputError


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be erased: every name one person has in one customer group.

    Attributes:
        stores: The stores of the customer group.
        users: Customer numbers.
        visitors: Devices or cookies.
        sessions: Sessions known to be theirs, for events and decisions that name nothing else.
    """

    stores: tuple[str, ...]
    users: tuple[str, ...] = ()
    visitors: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.stores or not (self.users or self.visitors or self.sessions):
            raise InputError(
                "Nobody to erase: a person needs at least one store and one user, visitor or session.",
                "Name the stores of the customer group and the ids the person has there.",
            )


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did.

    Attributes:
        rows: Rows removed, per table; every table that holds persons is named.
        live_segments: Segments still being written when it ran; what they hold was NOT erased.
        files_pending: Replaced files that readers may still hold and that the next compaction after the grace deletes.
    """

    rows: Mapping[str, int]
    live_segments: int
    files_pending: int


_COLUMNS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    EVENTS.name: {"user": ("users",), "visitor": ("visitors",), "session": ("sessions",)},
    DECISIONS.name: {"unit": ("users", "visitors", "sessions"), "session": ("sessions",)},
    SHADOW_ANSWERS.name: {"unit": ("users", "visitors", "sessions"), "session": ("sessions",)},
    USERS.name: {"user": ("users",)},
    ORDERS.name: {"user": ("users",)},
    TRAFFIC_VERDICTS.name: {"subject": ("visitors", "sessions")},
}
"""Every place in the lake that holds persons: table -> column -> the ids that column may hold."""


def erase_person(writer: LakeWriter, person: Person) -> Counter[str]:
    """Rewrite every part that holds rows of a person without them and return how many rows went, per table."""
    removed: Counter[str] = Counter(dict.fromkeys(_COLUMNS, 0))
    fresh: list[Part] = []
    replaced: list[Part] = []
    for name in _COLUMNS:
        condition = _condition(name, person, _COLUMNS[name])
        # A users row without a store holds for all stores, so it is one of the person's too.
        stores = {*person.stores, ""} if name == USERS.name else set(person.stores)
        parts = [part for part in writer.manifest.parts if part.table == name and part.store in stores]
        for part, rows in _holding(writer, parts, person):
            removed[name] += rows
            replaced.append(part)
            if rows < part.rows:
                fresh += _without(writer, part, condition)
    if replaced:
        writer.publish(fresh, replaced=replaced)
    return removed


def _condition(table: str, person: Person, present: Collection[str]) -> str:
    """Return the SQL that is true for rows of the person, over the columns that are present."""
    ids: Mapping[str, Sequence[str]] = {
        "users": person.users, "visitors": person.visitors, "sessions": person.sessions,
    }  # fmt: skip
    choices = []
    for column, kinds in _COLUMNS[table].items():
        listed = ", ".join(text_literal(value) for kind in kinds for value in ids[kind])
        if listed and column in present:
            choices.append(f"{name_literal(column)} IN ({listed})")
    return " OR ".join(choices) or "false"


def _holding(writer: LakeWriter, parts: Sequence[Part], person: Person) -> list[tuple[Part, int]]:
    """Return the parts of one table that hold rows of the person, with how many."""
    by_file = {str(writer.folder / part.path): part for part in parts}
    holding: list[tuple[Part, int]] = []
    for present, files in files_by_columns(parts, writer.manifest.layouts, writer.folder).items():
        found = writer.connection.execute(
            f"SELECT filename, count(*) FROM read_parquet({files_literal(files)}, filename=true, "  # noqa: S608
            f"hive_partitioning=false) WHERE {_condition(parts[0].table, person, present)} GROUP BY filename"
        ).fetchall()
        holding += [(by_file[file], rows) for file, rows in found]
    return holding


def _without(writer: LakeWriter, part: Part, condition: str) -> list[Part]:
    table = LOGGED_TABLES[part.table]
    rows = read_parts_sql(table, files_by_columns([part], writer.manifest.layouts, writer.folder))
    select = f"SELECT * FROM ({rows}) WHERE ({condition}) IS NOT TRUE"  # noqa: S608
    return writer.write_part(table, select, (part.store, date.fromisoformat(part.day)), column_names(table))
