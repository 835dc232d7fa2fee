"""What the model of prices believes, as a person reads it: slopes, whose word they are, and how well it foretells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from shopkeeper.pricing.diagnosis import Bin, Diagnosis, SlopesOf
from shopkeeper.quality.charts import Mark, MarkRow, interval_chart
from shopkeeper.registry.figures import interval_text, is_interval
from shopkeeper.web.control_room_price_words import percent

CATEGORIES_DRAWN: Final = 20
METRICS: Final = {
    "forecast_accuracy": "Accuracy of the level: 1 less the errors over the units sold, of weeks it had not seen",
    "wape": "Errors over the units sold",
    "poisson_deviance": "Mean Poisson deviance: how far off, given how few are sold",
}
"""Figures of the exam that are shown beside the seasonal naive forecast's."""
CHECKS: Final = {
    "slope_coverage_90": "How often slopes of the test weeks alone lie where the model expects them; 90% is wanted",
    "mean_slope": "Mean slope, weighed by units",
    "wrong_signs": "Share of the products' own slopes above nought, before the constraint",
}


@dataclass(frozen=True, slots=True)
class FigureView:
    """One figure of the exam, of the model, of the seasonal naive forecast, and their difference."""

    words: str
    name: str
    model: str
    baseline: str
    difference: str


@dataclass(frozen=True, slots=True)
class ModelView:
    """What the page shows of a version.

    Attributes:
        answer: In sentences.
        own, believed: Distribution of the products' own slopes and of those after sharing and the constraint.
        by_category: Mean slope of each of the largest categories with an opinion; None where there is none.
    """

    found: Diagnosis
    answer: str
    figures: tuple[FigureView, ...]
    checks: tuple[FigureView, ...]
    distribution: Markup | None
    by_category: Markup | None


def model_view(found: Diagnosis) -> ModelView:
    """Return what is shown of a version."""
    figures = tuple(_figure(name, words, found.figures) for name, words in METRICS.items() if _known(name, found))
    checks = tuple(_figure(name, words, found.figures) for name, words in CHECKS.items() if _known(name, found))
    return ModelView(
        found, model_answer(found), figures, checks, distribution(found.bins) if found.bins else None,
        category_chart(found.categories),
    )  # fmt: skip


def model_answer(found: Diagnosis) -> str:
    """Return what the version believes and how well it foretells, in sentences."""
    whole = found.whole
    if whole is None:
        return "This version knows no answer to price, so while it serves every price stays."
    gap = found.figures.get("difference", {}).get("forecast_accuracy", {})
    said = f"It has an opinion on {percent(1 - whole.none, 0)} of {whole.pairs:,} products in a store"
    said += f"; the prices of the other {percent(whole.none, 0)} stay." if whole.none else "."
    if whole.mean is not None and whole.low is not None and whole.high is not None:
        said += (
            f" 1% of price is {slope(whole.mean)}% of units on average; 90% of the products lie between"
            f" {slope(whole.low)} and {slope(whole.high)}."
        )
    if is_interval(gap):
        said += f" The accuracy of its level is {interval_text(gap, signed=True)} above a seasonal naive forecast's."
    return said


def distribution(bins: Sequence[Bin]) -> Markup:
    """Draw how many slopes lie between which ends, those of single products and those believed; from the first to the
    last there are.
    """
    filled = [place for place, one in enumerate(bins) if one.own or one.believed]
    rows = [
        MarkRow(_ends(one), (Mark("base", one.own, 0, one.own), Mark("own", one.believed, 0, one.believed)))
        for one in bins[min(filled, default=0) : max(filled, default=0) + 1]
    ]
    return interval_chart(rows, "Number of slopes between two ends; the table below has the same")


def category_chart(categories: Sequence[SlopesOf]) -> Markup | None:
    """Draw the mean slope of the largest categories with its interval."""
    rows = [
        MarkRow(one.name or "without a category", (Mark("own", one.mean, one.low, one.high),))
        for one in categories[:CATEGORIES_DRAWN]
        if one.mean is not None and one.low is not None and one.high is not None
    ]
    return (
        interval_chart(rows, "Mean slope of each category, 90% interval; the table below has the same")
        if rows
        else None
    )


def slope(value: float | None) -> str:
    """Return a slope with its sign; a dash where there is none."""
    return "\N{EN DASH}" if value is None else f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _ends(one: Bin) -> str:
    if one.low is None:
        return f"below {one.high:g}".replace("-", "\N{MINUS SIGN}")
    if one.high is None:
        return f"{one.low:g} and above".replace("-", "\N{MINUS SIGN}")
    return f"{one.low:g} to {one.high:g}".replace("-", "\N{MINUS SIGN}")


def _known(name: str, found: Diagnosis) -> bool:
    return is_interval(found.figures.get(name))


def _figure(name: str, words: str, figures: Mapping[str, Any]) -> FigureView:
    return FigureView(
        words, name, interval_text(figures[name]), interval_text(figures.get("baseline", {}).get(name, {})),
        interval_text(figures.get("difference", {}).get(name, {}), signed=True),
    )  # fmt: skip
