"""A machine that says it is a person changes no figure about people, once a verdict speaks about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shopkeeper
from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.traffic import TrafficVerdict

PACKAGE = Path(shopkeeper.__file__).parent
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JUDGES = {"human_events.sql", "human_decisions.sql", "behaviour_figures.sql", "known_verdicts.sql"}
"""Those that make the verdicts, and the views that join them."""
OF_TESTS = {"outcome_rows.sql", "outcome_days.sql", "shadow_rewards.sql"}
"""Those of experiments: they leave machines out by what no arm can change, so not by every verdict."""
Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""


def test_no_query_reads_the_traffic_column_without_the_verdicts() -> None:
    queries = [path for path in PACKAGE.rglob("*.sql") if path.name not in JUDGES | OF_TESTS]
    assert len(queries) > 30
    own = re.compile(r"\btraffic\b[^\n]*'human'|\btraffic_verdicts\b")
    assert [path.name for path in queries if own.search(path.read_text("utf-8"))] == []


def test_a_judged_machine_is_in_no_figure_about_people(data: Data) -> None:
    for day in range(1, 43):
        data.events(3, days_ago=day, user=None, session=f"person {day}", surface="home", type="click", decision_id="d")
        data.events(1, days_ago=day, session=f"person {day}", order_id=f"o{day}")
    data.decisions(*(decision(f"d{n}", session="person 1") for n in range(30)))
    without = figures(data)
    for kind in ("view", "click", "impression", "purchase"):
        data.events(200, days_ago=1, user=None, session="machine", type=kind, surface="home", product="unknown",
                    price=None, order_id=None)  # fmt: skip
        data.events(40, days_ago=1, user=None, visitor="crawler", type=kind, product=None)
    data.decisions(*(decision(f"m{n}", session="machine") for n in range(300)))
    data.decisions(*(decision(f"v{n}", unit="crawler") for n in range(300)))
    believed = figures(data)
    yesterday = (NOW - timedelta(days=1)).replace(hour=0)
    for kind, subject in (("session", "machine"), ("visitor", "crawler")):
        data.verdicts(TrafficVerdict(store="uk", ts=yesterday, kind=kind, subject=subject, rule="behaviour.rate"))  # type: ignore[arg-type]
    assert {name for name in without if believed[name] != without[name]} >= {
        "events about a product that name it",
        "events whose product is known",
        "days with an unusual number of events",
        "decisions whose impressions came back",
        "clicks that carry their decision",
        "interactions",
    }
    assert figures(data) == without


def decision(name: str, session: str | None = None, unit: str = "u") -> DecisionRecord:
    return DecisionRecord(
        decision_id=name, ts=NOW - timedelta(days=1), store="uk", system="recommendations", unit=unit,
        session=session, surface="home", results=5,
    )  # fmt: skip


def figures(data: Data) -> dict[str, tuple[float | None, str]]:
    """Return what a check says about people: everything but orders against the ledger and single rows."""
    report = data.report()
    told = {f.name: (f.figure, f.detail) for f in report.findings if f.dimension not in ("accuracy", "contract")}
    told |= {one.measure: (one.figure, one.carries) for one in report.readiness}
    for daily in report.daily:
        told |= {f"events of {day}": (count, "") for day, count in zip(daily.days, daily.counts, strict=True)}
    return told
