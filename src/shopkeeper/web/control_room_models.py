"""Model versions as a person reads them: which serves, how good each is and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.registry.figures import interval_text, is_interval
from shopkeeper.registry.ports import ALIASES, Alias, ModelVersion
from shopkeeper.web.locale_text import ago
from shopkeeper.wiring.serving import Serving

SHOWN = 50
METRIC_WORDS = {
    "ndcg": "How high the products a shopper took stood in the list: 1 = always first, 0 = never in the first",
    "hit_rate": "Share of shoppers who took one of the first",
    "hr": "Share of shoppers who took one of the first",
    "recall": "Share of what a shopper took that was among the first",
    "mrr": "One over the place of the product a shopper took, among the first",
    "coverage": "Share of the catalogue that is in anyone's first",
}


@dataclass(frozen=True, slots=True)
class MetricView:
    """One metric with its interval, of the model, its baseline and the difference.

    Attributes:
        words: What it means, in one line.
        certain: The 95% interval of the difference does not hold zero.
    """

    name: str
    words: str
    model: str
    baseline: str
    difference: str
    certain: bool
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SliceView:
    """The deciding metric for some of the shoppers, each figure with its interval."""

    name: str
    cases: int
    model: str
    baseline: str
    difference: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One registered version.

    Attributes:
        when: How long ago it was registered.
        deciding: The metric that blesses; None where the report does not say.
        cases: Shoppers behind each metric.
        report: The training report; None when there is none.
        card: Its card was written.
    """

    version: ModelVersion
    aliases: tuple[Alias, ...]
    serving: bool
    when: str
    deciding: MetricView | None
    metrics: tuple[MetricView, ...]
    slices: tuple[SliceView, ...]
    cases: int | None
    baseline: str | None
    report: Mapping[str, Any] | None
    card: bool


@dataclass(frozen=True, slots=True)
class ServedView:
    """What one system answers with now.

    Attributes:
        version: None = the rules answer, there is no model.
        problem: Why the champion does not serve; None when it does.
    """

    system: str
    version: str | None
    champion: VersionView | None
    problem: str | None


def served_views(serving: Serving, now: datetime) -> list[ServedView]:
    """Return what each system answers with now."""
    loaded = serving.system.version
    found = next((view for view in model_views(serving, now).get(serving.system.name, ()) if view.serving), None)
    return [ServedView(serving.system.name, loaded, found, serving.release.error)]


def model_views(serving: Serving, now: datetime) -> dict[str, list[VersionView]]:
    """Return the newest versions of each system, newest first."""
    registry = serving.state.registry
    models = serving.settings.folder(serving.settings.engines.models)
    versions = list(registry.versions())
    reports = {
        report.body.get("version"): report.body for report in serving.state.reports.latest("training", limit=200)
    }
    systems = list(dict.fromkeys(version.system for version in versions))
    pointers = {(system, alias): registry.pointer(system, alias) for system in systems for alias in ALIASES}
    views: dict[str, list[VersionView]] = {}
    for version in versions:
        group = views.setdefault(version.system, [])
        if len(group) >= SHOWN:
            continue
        aliases = tuple(alias for alias in ALIASES if pointers[version.system, alias] == version.version)
        loaded = version.system == serving.system.name and version.version == serving.system.version
        card = (models / version.folder / CARD_FILE).is_file()
        group.append(version_view(version, aliases, loaded, reports.get(version.version), now, card=card))
    return views


def version_view(
    version: ModelVersion,
    aliases: tuple[Alias, ...],
    serving: bool,
    report: Mapping[str, Any] | None,
    now: datetime,
    *,
    card: bool,
) -> VersionView:
    """Return one version ready to be shown."""
    figures = version.metrics
    names = [name for name, found in figures.items() if is_interval(found)]
    metrics = tuple(metric_view(name, figures) for name in names)
    deciding = report.get("metric") if report else None
    cases = figures.get("cases")
    return VersionView(
        version=version,
        aliases=aliases,
        serving=serving,
        when=ago(version.created_at, now),
        deciding=next((metric for metric in metrics if metric.name == deciding), metrics[0] if metrics else None),
        metrics=metrics,
        slices=tuple(_slice(name, found) for name, found in figures.get("slices", {}).items()),
        cases=cases if isinstance(cases, int) else None,
        baseline=str(report["baseline"]) if report and "baseline" in report else None,
        report=report,
        card=card,
    )


def metric_view(name: str, figures: Mapping[str, Any]) -> MetricView:
    """Return one metric in words and figures; digits go as far as its interval supports."""
    found = figures[name]
    other = figures.get("baseline", {}).get(name, {})
    gap = figures.get("difference", {}).get(name, {})
    low, high = found.get("low"), found.get("high")
    family, _, cut = name.partition("@")
    words = METRIC_WORDS.get(family, "")
    return MetricView(
        name=name,
        words=f"{words} {cut}".strip() if words else "",
        model=interval_text(found),
        baseline=interval_text(other),
        difference=interval_text(gap, signed=True),
        certain="low" in gap and (gap["low"] > 0 or gap["high"] < 0),
        value=float(found["value"]),
        low=low,
        high=high,
    )


def points(views: Sequence[VersionView]) -> list[dict[str, Any]]:
    """Return what the chart of the deciding metric draws, oldest version first."""
    return [
        {
            "version": view.version.version,
            "model": view.version.model,
            "serving": view.serving,
            "value": view.deciding.value,
            "low": view.deciding.low,
            "high": view.deciding.high,
            "baseline": view.baseline if view.baseline != view.version.model else None,
            "beside": view.version.metrics.get("baseline", {}).get(view.deciding.name),
        }
        for view in reversed(views)
        if view.deciding is not None
    ]


def _slice(name: str, found: Mapping[str, Any]) -> SliceView:
    return SliceView(
        name=name.replace("_", " "),
        cases=int(found.get("cases", 0)),
        model=interval_text(found.get("model", {})),
        baseline=interval_text(found.get("baseline", {})),
        difference=interval_text(found.get("difference", {}), signed=True),
    )
