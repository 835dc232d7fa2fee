"""A foreign OpenFeature provider as the assigner of tests, such as the flag service a shop has already."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import msgspec
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider import FeatureProvider

from shopkeeper.errors import ConfigError
from shopkeeper.experiments.live_assignment import UNASSIGNED, Assigned
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.experiments.sticky import StickyAssignments
from shopkeeper.serving.arms import LiveArms, Names


class ForeignArms(LiveArms):
    """Arms of which a foreign OpenFeature provider decides: asked for the name of a test's arm, by the test's id.

    Holdout, testers and orders stay Shopkeeper's, and a test's arms, versions and shares are still declared here. A
    provider that fails, or names no arm of the test, leaves the unit in no test, and is counted.
    """

    def __init__(self, sticky: StickyAssignments, provider: FeatureProvider) -> None:
        super().__init__(sticky)
        self._provider = provider
        self._asked: tuple[LiveTest, ...] = ()
        self.unanswered = 0
        """Times the provider failed or named no arm."""

    def run(self, tests: Iterable[LiveTest]) -> None:
        """Let these tests run from the next decision on, and no others."""
        self._asked = tuple(tests)
        super().run(_without_shares(test) for test in self._asked)

    def assign(self, system: str, store: str, names: Names) -> Assigned:
        """Return what answers a unit."""
        own = super().assign(system, store, names)
        if own is not UNASSIGNED or not names:
            return own
        for test in self._asked:
            if test.system == system and test.unit != "switchback" and (not test.stores or store in test.stores):
                found = self._arm(test, store, names[0][1])
                if found is not None:
                    return found
        return UNASSIGNED

    def _arm(self, test: LiveTest, store: str, unit: str) -> Assigned | None:
        context = EvaluationContext(unit, {"store": store, "system": test.system})
        try:
            said = self._provider.resolve_string_details(test.test, "", context)
        except Exception:  # noqa: BLE001 - a foreign provider may raise anything; a decision never fails for it
            self.unanswered += 1
            return None
        for arm in test.arms:
            if arm.name == said.value:
                return Assigned(arm.name, test.test, test.epoch, True, arm.version, arm.settings)
        self.unanswered += bool(said.error_code or said.value)
        return None


def _without_shares(test: LiveTest) -> LiveTest:
    """Return a test whose arms take nobody by the hash."""
    arms = tuple(msgspec.structs.replace(arm, share=0.0) for arm in test.arms)
    return msgspec.structs.replace(test, arms=arms)


def named_provider(name: str) -> FeatureProvider:
    """Return what `package.module:function` makes. Raises ConfigError where that is no OpenFeature provider."""
    module, _, maker = name.partition(":")
    try:
        found = getattr(import_module(module), maker)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"engines.flag_provider is {name!r}, which makes no provider: {error}.",
            "Name a function without arguments that returns an OpenFeature provider, as `package.module:function`.",
        ) from error
    if not callable(getattr(found, "resolve_string_details", None)):
        raise ConfigError(
            f"engines.flag_provider {name!r} returns a {type(found).__name__}, which resolves no flags.",
            "Return an OpenFeature provider.",
        )
    provider: FeatureProvider = found
    return provider
