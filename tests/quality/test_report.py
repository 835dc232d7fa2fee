"""The report tells a check to people, machines and gates; its page needs nothing else and escapes all it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.engines.state import open_state
from shopkeeper.quality.report import DailyEvents, Finding, Offender, QualityReport, RejectedReason, SourceCount
from shopkeeper.quality.report_page import chart_script, line, report_page
from shopkeeper.quality.verdict import latest_verdict, with_trends

Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""

EVIL = "<script>alert(1)</script>"


def report(figure: float = 0.5, store: str = "uk") -> QualityReport:
    worst = (Offender(EVIL, 3.0, f"{EVIL} 3 rows"),)
    bad = Finding("prices", store, "fail", figure, 0.95, True, "share", "Mend <b>it</b>.", "1 of 2", "accuracy", worst)
    fine = Finding("events", store, "pass", 12.0, 1.0, True, "rows", "")
    return QualityReport(
        "2026-01-31T12:00:00+00:00",
        (fine, bad),
        rejected=(RejectedReason(store, "events", "price", EVIL, "Send 0 or more.", 4, (EVIL,)),),
        sources=(SourceCount(store, "sales", "exact duplicates", 5, 100),),
        contracts={store: "abc"},
        daily=(DailyEvents(store, ("2026-01-01", "2026-01-02"), (1.0, 3.0)), DailyEvents("</script>", ("d",), (1.0,))),
    )


@pytest.mark.parametrize("charts", [False, True])
def test_the_page_escapes_what_it_shows_and_loads_nothing(charts: bool) -> None:
    page = report_page(report(), charts=charts)
    script = chart_script()
    own = page.replace(script.read_text("utf-8"), "") if script is not None else page
    assert EVIL not in own
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in own
    assert "Mend &lt;b&gt;it&lt;/b&gt;." in own
    assert "src=" not in own
    assert "href=" not in own
    assert own.count("<script") == own.count("</script>") == (3 if charts and script is not None else 0)


def test_without_charts_the_page_is_small_and_draws_lines() -> None:
    page = report_page(report())
    assert len(page) < 20_000
    assert "<polyline" in page


def test_a_line_goes_from_the_bottom_to_the_top() -> None:
    assert line((0.0, 10.0), 100, 22) == "0.0,20.0 100.0,2.0"
    assert line((5.0,), 100, 22) == "0.0,2.0"


def test_the_newest_verdict_is_what_gates_read() -> None:
    state = open_state("sqlite://")
    try:
        assert latest_verdict(state.reports, "uk") is None
        state.reports.save("check", report(0.9).as_dict(), "uk")
        number = state.reports.save("check", report(0.4).as_dict(), "uk")
        state.reports.save("check", report(0.1, "de").as_dict(), "de")
        verdict = latest_verdict(state.reports, "uk")
        assert verdict is not None
        assert (verdict.number, verdict.status, verdict.failed, verdict.warned) == (number, "fail", ("prices",), ())
        assert (verdict.contract, verdict.figures) == ("abc", {"prices": 0.4, "events": 12.0})
        assert verdict.age_seconds(verdict.checked_at + timedelta(hours=1)) == 3600
        told = with_trends(report(0.3), {"uk": state.reports.latest("check", 20, "uk")})
        assert {found.name: found.trend for found in told.findings} == {"prices": (0.9, 0.4), "events": (12.0, 12.0)}
    finally:
        state.close()


def test_checks_kept_before_there_were_contracts_are_still_read() -> None:
    state = open_state("sqlite://")
    try:
        finding = {"name": "events", "status": "warn", "figure": None}
        state.reports.save("check", {"status": "warn", "findings": [finding]}, "uk")
        verdict = latest_verdict(state.reports, "uk")
        assert verdict is not None
        assert (verdict.contract, verdict.warned, verdict.figures) == ("", ("events",), {})
    finally:
        state.close()


def test_a_report_splits_by_store() -> None:
    both = replace(report(), findings=(*report().findings, *report(store="de").findings))
    part = both.of_store("de")
    assert (part.stores, part.rejected, part.contracts) == (("de",), (), {})
    assert msgspec.json.decode(msgspec.json.encode(part.as_dict()))["counts"] == {"pass": 1, "warn": 0, "fail": 1}


def test_the_text_names_the_worst_the_reasons_and_the_source_rows() -> None:
    text = report().as_text()
    assert f"{EVIL}: {EVIL} 3 rows" in text
    assert "5 of 100 rows: exact duplicates (sales)" in text
    assert "4 x events.price" in text


def test_readiness_names_the_figure_that_decides_and_what_to_send(data: Data) -> None:
    products = [Product(product=f"p{n}", store="uk", price=1.0, cost=0.5 if n < 6 else None) for n in range(10)]
    data.rows("products", *products)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(10):
        data.events(2, product=f"p{n}", price=1.0 + n % 2, ts=moment + timedelta(days=n), order_id=f"o{n}")
        data.events(1, product=f"p{n}", price=5.0, ts=moment + timedelta(days=n), order_id=f"o{n}")
    carried = {f"{one.system}: {one.feature}": one for one in data.report().readiness}
    cost = carried["pricing: margin targets"]
    assert (cost.carries, cost.figure, cost.send) == ("weak", 6 / 10, "Fill `cost` of products.")
    assert (carried["pricing: elasticities"].carries, carried["pricing: elasticities"].figure) == ("weak", 1.0)
    assert carried["recommendations: products that go together"].figure == 30 / 10
    assert carried["experiments: A/B tests on orders"].figure == pytest.approx(10 / (10 / 7))
    assert carried["recommendations: learning from what was shown"].carries == "not yet"
