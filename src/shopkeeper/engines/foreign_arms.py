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
from shopkeeper.experiments.sticky import StickyAssignments, kept_name
from shopkeeper.serving.arms import LiveArms, Names


class ForeignArms(LiveArms):
    """Arms of which a foreign OpenFeature provider decides: asked for the name of a test's arm, by the test's id.

    Holdout, testers and orders stay Shopkeeper's, a test's arms and versions are still declared here, and a unit keeps
    the arm it was given first. A provider that fails, or names no arm of the test, leaves the unit in no test, and is
    counted; an empty name says that the unit takes no part.

    Args:
        provider: Answers from memory: it is asked on the way to every first answer of a unit.
    """

    def __init__(self, sticky: StickyAssignments, provider: FeatureProvider) -> None:
        super().__init__(sticky)
        self._provider = provider
        self._asked: tuple[LiveTest, ...] = ()

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
                found = self._arm(test, store, names)
                if found is not None:
                    return found
        return UNASSIGNED

    def _arm(self, test: LiveTest, store: str, names: Names) -> Assigned | None:
        """Return the arm a unit had first, else the one the provider names, which is kept; None for no arm."""
        arms = {arm.name: arm for arm in test.arms}
        first = next((kept for name in names if (kept := self._sticky.of(*name).get(kept_name(test.test)))), None)
        said = first if first in arms else self._named(test, store, names[0][1])
        if said not in arms:
            self.unanswered += said is not None
            return None
        if first is None:
            self._sticky.keep(*names[0], test.test, 0, said)
        return Assigned(said, test.test, test.epoch, True, arms[said].version, arms[said].settings)

    def _named(self, test: LiveTest, store: str, unit: str) -> str | None:
        """Return what the provider names; None where it says that the unit takes no part."""
        context = EvaluationContext(unit, {"store": store, "system": test.system})
        try:
            said = self._provider.resolve_string_details(test.test, "", context)
        except Exception as error:  # noqa: BLE001 - a foreign provider may raise anything; a decision never fails for it
            return repr(error)
        return said.value or (str(said.error_code) if said.error_code else None)


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
