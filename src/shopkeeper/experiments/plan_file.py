"""Reads the plan of an experiment from its file and says everything that is wrong with it, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from shopkeeper.experiments.live_test import CHAMPION, CONTROL, HOLDOUT
from shopkeeper.experiments.plan import SEGMENTS, ExperimentPlan
from shopkeeper.experiments.switchback_plan import broken_price_rules
from shopkeeper.objectives.catalogue import Place
from shopkeeper.objectives.document import SUFFIX, read_document, schema_of, take_document
from shopkeeper.objectives.rules import SERVICE_REMEDY, is_service, named_twice, wrong_metric
from shopkeeper.objectives.wrong import Wrong, meant

_GUIDE: Final = "docs/guides/experiments.md says what each key means; `shopkeeper experiment schema` prints the form."
_MEASURED: Final[tuple[Place, ...]] = ("shoppers", "service", "texts")
_ROUNDING: Final = 1e-9


def read_plan(text: str, name: str, called: str | None = None) -> ExperimentPlan:
    """Return the plan a YAML text holds.

    Args:
        name: Name of the file, for messages.
        called: The name the plan must have; None = any.
    Raises:
        ConfigError: it breaks the rules; its `problems` hold one entry for each thing wrong.
    """

    def rules(plan: ExperimentPlan) -> Iterator[Wrong]:
        yield from broken_rules(plan)
        if called is not None and plan.name != called:
            remedy = f"Write `name: {called}`, or call the file {plan.name}{SUFFIX}."
            yield Wrong("name", f"is {plan.name!r} in the file of {called}", remedy)

    return read_document(ExperimentPlan, text, name, rules, _GUIDE)


def take_plan(document: object) -> ExperimentPlan:
    """Return the plan that JSON holds. Raises ConfigError as `read_plan` does, without lines."""
    return take_document(ExperimentPlan, document, "The plan", broken_rules, _GUIDE)


def json_schema() -> dict[str, Any]:
    """Return the form of a plan as JSON Schema (draft 2020-12), with words at every key."""
    return schema_of(ExperimentPlan, "Plan of an experiment")


def broken_rules(plan: ExperimentPlan) -> Iterator[Wrong]:
    """Yield what does not agree with the catalogue of metrics or with itself."""
    yield from _arms(plan)
    yield from _metrics(plan)
    yield from broken_price_rules(plan)
    if plan.period.end < plan.period.start:
        reason = f"is {plan.period.end}, before the start {plan.period.start}"
        yield Wrong("period.end", reason, "Give the last day on which new shoppers come in.")
    if plan.maturation_days < plan.attribution_days:
        reason = f"is {plan.maturation_days:g}, shorter than attribution_days {plan.attribution_days:g}"
        yield Wrong("maturation_days", reason, "Figures are not final while they can still be attributed.")
    if plan.layer_to <= plan.layer_from:
        reason = f"is {plan.layer_to:g}, not above layer_from {plan.layer_from:g}"
        yield Wrong("layer_to", reason, "Give a range such as 0 to 0.5.")
    if not plan.layer and (plan.layer_from, plan.layer_to) != (0.0, 1.0):
        yield Wrong("layer", "is empty though a range is given", "Name the layer, such as `layer: ranking`.")
    for place, one in enumerate(plan.segments):
        if one not in SEGMENTS:
            yield Wrong(f"segments[{place}]", f"is {one!r}, which nothing tells apart", meant(one, SEGMENTS))
    yield from named_twice("segments", plan.segments)


def _arms(plan: ExperimentPlan) -> Iterator[Wrong]:
    names = [arm.name for arm in plan.arms]
    control = next((arm for arm in plan.arms if arm.name == CONTROL), None)
    if control is None:
        yield Wrong("arms", f"have no control among {', '.join(names)}", "Call the arm that serves today `control`.")
    for place, arm in enumerate(plan.arms):
        if arm.name in {HOLDOUT, CHAMPION}:
            yield Wrong(f"arms[{place}].name", f"is {arm.name!r}, a word of the rails", "Choose another name.")
        same = arm.version == control.version and arm.settings == control.settings if control is not None else False
        if arm.name != CONTROL and plan.unit != "switchback" and same != (plan.kind == "aa"):
            words = "differs in nothing from the control" if same else "differs from the control in an A/A test"
            remedy = (
                "Give it settings or a version, or write `kind: aa`." if same else "Make it equal, or leave out `kind`."
            )
            yield Wrong(f"arms[{place}]", f"{arm.name} {words}", remedy)
    yield from named_twice("arms", names)
    total = sum(arm.share for arm in plan.arms)
    if total > 1 + _ROUNDING:
        equal = 1 / len(plan.arms)
        yield Wrong("arms", f"have shares of {total:g} together", f"At most 1: {equal:.3g} each if equal.")


def _metrics(plan: ExperimentPlan) -> Iterator[Wrong]:
    yield from wrong_metric("primary.metric", plan.primary.metric, ("shoppers",))
    for place, one in enumerate(plan.secondary):
        yield from wrong_metric(f"secondary[{place}].metric", one.metric, _MEASURED)
    for place, guard in enumerate(plan.guardrails):
        path = f"guardrails[{place}]"
        yield from wrong_metric(f"{path}.metric", guard.metric, _MEASURED)
        if guard.margin is None and guard.limit is None:
            yield Wrong(path, f"{guard.metric} has no bound", "Give a margin against the control, a limit, or both.")
        if guard.margin is not None and is_service(guard.metric):
            yield Wrong(f"{path}.margin", f"is given for {guard.metric}", SERVICE_REMEDY)
        if guard.metric == plan.primary.metric:
            yield Wrong(f"{path}.metric", f"{guard.metric} is the primary metric", "It must win; it guards nothing.")
    yield from named_twice("secondary", (one.metric for one in plan.secondary))
    yield from named_twice("guardrails", (one.metric for one in plan.guardrails))
