"""What lies in quarantine and what imports met, in the words of the data quality report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from shopkeeper.intake.field_words import general
from shopkeeper.intake.ports import Quarantine
from shopkeeper.quality.missing_policy import IS_MISSING
from shopkeeper.quality.ports import Report, ReportStore
from shopkeeper.quality.report import RejectedReason, SourceCount

MOST_ROWS: Final = 100_000
"""Rows of the quarantine a report looks at, the newest."""
MOST_REASONS: Final = 50
IMPORTS: Final = 5
"""Newest imports whose source rows a report states."""


def rejected_reasons(quarantine: Quarantine, store: str) -> tuple[RejectedReason, ...]:
    """Return the quarantined rows of a store by reason, the most frequent first: all reasons there are."""
    found: dict[tuple[str, str, str], RejectedReason] = {}
    for row in quarantine.rows(MOST_ROWS, store):
        for problem in row.problems:
            key = (row.table, problem.field, general(problem.reason))
            there = found.get(key) or RejectedReason(store, *key, problem.remedy, 0)
            known = row.source in there.sources or len(there.sources) >= 3
            sources = there.sources if known else (*there.sources, row.source)
            found[key] = replace(there, rows=there.rows + 1, sources=sources)
    return tuple(sorted(found.values(), key=lambda reason: -reason.rows))


def lacking(reasons: Iterable[RejectedReason]) -> dict[tuple[str, str], int]:
    """Return how many rows were rejected because they lack a field, by table and field."""
    found: Counter[tuple[str, str]] = Counter()
    for one in reasons:
        if one.reason.startswith(IS_MISSING):
            found[one.table, one.field] += one.rows
    return dict(found)


def source_counts(reports: ReportStore, store: str) -> tuple[SourceCount, ...]:
    """Return what the newest imports of a store counted over their event rows, one import per path."""
    newest: dict[str, Report] = {}
    for report in reports.latest("import", limit=100, store=store):
        newest.setdefault(str(report.body.get("path")), report)
    kept = list(newest.values())[:IMPORTS]
    return tuple(count for report in kept for count in _counts(store, report.body))


def _counts(store: str, body: dict[str, Any]) -> Sequence[SourceCount]:
    source = str(body.get("path", "")).rstrip("/").rpartition("/")[2]
    counted = body.get("source_rows") or {}
    words = {
        "duplicates": "exact duplicates",
        "without_user": "without a customer",
        "refunds": "cancellations or returns",
        "negative_prices": "with a negative price",
    }
    of = int(counted.get("events", 0))
    there = {text: int(counted[name]) for name, text in words.items() if counted.get(name)}
    return [SourceCount(store, source, text, rows, of) for text, rows in there.items()]
