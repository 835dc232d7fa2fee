"""Price runs as a person judges them: what they change and promise, which gate said what, how far the shop is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shopkeeper.pricing.runs.ports import HowFar
from shopkeeper.pricing.runs.price_run import OPEN, Finding, PriceChange, PriceRun, PublishedPrice, RunPrice
from shopkeeper.pricing.runs.run_rows import RunTally, marks_of
from shopkeeper.web.control_room_price_offers import still_wanted
from shopkeeper.web.control_room_price_words import (
    WHY,
    Word,
    expected_words,
    explored_words,
    mark_words,
    percent,
    rule_words,
)

GATES: Final[Mapping[str, str]] = {"freshness": "Are the feeds to be believed?", "anomaly": "Is any price absurd?"}
FINDINGS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class GateView:
    """What one gate said.

    Attributes:
        word: passed, held or blocked, and `chip` its colour.
        findings: The first ones.
        more: How many findings are not among them.
    """

    name: str
    question: str
    word: str
    chip: str
    findings: tuple[Finding, ...]
    more: int


class Choice(NamedTuple):
    """One entry of a filter: what is sent, what is read, and how many prices it finds."""

    value: str
    words: str
    n: int


@dataclass(frozen=True, slots=True)
class RowView:
    """One price of a run.

    Attributes:
        marks: What is said of it.
        why: Why it is proposed.
        change: Of the shop's books since it was published; None where this run did not change it.
    """

    price: RunPrice
    why: str
    marks: tuple[Word, ...]
    change: PriceChange | None


def gate_views(run: PriceRun) -> list[GateView]:
    """Return what both gates said."""
    found = []
    for gate, question in GATES.items():
        its = [one for one in run.findings if one.gate == gate]
        blocks = any(one.blocks for one in its)
        word, chip = ("blocked", "bad") if blocks else ("held some prices", "warn") if its else ("passed", "good")
        found.append(GateView(gate, question, word, chip, tuple(its[:FINDINGS_SHOWN]), len(its[FINDINGS_SHOWN:])))
    return found


def row_views(prices: Iterable[RunPrice], changes: Iterable[PriceChange]) -> list[RowView]:
    """Return prices of a run with the newest change each was given by it."""
    newest = {one.key: one for one in changes}
    return [
        RowView(
            one, WHY[one.proposal.why],
            tuple(_said(mark, one) for mark in marks_of(one)), newest.get(one.key),
        )
        for one in prices
    ]  # fmt: skip


def _said(mark: str, price: RunPrice) -> Word:
    """Return a mark with the scope of its rule, where one stands in the row."""
    kind, _, code = mark.partition(":")
    names = price.proposal.binding if kind == "binding" else price.proposal.hold if kind == "held" else ()
    full = next((name for name in names if name.partition(" ")[0] == code), code)
    words = mark_words(mark)
    return Word(words.word.replace(rule_words(code).word, rule_words(full).word, 1), words.means)


def choices_of(tally: RunTally) -> tuple[list[Choice], list[Choice]]:
    """Return what a run's prices may be filtered by: categories, and what rules and gates said; most first."""
    categories = [Choice(name, name or "without a category", n) for name, n in tally.categories.items()]
    marks = [Choice(mark, mark_words(mark).word, n) for mark, n in tally.marks.items()]
    return categories, sorted(marks, key=lambda one: (-one.n, one.words))


def run_headline(run: PriceRun) -> str:
    """Return what a run changes and whether it may, in two or three sentences."""
    prices = f"{run.moved:,} of {run.prices:,} prices in {', '.join(run.stores) or 'no store'}"
    if not run.moved:
        changes = f"It changes none of {run.prices:,} prices in {', '.join(run.stores) or 'no store'}."
    else:
        verb = {"published": "It changed", "reverted": "It had changed"}.get(run.status, "It would change")
        changes = (
            f"{verb} {prices}, by at most {percent(run.largest)}; they bring {percent(run.share, 0)} of the money."
        )
    promised = expected_words(run)
    promise = f" Promised in a week: {promised}; intervals of 90%." if promised else ""
    return " ".join(filter(None, (f"{changes}{promise}", explored_words(run), _where(run))))


def _where(run: PriceRun) -> str:
    last = run.steps[-1].who if run.steps else ""
    wanted = still_wanted(run)
    said: dict[str, str] = {
        "blocked": "A gate stopped it: it goes no further.",
        "waiting": f"It waits for {wanted} {'person' if wanted == 1 else 'people'} to approve it.",
        "approved": "It is approved and waits to be published.",
        "scheduled": f"It is published at {run.publish_at:%Y-%m-%d %H:%M} UTC." if run.publish_at else "",
        "published": "Its prices hold.",
        "rejected": f"It was rejected by {plain_who(last)}.",
        "reverted": f"It was taken back by {plain_who(last)}.",
        "in_test": "A test lets its prices hold by turns.",
    }
    return said[run.status]


def plain_who(who: str) -> str:
    """Return who did something without the ids that prove it."""
    return who.partition(" (person ")[0] or "nobody"


def runs_headline(runs: Sequence[PriceRun], outcomes: Mapping[str, int]) -> str:
    """Return what waits, what holds and what the shop makes of it, in two sentences."""
    if not runs:
        return "No price run was begun yet."
    counts = Counter(run.status for run in runs)
    waiting = sum(counts[one] for one in OPEN)
    asked = counts["waiting"]
    first = f"{_runs(asked)} for approval" if asked else "No run waits for approval"
    ready = waiting - asked
    first += f", {ready} {'is' if ready == 1 else 'are'} approved and not published." if ready else "."
    decided = sum(outcomes.values())
    if not decided:
        return f"{first} No run has published a price yet."
    return (
        f"{first} Of {decided:,} prices that runs decided the shop shows {outcomes['confirmed']:,}, changed"
        f" {outcomes['changed']:,} itself, has said nothing of {outcomes['unsure']:,} yet, and shows another price for"
        f" {outcomes['mismatch']:,}."
    )


def _runs(n: int) -> str:
    return "1 run waits" if n == 1 else f"{n} runs wait"


def far_words(run: PriceRun, far: HowFar | None) -> str:
    """Return how far a run is with the shop, in a line of its own in the list; empty before it was published."""
    if far is None or run.status not in {"published", "reverted"}:
        return ""
    return f"{far.handed:,} of {far.decided:,} handed over, {far.confirmed:,} confirmed"


def wrong_prices(published: Iterable[PublishedPrice], stores: set[str] | None) -> list[PublishedPrice]:
    """Return prices the shop shows otherwise, those furthest off first, of stores a reader may see."""
    wrong = [one for one in published if one.outcome == "mismatch" and (stores is None or one.store in stores)]
    return sorted(wrong, key=lambda one: -abs(one.standing / one.price - 1) if one.price else 0.0)


def overdue(published: Iterable[PublishedPrice], hours: float, now: datetime) -> int:
    """Return how many prices the shop should have shown by now and has not."""
    return sum(one.outcome == "" and (now - one.at).total_seconds() > 3_600 * hours for one in published)
