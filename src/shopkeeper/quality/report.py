"""What a data quality check found, for people and machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import msgspec

from shopkeeper.quality.missing_values import MissingField
from shopkeeper.quality.readiness import Readiness

Status = Literal["pass", "warn", "fail"]
Dimension = Literal["completeness", "accuracy", "freshness", "consistency", "volume", "feedback", "contract"]


@dataclass(frozen=True, slots=True)
class Offender:
    """One of the worst behind a figure: a field, a day, a product, a page.

    Attributes:
        figure: How bad it is, in the words of `detail`.
    """

    name: str
    figure: float
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure beside its limit.

    Attributes:
        name: Such as `purchases with a price`.
        figure: What was measured; None = there is nothing to measure it on.
        limit: Where passing ends.
        at_least: The figure must reach the limit; else it must not pass it.
        unit: `share`, `days`, `rows`.
        remedy: What to do where it does not pass.
        detail: The counts behind the figure.
        offenders: The worst behind it, the worst first.
        trend: The figure in earlier checks, oldest first.
    """

    name: str
    store: str
    status: Status
    figure: float | None
    limit: float
    at_least: bool
    unit: str
    remedy: str
    detail: str = ""
    dimension: Dimension = "completeness"
    offenders: tuple[Offender, ...] = ()
    trend: tuple[float, ...] = ()

    def placed(self, dimension: Dimension, offenders: tuple[Offender, ...]) -> Finding:
        """Return the finding with its dimension and the worst behind it."""
        return replace(self, dimension=dimension, offenders=offenders)

    def __str__(self) -> str:
        limit = f"{'at least' if self.at_least else 'at most'} {shown_figure(self.limit, self.unit)}"
        line = f"{self.status.upper():<5} {self.name}: {shown_figure(self.figure, self.unit)} ({limit})"
        line += f"; {self.detail}" if self.detail else ""
        if self.status == "pass":
            return line
        worst = [f"      {one.name}: {one.detail}" for one in self.offenders]
        return "\n".join([line, f"      {self.remedy}", *worst])


@dataclass(frozen=True, slots=True)
class RejectedReason:
    """How many rows in quarantine broke one rule.

    Attributes:
        sources: Where they came from, at most three.
    """

    store: str
    table: str
    field: str
    reason: str
    remedy: str
    rows: int
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.rows:,} x {self.table}.{self.field} {self.reason} (from {', '.join(self.sources)})"


@dataclass(frozen=True, slots=True)
class SourceCount:
    """One thing counted over the rows of an import as they came, before duplicates are left out."""

    store: str
    source: str
    name: str
    rows: int
    of: int

    def __str__(self) -> str:
        return f"{self.rows:,} of {self.of:,} rows: {self.name} ({self.source})"


@dataclass(frozen=True, slots=True)
class DailyEvents:
    """Events of people by store-local day, ISO dates; for plots, not kept."""

    store: str
    days: tuple[str, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All findings of one check.

    Attributes:
        readiness: What the data can carry.
        missing: Every field of every table, with what is missing and what was done.
        rejected: Rows in quarantine by reason, the most frequent first.
        sources: What the newest imports counted over their rows as they came.
        contracts: Store -> hash of the data contract it was judged by.
    """

    checked_at: str
    findings: tuple[Finding, ...]
    readiness: tuple[Readiness, ...] = ()
    rejected: tuple[RejectedReason, ...] = ()
    sources: tuple[SourceCount, ...] = ()
    contracts: Mapping[str, str] = field(default_factory=dict)
    daily: tuple[DailyEvents, ...] = ()
    missing: tuple[MissingField, ...] = ()

    @property
    def status(self) -> Status:
        """The worst status of all findings."""
        found = {finding.status for finding in self.findings}
        return "fail" if "fail" in found else "warn" if "warn" in found else "pass"

    def of_store(self, store: str) -> QualityReport:
        """Return the part of the report that is about one store."""
        return QualityReport(
            self.checked_at,
            tuple(one for one in self.findings if one.store == store),
            tuple(one for one in self.readiness if one.store == store),
            tuple(one for one in self.rejected if one.store == store),
            tuple(one for one in self.sources if one.store == store),
            {name: held for name, held in self.contracts.items() if name == store},
            tuple(one for one in self.daily if one.store == store),
            tuple(one for one in self.missing if one.store == store),
        )

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores the findings are about."""
        return tuple(dict.fromkeys(finding.store for finding in self.findings))

    @property
    def fields_missing(self) -> tuple[MissingField, ...]:
        """The fields that are missing from rows, or of which the contract says what is done then."""
        return tuple(one for one in self.missing if one.missing or one.written)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions the findings belong to."""
        return tuple(dict.fromkeys(finding.dimension for finding in self.findings))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        counts = {status: sum(f.status == status for f in self.findings) for status in ("pass", "warn", "fail")}
        parts = {"findings": self.findings, "readiness": self.readiness, "rejected": self.rejected}
        listed: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**parts, "sources": self.sources}))
        head = {"checked_at": self.checked_at, "status": self.status, "counts": counts}
        missing = [{**asdict(one), "share": one.share} for one in self.missing]
        return {**head, **listed, "contracts": dict(self.contracts), "missing": missing}

    def as_text(self) -> str:
        """Return the report in words."""
        lines: list[str] = []
        for store in self.stores:
            part = self.of_store(store)
            lines.append(f"Store {store}")
            for dimension in part.dimensions:
                lines.append(f"  {dimension}")
                lines += _indented(f for f in part.findings if f.dimension == dimension)
            for title, things in (
                ("source rows, before duplicates are left out", part.sources),
                ("missing values, by field", part.fields_missing),
                ("rows in quarantine by reason", part.rejected[:10]),
                ("what this data can carry", part.readiness),
            ):
                if things:
                    lines += [f"  {title}", *_indented(things)]
        return "\n".join([*lines, f"Data quality: {self.status}."])


def _indented(things: Iterable[object]) -> list[str]:
    return [f"    {line}" for thing in things for line in str(thing).splitlines()]


def shown_figure(figure: float | None, unit: str) -> str:
    """Return a figure with its unit; None is `nothing to measure`."""
    if figure is None:
        return "nothing to measure"
    return f"{figure:.2%}" if unit == "share" else f"{figure:,.0f} {unit}"
