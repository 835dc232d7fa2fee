"""The ready experiments run from plan to report with simulated shoppers: real server, logs, metrics and analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.cli.experiment_shop import TRIALS, Simulated, simulate
from shopkeeper.experiments.report import report_page
from shopkeeper.wiring.experiments import library
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.workspace_state import open_workspace_state

pytestmark = pytest.mark.integration


def run(name: str, folder: Path) -> Simulated:
    return simulate(name, folder / "shop", 1, 7, 40, lambda _: None)


@pytest.mark.parametrize("name", TRIALS)
def test_a_ready_experiment_ends_in_a_report_that_says_it_is_simulated(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SERVING__DEADLINE_MS", "5000")  # a busy machine is not what is tested
    found = run(name, tmp_path)
    analysis = found.analysis.analysis
    assert found.tally.failed == found.tally.refused == 0
    assert found.tally.fallbacks == 0
    assert analysis.simulated
    assert analysis.soundness.valid
    assert analysis.matured == analysis.units
    assert min(analysis.units.values()) > 40
    measured = {one.metric for one in analysis.effects if not one.best.reason}
    assert {"ctr", "pages_per_visit"} <= measured
    assert sum(one.requests for one in analysis.answered.values()) <= found.tally.decisions
    assert '<span class="chip bad">simulated</span>' in report_page(found.report)
    with open_workspace_state(load_settings(found.workspace)) as state:
        assert [one.name for one in library(state)] == [name]
        assert state.live_tests.running() == ()


def test_lists_of_the_night_are_made_every_night_and_cost_is_told_apart(tmp_path: Path) -> None:
    cost = run("real-time", tmp_path).cost()
    assert cost["control"]["lists_made"] > 0
    assert "lists_made" not in cost["live"]
    assert cost["live"]["seconds_per_1000_answers"] > 0
