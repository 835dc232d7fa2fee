"""What came in, as a person reads it: imports, quality checks, and rows that were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shopkeeper.intake.ports import RejectedRow
from shopkeeper.quality.ports import Report
from shopkeeper.web.locale_text import number
from shopkeeper.wiring.serve import Serving

REPORTS_SHOWN = 20
PERSONAL = frozenset({"user", "visitor", "session", "ip_hash", "user_agent", "email", "name", "phone", "address"})
HIDDEN = "hidden here"


def data_view(serving: Serving, store: str | None, rows: int) -> dict[str, Any]:
    """Return the newest reports and the newest refused rows, of one store or of all."""
    refused = list(serving.quarantine.rows(rows, store))
    imports, checks = _reports(serving, "import", store), _reports(serving, "check", store)
    return {
        "headline": data_headline(imports, checks, serving.quarantine.count(store)),
        "imports": imports,
        "checks": checks,
        "refused": [(row, without_person(row)) for row in refused],
        "refused_count": serving.quarantine.count(store),
        "reasons": Counter((row.table, problem.field) for row in refused for problem in row.problems).most_common(8),
    }


def without_person(row: RejectedRow) -> dict[str, Any]:
    """Return a refused row as it came, with what may lead to a person hidden."""
    return {name: HIDDEN if name.lower() in PERSONAL and value else value for name, value in row.raw.items()}


def _reports(serving: Serving, kind: str, store: str | None) -> list[Report]:
    return list(serving.state.reports.latest(kind, limit=REPORTS_SHOWN, store=store))


def data_headline(imports: Sequence[Report], checks: Sequence[Report], refused: int) -> str:
    """Return the answer to the page's question in one sentence."""
    if not imports and not refused:
        return "Nothing has come in by import yet."
    return f"{len(imports)} imports, {len(checks)} checks, {number(refused)} rows in quarantine."
