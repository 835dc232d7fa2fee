"""Reads a data contract and names every key that is wrong, with what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NoReturn

import msgspec

from shopkeeper.commerce.tables import LOGGED_TABLES, SOURCE_TABLES, STORES, TableSchema
from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.objectives.yaml_lines import read_document
from shopkeeper.quality.contract import DataContract, FieldRule, Level, ReferenceRule, UniqueRule
from shopkeeper.quality.limits import DAY, AgeLimit, QualityLimits
from shopkeeper.quality.missing_policy import MissingPolicy, fault

VERSION: Final = 1
LEDGER: Final = "orders"
_GUIDE: Final = "docs/guides/data-quality.md shows a whole contract."
_TOP: Final = (
    "version", "fields", "unique", "references", "completeness", "accuracy", "freshness", "consistency", "volume",
    "feedback", "quarantine", "recent",
)  # fmt: skip
_FIELD: Final = ("type", "required", "min", "max", "enum", "unit", "most", "level", "reject", "missing", "means")
_POLICIES: Final = "keep, reject, {default: VALUE} or {derive: COLUMN}"
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
_SHARES: Final[Mapping[str, Mapping[str, str]]] = {
    "completeness": {
        "required": "required", "recommended": "recommended", "known_users": "known_users", "coverage": "coverage",
        "received": "received", "on_time": "on_time",
    },
    "accuracy": {"tolerance": "tolerance", "days": "accurate_days"},
    "consistency": {
        "doubled": "doubled", "foreign_currency": "foreign_currency", "bad_paths": "bad_paths",
        "price_outliers": "price_outliers",
    },
    "feedback": {"impressions": "reported", "clicks": "click_decisions", "purchases": "purchase_decisions"},
    "quarantine": {"most": "quarantined"},
    "volume": {},
}  # fmt: skip
"""Section -> key of the file -> the limit it sets, all shares."""


@lru_cache(maxsize=64)
def read_contract(text: str, name: str) -> DataContract:
    """Return the contract a YAML text holds; a text that was read before costs nothing, as a contract never changes.

    Args:
        name: Name of the file, for messages.
    Raises:
        ConfigError: it breaks the rules; names the key and what to do.
    """
    return _Reader(name).contract(read_document(text, name))


class _Reader:
    """Reads one file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def contract(self, document: object) -> DataContract:
        top = self._object(document, "", _TOP)
        if top.get("version") != VERSION:
            self._wrong("version", f"is {top.get('version')!r}", f"Write `version: {VERSION}`.")
        limits = self._limits(top)
        fields = tuple(
            self._field(table, column, rule, f"fields.{name}.{column}")
            for name, columns in self._object(top.get("fields") or {}, "fields").items()
            for table in (self._table(name, f"fields.{name}"),)
            for column, rule in self._object(columns, f"fields.{name}").items()
        )
        unique = tuple(
            self._unique(rule, f"unique[{n}]") for n, rule in enumerate(self._list(top.get("unique"), "unique"))
        )
        references = tuple(
            self._reference(rule, f"references[{n}]")
            for n, rule in enumerate(self._list(top.get("references"), "references"))
        )
        digest = sha256(msgspec.json.encode(_plain(top), order="deterministic")).hexdigest()
        return DataContract(digest, limits, fields, unique, references, "most" in (top.get("quarantine") or {}))

    def _limits(self, top: Mapping[str, Any]) -> QualityLimits:
        set_limits: dict[str, Any] = {}
        for section, shares in _SHARES.items():
            extra = {
                "completeness": ("on_time_within", "gap"), "accuracy": ("ledger",), "consistency": ("price_z",),
                "volume": ("width",),
            }.get(section, ())  # fmt: skip
            given = self._object(top.get(section) or {}, section, (*shares, *extra))
            for key, value in given.items():
                place = f"{section}.{key}"
                if key in shares:
                    set_limits[shares[key]] = self._share(value, place)
                elif key == "ledger" and value != LEDGER:
                    self._wrong(
                        place, f"is {value!r}", f"The ledger is the table `{LEDGER}`; import it from your shop."
                    )
                elif key == "on_time_within":
                    set_limits["on_time_seconds"] = self._seconds(value, place)
                elif key == "gap":
                    set_limits["gap_days"] = self._seconds(value, place) / DAY
                elif key == "price_z":
                    set_limits["price_z"] = self._positive(value, place)
                elif key == "width":
                    set_limits["volume_k"] = self._positive(value, place)
        if "recent" in top and not (days := self._seconds(top["recent"], "recent") / DAY) >= 1:
            self._wrong("recent", f"is {top['recent']!r}", "Give at least a day, such as 28d.")
        elif "recent" in top:
            set_limits["recent_days"] = days
        limits = QualityLimits(**set_limits)
        if "freshness" not in top:
            return limits
        return replace(limits, ages=self._ages(self._object(top["freshness"] or {}, "freshness")))

    def _ages(self, given: Mapping[str, Any]) -> dict[str, AgeLimit]:
        ages: dict[str, AgeLimit] = {}
        for source, limit in given.items():
            place = f"freshness.{source}"
            self._table(source.partition(".")[0], place)
            if "." in source and not source.startswith("events."):
                self._wrong(place, "names a part of a table", "Only events have parts, such as `events.click`.")
            keys = self._object(limit, place, ("warn", "error", "needed"))
            bounds = {key: self._seconds(keys[key], f"{place}.{key}") for key in ("warn", "error") if key in keys}
            if bounds.get("warn", 0) > bounds.get("error", math.inf):
                self._wrong(f"{place}.warn", "is later than error", "Warn before the error.")
            needed = self._truth(keys.get("needed", False), f"{place}.needed")
            ages[source] = AgeLimit(bounds.get("warn"), bounds.get("error"), needed)
        return ages

    def _field(self, table: TableSchema, column: str, rule: object, place: str) -> FieldRule:
        given = self._object(rule, place, _FIELD)
        kind = self._kind(table, column, place)
        if "type" in given and given["type"] != kind:
            self._wrong(f"{place}.type", f"is {given['type']!r}", f"{table.name}.{column} is {kind}.")
        numeric = kind in ("number", "integer")
        for key in ("min", "max"):
            if key in given and not numeric:
                self._wrong(f"{place}.{key}", f"bounds a field that is {kind}", "Only numbers have bounds.")
        least, most = (self._number(given[key], f"{place}.{key}") if key in given else None for key in ("min", "max"))
        if least is not None and most is not None and least > most:
            self._wrong(f"{place}.min", f"is {least:g}, above max {most:g}", "Write the smaller number as min.")
        unit = given.get("unit", "")
        if not isinstance(unit, str) or (unit and not numeric):
            self._wrong(f"{place}.unit", f"is {unit!r}", "Name the unit of a number, such as GBP, pieces or share.")
        found = FieldRule(
            table.name, column, least=least, most=most, unit=unit,
            required=self._share(given["required"], f"{place}.required") if "required" in given else None,
            choices=self._choices(given.get("enum"), kind, f"{place}.enum") if "enum" in given else (),
            broken=self._share(given.get("most", 0.0), f"{place}.most"),
            level=self._level(given.get("level", "fail"), f"{place}.level"),
            reject=self._truth(given.get("reject", True), f"{place}.reject"),
            missing=self._missing(table, column, given["missing"], f"{place}.missing") if "missing" in given else None,
            means=self._words(given.get("means", ""), f"{place}.means"),
        )  # fmt: skip
        if found.currency and "currency" not in table.column_names:
            self._wrong(f"{place}.unit", f"is {unit!r}", f"{table.name} has no currency; leave the unit out.")
        return found

    def _missing(self, table: TableSchema, column: str, value: object, place: str) -> MissingPolicy:
        match value:
            case "keep" | "reject":
                policy = MissingPolicy(value)
            case {"default": plain, **more} if not more:
                policy = MissingPolicy("default", plain)
            case {"derive": str(source), **more} if not more:
                policy = MissingPolicy("derive", source=source)
            case _:
                self._wrong(place, f"is {value!r}", f"Write {_POLICIES}.")
        own = {one.name: one for one in LOGGED_TABLES[table.name].columns}
        of_store = {f"{STORES.name.removesuffix('s')}.{one.name}": one for one in STORES.columns}
        if (why := fault(table, own[column], policy, {**own, **of_store})) is not None:
            self._wrong(place, f"cannot be `{policy}`: {why}", f"Write {_POLICIES}, or leave it out.")
        return policy

    def _words(self, value: object, place: str) -> str:
        return value if isinstance(value, str) else self._wrong(place, f"is {value!r}", "Say it in words.")

    def _unique(self, rule: object, place: str) -> UniqueRule:
        given = self._object(rule, place, ("table", "columns", "most", "level"))
        table = self._table(given.get("table"), f"{place}.table")
        columns = self._list(given.get("columns"), f"{place}.columns")
        if not columns:
            self._wrong(f"{place}.columns", "is missing or empty", "List the columns that are unique together.")
        for column in columns:
            self._kind(table, column, f"{place}.columns")
        share = self._share(given.get("most", 0.0), f"{place}.most")
        return UniqueRule(table.name, tuple(columns), share, self._level(given.get("level", "fail"), f"{place}.level"))

    def _reference(self, rule: object, place: str) -> ReferenceRule:
        given = self._object(rule, place, ("table", "column", "to", "least", "level"))
        table = self._table(given.get("table"), f"{place}.table")
        self._kind(table, given.get("column"), f"{place}.column")
        other, _, target = str(given.get("to", "")).partition(".")
        goal = self._table(other, f"{place}.to")
        self._kind(goal, target, f"{place}.to")
        return ReferenceRule(
            table.name, str(given["column"]), goal.name, target,
            self._share(given.get("least", 0.95), f"{place}.least"),
            self._level(given.get("level", "fail"), f"{place}.level"),
        )  # fmt: skip

    def _table(self, name: object, place: str) -> TableSchema:
        table = SOURCE_TABLES.get(name) if isinstance(name, str) else None
        return table or self._wrong(place, f"names {name!r}", f"Tables: {', '.join(SOURCE_TABLES)}.")

    def _kind(self, table: TableSchema, column: object, place: str) -> str:
        for known in LOGGED_TABLES[table.name].columns:
            if known.name == column:
                return known.kind
        listed = ", ".join(sorted(table.column_names))
        return self._wrong(place, f"{column!r} is no column of {table.name}", f"Its columns: {listed}.")

    def _choices(self, value: object, kind: str, place: str) -> tuple[str | float, ...]:
        wanted: tuple[type, ...] = (str,) if kind == "text" else (int, float)
        listed = self._list(value, place)
        if kind not in ("text", "number", "integer") or not listed:
            self._wrong(place, f"is {value!r}", "List at least one value, of a text or number field.")
        for one in listed:
            if not isinstance(one, wanted) or isinstance(one, bool):
                self._wrong(place, f"holds {one!r}", f"Values of this field are {kind}; put text into quotes.")
        return tuple(listed)

    def _share(self, value: object, place: str) -> float:
        number = self._number(value, place)
        if not 0 <= number <= 1:
            self._wrong(place, f"is {value!r}", "Give a share between 0 and 1, such as 0.95.")
        return number

    def _positive(self, value: object, place: str) -> float:
        number = self._number(value, place)
        return number if number > 0 else self._wrong(place, f"is {value!r}", "Give a number above 0.")

    def _number(self, value: object, place: str) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        return self._wrong(place, f"is {value!r}", "Give a number.")

    def _seconds(self, value: object, place: str) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(value))
        if match is None:
            self._wrong(place, f"is {value!r}", "Give a time such as 15m, 6h or 2d.")
        return float(match[1]) * _SECONDS[match[2]]

    def _truth(self, value: object, place: str) -> bool:
        return value if isinstance(value, bool) else self._wrong(place, f"is {value!r}", "Write true or false.")

    def _level(self, value: object, place: str) -> Level:
        if value == "warn":
            return "warn"
        return "fail" if value == "fail" else self._wrong(place, f"is {value!r}", "Write warn or fail.")

    def _list(self, value: object, place: str) -> list[Any]:
        if value is None:
            return []
        return value if isinstance(value, list) else self._wrong(place, f"is {value!r}", "Give a list.")

    def _object(self, value: object, place: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._wrong(place or "the document", f"is {value!r}", "Give an object of `key: value`.")
        for key in value:
            if known is not None and key not in known:
                where = f"{place}.{key}" if place else key
                self._wrong(where, "is not a key", f"Known here: {', '.join(known)}.")
        return value

    def _wrong(self, place: str, what: str, remedy: str) -> NoReturn:
        raise ConfigError(
            f"{self._name}: `{place}` {what}.", f"{remedy} {_GUIDE}", (FieldProblem(place, what, remedy),)
        )


def _plain(value: object) -> object:
    """Return a YAML value as JSON holds it: dates as text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
