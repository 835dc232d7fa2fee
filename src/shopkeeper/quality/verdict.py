"""The last word of the data quality check on a store, for gates that must not go on over bad data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from shopkeeper.quality.ports import Report, ReportStore
from shopkeeper.quality.report import QualityReport, Status

REPORT_KIND: Final = "check"
TREND: Final = 20
"""Earlier checks a trend shows."""


@dataclass(frozen=True, slots=True)
class QualityVerdict:
    """What the newest check of a store found.

    Attributes:
        checked_at: When, UTC.
        contract: Hash of the data contract it was judged by; empty for checks before there were contracts.
        failed: Names of the figures outside hard limits.
        warned: Names of the figures outside soft limits.
        figures: Name -> figure; what could not be measured is left out.
        carries: `system: feature` -> ready, weak or not yet.
    """

    number: int
    store: str
    status: Status
    checked_at: datetime
    contract: str
    failed: tuple[str, ...]
    warned: tuple[str, ...]
    figures: Mapping[str, float]
    carries: Mapping[str, str]

    def age_seconds(self, now: datetime) -> float:
        """Return how long ago the check was, seconds."""
        return (now - self.checked_at).total_seconds()


def latest_verdict(reports: ReportStore, store: str) -> QualityVerdict | None:
    """Return what the newest check of a store found; None where none ran yet."""
    kept = reports.latest(REPORT_KIND, limit=1, store=store)
    return _verdict(kept[0], store) if kept else None


def _verdict(report: Report, store: str) -> QualityVerdict:
    findings = report.body.get("findings", [])
    status = report.body.get("status")
    return QualityVerdict(
        number=report.number,
        store=store,
        status=status if status in ("pass", "warn") else "fail",
        checked_at=report.created_at,
        contract=str(report.body.get("contracts", {}).get(store, "")),
        failed=tuple(found["name"] for found in findings if found["status"] == "fail"),
        warned=tuple(found["name"] for found in findings if found["status"] == "warn"),
        figures={found["name"]: found["figure"] for found in findings if found["figure"] is not None},
        carries={f"{one['system']}: {one['feature']}": one["carries"] for one in report.body.get("readiness", [])},
    )


def with_trends(report: QualityReport, earlier: Mapping[str, Sequence[Report]]) -> QualityReport:
    """Return the report with each figure's course over earlier checks.

    Args:
        earlier: Store -> its kept checks, newest first.
    """
    past: dict[tuple[str, str], list[float]] = {}
    for store, kept in earlier.items():
        for old in reversed(kept):
            for found in old.body.get("findings", []):
                if found.get("figure") is not None:
                    past.setdefault((store, found["name"]), []).append(float(found["figure"]))
    findings = tuple(replace(one, trend=tuple(past.get((one.store, one.name), ()))) for one in report.findings)
    return replace(report, findings=findings)
