"""Experiments of the past, to be found again: what was tried, what came out, what was learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from shopkeeper.experiments.analysis_record import Analysis, Outcome
from shopkeeper.experiments.log_record import Choice, ExperimentRecord, Resolution, State


class Entry(Struct, frozen=True, kw_only=True):
    """One experiment in the library.

    Attributes:
        name: Of the plan.
        title: What it is about.
        hypothesis: What was believed.
        owner: Who answers for it.
        stores: Where it ran; none = everywhere.
        tags: Words to find it by.
        metrics: Every metric of the plan, the primary one first.
        state: Whether it goes on.
        started: First day.
        stopped: Last day; None = it goes on.
        simulated: Every store in it is made up.
        outcome: Of the newest analysis; None before there is one.
        words: What was found, in a sentence.
        relative: Effect of the first arm on the primary metric.
        low: Lower end of its (1 - alpha) interval.
        high: Upper end.
        n: Units behind it.
        choice: Of the newest decision.
        learning: Of the newest decision.
    """

    name: str
    title: str
    hypothesis: str
    owner: str
    system: str
    stores: tuple[str, ...]
    tags: tuple[str, ...]
    metrics: tuple[str, ...]
    state: State
    started: date
    stopped: date | None
    simulated: bool
    outcome: Outcome | None
    words: str
    relative: float | None
    low: float | None
    high: float | None
    n: int
    choice: Choice | None
    learning: str


class Search(Struct, frozen=True, kw_only=True):
    """What is looked for; what is left out filters nothing.

    Attributes:
        text: Words that all stand somewhere in title, hypothesis, learnings, owner, metrics, arms or tags.
        store: An experiment without stores ran in all.
        since: Started on this day or later.
    """

    text: str = ""
    system: str | None = None
    store: str | None = None
    metric: str | None = None
    tag: str | None = None
    state: Literal["running", "stopped"] | None = None
    outcome: Outcome | None = None
    since: date | None = None


def entry(record: ExperimentRecord, newest: Analysis | None, resolutions: Sequence[Resolution]) -> Entry:
    """Return an experiment as the library shows it.

    Args:
        newest: Its newest analysis.
        resolutions: Newest first.
    """
    plan = record.plan
    primary = next((one for one in newest.effects if one.metric == plan.primary.metric), None) if newest else None
    best = primary.best if primary is not None and not primary.best.reason else None
    verdict = newest.verdict if newest else None
    decided = resolutions[0] if resolutions else None
    return Entry(
        name=plan.name, title=plan.title, hypothesis=plan.hypothesis, owner=plan.owner.name, system=plan.system,
        stores=plan.stores, tags=plan.tags, metrics=plan.metrics, state=record.state,
        started=record.started_at.date(), stopped=record.stopped_at.date() if record.stopped_at else None,
        simulated=record.simulated, outcome=verdict.outcome if verdict else None,
        words=verdict.words if verdict else "", relative=best.relative if best else None,
        low=best.fixed.low if best else None, high=best.fixed.high if best else None, n=best.n if best else 0,
        choice=decided.choice if decided else None, learning=decided.learning if decided else "",
    )  # fmt: skip


def found(entries: Iterable[Entry], search: Search) -> list[Entry]:
    """Return the entries that fit, in the order given."""
    return [one for one in entries if _fits(one, search)]


def _fits(one: Entry, search: Search) -> bool:
    every = " ".join((one.name, one.title, one.hypothesis, one.owner, one.learning, one.words, *one.metrics, *one.tags))
    asked = (
        (search.system, one.system), (search.state, one.state), (search.outcome, one.outcome),
    )  # fmt: skip
    return (
        all(word in every.casefold() for word in search.text.casefold().split())
        and all(wanted is None or wanted == held for wanted, held in asked)
        and (search.store is None or not one.stores or search.store in one.stores)
        and (search.metric is None or search.metric in one.metrics)
        and (search.tag is None or search.tag in one.tags)
        and (search.since is None or one.started >= search.since)
    )
