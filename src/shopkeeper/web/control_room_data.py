"""What came in, as a person reads it: imports, quality checks, and rows that were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shopkeeper.intake.ports import RejectedRow
from shopkeeper.quality.ports import Report
from shopkeeper.web.locale_text import number
from shopkeeper.wiring.serving import Serving

REPORTS_SHOWN = 20
PERSONAL = frozenset({"user", "visitor", "session", "ip_hash", "user_agent", "email", "name", "phone", "address"})
HIDDEN = "hidden here"


def data_view(serving: Serving, store: str | None, rows: int) -> dict[str, Any]:
    """Return the newest reports and the newest refused rows, of one store or of all."""
    refused = list(serving.quarantine.rows(rows, store))
    imports, checks = _reports(serving, "import", store), newest_checks(_reports(serving, "check", store))
    return {
        "headline": data_headline(imports, checks, serving.quarantine.count(store)),
        "imports": imports,
        "checks": checks,
        "refused": [(row, without_person(row)) for row in refused],
        "refused_count": serving.quarantine.count(store),
        "verdict": verdict,
        "measured": measured,
        "reasons": Counter((row.table, problem.field) for row in refused for problem in row.problems).most_common(8),
    }


def without_person(row: RejectedRow) -> dict[str, Any]:
    """Return a refused row as it came, with what may lead to a person hidden."""
    return {name: HIDDEN if name.lower() in PERSONAL and value else value for name, value in row.raw.items()}


def _reports(serving: Serving, kind: str, store: str | None) -> list[Report]:
    return list(serving.state.reports.latest(kind, limit=REPORTS_SHOWN, store=store))


def data_headline(imports: Sequence[Report], checks: Sequence[Report], refused: int) -> str:
    """Return the answer to the page's question in one sentence."""
    if not imports and not checks and not refused:
        return "Nothing has come in by import yet, and nothing was refused."
    parts = []
    if imports:
        rows, quarantined = (sum(report.body.get(name, 0) for report in imports) for name in ("rows", "quarantined"))
        share = 100 * quarantined / rows if rows else 0.0
        parts.append(
            f"{_plural(len(imports), 'import')} brought {number(rows)} rows, {number(quarantined)} of them "
            f"({number(share, 'en', 2)}%) refused"
        )
    if checks:
        status = {name: [r.store or "all" for r in checks if r.body.get("status") == name] for name in ("fail", "warn")}
        if status["fail"]:
            parts.append(f"the data of {', '.join(status['fail'])} does not meet its limits")
        else:
            near = f"; {', '.join(status['warn'])} with a warning" if status["warn"] else ""
            parts.append(f"no store's data fails its checks{near}")
    parts.append(f"{_plural(refused, 'row')} in quarantine now" if refused else "the quarantine is empty")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def newest_checks(reports: Sequence[Report]) -> list[Report]:
    """Return the newest check of each store, by name."""
    newest: dict[str, Report] = {}
    for report in reports:
        newest.setdefault(report.store or "", report)
    return [newest[store] for store in sorted(newest)]


def verdict(body: Mapping[str, Any]) -> str:
    """Return what a check found in one sentence."""
    counts = body.get("counts", {})
    bad, warned, met = (counts.get(name, 0) for name in ("fail", "warn", "pass"))
    failed = [finding["name"] for finding in body.get("findings", ()) if finding["status"] == "fail"]
    if bad:
        return f"{_plural(bad, 'figure')} outside the limit: {', '.join(failed)}. {met} met, {warned} near the limit."
    return f"{met} of {met + warned} figures met" + (f", {warned} near the limit." if warned else ".")


def measured(figure: float | None, unit: str) -> str:
    """Return a figure with its unit; None is `nothing to measure`."""
    if figure is None:
        return "nothing to measure"
    if unit == "share":
        return f"{number(100 * figure, 'en', 1)}%"
    return f"{number(figure, 'en', 0 if unit == 'rows' else 1)} {unit}"


def _plural(count: int, word: str) -> str:
    return f"{number(count)} {word}{'s' if count != 1 else ''}"
