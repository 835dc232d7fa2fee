"""May a version go on towards shoppers? One pure function of what was measured and what the objective asks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Blessing as Rule
from shopkeeper.objectives.contract import Objective, SliceLimit
from shopkeeper.training.comparison import Against, Comparison
from shopkeeper.training.evaluate import Evaluation

SLICE_ALPHA = 0.05
"""Chance that a version no worse in any slice is refused for one, all slices together."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was asked.

    Attributes:
        rule: What was asked, such as `ndcg@10 better than the champion`.
        met: Whether it holds.
        text: Why, in words and figures.
    """

    rule: str
    met: bool
    text: str


@dataclass(frozen=True, slots=True)
class Blessing:
    """The verdict on a version with every reason for it."""

    blessed: bool
    reasons: tuple[Reason, ...]

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """What is not met."""
        return tuple(reason for reason in self.reasons if not reason.met)

    def document(self) -> dict[str, Any]:
        """Return the verdict as it is stored."""
        return {"blessed": self.blessed, "reasons": [asdict(reason) for reason in self.reasons]}


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the data of a run were like.

    Attributes:
        interactions: Rows read.
        quality: Whole verdict of the quality check; None = none was made.
        failed: Figures of the check that did not pass, warnings included.
    """

    interactions: int
    quality: Literal["pass", "warn", "fail"] | None = None
    failed: tuple[str, ...] = ()


def bless(evaluation: Evaluation, objective: Objective, data: DataFacts | None = None) -> Blessing:
    """Judge a version.

    It must beat what serves (or be proven not to be worse, where the objective says so), stand against the rule-based
    baseline, leave no slice worse than allowed, answer in time, and come from data that are good enough. What was not
    measured is not met. All metrics must pass, so none needs a correction for being one of many; slices are looked at
    for harm, so theirs is Holm's.

    Args:
        data: What the data were like; None = their limits are held elsewhere.
    """
    reasons = [
        *_metrics(evaluation, objective.blessings),
        *_slices(evaluation.opponent, evaluation.metric, objective.training.slices, objective.data.minimum_cases),
        *_technical(evaluation, objective.technical.p99_latency_ms),
        *_data(evaluation, objective, data),
    ]
    return Blessing(all(reason.met for reason in reasons), tuple(reasons))


def _metrics(evaluation: Evaluation, rules: Sequence[Rule]) -> Iterator[Reason]:
    for rule in rules:
        yield _metric(evaluation.opponent, rule, "the champion" if evaluation.champion else "the baseline")
    if evaluation.champion is not None and evaluation.model != evaluation.baseline.other:
        for rule in rules:
            if rule.metric == evaluation.metric:
                yield _metric(evaluation.baseline, rule, "the baseline")


def _metric(against: Against, rule: Rule, who: str) -> Reason:
    """Hold one metric against one opponent; a figure without an interval is compared as it is."""
    asked = f"{rule.metric} {'better' if rule.rule == 'better' else 'not worse'} than {who}"
    sign = -1.0 if (known := CATALOGUE.get(rule.metric)) and known.direction == "down" else 1.0
    if (found := against.metrics.get(rule.metric)) is not None:
        own, other, low = found.model.value, found.other.value, found.difference.low
        bound = low if sign > 0 else -found.difference.high
        doubt = f"95%: {found.difference.low:+.4f} to {found.difference.high:+.4f}"
    elif (total := against.totals.get(rule.metric)) is not None:
        own, other = total.model, total.other
        bound, doubt = sign * (own - other), "no interval"
    else:
        return Reason(asked, False, f"{rule.metric} was not measured.")
    text = f"{rule.metric} {own:.4f} against {other:.4f} of {against.other}: {own - other:+.4f} ({doubt})"
    if rule.rule == "better":
        return Reason(asked, bound > 0, f"{text}; the bound must be above 0.")
    margin = (rule.margin or 0.0) * abs(other)
    return Reason(asked, bound > -margin, f"{text}; the bound must be above {-margin:+.4f} ({rule.margin:.0%} worse).")


def _slices(against: Against, metric: str, limits: Sequence[SliceLimit], fewest: int) -> Iterator[Reason]:
    """Refuse where a slice is worse than allowed, beyond what chance explains over all slices."""
    judged: list[tuple[str, SliceLimit, Comparison, float]] = []
    for limit in limits:
        for name in (name for name in against.slices if fnmatchcase(name, limit.slice)):
            found = against.slices[name]
            if found.cases < fewest:
                text = f"{name}: {found.cases} cases, {fewest} are needed to say anything."
                yield Reason(f"{name} not worse by more than {limit.margin:.0%}", True, text)
            else:
                judged.append((name, limit, found, _chance_of_no_harm(found, limit.margin)))
    harmed = holm([chance for *_, chance in judged], SLICE_ALPHA)
    for (name, limit, found, chance), harm in zip(judged, harmed, strict=True):
        text = (
            f"{name} ({found.cases} cases): {metric} {found.model.value:.4f} against {found.other.value:.4f},"
            f" {found.difference.value:+.4f} (95%: {found.difference.low:+.4f} to {found.difference.high:+.4f});"
            f" {'worse' if harm else 'not proven worse'} by more than {limit.margin:.0%}"
            f" (p {chance:.4f}, {len(judged)} slice(s), Holm)."
        )
        yield Reason(f"{name} not worse by more than {limit.margin:.0%}", not harm, text)


def _chance_of_no_harm(found: Comparison, margin: float) -> float:
    """Return the chance of a difference this low though the slice is no worse than allowed; one-sided normal test."""
    above = found.difference.value + margin * abs(found.other.value)
    if not found.error:
        return 0.0 if above < 0 and found.error is not None else 1.0
    return 0.5 * math.erfc(-above / found.error / math.sqrt(2.0))


def holm(chances: Sequence[float], alpha: float) -> list[bool]:
    """Return which hypotheses are refuted while the chance of refuting any true one stays below `alpha`.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    refuted = [False] * len(chances)
    order = sorted(range(len(chances)), key=chances.__getitem__)
    for rank, place in enumerate(order):
        if chances[place] > alpha / (len(chances) - rank):
            break
        refuted[place] = True
    return refuted


def _technical(evaluation: Evaluation, limit: float) -> Iterator[Reason]:
    asked = f"99% of answers within {limit:g} ms"
    found = evaluation.latency
    if found is None:
        yield Reason(asked, False, "The time of an answer was not measured.")
    else:
        text = (
            f"p99 {found.p99_ms:.1f} ms, p50 {found.p50_ms:.1f} ms over {found.answers} answers of the bundle itself,"
            f" in process, {found.cores} cores."
        )
        yield Reason(asked, found.p99_ms <= limit, text)


def _data(evaluation: Evaluation, objective: Objective, data: DataFacts | None) -> Iterator[Reason]:
    fewest = objective.data.minimum_cases
    yield Reason(f"at least {fewest} cases", evaluation.cases >= fewest, f"{evaluation.cases} shoppers could be asked.")
    if data is None:
        return
    rows = objective.data.minimum_interactions
    yield Reason(f"at least {rows:,} interactions", data.interactions >= rows, f"{data.interactions:,} were read.")
    enough = {"pass": ("pass",), "warn": ("pass", "warn")}[objective.data.quality]
    said = "No check was made." if data.quality is None else f"The check says {data.quality}."
    yield Reason(f"data quality {' or '.join(enough)}", data.quality in enough, said)
    for name in objective.data.checks:
        passed = data.quality is not None and name not in data.failed
        yield Reason(f"{name} passes", passed, "It passes." if passed else "It does not pass, or was not checked.")
