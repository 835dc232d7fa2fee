"""What an import did, for people and machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shopkeeper.intake.sources import SkippedFile


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often one field broke one rule.

    Attributes:
        examples: The first few, as `file:row value`.
    """

    table: str
    field: str
    reason: str
    remedy: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of the rows meant for one table: `read = accepted + duplicates + rejected`.

    Attributes:
        accepted: Rows that are new.
        duplicates: Rows that were there before, or that a newer row of the same key in the same file replaced.
        source: Of events: what was counted over the rows as they came, rejected and doubled ones included.
    """

    table: str
    read: int
    accepted: int
    duplicates: int
    rejected: int
    source: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Things of note among the accepted events, before duplicates are left out.

    Attributes:
        by_type: Events by type; `custom` events by `properties.name` where they have one.
        guests: Purchases without a user.
        not_products: Events about lines that are no product, such as postage and fees.
        free: Purchases with a price of 0.
        unpriced: Purchases without a price.
        unmeasured: Events of shoppers who do not allow measurement; kept as counts only.
        bought: Sum of quantity times price over purchases, in the currencies of the rows.
        returned: The same over refunds.
    """

    by_type: Mapping[str, int]
    guests: int
    not_products: int
    free: int
    unpriced: int
    unmeasured: int
    bought: float
    returned: float


@dataclass(frozen=True, slots=True)
class ReadFile:
    """How one file was read.

    Attributes:
        known_as: Name of the built-in format it was recognised as.
        detected: Encoding, separator, decimal mark and date order, rewritten columns, warnings; None for Parquet.
    """

    name: str
    tables: tuple[str, ...]
    known_as: str | None
    detected: Mapping[str, Any] | None

    def as_text(self) -> list[str]:
        """Return what a person should know of it; nothing where nothing is special."""
        lines = [f"  {self.name} is read as {self.known_as}"] if self.known_as else []
        found = self.detected or {}
        if found.get("encoding", "utf-8") not in ("utf-8", "utf-8-sig"):
            lines.append(f"  {self.name} is read as {found['encoding']}")
        rewritten: Mapping[str, str] = found.get("rewritten", {})
        words = {"comma": "decimal commas", "point": "thousands", "dmy": "dates day first", "mdy": "dates month first"}
        for kind, meaning in words.items():
            if columns := [column for column, read in rewritten.items() if read == kind]:
                lines.append(f"  {self.name}: {meaning} in {', '.join(columns)}")
        return lines + [f"  {self.name}: {warning}" for warning in found.get("warnings", ())]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One import.

    Attributes:
        rows: Rows read from all files.
        unmatched: Rows that no table of the mapping wanted; they are in quarantine.
        quarantined: Rows in quarantine from this import.
        quarantine_share: Their share of all rows read for all tables.
        quarantine_limit: Largest share within the contract.
        first: Time of the earliest accepted event, ISO 8601; None without events.
        created_store: The store was not declared, so the import declared it.
        placeholder_products: Products that events name and no table describes; they got rows with nothing but a name.
    """

    store: str | None
    path: str
    mapping: str | None
    started_at: str
    seconds: float
    rows: int
    rows_per_second: float
    tables: tuple[TableReport, ...]
    unmatched: int
    quarantined: int
    quarantine_share: float
    quarantine_limit: float
    reasons: tuple[ReasonCount, ...]
    recognised: Recognised
    first: str | None
    last: str | None
    created_store: bool
    placeholder_products: int
    skipped: tuple[SkippedFile, ...]
    files: tuple[ReadFile, ...] = ()

    @property
    def within_contract(self) -> bool:
        """Whether the quarantined share is within the contract's limit."""
        return self.quarantine_share <= self.quarantine_limit

    @property
    def source_rows(self) -> Mapping[str, int]:
        """What was counted over the event rows as they came; empty without events."""
        return next((table.source for table in self.tables if table.source), {})

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return {**document, "within_contract": self.within_contract, "source_rows": dict(self.source_rows)}

    def as_text(self) -> str:
        """Return the report in words."""
        lines = [
            f"Imported {self.path}: {self.rows:,} rows in {self.seconds:.1f} s ({self.rows_per_second:,.0f} rows/s)."
        ]
        if self.created_store:
            lines.append(f"Store {self.store} was not declared; it is now.")
        lines += [line for file in self.files for line in file.as_text()]
        lines += [
            f"  {t.table}: {t.read:,} read = {t.accepted:,} new + {t.duplicates:,} duplicates + {t.rejected:,} rejected"
            for t in self.tables
        ]
        lines += self._noted()
        if self.placeholder_products:
            lines.append(
                f"  {self.placeholder_products:,} products are known by their events only; import a table products."
            )
        lines += [f"  skipped {file.name}: it {file.reason}" for file in self.skipped]
        lines += self._quarantine()
        return "\n".join(lines)

    def _noted(self) -> list[str]:
        seen = self.recognised
        if not seen.by_type:
            return []
        types = ", ".join(f"{count:,} {name}" for name, count in seen.by_type.items())
        lines = [f"  events from {self.first} to {self.last}: {types}"]
        source = self.source_rows
        lines.append(
            f"  event rows as they came: {source.get('duplicates', 0):,} exact duplicates, "
            f"{source.get('without_user', 0):,} without a customer, {source.get('refunds', 0):,} cancellations or "
            f"returns, {source.get('negative_prices', 0):,} with a negative price"
        )
        lines.append(f"  bought {seen.bought:,.2f}, returned {seen.returned:,.2f} (before duplicates are left out)")
        noted = {
            "purchases by guests without a user": seen.guests,
            "lines that are no product": seen.not_products,
            "purchases at price 0": seen.free,
            "purchases without a price": seen.unpriced,
            "events without consent to measure, kept as counts only": seen.unmeasured,
        }
        return lines + [f"  {count:,} {words}" for words, count in noted.items() if count]

    def _quarantine(self) -> list[str]:
        share = f"{self.quarantine_share:.3%} of the rows, limit {self.quarantine_limit:.1%}"
        lines = [f"Quarantine: {self.quarantined:,} rows ({share})."]
        for reason in self.reasons[:10]:
            lines.append(
                f"  {reason.rows:,} x {reason.table}.{reason.field} {reason.reason}: {'; '.join(reason.examples)}"
            )
        if len(self.reasons) > 10:
            lines.append(f"  and {len(self.reasons) - 10} more reasons (--json lists them)")
        return lines
