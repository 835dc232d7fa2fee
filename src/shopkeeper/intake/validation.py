"""One judge of rows for every way in: files, `PUT /v1/...` and `POST /v1/events`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from shopkeeper.commerce.event import NEEDS_PRODUCT
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, STORES, TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.field_mending import MISSING_WORDS, Unusable, menders
from shopkeeper.intake.field_words import shown
from shopkeeper.intake.identity import present_identity
from shopkeeper.intake.plain_json import MAX_BYTES, MAX_KEYS, json_safe
from shopkeeper.intake.times import read_time, zone_named
from shopkeeper.quality.missing_policy import IS_MISSING
from shopkeeper.quality.row_rules import RowRules

SOURCE_TIME_COLUMNS = ("source_ts", "updated_at")
"""Columns of keyed tables that say when the source wrote the row; read by intake, never kept as attributes."""

_CONSENT_COLUMNS = {"consent_measure": "measure", "consent_personalise": "personalise", "consent_email": "email"}
_OBJECTS = frozenset({"properties", "attributes", "calendar", "tax_rates"})
_SCALARS = (str, int, bool)
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""No row may lie before it."""


class RowValidator:
    """Judges raw rows of one table. Never raises, whatever a row holds.

    A row that fits costs one conversion in C. Only a row that does not is taken apart: each value is mended where its
    meaning is clear (a number given for an identifier, `yes` for true, `2011-12-09 12:50:00` for a time, JSON text for
    an object), and everything that still does not fit is reported, all at once.

    Missing is: absent, null, empty text. Unknown columns go to `properties` or `attributes`. A time without an offset
    is read in the store's time zone. An event without `event_id` gets one by the rule of `intake.identity`.

    Args:
        stores: The stores there are; read at each row, so a store declared meanwhile is known.
        default_store: The only store rows may belong to, taken where a row names none; None = each row names its own.
        now: The clock, UTC.
        future_seconds: How far after `now` a row's time may lie.
        rules: What the data contracts of the stores ask besides.
    """

    def __init__(
        self,
        table: TableSchema,
        stores: Mapping[str, Store],
        default_store: str | None,
        now: Callable[[], datetime],
        future_seconds: float = 300.0,
        rules: RowRules | None = None,
    ) -> None:
        self.table = table
        self._rules = rules
        self._type: type[Struct] = table.row
        self._stores = stores
        self._default = default_store
        self._now = now
        self._tolerance = timedelta(seconds=future_seconds)
        self._menders = menders(table)
        self._names = table.column_names
        self._attributes = table.attributes_column
        self._times = tuple(column.name for column in table.columns if column.kind == "time")
        self._ids = tuple(name for name, mender in self._menders.items() if mender.is_id)
        self._id_values = attrgetter(*self._ids, self._ids[0])
        self._numeric_ids: tuple[str, ...] = ()
        self._is_event = table is EVENTS
        self._keyed_extras = frozenset() if table is EVENTS else frozenset({*SOURCE_TIME_COLUMNS, "deleted"})
        self._objects = tuple(sorted(_OBJECTS & self._names))
        self._locale_texts = frozenset({"title", "description"}) & self._names
        self._encode = msgspec.json.Encoder().encode
        self._zones: dict[str, tuple[Store, tzinfo]] = {}
        self._last_time: tuple[object, tzinfo, datetime] = (None, UTC, FIRST_MOMENT)

    def check(self, raw: Mapping[str, Any], row_number: int | None = None) -> Struct | tuple[FieldProblem, ...]:
        """Return the row as the contract's type, or everything that is wrong with it (at least one problem)."""
        now = self._now()
        try:
            row = self._as_it_is(raw, now)
        except (
            ValueError,
            TypeError,
            LookupError,
            ArithmeticError,
            AttributeError,
            RecursionError,
            msgspec.MsgspecError,
        ):
            row = None
        return row if row is not None else self._mended(raw, row_number, now)

    def _as_it_is(self, raw: Mapping[str, Any], now: datetime) -> Struct | None:
        """Return the row when it fits without mending, else None; or raise what the conversion raises."""
        present = {name: value for name, value in raw.items() if value is not None and value != ""}
        values = self._arranged(present)
        zone = self.zone(values.get("store"))
        for name in self._times:
            if name in values:
                values[name] = self._time(values[name], zone)
        if self._is_event:
            values["received_at"] = now
            if "event_id" not in values:
                values["event_id"] = present_identity("events", values["store"], present)
        for name in self._numeric_ids:
            if (value := values.get(name)).__class__ is int:
                values[name] = str(value)
        for name in self._locale_texts:
            if name in values and values[name][:1] == "{":
                return None
        for name in self._objects:
            if name in values and not flat(values[name]):
                return None
        row = self._filled(msgspec.convert(values, self._type, strict=False))
        encoded = self._encode(row)  # raises where a text is not valid Unicode
        if (
            b"\\u0000" in encoded
            or b'" ' in encoded
            or b' "' in encoded
            or (len(encoded) > MAX_BYTES and self._attributes in values)
        ):
            return None  # a NUL, blanks around a text, or perhaps too much: looked at one by one
        ids = self._id_values(row)
        if (not encoded.isascii() or b"\\" in encoded) and any(
            name is not None and name != name.strip() for name in ids
        ):
            return None  # blanks other than spaces around an identifier
        return row if MISSING_WORDS.isdisjoint(ids) and not self._breaches(row, now, None) else None

    def _time(self, value: object, zone: tzinfo) -> datetime:
        """Return a time in UTC; lines of one order share theirs, so the last one is remembered."""
        last, last_zone, moment = self._last_time
        if value != last or zone is not last_zone or value.__class__ is not last.__class__:
            moment = read_time(value, zone)
            self._last_time = (value, zone, moment)
        return moment

    def _arranged(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a row says, by column of the contract; unknown columns gathered in the attributes column."""
        values = dict(present)
        if not values.keys() <= self._names:
            kept = {name: values.pop(name) for name in present if name not in self._names}
            for name in self._keyed_extras:
                kept.pop(name, None)
            self._gather(values, kept)
        if self._default is not None and not values.get("store"):
            values["store"] = self._default
        return values

    def _gather(self, values: dict[str, Any], kept: dict[str, Any]) -> None:
        """Put flat consent columns and unknown ones where they belong."""
        if "consent" in self._names and (flat := _CONSENT_COLUMNS.keys() & kept.keys()):
            consent = {_CONSENT_COLUMNS[name]: kept.pop(name) for name in flat}
            if not isinstance(values.get("consent"), Mapping):
                values["consent"] = consent
            else:
                values["consent"] = {**consent, **values["consent"]}
        if kept and self._attributes is not None:
            own = values.get(self._attributes)
            if isinstance(own, str) and own.lstrip().startswith("{"):
                own = msgspec.json.decode(own)
            values[self._attributes] = {**kept, **own} if isinstance(own, Mapping) else own or kept

    def _mended(self, raw: object, row: int | None, now: datetime) -> Struct | tuple[FieldProblem, ...]:
        """Return the row with its values mended, or all problems."""
        if not isinstance(raw, Mapping):
            reason = f"must be an object of columns, got {shown(raw)}"
            return (FieldProblem("$", reason, "Send each row as one JSON object.", row),)
        present = {name: value for name, value in raw.items() if not (value is None or value == "")}
        try:
            values = self._arranged({json_safe(str(name)): value for name, value in present.items()})
        except (ValueError, TypeError, msgspec.MsgspecError):
            reason = f"must be a JSON object, got {shown(raw.get(self._attributes or ''))}"
            return (FieldProblem(self._attributes or "$", reason, "Give a JSON object, or its text.", row),)
        fields, problems = self._fields(values, row)
        broken = {problem.field for problem in problems}
        if self._is_event:
            fields["received_at"] = now
            if "event_id" not in fields and not broken & {"event_id", "store"} and "store" in fields:
                fields["event_id"] = present_identity("events", fields["store"], present)
        for mender in self._menders.values():
            derived = self._is_event and mender.name == "event_id"  # once its store is right
            if mender.required and not derived and mender.name not in fields and mender.name not in broken:
                problems.append(self._missing(mender.name, row))
        if problems:
            return tuple(problems)
        judged = self._filled(self.table.row(**fields))
        return tuple(self._breaches(judged, now, row)) or judged

    def _fields(self, values: Mapping[str, Any], row: int | None) -> tuple[dict[str, Any], list[FieldProblem]]:
        """Return the values that fit, mended, and the problems of the others."""
        fields: dict[str, Any] = {}
        problems: list[FieldProblem] = []
        zone = self.zone(values.get("store"))
        for name, value in values.items():
            mender = self._menders.get(name)
            if mender is None or name == "received_at":
                continue
            try:
                mended = mender.check(value, zone)
            except Unusable as unusable:
                problems.append(mender.problem(str(unusable), row))
                continue
            if mended is not None:
                fields[name] = mended
            if mender.is_id and value.__class__ is int and name not in self._numeric_ids:
                self._numeric_ids += (name,)
        if self._default is not None and "store" not in fields and not any(p.field == "store" for p in problems):
            fields["store"] = self._default
        return fields, problems

    def _missing(self, name: str, row: int | None) -> FieldProblem:
        remedy = {
            "store": "Name the store in the row, or give one with --store.",
        }.get(name, f"Give the column `{name}`, or fill it in a mapping file.")
        return FieldProblem(name, f"{IS_MISSING} in {self.table.name} and missing", remedy, row)

    def _filled(self, row: Struct) -> Struct:
        """Return the row with what the contract of its store puts where nothing came."""
        if self._rules is None:
            return row
        store = self._stores.get(row.store)  # type: ignore[attr-defined]  # every table has the column
        return row if store is None else self._rules.filled(self.table.name, row, store)

    def _breaches(self, judged: Struct, now: datetime, row: int | None) -> list[FieldProblem]:
        """Return what is wrong with a row whose single values all fit."""
        problems: list[FieldProblem] = []
        store: str = judged.store  # type: ignore[attr-defined]  # every table of the contract has the column
        if self._default is not None and store != self._default:
            remedy = f"Rows taken here belong to {self._default!r}; send others on their own way in."
            problems.append(FieldProblem("store", f"must be {self._default!r}, got {shown(store)}", remedy, row))
        elif store not in self._stores and store and self.table is not STORES:
            known = ", ".join(list(self._stores)[:20]) or "none yet"
            remedy = f"Declare it with `PUT /v1/stores` or in a table `stores`. Known: {known}."
            problems.append(FieldProblem("store", f"must be a known store, got {shown(store)}", remedy, row))
        if self.table.time is not None:
            problems += self._time_breaches(getattr(judged, self.table.time), now, row)
        if self._is_event and judged.product is None and judged.type in NEEDS_PRODUCT:  # type: ignore[attr-defined]
            kind = judged.type  # type: ignore[attr-defined]
            remedy = "Name the product, or use the type `custom` for what concerns none."
            problems.append(FieldProblem("product", f"{IS_MISSING} for the event type, got {kind!r}", remedy, row))
        if self._rules is not None and store in self._stores:
            problems += self._rules.check(self.table.name, judged, row)
        if self.table is STORES:
            problems += self._zone_breaches(judged.time_zone, row)  # type: ignore[attr-defined]
        return problems

    def _time_breaches(self, moment: datetime, now: datetime, row: int | None) -> list[FieldProblem]:
        name = self.table.time or "$"
        if moment > now + self._tolerance:
            reason = f"must not lie in the future, got {moment.isoformat()}"
            remedy = f"It is {now.isoformat(timespec='seconds')} here; check the clock and the time zone of the source."
            return [FieldProblem(name, reason, remedy, row)]
        if moment < FIRST_MOMENT:
            reason = f"must not lie before 1970, got {moment.isoformat()}"
            return [FieldProblem(name, reason, "Leave out times that stand for none.", row)]
        return []

    def _zone_breaches(self, name: str, row: int | None) -> list[FieldProblem]:
        try:
            zone_named(name)
        except ValueError:
            reason = f"must be an IANA time zone, got {shown(name)}"
            return [FieldProblem("time_zone", reason, "Use a name such as Europe/London or UTC.", row)]
        return []

    def zone(self, store: object) -> tzinfo:
        """Return the time zone of a store; UTC where the store is not known."""
        if not isinstance(store, str):
            return UTC
        declared = self._stores.get(store)
        if declared is None:
            return UTC  # never kept: a stranger's names must not fill the memory
        cached = self._zones.get(store)
        if cached is None or cached[0] is not declared:
            cached = self._zones[store] = (declared, _zone_or_utc(declared.time_zone))
        return cached[1]


def flat(kept: Any) -> bool:  # noqa: ANN401 - raw
    """Return whether an object holds few plain values that JSON keeps as they are."""
    return len(kept) <= MAX_KEYS and all(
        value.__class__ in _SCALARS or (value.__class__ is float and isfinite(value)) for value in kept.values()
    )


def _zone_or_utc(name: str) -> tzinfo:
    try:
        return zone_named(name)
    except ValueError:
        return UTC
