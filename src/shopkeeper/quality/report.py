"""What a data quality check found, for people and machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

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
        limit = f"{'at least' if self.at_least else 'at most'} {_shown(self.limit, self.unit)}"
        line = f"{self.status.upper():<5} {self.name}: {_shown(self.figure, self.unit)} ({limit})"
        line += f"; {self.detail}" if self.detail else ""
        return line if self.status == "pass" else f"{line}\n      {self.remedy}"


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All findings of one check."""

    checked_at: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """The worst status of all findings."""
        found = {finding.status for finding in self.findings}
        return "fail" if "fail" in found else "warn" if "warn" in found else "pass"

    def of_store(self, store: str) -> QualityReport:
        """Return the findings of one store."""
        return QualityReport(self.checked_at, tuple(f for f in self.findings if f.store == store))

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores the findings are about."""
        return tuple(dict.fromkeys(finding.store for finding in self.findings))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        counts = {status: sum(f.status == status for f in self.findings) for status in ("pass", "warn", "fail")}
        return {
            "checked_at": self.checked_at,
            "status": self.status,
            "counts": counts,
            "findings": msgspec.json.decode(msgspec.json.encode(self.findings)),
        }

    def as_text(self) -> str:
        """Return the report in words."""
        lines: list[str] = []
        for store in self.stores:
            lines.append(f"Store {store}")
            lines += [f"  {line}" for f in self.findings if f.store == store for line in str(f).splitlines()]
        return "\n".join([*lines, f"Data quality: {self.status}."])


def _shown(figure: float | None, unit: str) -> str:
    if figure is None:
        return "nothing to measure"
    return f"{figure:.2%}" if unit == "share" else f"{figure:,.0f} {unit}"
