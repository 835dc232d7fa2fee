"""The state database keeps the laws of the experiment log, and forgets a shopper whom a decision names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_privacy import forget_user
from shopkeeper.experiments.ports import ExperimentStore
from shopkeeper.testing.experiment_store_suite import ExperimentStoreSuite, example_record, example_resolution


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


class TestExperiments(ExperimentStoreSuite):
    @pytest.fixture
    def experiments(self, state: State) -> ExperimentStore:
        return state.experiments


def test_start_stop_and_decision_are_in_the_audit(state: State) -> None:
    state.experiments.begin(example_record())
    state.experiments.stop("varied", example_record().started_at, "ben", "planned end")
    state.experiments.resolve(example_resolution())
    audit = [(one["who"], one["action"], one["detail"]["experiment"]) for one in state.audit.latest()]
    assert audit == [
        ("anna", "experiment.decide", "varied"),
        ("ben", "experiment.stop", "varied"),
        ("anna", "experiment.start", "varied"),
    ]


def test_a_decision_that_names_a_shopper_stays_and_the_shopper_goes(state: State) -> None:
    state.experiments.begin(example_record())
    state.experiments.resolve(replace(example_resolution(), why="Complaint of 'u-77' was looked into."))
    assert forget_user(state.engine, ["uk"], "u-77")["experiment_decisions"] == 1
    (kept,) = state.experiments.resolutions("varied")
    assert kept.why == "Complaint of '(erased)' was looked into."
