"""Flags and the experiments inside them, read as GrowthBook reads them: rules in order, the first that fits decides.

A flag is how the shop asks for a variant by name. Payloads of GrowthBook work as they are; `run_experiment` alone is
what a rollout uses.

Source:
    GrowthBook SDK specification 0.8.0; its public cases are held by tests/references.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from shopkeeper.experiments.assignment import arm_at, hash_unit, in_layer, in_range, ranges_of
from shopkeeper.experiments.conditions import Groups, Json, meets
from shopkeeper.experiments.sticky import StickyAssignments

Source = Literal["unknownFeature", "defaultValue", "force", "experiment", "prerequisite", "cyclicPrerequisite"]
Rule = Mapping[str, Json]

_OF_EXPERIMENT: Final = (
    "variations", "key", "coverage", "weights", "hashAttribute", "fallbackAttribute", "disableStickyBucketing",
    "bucketVersion", "minBucketVersion", "namespace", "meta", "ranges", "name", "phase", "seed", "hashVersion",
    "filters", "condition",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlagContext:
    """Who asks, and what is known.

    Attributes:
        attributes: Of the unit: ids and what conditions read.
        features: Flag by name.
        groups: Saved lists of ids.
        bandits: Contextual bandits by name.
        forced: Arm by experiment, for testers.
        enabled: False answers every experiment with its first arm.
        qa_mode: Only forced arms are given.
        url: Of the page; `?experiment=1` forces an arm.
        sticky: First arms of units; None where they are not kept.
    """

    attributes: Mapping[str, Json] = field(default_factory=dict)
    features: Mapping[str, Json] = field(default_factory=dict)
    groups: Groups = field(default_factory=dict)
    bandits: Mapping[str, Json] = field(default_factory=dict)
    forced: Mapping[str, int] = field(default_factory=dict)
    enabled: bool = True
    qa_mode: bool = False
    url: str = ""
    sticky: StickyAssignments | None = None


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """Which arm a unit is in.

    Attributes:
        inside: Whether it takes part.
        hashed: Whether the hash (or an earlier hash) decided, and not a forced arm.
        variation: Index of the arm; the first for one that takes no part.
        bucket: Where the unit lies, where the hash was asked.
        sticky: An earlier assignment was kept.
        bandit: What a contextual bandit decided by.
    """

    key: str
    value: Json
    inside: bool
    hashed: bool
    variation: int
    attribute: str
    unit: str
    bucket: float | None = None
    sticky: bool = False
    passthrough: bool = False
    name: str | None = None
    bandit: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class FlagResult:
    """What a flag says, and why."""

    value: Json
    source: Source
    rule: str = ""
    experiment: Mapping[str, Json] | None = None
    result: ExperimentResult | None = None

    @property
    def on(self) -> bool:
        """Whether the value counts as true; an empty list does, an empty text or 0 does not."""
        return isinstance(self.value, (list, dict)) or bool(self.value)


def evaluate(name: str, context: FlagContext, asked: tuple[str, ...] = ()) -> FlagResult:
    """Return what a flag says to a unit.

    Args:
        asked: Flags that wait for this one; one that waits for itself is answered with nothing.
    """
    if name in asked:
        return FlagResult(None, "cyclicPrerequisite")
    feature = context.features.get(name)
    if feature is None:
        return FlagResult(None, "unknownFeature")
    for rule in feature.get("rules", ()):
        found = _by_rule(name, rule, context, (*asked, name))
        if found is not None:
            return found
    return FlagResult(feature.get("defaultValue"), "defaultValue")


def _by_rule(  # noqa: PLR0911 - the specification's steps in their order
    name: str, rule: Rule, context: FlagContext, asked: tuple[str, ...]
) -> FlagResult | None:
    """Return what one rule says; None where it does not fit."""
    stopped, skipped = _prerequisites(rule, context, asked)
    if stopped is not None:
        return stopped
    if skipped or (rule.get("filters") and _filtered_out(rule["filters"], context)):
        return None
    if "force" in rule:
        if "condition" in rule and not meets(rule["condition"], context.attributes, context.groups):
            return None
        if not _in_rollout(name, rule, context):
            return None
        return FlagResult(rule["force"], "force", str(rule.get("id", "")))
    variations = rule.get("contextualVariations", rule.get("variations"))
    if not variations:
        return None
    experiment = {key: rule[key] for key in _OF_EXPERIMENT if key in rule}
    experiment |= {"variations": variations, "key": rule.get("key") or name}
    result = run_experiment(experiment, context, asked, rule.get("contextualBanditRef"))
    if not result.inside or result.passthrough:
        return None
    if result.bandit is not None:
        experiment |= {"contextualBandit": result.bandit, "weights": result.bandit["variationWeights"]}
    return FlagResult(result.value, "experiment", str(rule.get("id", "")), experiment, result)


def _prerequisites(rule: Rule, context: FlagContext, asked: tuple[str, ...]) -> tuple[FlagResult | None, bool]:
    """Return the answer where a gate is shut, and whether the rule is skipped."""
    for parent in rule.get("parentConditions", ()):
        found = evaluate(parent["id"], context, asked)
        if found.source == "cyclicPrerequisite":
            return FlagResult(None, "cyclicPrerequisite"), False
        if not meets(parent["condition"], {"value": found.value}, context.groups):
            return (FlagResult(None, "prerequisite"), False) if parent.get("gate") else (None, True)
    return None, False


def _in_rollout(name: str, rule: Rule, context: FlagContext) -> bool:
    span, coverage = rule.get("range"), rule.get("coverage")
    if span is None and coverage is None:
        return True
    _, unit = _unit(rule, context)
    place = hash_unit(str(rule.get("seed") or name), unit, rule.get("hashVersion") or 1) if unit else None
    if place is None or (span is None and coverage == 0):
        return False
    return in_range(place, (span[0], span[1])) if span is not None else place <= float(coverage or 0.0)


def _unit(experiment: Rule, context: FlagContext) -> tuple[str, str]:
    """Return the attribute that is hashed, and its value; the fallback one where the first is not known."""
    attribute = experiment.get("hashAttribute") or "id"
    unit = _said(context.attributes.get(attribute))
    fallback = experiment.get("fallbackAttribute")
    if not unit and fallback and context.sticky is not None and not experiment.get("disableStickyBucketing"):
        other = _said(context.attributes.get(fallback))
        if other:
            return str(fallback), other
    return str(attribute), unit


def _said(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)


def _filtered_out(filters: Sequence[Rule], context: FlagContext) -> bool:
    """Say whether a unit lies outside of the ranges of any filter."""
    for one in filters:
        unit = _said(context.attributes.get(one.get("attribute") or "id"))
        place = hash_unit(str(one.get("seed", "")), unit, one.get("hashVersion") or 2) if unit else None
        if place is None or not any(in_range(place, (span[0], span[1])) for span in one["ranges"]):
            return True
    return False


def run_experiment(  # noqa: PLR0911 - the specification's steps in their order
    experiment: Rule, context: FlagContext, asked: tuple[str, ...] = (), bandit: str | None = None
) -> ExperimentResult:
    """Return the arm of a unit in one experiment, and keep it where assignments are sticky."""
    key, arms = str(experiment["key"]), len(experiment["variations"])
    attribute, unit = _unit(experiment, context)
    outside = _answer(experiment, -1, attribute, unit, hashed=False)
    if arms < 2 or not context.enabled:
        return outside
    chosen = _by_url(key, context.url, arms)
    if chosen is None:
        chosen = context.forced.get(key)
    if chosen is not None:
        return _answer(experiment, chosen, attribute, unit, hashed=False)
    if experiment.get("status") == "draft" or experiment.get("active") is False or not unit:
        return outside
    kept = _kept(experiment, context)
    if kept.blocked or (kept.arm < 0 and not _admitted(experiment, context, unit, asked)):
        return outside
    leaf = None if bandit is None else _leaf(experiment, bandit, context)
    weighted = experiment if leaf is None else {**experiment, "weights": leaf["variationWeights"]}
    place = hash_unit(str(experiment.get("seed") or key), unit, experiment.get("hashVersion") or 1)
    if place is None:
        return outside
    arm = kept.arm if kept.arm >= 0 else _hashed_arm(weighted, place, arms)
    if arm < 0:
        return outside
    if "force" in experiment:
        return _answer(experiment, experiment["force"], attribute, unit, hashed=False)
    if context.qa_mode or experiment.get("status") == "stopped":
        return outside
    found = _answer(experiment, arm, attribute, unit, hashed=True)
    found = replace(found, bucket=place, sticky=kept.arm >= 0, bandit=leaf)
    if context.sticky is not None and not experiment.get("disableStickyBucketing"):
        context.sticky.keep(attribute, unit, key, experiment.get("bucketVersion") or 0, found.key)
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    arm: int = -1
    blocked: bool = False


def _kept(experiment: Rule, context: FlagContext) -> _Kept:
    """Return the arm a unit was given before; blocked where an older version of the experiment had it."""
    if context.sticky is None or experiment.get("disableStickyBucketing"):
        return _Kept()
    known: dict[str, str] = {}
    for name in (experiment.get("fallbackAttribute"), experiment.get("hashAttribute") or "id"):
        value = _said(context.attributes.get(name)) if name else ""
        if name and value:
            known |= context.sticky.of(str(name), value)
    key = str(experiment["key"])
    if any(f"{key}__{version}" in known for version in range(experiment.get("minBucketVersion") or 0)):
        return _Kept(blocked=True)
    held = known.get(f"{key}__{experiment.get('bucketVersion') or 0}")
    arms = range(len(experiment["variations"]))
    return _Kept(next((arm for arm in arms if held is not None and _arm_key(experiment, arm) == held), -1))


def _admitted(experiment: Rule, context: FlagContext, unit: str, asked: tuple[str, ...]) -> bool:
    """Say whether filters, layer, condition and prerequisites let a unit in."""
    if experiment.get("filters"):
        if _filtered_out(experiment["filters"], context):
            return False
    elif experiment.get("namespace"):
        layer, start, end = experiment["namespace"]
        if not in_layer(str(layer), unit, (start, end)):
            return False
    if "condition" in experiment and not meets(experiment["condition"], context.attributes, context.groups):
        return False
    stopped, skipped = _prerequisites(experiment, context, asked)
    return stopped is None and not skipped


def _hashed_arm(experiment: Rule, place: float, arms: int) -> int:
    if experiment.get("ranges"):
        return arm_at(place, [(span[0], span[1]) for span in experiment["ranges"]])
    coverage = experiment.get("coverage")
    return arm_at(place, ranges_of(arms, 1.0 if coverage is None else coverage, experiment.get("weights")))


def _leaf(experiment: Rule, bandit: str, context: FlagContext) -> Mapping[str, Json] | None:
    """Return the weights of the first context that fits, else the experiment's own; None without a bandit."""
    definition = context.bandits.get(bandit)
    if definition is None:
        return None
    version = definition.get("banditVersion")
    for one in definition.get("contexts", ()):
        if meets(one.get("condition", {}), context.attributes, context.groups):
            return {"leafId": one["leafId"], "variationWeights": one["weights"], "banditVersion": version}
    return {"leafId": -1, "variationWeights": experiment.get("weights"), "banditVersion": version}


def _by_url(key: str, url: str, arms: int) -> int | None:
    """Return the arm a page's address asks for; None where it does not, or for one that is not there."""
    said = parse_qs(urlsplit(url).query).get(key, [""])[-1]
    return int(said) if said.isdecimal() and int(said) < arms else None


def _arm_key(experiment: Rule, arm: int) -> str:
    meta: Sequence[Any] = experiment.get("meta") or ()
    return str(meta[arm].get("key") or arm) if arm < len(meta) else str(arm)


def _answer(experiment: Rule, arm: int, attribute: str, unit: str, *, hashed: bool) -> ExperimentResult:
    """Return an arm as a result; one that is not there means the unit takes no part and sees the first."""
    variations = experiment["variations"]
    inside = 0 <= arm < len(variations)
    chosen = arm if inside else 0
    meta: Sequence[Any] = experiment.get("meta") or ()
    about = meta[chosen] if chosen < len(meta) else {}
    return ExperimentResult(
        key=_arm_key(experiment, chosen),
        value=variations[chosen] if variations else None,
        inside=inside,
        hashed=hashed and inside,
        variation=chosen,
        attribute=attribute,
        unit=unit,
        passthrough=bool(about.get("passthrough", False)),
        name=about.get("name"),
    )
