"""What runs and what is stopped, followed by every serving process within a quarter of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
import structlog

from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import InputError
from shopkeeper.experiments.live_assignment import RULES
from shopkeeper.experiments.live_test import TEXTS, LiveTest, LiveTests, StopOrder, StopOrders, TestArm
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.arms import LiveArms
from shopkeeper.serving.lineup import ArmKey, Lineup
from shopkeeper.wiring.open_versions import OpenVersions

SECONDS = 0.25
"""How often what runs, what is stopped and the release pointer are read again."""
ARMS = "arms"
"""How what tests need open is called."""
_log = structlog.get_logger(__name__)


class Following:
    """Keeps arms at what the state database and the stop file say: of one system, and of texts in other wordings.

    Used from one event loop.

    A test whose versions are not open yet waits, so its first unit is answered by its own arm; one whose version
    cannot be opened runs, and the rules answer that arm, which is counted. While the state database does not answer,
    what ran last goes on.

    Args:
        stop_file: Read on the loop itself: nothing but the disk is needed for a stop.
        state_stops: Orders that processes on other machines see too.
    """

    def __init__(
        self,
        tests: LiveTests,
        stop_file: StopFile,
        state_stops: StopOrders,
        arms: LiveArms,
        lineup: Lineup[RecommendationRequest, RecommendationAnswer],
        system: RecommendationSystem,
        versions: OpenVersions,
    ) -> None:
        self._tests = tests
        self._stop_file = stop_file
        self._state_stops = state_stops
        self._arms = arms
        self._lineup = lineup
        self._system = system
        self._versions = versions
        self._revision: int | None = None
        self._running: tuple[LiveTest, ...] = ()
        self._ready: tuple[LiveTest, ...] = ()
        self._ordered: tuple[StopOrder, ...] = ()
        self._forms: dict[tuple[str | None, bytes], tuple[object, RecommendationSystem]] = {}
        self.up = True
        """The state database said what runs when it was last asked."""
        self.unread = 0
        """Times the state database did not say what runs."""
        self.problems: dict[str, str] = {}
        """Why an arm is answered by the rules though it should not be; test and arm -> reason."""

    async def begin(self) -> None:
        """Follow everything once, versions of arms included; the one before the champion can wait."""
        await self.follow_stop_file()
        await self.follow_tests()
        await self._versions.open_wanted(ARMS)
        self._run()

    async def follow_stop_file(self) -> None:
        """Let the orders in the file of the workspace hold."""
        self._stop((*self._stop_file.orders(), *self._ordered))

    async def follow_tests(self) -> None:
        """Let what the state database says run and be stopped."""
        try:
            revision = await asyncio.to_thread(self._tests.revision)
            running = await asyncio.to_thread(self._tests.running) if revision != self._revision else self._running
            ordered = await asyncio.to_thread(self._state_stops.orders)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises means: go on with what is known
            self.unread += 1
            if self.up:
                _log.warning("tests_not_read", error=repr(error))
            self.up = False
            return
        self.up = True
        self._ordered = ordered
        self._stop((*self._stop_file.orders(), *ordered))
        if revision != self._revision:
            self._revision = revision
            self._running = tuple(test for test in running if self._mine(test) or _needs_no_version(test))
            self._versions.want(ARMS, _versions(self._running))
            self._run()

    async def open_versions(self) -> None:
        """Open what arms and shadows need, and let the tests run that waited for it."""
        await self._versions.open_wanted()
        self._run()

    def answering(self) -> list[LoadedModel]:
        """Return the versions that answer somebody or in the shadow of another; one that is only held warm is not."""
        versions = {self._system.version, *_versions(self._running)} - {None}
        return [loaded for version in versions if version and (loaded := self._versions.get(version)) is not None]

    def _stop(self, orders: tuple[StopOrder, ...]) -> None:
        if orders != self._arms.stops:
            self._arms.stop(orders)
            _log.warning("stop_orders", orders=[msgspec.to_builtins(order) for order in orders])

    def _run(self) -> None:
        """Let every test run whose versions were tried; nothing is awaited, so no decision sees half of it."""
        self.problems = {}
        ready = tuple(test for test in self._running if all(map(self._tried, _of_arms(test))))
        arms = {key: form for test in ready for arm in test.arms for key, form in self._fielded(test, arm)}
        shadows = {
            test.shadow_version: form
            for test in ready
            if test.shadow_version is not None and (form := self._form(test.shadow_version)) is not None
        }
        self._forms = {key: held for key, held in self._forms.items() if held[1] in (*arms.values(), *shadows.values())}
        self._lineup.field(arms, shadows)
        if ready != self._ready:
            self._ready = ready
            self._arms.run(ready)
            _log.info("tests_running", tests=[f"{test.test} epoch {test.epoch}" for test in ready])

    def _mine(self, test: LiveTest) -> bool:
        return test.system == self._system.name

    def _tried(self, version: str) -> bool:
        return self._versions.get(version) is not None or version in self._versions.errors

    def _fielded(self, test: LiveTest, arm: TestArm) -> Iterable[tuple[ArmKey, RecommendationSystem]]:
        """Yield what answers an arm, where it is more than the champion or the rules and can be had."""
        if not self._mine(test) or arm.version == RULES or (arm.version is None and not arm.settings):
            return
        name = f"{test.test} {arm.name}"
        try:
            form = self._form(arm.version, arm)
        except InputError as error:
            self.problems[name] = str(error)
            return
        if form is None:
            self.problems[name] = f"{arm.version}: {self._versions.errors.get(arm.version or '', 'not open')}"
        else:
            yield (test.test, arm.name), form

    def _form(self, version: str | None, arm: TestArm | None = None) -> RecommendationSystem | None:
        """Return a version with the settings of an arm, the same object as long as nothing changed."""
        loaded = None if version is None else self._versions.get(version)
        if version is not None and loaded is None:
            return None
        settings = {} if arm is None else arm.settings
        key = (version, msgspec.json.encode(settings, order="sorted"))
        held = self._forms.get(key)
        if held is None or held[0] is not loaded:
            form = self._system if loaded is None else self._system.beside(loaded)
            held = self._forms[key] = (loaded, form.with_settings(settings) if settings else form)
        return held[1]


def _needs_no_version(test: LiveTest) -> bool:
    """Whether its arms are answered without a model: the wordings of texts, by shopper."""
    return test.system == TEXTS and test.kind == "experiment" and test.unit == "user"


def _of_arms(test: LiveTest) -> Iterable[str]:
    """Yield the versions a test shows."""
    return (arm.version for arm in test.arms if arm.version)


def _versions(tests: Iterable[LiveTest]) -> set[str]:
    """Return the versions tests show or compute."""
    found: set[str] = set()
    for test in tests:
        found.update(_of_arms(test))
        if test.shadow_version:
            found.add(test.shadow_version)
    return found
