"""The model card: one page about one version, for the people who answer for it.

It needs nothing but itself: no script, no server, no network. What was not measured for a version is named at the end
instead of left out in silence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jinja2
from markupsafe import Markup

from shopkeeper.quality.charts import Mark, MarkRow, bar_chart, interval_chart, point_chart
from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.registry.figures import interval_text, is_interval
from shopkeeper.training.card_facts import CardFacts

MOST_ROWS: Final = 30
"""Most rows a drawing or a table of the card has; the documents have them all."""

USES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "recommendations": (
        (
            "Choosing and ordering the products a shopper sees in a store, under the rules against live stock.",
            "Shoppers who allow personalisation by what they did; all others by product and by what is wanted now.",
        ),
        (
            "Not for prices, credit, or any decision about a person beyond the order of products.",
            "It repeats what shoppers did: what was shown more was bought more. New products come through rules.",
            "Offline figures rank models; what a version earns is measured in its test on shoppers.",
        ),
    ),
    "pricing": (
        (
            "Foretelling units of a product in a store at other prices, as runs of prices and `price explain` ask it.",
            "Slopes with their intervals, and whose word each is; where nobody knows, the price stays.",
        ),
        (
            "Not for prices that differ from shopper to shopper: it holds sums of products, nothing of a person.",
            "Slopes hold near prices that were seen; where prices followed demand they may still be too calm.",
            "Offline figures tell how it foretells; what its prices earn is measured in a test that switches weeks.",
        ),
    ),
}
"""System -> what a version is for, and what it is not for or cannot do."""


def card(facts: CardFacts) -> str:
    """Return the page of a version, below 200 kB; everything that came from data is escaped."""
    sections = {
        "calibration": _calibration(facts),
        "latency": facts.metrics.get("latency"),
        "feature importance": _importance(facts),
        "tuning history": _tuning(facts),
        "cross-validation": _folds(facts),
        "drift reference": _table_of(facts.known.get("drift")),
        "comparison with the champion": facts.metrics.get("champion"),
        "objective": facts.known.get("objective"),
        "reasons of the verdict": _reasons(facts),
        "data quality": facts.known.get("quality"),
    }
    uses, limits = USES.get(facts.system, ((), ()))
    return _PAGE.render(
        facts=facts,
        known=facts.known,
        metrics=facts.metrics,
        answer=answer(facts),
        uses=uses,
        limits=limits,
        metric_rows=_metric_rows(facts),
        metric_chart=_metric_chart(facts),
        slices=dict(list(facts.metrics.get("slices", {}).items())[:MOST_ROWS]),
        slice_chart=_slice_chart(facts),
        totals={n: f for n, f in facts.metrics.items() if is_interval(f) and "low" not in f},
        missing=[name for name, found in sections.items() if not found],
        **{name.replace(" ", "_").replace("-", "_"): found for name, found in sections.items()},
    )


def write_card(folder: Path, facts: CardFacts) -> Path:
    """Write the page beside a bundle's manifest, whole or not at all, and return where; it is no part of the bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{CARD_FILE}.{uuid4().hex[:8]}"
    with draft.open("w", encoding="utf-8") as file:
        file.write(card(facts))
        file.flush()
        os.fsync(file.fileno())
    return draft.replace(folder / CARD_FILE)


def answer(facts: CardFacts) -> str:
    """Return in two or three sentences what the version is worth."""
    deciding = facts.known.get("metric")
    found = facts.metrics.get(deciding) if deciding else None
    if not is_interval(found) or found is None:
        return "How good it is was not measured, or its report is gone."
    cases = facts.metrics.get("cases")
    asked = f" by {cases:,} cases" if isinstance(cases, int) else ""
    text = f"Judged{asked} of a time it had not seen, it reaches {deciding} {interval_text(found)}."
    baseline = facts.known.get("baseline")
    difference = facts.metrics.get("difference", {}).get(deciding, {})
    if baseline and baseline != facts.model and difference:
        text += f" Against {baseline} that is {interval_text(difference, signed=True)}."
    champion = facts.metrics.get("champion", {})
    if champion.get("difference", {}).get(deciding):
        against = interval_text(champion["difference"][deciding], signed=True)
        text += f" Against {champion.get('name', 'the version that served')} it is {against}."
    return text


def _metric_rows(facts: CardFacts) -> list[dict[str, str]]:
    """Return name, model, baseline, champion and differences of each metric that has an interval."""
    champion = facts.metrics.get("champion", {})
    return [
        {
            "name": name,
            "model": interval_text(found),
            "baseline": interval_text(facts.metrics.get("baseline", {}).get(name, {})),
            "difference": interval_text(facts.metrics.get("difference", {}).get(name, {}), signed=True),
            "champion": interval_text(champion.get(name, {})),
            "beside": interval_text(champion.get("difference", {}).get(name, {}), signed=True),
        }
        for name, found in _intervals(facts.metrics)
    ]


def _metric_chart(facts: CardFacts) -> Markup | None:
    others = (("base", facts.metrics.get("baseline", {})), ("champ", facts.metrics.get("champion", {})))
    rows = []
    for name, found in _intervals(facts.metrics):
        beside = [_mark(kind, other[name]) for kind, other in others if is_interval(other.get(name))]
        rows.append(MarkRow(name, (_mark("own", found), *beside)))
    return interval_chart(rows[:MOST_ROWS], "Each metric with its 95% interval") if rows else None


def _slice_chart(facts: CardFacts) -> Markup | None:
    rows = [
        MarkRow(name.replace("_", " "), (_mark("own", found["difference"]),))
        for name, found in facts.metrics.get("slices", {}).items()
        if is_interval(found.get("difference"))
    ]
    return interval_chart(rows[:MOST_ROWS], "Difference to the baseline in each slice") if rows else None


def _calibration(facts: CardFacts) -> dict[str, Any] | None:
    bins = [b for b in facts.metrics.get("calibration") or () if {"predicted", "observed"} <= set(b)]
    if not bins:
        return None
    points = [(float(b["predicted"]), float(b["observed"])) for b in bins]
    top = max(max(point) for point in points)
    words = "Observed share by predicted share; on the line they are equal"
    return {"bins": bins, "chart": point_chart(points, [(0, 0), (top, top)], words, names=("predicted", "observed"))}


def _importance(facts: CardFacts) -> dict[str, Any] | None:
    found = facts.known.get("importance") or facts.metrics.get("importance") or {}
    rows = [(str(n), float(v["value"] if isinstance(v, Mapping) else v)) for n, v in found.items()]
    rows = sorted(rows, key=lambda row: -abs(row[1]))[:MOST_ROWS]
    return {"rows": rows, "chart": bar_chart(rows, "Importance of each feature")} if rows else None


def _tuning(facts: CardFacts) -> dict[str, Any] | None:
    found = facts.known.get("trials")
    trials = [t for t in found if t.get("value") is not None] if isinstance(found, list) else []
    if not trials:
        return None
    points = [(float(t["number"]), float(t["value"])) for t in trials]
    words = "Value of each trial, and the best so far as a line"
    best = sorted(trials, key=lambda t: -float(t["value"]))[:10]
    names = ("trial", str(facts.known.get("metric", "value")))
    return {"trials": len(trials), "best": best, "chart": point_chart(points, _best_so_far(points), words, names=names)}


def _best_so_far(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    best, line = float("-inf"), []
    for number, value in sorted(points):
        best = max(best, value)
        line.append((number, best))
    return line


def _folds(facts: CardFacts) -> dict[str, Any] | None:
    found = facts.known.get("cross_validation")
    if not isinstance(found, Mapping):
        return None
    metric, folds = found.get("metric"), found.get("folds") or ()
    if not metric or not folds:
        return None
    rows = []
    for fold in folds:
        own, error = float(fold["metrics"][metric]), 1.96 * float(fold.get("error") or 0.0)
        base = fold.get("baseline", {}).get(metric)
        marks = [Mark("own", own, own - error, own + error)]
        marks += [Mark("base", float(base), float(base), float(base))] if base is not None else []
        rows.append(MarkRow(f"from {str(fold['cutoff'])[:10]}", tuple(marks)))
    chart = interval_chart(rows[:MOST_ROWS], f"{metric} at each moment of the past, with 95% intervals")
    return {"metric": metric, "folds": folds, "note": found.get("note", ""), "chart": chart}


def _reasons(facts: CardFacts) -> list[Mapping[str, Any]]:
    blessing = facts.known.get("blessing")
    return list(blessing.get("reasons") or ()) if isinstance(blessing, Mapping) else []


def _table_of(found: object) -> list[tuple[str, str]]:
    """Return nested values as rows of a name and a text."""
    return list(_flat(found))[: 4 * MOST_ROWS] if isinstance(found, Mapping) else []


def _flat(found: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name} ")
        elif value not in (None, "", []):
            yield f"{above}{name}".replace("_", " "), _words(value)


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = str(value)
    return f"{text[:10]} {text[11:16]} UTC" if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text) else text


def _intervals(metrics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(n, f) for n, f in metrics.items() if is_interval(f) and f.get("low") is not None]


def _mark(kind: str, found: Mapping[str, Any]) -> Mark:
    value = float(found["value"])
    return Mark(kind, value, float(found.get("low", value)), float(found.get("high", value)))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shopkeeper.training", ""),
        autoescape=True,
        undefined=jinja2.Undefined,  # a document of an older version may lack anything
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(interval=interval_text, flat=_table_of)
    return environment


_PAGE = _environment().get_template("card.html")
