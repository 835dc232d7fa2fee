"""An experiment as a merchant reads it: the answer first, the evidence below, the machinery last. HTML and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jinja2
import msgspec
from markupsafe import Markup

from shopkeeper.experiments.analysis_record import Analysis, ArmNovelty, Estimate, Interval, Outcome, Point
from shopkeeper.experiments.log_record import ExperimentRecord, Resolution, outcome_word
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.quality.charts import Band, Mark, MarkRow, band_chart, interval_chart, percent

MINUS: Final = "\N{MINUS SIGN}"
CHIPS: Final[dict[Outcome, str]] = {
    "wins": "good", "loses": "bad", "flat": "soft", "mixed": "odd", "running": "soft", "invalid": "bad",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known of an experiment.

    Attributes:
        number: Of the analysis in the log; 0 without one.
        analysis: The newest; None before there is one.
        resolutions: What was decided, newest first.
    """

    record: ExperimentRecord
    number: int
    analysis: Analysis | None
    resolutions: Sequence[Resolution]

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        found: dict[str, Any] = msgspec.to_builtins(
            {
                "experiment": self.record,
                "analysis_number": self.number,
                "analysis": self.analysis,
                "decisions": list(self.resolutions),
                "answer": answer(self),
            }
        )
        return found


def answer(report: Report) -> str:
    """Return in one or two sentences what came out."""
    analysis, plan = report.analysis, report.record.plan
    if analysis is None or analysis.verdict is None:
        return f"{plan.title}: not analysed yet. Analyse it: shopkeeper experiment analyze {plan.name}."
    verdict = analysis.verdict
    text = f"{plan.title}: {verdict.words}"
    if verdict.next_step:
        text += f" What the plan says is done then: {verdict.next_step}"
    if report.resolutions:
        decided = report.resolutions[0]
        text += f" {decided.person} decided on {decided.at:%Y-%m-%d}: {decided.choice}."
    return text


def report_page(report: Report) -> str:
    """Return the page of an experiment; it needs nothing but itself, and everything that came from data is escaped."""
    plan, analysis = report.record.plan, report.analysis
    outcome = analysis.verdict.outcome if analysis and analysis.verdict else None
    return _page().render(
        report=report, word=outcome_word(outcome, report.record.state), record=report.record,
        plan=plan, analysis=analysis, answer=answer(report), chips=CHIPS,
        units=sum(analysis.units.values()) if analysis else 0,
        over_time=[(arm.name, _over_time(report, arm.name)) for arm in plan.others] if analysis else [],
        aged=[(one, _aged_chart(report, one)) for one in analysis.novelty] if analysis else [],
        metric_chart=_metric_chart(analysis) if analysis else None,
        segment_chart=_segment_chart(analysis) if analysis else None,
        settings=msgspec.json.format(msgspec.json.encode(plan.arms), indent=2).decode(),
    )  # fmt: skip


def _over_time(report: Report, arm: str) -> Markup | None:
    analysis, plan = report.analysis, report.record.plan
    points = [point for point in analysis.over_time if point.arm == arm] if analysis else []
    bands = [_band(point) for point in points]
    drawn = [band for band in bands if band is not None]
    if not drawn:
        return None
    up = CATALOGUE[plan.primary.metric].direction == "up"
    goal = plan.primary.minimum_uplift if up else -plan.primary.minimum_uplift
    words = f"Effect of {arm} on {plan.primary.metric} over the units exposed up to each day, with both intervals"
    return band_chart(drawn, [("worth having", goal)], words)


def _band(point: Point) -> Band | None:
    inner, outer = _ends(point.fixed), _ends(point.always)
    if inner is None or outer is None:
        return None
    return Band(f"{point.day:%d %b}", point.relative, inner, outer)


def _ends(interval: Interval) -> tuple[float, float] | None:
    return None if interval.low is None or interval.high is None else (interval.low, interval.high)


def _aged_chart(report: Report, one: ArmNovelty) -> Markup | None:
    rows = [
        MarkRow(f"day {point.day}", (Mark("own", point.relative, *ends),))
        for point in one.days
        if (ends := _ends(point.fixed)) is not None
    ]
    words = f"Effect of {one.arm} on {report.record.plan.primary.metric} on each day since a shopper was first in it"
    return interval_chart(rows, words, percent) if rows else None


def _metric_chart(analysis: Analysis) -> Markup | None:
    rows = []
    for one in analysis.effects:
        marks = [_mark("own", one.best)]
        if one.adjusted is not None:
            marks.append(_mark("base", one.unadjusted))
        drawn = tuple(mark for mark in marks if mark is not None)
        if drawn:
            label = one.metric if len(analysis.units) == 2 else f"{one.metric} {one.arm}"
            rows.append(MarkRow(label.replace("_", " "), drawn))
    return interval_chart(rows, "Relative effect on each metric with its interval", percent) if rows else None


def _segment_chart(analysis: Analysis) -> Markup | None:
    rows = [
        MarkRow(one.segment if len(analysis.units) == 2 else f"{one.segment} {one.arm}", (mark,))
        for one in analysis.segments
        if (mark := _mark("own", one.estimate)) is not None
    ]
    return interval_chart(rows, "Relative effect on the primary metric in each group", percent) if rows else None


def _mark(kind: str, estimate: Estimate) -> Mark | None:
    ends = _ends(estimate.fixed)
    return None if ends is None or estimate.reason else Mark(kind, estimate.relative, *ends)


def signed(value: float | None) -> str:
    """Return a relative effect: `+4.2%`; nothing for no bound."""
    if value is None:
        return ""
    return f"{100 * value:+.1f}%".replace("-", MINUS)


def interval(found: Interval) -> str:
    """Return both ends: `+1.2% to +7.3%`."""
    return f"{signed(found.low)} to {signed(found.high)}" if found.low is not None and found.high is not None else ""


def figure(value: float) -> str:
    """Return a metric's own value with four digits."""
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def chance(p: float) -> str:
    """Return a p value; very small ones as a bound."""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shopkeeper.experiments", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        signed=signed, interval=interval, figure=figure, chance=chance, catalogue=CATALOGUE, percent=percent
    )
    return environment


@cache
def _page() -> jinja2.Template:
    return _environment().get_template("report_page.html")
