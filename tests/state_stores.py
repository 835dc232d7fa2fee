"""The stores of a state database as the suites of their ports ask for them, whichever database `state` is."""

from __future__ import annotations

import pytest

from shopkeeper.content.ports import PieceStore
from shopkeeper.engines.state import State
from shopkeeper.engines.state_stops import StateStops
from shopkeeper.experiments.ports import ExperimentStore
from shopkeeper.intake.ports import TableStore
from shopkeeper.people.person import Person
from shopkeeper.people.ports import PeopleStore, PersonSessions, SignInTries
from shopkeeper.pricing.price_tests.ports import PriceTests
from shopkeeper.pricing.runs.ports import PriceRuns, Prices
from shopkeeper.quality.ports import ReportStore
from shopkeeper.recommendations.ports import RuleStore
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.rollout.ports import Rollouts
from shopkeeper.serving.ports import KeyStore
from shopkeeper.testing.rollouts_suite import LiveTestsEngine
from shopkeeper.testing.stop_orders_suite import Reopen


class StateStores:
    """Put before a suite of a port; the module gives `state`."""

    @pytest.fixture
    def tables(self, state: State) -> TableStore:
        return state.tables

    @pytest.fixture
    def registry(self, state: State) -> ModelRegistry:
        return state.registry

    @pytest.fixture
    def rollouts(self, state: State) -> Rollouts:
        return state.rollouts

    @pytest.fixture
    def live_tests(self, state: State) -> LiveTestsEngine:
        return state.live_tests

    @pytest.fixture
    def reopen(self, state: State) -> Reopen:
        return lambda: StateStops(state.engine)

    @pytest.fixture
    def experiments(self, state: State) -> ExperimentStore:
        return state.experiments

    @pytest.fixture
    def rules(self, state: State) -> RuleStore:
        return state.rules

    @pytest.fixture
    def pieces(self, state: State) -> PieceStore:
        return state.pieces

    @pytest.fixture
    def price_runs(self, state: State) -> PriceRuns:
        return state.price_runs

    @pytest.fixture
    def prices(self, state: State) -> Prices:
        return state.prices

    @pytest.fixture
    def price_tests(self, state: State) -> PriceTests:
        return state.price_tests

    @pytest.fixture
    def keys(self, state: State) -> KeyStore:
        return state.keys

    @pytest.fixture
    def people(self, state: State) -> PeopleStore:
        return state.people

    @pytest.fixture
    def sessions(self, state: State) -> PersonSessions:
        return state.sessions

    @pytest.fixture
    def bob(self, state: State) -> Person:
        return state.people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")

    @pytest.fixture
    def tries(self, state: State) -> SignInTries:
        return state.tries

    @pytest.fixture
    def reports(self, state: State) -> ReportStore:
        return state.reports
