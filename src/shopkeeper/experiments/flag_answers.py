"""What a flag says to a unit, in the words of OpenFeature: the arms of what runs now, and GrowthBook's flags beside.

A test is asked for by its id: as text the name of the arm, as a truth value whether it is another arm than the control,
as an object the arm's settings; `ID.SETTING` is one setting of the arm.

Source:
    OpenFeature specification 0.8, section 2 (providers) and its resolution reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from shopkeeper.commerce.event import Event
from shopkeeper.experiments.assignment import BUCKETS, fnv1a32, place_after
from shopkeeper.experiments.conditions import Json
from shopkeeper.experiments.flags import FlagContext, FlagResult, evaluate
from shopkeeper.experiments.live_assignment import NOTHING_KEPT, Assigned, LiveAssignment
from shopkeeper.experiments.live_test import CONTROL, LiveTest, StopOrder

Reason = Literal["SPLIT", "TARGETING_MATCH", "DISABLED", "DEFAULT", "STALE", "ERROR"]
Problem = Literal["FLAG_NOT_FOUND", "TARGETING_KEY_MISSING", "TYPE_MISMATCH", "PROVIDER_NOT_READY", "PARSE_ERROR", ""]
Kind = Literal["boolean", "string", "integer", "float", "object"]


class Conversions(Protocol):
    """Where what a shopper did is sent.

    Laws: never raises and never waits longer than it says; what did not get through is counted.
    """

    def note(self, event: Event) -> None:
        """Send one event on."""
        ...


@dataclass(frozen=True, slots=True)
class FlagAnswer:
    """What a flag says.

    Attributes:
        value: None = the caller's own default.
        metadata: `experiment`, `epoch` and `bucket` where a test decided.
    """

    value: Any
    reason: Reason
    variant: str | None = None
    metadata: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    problem: Problem = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class FlagState:
    """What is known when a flag is asked.

    Attributes:
        tests: What runs, the oldest first.
        stops: What is stopped.
        features: Flags in GrowthBook's form, by name.
        stale: What runs could not be read again, and this is what was known last.
    """

    tests: tuple[LiveTest, ...] = ()
    stops: tuple[StopOrder, ...] = ()
    features: Mapping[str, Json] = field(default_factory=dict)
    stale: bool = False


UNKNOWN_UNIT: Final = FlagAnswer(
    None, "ERROR", problem="TARGETING_KEY_MISSING", words="Give the unit's id as the targeting key."
)


def answer(
    flag: str,
    kind: Kind,
    unit: str,
    attributes: Mapping[str, Any],
    state: FlagState,
    kept: Mapping[str, str] = NOTHING_KEPT,
) -> FlagAnswer:
    """Return what a flag says to a unit.

    Args:
        kind: What the caller asks for; a value of another kind is a mismatch, never converted.
        unit: The targeting key.
        attributes: `store` says where; the rest is for conditions of flags.
        kept: First arms the unit had.
    """
    test = next((one for one in state.tests if flag == one.test or flag.startswith(f"{one.test}.")), None)
    if test is not None:
        found = _of_test(test, flag[len(test.test) + 1 :], kind, unit, attributes, state, kept)
    elif flag in state.features:
        found = _of_feature(flag, unit, attributes, state.features)
    else:
        known = ", ".join([*(one.test for one in state.tests), *state.features][:5]) or "none"
        return FlagAnswer(
            None, "ERROR", problem="FLAG_NOT_FOUND", words=f"Nothing runs under {flag!r}; known are {known}."
        )
    if found.value is not None and not _fits(found.value, kind):
        words = f"{flag} is {found.value!r}, which is no {kind}."
        return FlagAnswer(None, "ERROR", found.variant, found.metadata, "TYPE_MISMATCH", words)
    return _aged(found) if state.stale and found.reason in ("SPLIT", "TARGETING_MATCH", "DEFAULT") else found


def _aged(found: FlagAnswer) -> FlagAnswer:
    return FlagAnswer(found.value, "STALE", found.variant, found.metadata, words="What runs could not be read again.")


def _of_test(
    test: LiveTest, setting: str, kind: Kind, unit: str, attributes: Mapping[str, Any], state: FlagState,
    kept: Mapping[str, str],
) -> FlagAnswer:  # fmt: skip
    store = str(attributes.get("store", ""))
    if any(order.system in ("", test.system) and order.store in ("", store) for order in state.stops):
        return FlagAnswer(None, "DISABLED", words=f"{test.system} is stopped by an order.")
    if not unit:
        return UNKNOWN_UNIT
    assigned = LiveAssignment(test.system, store, state.tests).assign(unit, kept)
    if assigned.test != test.test:
        return FlagAnswer(None, "DEFAULT", assigned.variant, words="The unit takes no part in this test.")
    metadata: dict[str, bool | int | float | str] = {"experiment": test.test, "epoch": assigned.epoch}
    if assigned.counted:
        metadata["bucket"] = round(place_after(fnv1a32(test.seed), unit) * BUCKETS)
    reason: Reason = "SPLIT" if assigned.counted else "TARGETING_MATCH"
    return FlagAnswer(_value(assigned, setting, kind), reason, assigned.variant, metadata)


def _value(assigned: Assigned, setting: str, kind: Kind) -> Any:  # noqa: ANN401 - what a flag holds
    if setting:
        return assigned.settings.get(setting)
    if kind == "boolean":
        return assigned.variant != CONTROL
    return dict(assigned.settings) if kind == "object" else assigned.variant


def _of_feature(flag: str, unit: str, attributes: Mapping[str, Any], features: Mapping[str, Json]) -> FlagAnswer:
    if not unit:
        return UNKNOWN_UNIT
    found = evaluate(flag, FlagContext({"id": unit, **attributes}, features))
    if found.source == "cyclicPrerequisite":
        return FlagAnswer(None, "ERROR", problem="PARSE_ERROR", words=f"{flag} waits for itself.")
    if found.source == "prerequisite":
        return FlagAnswer(None, "DISABLED", words=f"A flag that {flag} waits for is off.")
    return _of_result(found)


def _of_result(found: FlagResult) -> FlagAnswer:
    result = found.result
    if found.source == "experiment" and result is not None:
        metadata: dict[str, bool | int | float | str] = {"experiment": str((found.experiment or {}).get("key", ""))}
        if result.bucket is not None:
            metadata["bucket"] = round(result.bucket * BUCKETS)
        return FlagAnswer(found.value, "SPLIT" if result.hashed else "TARGETING_MATCH", result.key, metadata)
    return FlagAnswer(found.value, "TARGETING_MATCH" if found.source == "force" else "DEFAULT")


def _fits(value: object, kind: Kind) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    kinds: Mapping[Kind, tuple[type, ...]] = {
        "boolean": (), "string": (str,), "integer": (int,), "float": (int, float), "object": (dict, list, tuple),
    }  # fmt: skip
    return isinstance(value, kinds[kind])
