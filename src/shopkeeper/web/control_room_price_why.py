"""Why one price is what it is, and what other margin targets bring, as a person reads it: words, curves, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from shopkeeper.pricing.explanation import Evidence, Explained, Explanation, Frontier, Point, Reached, Week
from shopkeeper.pricing.proposal import Outcome, Span, Tried
from shopkeeper.quality.curve_chart import Place, Upright, curve_chart
from shopkeeper.web.control_room_price_words import Word, percent, rule_words, span
from shopkeeper.web.locale_text import money, number

CURVES: Final = (
    ("units", "Units a week"), ("revenue", "Revenue a week"), ("profit", "Margin in money a week"),
)  # fmt: skip
"""Figures that are drawn against price: field of a point, and what it is called."""
_WHY: Final = {
    "hold": "It is held.",
    "best_as_is": "No other price that the rules allow is better.",
    "objective": "It brings more.",
    "target": "A margin target asks for it.",
    "explore": "It is tried out to learn how demand answers.",
    "asked": "A person asked for it.",
}


@dataclass(frozen=True, slots=True)
class WhyView:
    """What the page shows of one price.

    Attributes:
        answer: In sentences.
        curves: Title and drawing of each figure against price; empty where nothing is known.
        points: The table behind them.
        binding, hold: Rules that keep out a better price; rules that keep it where it is.
        elasticity: How units answer to price, in a sentence; empty where nobody knows.
        evidence: What that rests on, in sentences.
        history: Drawing of the weeks' prices; None where it has no history.
    """

    found: Explained
    answer: str
    curves: tuple[tuple[str, Markup], ...]
    points: tuple[Point, ...]
    binding: tuple[Word, ...]
    hold: tuple[Word, ...]
    elasticity: str
    evidence: tuple[str, ...]
    history: Markup | None


def why_view(found: Explained) -> WhyView:
    """Return what is shown of an explained price."""
    one = found.proposal
    return WhyView(
        found, answer(found), tuple(curves(found.why, one.currency)) if found.why else (),
        found.why.curve if found.why else (), tuple(map(rule_words, one.binding)), tuple(map(rule_words, one.hold)),
        slope_words(one.elasticity, one.support), tuple(evidence_words(found.evidence)) if found.evidence else (),
        history_chart(found.history) if found.history else None,
    )  # fmt: skip


def answer(found: Explained) -> str:
    """Return what a price is, what it would be and what that brings, in sentences."""
    one = found.proposal
    now, new = money(one.current, one.currency), money(one.proposed, one.currency)
    first = f"{now} now; {new} would be proposed." if one.moves else f"{now} now, and it would stay."
    return f"{first} {_WHY[one.why]}{_tried(one.tried, one.currency)}{_brings(one.at_proposed, one.currency)}"


def _tried(tried: Tried | None, currency: str) -> str:
    if tried is None:
        return ""
    return (
        f" Without that it would be {money(tried.instead, currency)}; expected to give up {money(tried.cost, currency)}"
        f" a week, {money(tried.risk, currency)} at risk, for {money(tried.gain, currency)} in each later week."
    )


def _brings(outcome: Outcome | None, currency: str) -> str:
    if outcome is None:
        return ""
    units, revenue = outcome.units, outcome.revenue
    return (
        f" At that price a week is expected to bring {_amount(units)} units and {money(revenue.expected, currency)} of"
        f" revenue ({number(revenue.low)} to {number(revenue.high)}), without tax; intervals of 90%."
    )


def _amount(found: Span) -> str:
    digits = 0 if found.expected >= 20 else 1
    low, expected, high = (number(one, digits=digits) for one in (found.low, found.expected, found.high))
    return f"{expected} ({low} to {high})"


def curves(why: Explanation, currency: str) -> list[tuple[str, Markup]]:
    """Return each figure drawn against price, today's and the proposed price marked."""
    uprights = [Upright(why.current, f"now {why.current:.2f}", "base")]
    if why.chosen != why.current:
        uprights.append(Upright(why.chosen, f"proposed {why.chosen:.2f}", "own"))
    if why.better is not None:
        uprights.append(Upright(why.better, f"kept out {why.better:.2f}", "champ"))
    found = []
    for name, title in CURVES:
        places = [_place(point, name) for point in why.curve]
        unit = "units" if name == "units" else f"{currency} without tax"
        words = f"{title} against the shown price, with an interval of 90%; the table below has the same"
        found.append(
            (
                title,
                curve_chart(places, uprights, words, names=(f"Shown price, {currency}", unit), at=_cents, shown=_axis),
            )
        )
    return found


def _place(point: Point, name: str) -> Place:
    low, value, high = getattr(point, name)
    return Place(point.price, low, value, high, out=bool(point.broken))


def slope_words(slope: Span | None, support: str) -> str:
    """Return how units answer to price, in a sentence; empty where nobody knows."""
    if slope is None or support == "none":
        return ""
    whose = "its own sales" if support == "own" else "its category"
    return (
        f"1% of price is {slope.expected:+.2f}% of units (90%: {slope.low:+.2f} to {slope.high:+.2f}), by the word of"
        f" {whose}."
    ).replace("-", "\N{MINUS SIGN}")


def evidence_words(found: Evidence) -> list[str]:
    """Return what a slope rests on, in sentences."""
    source = "shown prices" if found.price_source == "shown" else "what was paid, as no shown prices were imported"
    said = [f"Seen in {found.weeks} weeks at {found.prices_seen} different prices; prices are {source}."]
    if found.own is None or found.own_error is None:
        said.append("Its own price never moved, so its own sales tell nothing.")
    else:
        said.append(
            f"Its own sales alone: {_signed(found.own)} (standard error {found.own_error:.2f}); they settle"
            f" {percent(found.settled, 0)} of what is unknown."
        )
    if found.category is not None and found.category_sd is not None:
        bias = f"; bias taken out {_signed(found.reaction)}" if found.reaction else ""
        said.append(f"Its category: {_signed(found.category)} (standard deviation {found.category_sd:.2f}){bias}.")
    if found.rival:
        said.append(f"1% of the rivals' price is {_signed(found.rival)}% of its units.")
    return said


def history_chart(weeks: Sequence[Week]) -> Markup:
    """Return the weeks' prices drawn over time."""
    places = [Place(float(one.monday.toordinal()), one.price, one.price, one.price) for one in weeks]
    words = "Price without tax by week; the table below has the same"
    return curve_chart(places, (), words, names=("Week of", "Price without tax"), at=_day, shown=_axis)


@dataclass(frozen=True, slots=True)
class FrontierView:
    """What other margin targets bring.

    Attributes:
        answer: In sentences.
        chart: Revenue against margin; None with fewer than two points.
    """

    found: Frontier
    answer: str
    chart: Markup | None


def frontier_view(found: Frontier) -> FrontierView:
    """Return what is shown of a frontier."""
    today, currency = found.today, found.currency
    said = (
        f"Today's prices in {found.store} are expected to bring {money(today.revenue, currency)} of revenue and"
        f" {money(today.profit, currency)} of margin in the coming week, {percent(today.margin)} of it."
    )
    best = max((one for one in found.points if one.reachable and one.lift), key=_lift, default=None)
    if best is not None and best.target is not None and best.lift is not None:
        said += (
            f" Of the targets the rules let be met, {percent(best.target)} brings most: {span(best.lift)} of the"
            f" objective, {best.moved:,} prices moved."
        )
    else:
        said += " The rules let none of these targets be met as surely as the policy wants."
    return FrontierView(found, said, _frontier_chart(found) if len(found.points) > 1 else None)


def _lift(one: Reached) -> float:
    return one.lift.expected if one.lift else 0.0


def _frontier_chart(found: Frontier) -> Markup:
    points = sorted(found.points, key=lambda one: one.margin)
    places = [Place(one.margin, one.revenue, one.revenue, one.revenue, out=not one.reachable) for one in points]
    words = "Expected revenue of a week against expected margin; the table below has the same with intervals"
    return curve_chart(
        places, [Upright(found.today.margin, f"today {percent(found.today.margin)}", "base")], words,
        names=("Margin, share of revenue", f"Revenue a week, {found.currency} without tax"), at=percent, shown=_axis,
        zero=False,
    )  # fmt: skip


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _axis(value: float) -> str:
    return number(value) if abs(value) >= 10 else f"{value:.3g}"


def _cents(value: float) -> str:
    return f"{value:.2f}"


def _day(value: float) -> str:
    return date.fromordinal(round(value)).isoformat()
