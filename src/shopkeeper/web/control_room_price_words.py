"""What rules, gates and outcomes of prices are called on pages, with what each means in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from shopkeeper.pricing.proposal import Span, Why
from shopkeeper.pricing.runs.price_run import Outcome, PriceRun, Risk
from shopkeeper.web.locale_text import MINUS, money, number


class Word(NamedTuple):
    """A word and what it means."""

    word: str
    means: str = ""


KINDS: Final[Mapping[str, Word]] = {
    "anomaly": Word("held back by the gate", "The anomaly gate found the move absurd, so the price stays what it was"),
    "held": Word("may not move", "A rule, or that nothing is known of its demand or cost, keeps the price where it is"),
    "binding": Word("kept from a better price by", "Another price would bring more, and this rule keeps it out"),
    "tried": Word("tried out", "Moved to learn how demand answers; its cost is part of the run's budget for that"),
}
"""Kinds of marks."""
NAMES: Final[Mapping[str, Word]] = {
    "wobble": Word("small move by design", "Of a price whose slope is weakly known; balanced over stores and weeks"),
    "draw": Word("drawn slope", "The best price if the slope were one drawn from what is believed of it"),
    "daily_move": Word("largest move a day", "The policy's largest change from the current price"),
    "weekly_move": Word("largest move a week", "The policy's largest change from the price a week ago"),
    "below_cost": Word("below its cost", "Tax included"),
    "below_floor": Word("below its floor", "The least price the policy's rules about cost and margin allow"),
    "no_cost": Word("no believed cost", "Its cost is missing, too old or not credible"),
    "no_price": Word("no price at all", "What was proposed, or what holds now, is no number above nought"),
    "beside_held": Word("belongs to one held back", "Prices that belong together are held together"),
    "no_opinion": Word("nobody knows its demand", "Its price never moved enough, nor did those of its category"),
    "cost_unknown": Word("no believed cost", "Its cost is missing, too old or not credible"),
    "did_not_jump": Word("nothing of it jumped", "The run is about products whose cost, rivals or stock jumped"),
    "not_sold_yet": Word("not sold yet", "Nothing is learnt of a product before its first sale"),
    "price_list": Word("another price list", "Only the retail price list is learnt from"),
    "days_between_changes": Word("changed too lately", "The policy's least days between two changes"),
    "calendar": Word("held by the calendar", "The policy's calendar or a freeze of the store"),
    "over_cost": Word("cost floor", "Cost plus what the policy wants on top"),
    "margin_floor": Word("margin floor", "Least margin of every single product"),
    "prior_price": Word("lowest price of 30 days", "An announced reduction must lie below it"),
    "minimum_advertised": Word("supplier's least price", "The supplier's minimum advertised price"),
    "inflation": Word("inflation cap", "How far a price may be above that of a year ago raised by consumer prices"),
}
"""Names of rules and findings; one that is not here is shown as it is written."""
OUTCOMES: Final[Mapping[Outcome, Word]] = {
    "": Word("not confirmed yet", "The shop has said nothing of it since it holds"),
    "confirmed": Word("confirmed", "The shop's feed shows it, or somebody paid it"),
    "mismatch": Word("mismatch", "The shop shows, or charges, another price than the one decided"),
    "changed": Word("changed by the shop", "The shop showed it once and has set another price since"),
}
STATUS_CHIPS: Final[Mapping[str, str]] = {
    "blocked": "bad", "waiting": "warn", "approved": "good", "scheduled": "good", "in_test": "good",
    "published": "good", "rejected": "", "reverted": "warn",
}  # fmt: skip
RISK_MEANS: Final[Mapping[Risk, str]] = {
    "none": "No price changes",
    "low": "Small moves of little money: the policy lets the rule approve it",
    "medium": "One person approves it, not whoever began it",
    "high": "Two people approve it, neither of them whoever began it",
}
WHY: Final[Mapping[Why, str]] = {
    "hold": "held", "best_as_is": "best as it is", "objective": "brings more", "target": "a margin target asks for it",
    "explore": "tried out to learn",
    "asked": "a person asked for it",
}  # fmt: skip


def mark_words(mark: str) -> Word:
    """Return a mark as people say it: `binding:margin_floor` -> kept from a better price by: margin floor."""
    kind, _, name = mark.partition(":")
    said, what = KINDS.get(kind, Word(kind)), rule_words(name)
    return Word(f"{said.word}: {what.word}", f"{said.means}. {what.means}".strip(". "))


def rule_words(name: str) -> Word:
    """Return a rule's name as people say it, with its scope where it has one."""
    code, _, scope = name.partition(" ")
    found = NAMES.get(code, Word(code.replace("_", " ")))
    return Word(f"{found.word} {scope}".strip(), found.means)


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent."""
    return f"{number(100 * share, digits=digits)}%"


def change(share: float, digits: int = 1) -> str:
    """Return a change in percent with its sign."""
    text = f"{abs(100 * share):.{digits}f}"
    sign = "" if not text.strip("0.") else "+" if share > 0 else MINUS
    return f"{sign}{text}%"


def span(found: Span | tuple[float, float, float], digits: int = 1) -> str:
    """Return a relative change with its interval of 90%."""
    low, expected, high = (found.low, found.expected, found.high) if isinstance(found, Span) else found
    return f"{change(expected, digits)} ({change(low, digits)} to {change(high, digits)})"


def points(found: Span) -> str:
    """Return a change of a share in points, with its interval of 90%."""
    low, expected, high = (change(one).removesuffix("%") for one in (found.low, found.expected, found.high))
    return f"{expected} points ({low} to {high})"


def explored_words(run: PriceRun) -> str:
    """Return what a run tries out and what that is expected to cost, in a sentence each; empty where nothing is."""
    return " ".join(
        f"{number(one.tried)} prices are tried out to learn how demand answers: expected to give up"
        f" {money(one.cost, currency)} a week ({percent(one.share, 2)} of revenue) of"
        f" at most {money(one.budget, currency)}."
        for currency, one in run.explored.items()
    )


def expected_words(run: PriceRun) -> str:
    """Return what a run promises of its objective and the margin, by currency; empty where nothing was computed."""
    said = []
    for currency, lift in run.lifts.items():
        where = f" in {currency}" if len(run.lifts) > 1 else ""
        margin = run.margin_changes.get(currency)
        also = "" if margin is None else f", margin {points(margin)}"
        said.append(f"{run.objective.replace('_', ' ')} {span(lift)}{also}{where}")
    return "; ".join(said)
