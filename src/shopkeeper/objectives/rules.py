"""What an objective must hold beyond its form: metrics that exist, bounds that agree with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shopkeeper.objectives.catalogue import CATALOGUE, Place
from shopkeeper.objectives.contract import HARM_ALPHA, Objective, Primary, Retraining, RollbackCriterion, Training
from shopkeeper.objectives.wrong import Wrong, meant

_WORDS: dict[Place, str] = {
    "shoppers": "on shoppers", "service": "on the service", "training": "in a training run", "texts": "on texts",
}  # fmt: skip
_ROUNDING = 1e-9
SERVICE_REMEDY = "It is measured on requests, not on units of an arm: give `limit`, the worst figure allowed."


def broken_rules(objective: Objective) -> Iterator[Wrong]:
    """Yield what does not agree with the catalogue of metrics or with itself."""
    yield from _primary(objective.primary)
    yield from _lists(objective)
    yield from _rollback(objective.rollback)
    yield from _training(objective.training, objective.primary)
    yield from _retraining(objective.retraining)
    if objective.timeline.decide_by <= objective.timeline.start:
        reason = f"is {objective.timeline.decide_by}, not after the start {objective.timeline.start}"
        yield Wrong("timeline.decide_by", reason, "Give a day after the start.")
    if objective.maturation_days < objective.attribution_days:
        reason = f"is {objective.maturation_days:g}, shorter than attribution_days {objective.attribution_days:g}"
        yield Wrong("maturation_days", reason, "Figures are not final while they can still be attributed.")


def _primary(primary: Primary) -> Iterator[Wrong]:
    yield from wrong_metric("primary.metric", primary.metric, ("shoppers", "texts"))
    yield from wrong_metric("primary.offline_metric", primary.offline_metric, ("training",))
    known = CATALOGUE.get(primary.metric)
    if known is None:
        return
    for name, said, fact in (
        ("unit", primary.unit, known.unit),
        ("direction", primary.direction, known.direction),
    ):
        if said != fact:
            yield Wrong(f"primary.{name}", f"is {said!r}, but {known.name} has {fact!r}", f"Write `{name}: {fact}`.")


def _lists(objective: Objective) -> Iterator[Wrong]:
    for place, one in enumerate(objective.secondary):
        yield from wrong_metric(f"secondary[{place}].metric", one.metric, ("shoppers", "texts", "service"))
    for place, guard in enumerate(objective.guardrails):
        path = f"guardrails[{place}]"
        yield from wrong_metric(f"{path}.metric", guard.metric, ("shoppers", "texts", "service"))
        if guard.margin is None and guard.limit is None:
            yield Wrong(path, f"{guard.metric} has no bound", "Give a margin against the control, a limit, or both.")
        if guard.margin is not None and is_service(guard.metric):
            yield Wrong(f"{path}.margin", f"is given for {guard.metric}", SERVICE_REMEDY)
        if guard.metric == objective.primary.metric:
            yield Wrong(f"{path}.metric", f"{guard.metric} is the primary metric", "It must win; it guards nothing.")
    yield from named_twice("secondary", (one.metric for one in objective.secondary))
    yield from named_twice("guardrails", (one.metric for one in objective.guardrails))


def _rollback(criteria: tuple[RollbackCriterion, ...]) -> Iterator[Wrong]:
    for place, one in enumerate(criteria):
        path = f"rollback[{place}]"
        yield from wrong_metric(f"{path}.metric", one.metric, ("shoppers", "texts", "service"))
        if one.against == "control" and is_service(one.metric):
            yield Wrong(f"{path}.against", f"is control for {one.metric}", SERVICE_REMEDY)
        if one.against == "control" and one.bound > 1:
            remedy = "Against the control a bound is relative: 0.05 = 5% worse; `against: limit` takes a figure."
            yield Wrong(f"{path}.bound", f"is {one.bound:g}", remedy)
    yield from named_twice("rollback", (f"{one.metric} against {one.against}" for one in criteria))
    total = sum(one.alpha for one in criteria)
    if total > HARM_ALPHA + _ROUNDING:
        remedy = f"Split it: with {len(criteria)} criteria {HARM_ALPHA / len(criteria):g} each."
        yield Wrong("rollback", f"has shares `alpha` of {total:g} together, above {HARM_ALPHA:g}", remedy)


def _training(training: Training, primary: Primary) -> Iterator[Wrong]:
    for place, one in enumerate(training.bless):
        path = f"training.bless[{place}]"
        yield from wrong_metric(f"{path}.metric", one.metric, ("training",))
        if one.rule == "non-inferior" and one.margin is None:
            yield Wrong(f"{path}.margin", "is missing", "Say how much worse it may be, such as 0.02 for 2%.")
        if one.rule == "better" and one.margin is not None:
            yield Wrong(f"{path}.margin", f"is {one.margin:g} though the rule is better", "Leave it out.")
    if training.bless and primary.offline_metric not in {one.metric for one in training.bless}:
        remedy = f"Add `- metric: {primary.offline_metric}`, which stands for the primary metric."
        yield Wrong("training.bless", f"says nothing of {primary.offline_metric}", remedy)
    yield from named_twice("training.bless", (one.metric for one in training.bless))
    yield from named_twice("training.slices", (one.slice for one in training.slices))


def _retraining(retraining: Retraining) -> Iterator[Wrong]:
    for place, one in enumerate(retraining.performance):
        yield from wrong_metric(f"retraining.performance[{place}].metric", one.metric, tuple(_WORDS))
    if retraining.budget.runs_per_month is None and retraining.budget.amount_per_month is None:
        yield Wrong("retraining.budget", "has no limit", "Give runs_per_month, amount_per_month, or both.")
    for place, hours in enumerate(retraining.quiet_hours):
        path = f"retraining.quiet_hours[{place}]"
        if hours.start == hours.end:
            yield Wrong(f"{path}.end", f"is {hours.end!r}, the start", "Give another hour, or `schedule: never`.")
        try:
            ZoneInfo(hours.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Wrong(f"{path}.time_zone", f"is {hours.time_zone!r}", "Give an IANA name such as Europe/London.")


def wrong_metric(path: str, name: str, places: tuple[Place, ...]) -> Iterator[Wrong]:
    """Yield what is wrong with the name of a metric that must be measured in one of some places."""
    metric = CATALOGUE.get(name)
    allowed = [known.name for known in CATALOGUE.values() if known.place in places]
    if metric is None:
        yield Wrong(path, f"is {name!r}, which is no metric", meant(name, allowed))
    elif metric.place not in places:
        remedy = f"Name one that is measured {' or '.join(_WORDS[one] for one in places)}: {', '.join(allowed)}."
        yield Wrong(path, f"is {name!r}, measured {_WORDS[metric.place]}", remedy)


def is_service(name: str) -> bool:
    """Say whether a metric is measured on the service that answers."""
    return name in CATALOGUE and CATALOGUE[name].place == "service"


def named_twice(path: str, names: Iterable[str]) -> Iterator[Wrong]:
    """Yield each name that stands more than once in a list."""
    for name, count in Counter(names).items():
        if count > 1:
            yield Wrong(path, f"names {name} {count} times", "Keep one of them.")
