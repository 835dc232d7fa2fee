"""Shopkeeper as an OpenFeature provider: a shop's own code asks for arms and settings by the name of a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, get_args
from uuid import uuid4

import msgspec
import structlog
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata
from openfeature.track import TrackingEventDetails

from shopkeeper.commerce.event import Event, EventType
from shopkeeper.experiments.conditions import Json
from shopkeeper.experiments.flag_answers import Conversions, FlagAnswer, FlagState, Kind, answer
from shopkeeper.experiments.live_test import LiveTests, StopOrder
from shopkeeper.experiments.sticky import StickyAssignments

POLL_SECONDS: Final = 0.25
"""How old what runs may be before it is asked for again."""
NOT_READY: Final = FlagAnswer(None, "ERROR", problem="PROVIDER_NOT_READY", words="What runs was never read yet.")
Value = TypeVar("Value")
_log = structlog.get_logger(__name__)


class FlagProvider(AbstractProvider):
    """Resolves flags from what runs now. What cannot be read again is answered as it was last known, reason STALE.

    Args:
        tests: What runs.
        stops: What is stopped; a test of a stopped system is DISABLED.
        sticky: First arms of units.
        conversions: Where `track` sends events; None = nowhere.
        features: Flags in GrowthBook's form.
    """

    def __init__(
        self,
        tests: LiveTests,
        stops: Callable[[], tuple[StopOrder, ...]],
        sticky: StickyAssignments,
        conversions: Conversions | None = None,
        features: Mapping[str, Json] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._tests = tests
        self._stops = stops
        self._sticky = sticky
        self._conversions = conversions
        self._clock = clock
        self._asked = -POLL_SECONDS
        self._revision: int | None = None
        self._state = FlagState(features=features or {})

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata("shopkeeper")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Say whether the unit is in another arm than the control, or what a truth-valued flag or setting says."""
        return self._resolved(flag_key, "boolean", default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return the name of the unit's arm, or a text."""
        return self._resolved(flag_key, "string", default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return a whole number of a setting or flag."""
        return self._resolved(flag_key, "integer", default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Return a number of a setting or flag."""
        return self._resolved(flag_key, "float", default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Return the settings of the unit's arm, or an object of a flag."""
        return self._resolved(flag_key, "object", default_value, evaluation_context)

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        """Send a conversion on as an event: the name is an event type, or that of a `custom` one.

        `store`, `visitor`, `product`, `order_id`, `quantity`, `price`, `currency`, `decision_id` and `event_id` are
        taken from the details or the context; whatever else the details hold becomes a property.
        """
        if self._conversions is None:
            return
        unit, attributes = _who(evaluation_context)
        details = dict(tracking_event_details.attributes) if tracking_event_details else {}
        value = tracking_event_details.value if tracking_event_details else None
        try:
            self._conversions.note(_event(tracking_event_name, unit, value, {**attributes, **details}, set(details)))
        except msgspec.ValidationError as error:
            _log.warning("conversion_refused", conversion=tracking_event_name, error=str(error))

    def _resolved(
        self, flag: str, kind: Kind, default: Value, context: EvaluationContext | None
    ) -> FlagResolutionDetails[Value]:
        self._follow()
        unit, attributes = _who(context)
        if self._revision is None and self._state.stale and flag not in self._state.features:
            return _details(
                FlagAnswer(None, "ERROR", problem="PROVIDER_NOT_READY", words="Nothing was read yet."), default
            )
        kind_of_id = "user" if attributes.get("user", unit) == unit else "visitor"
        kept = self._sticky.of(kind_of_id, unit)
        found = answer(flag, kind, unit, attributes, self._state, kept)
        if found.reason == "SPLIT" and "epoch" in found.metadata and found.variant is not None:
            self._sticky.keep(kind_of_id, unit, str(found.metadata["experiment"]), 0, found.variant)
        return _details(found, default)

    def _follow(self) -> None:
        """Read what runs and what is stopped again where it is old; keep what is known where it cannot be read."""
        now = self._clock()
        if now - self._asked < POLL_SECONDS:
            return
        self._asked = now
        before = self._state
        try:
            revision = self._tests.revision()
            tests = self._tests.running() if revision != self._revision else before.tests
            self._state = FlagState(tests, self._stops(), before.features)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises means: go on with what is known
            self._state = FlagState(before.tests, before.stops, before.features, stale=True)
            if not before.stale:
                self.emit_provider_stale(ProviderEventDetails(message=str(error)))
            return
        if before.stale:
            self.emit_provider_ready(ProviderEventDetails())
        elif self._revision not in (None, revision):
            changed = [test.test for test in tests]
            self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=changed))
        self._revision = revision


def _who(context: EvaluationContext | None) -> tuple[str, dict[str, Any]]:
    return ("", {}) if context is None else (context.targeting_key or "", dict(context.attributes))


def _details(found: FlagAnswer, default: Value) -> FlagResolutionDetails[Value]:
    return FlagResolutionDetails(
        value=default if found.value is None else found.value,
        error_code=ErrorCode(found.problem) if found.problem else None,
        error_message=found.words if found.problem else None,
        reason=Reason(found.reason),
        variant=found.variant,
        flag_metadata=found.metadata,
    )


_OF_EVENT: Final = (
    "event_id", "store", "visitor", "session", "product", "order_id", "quantity", "price", "currency", "decision_id",
    "surface",
)  # fmt: skip


def _event(name: str, unit: str, value: float | None, known: Mapping[str, Any], own: set[str]) -> Event:
    """Return a conversion as an event; raises msgspec.ValidationError where the contract does not allow it."""
    typed = name in get_args(EventType)
    fields: dict[str, Any] = {key: known[key] for key in _OF_EVENT if key in known}
    fields.setdefault("event_id", uuid4().hex)
    fields |= {"ts": datetime.now(UTC), "type": name if typed else "custom", "user": known.get("user", unit) or None}
    properties = {key: known[key] for key in own - set(_OF_EVENT)} | ({} if typed else {"name": name})
    return msgspec.convert({**fields, "value": value, "properties": properties}, Event)
