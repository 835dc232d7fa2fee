"""A rollout begins by a written objective, with a blessed version, one at a time, with a plan made first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.wiring.rollouts.shop import KPI, OBJECTIVE, START, TEXT, SaidLog, open_shop

from shopkeeper.errors import ConfigError, ContractNotMet, InputError, NotEnoughData, UnknownModel
from shopkeeper.experiments.sizing import Baseline
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.ports import Foresight
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.model_retention import prune_models
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.rollouts.blessed import start_blessed, waiting
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.start import Start, start_rollout
from shopkeeper.wiring.rollouts.watch import watch_rollouts
from shopkeeper.wiring.settings import ModelSettings, RolloutSettings, Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

GIVEN = Start(units_per_arm=60_000)
AUTOMATIC = TEXT.replace("approval: awaiting", "approval: automatic")


class Weeks:
    """Implements `rollout.ports.Foreseeing` with a busy shop."""

    def __init__(self, arrivals: float) -> None:
        self.arrivals = arrivals

    def foresee(self, objective: Objective, at: object) -> Foresight:  # noqa: ARG002
        names = [objective.primary.metric, *(one.metric for one in objective.guardrails if one.margin)]
        return Foresight({name: Baseline(0.1, 0.09) for name in names}, (self.arrivals,))


def test_the_example_as_it_was_shipped_binds_nobody(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop", text=example_objective("recommendations"))
    with pytest.raises(ConfigError, match="the example as it was shipped"):
        start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    (settings.workspace / "objectives" / "recommendations.yaml").unlink()
    with pytest.raises(ConfigError, match="has no objective"):
        start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)


def test_the_challenger_begins_in_shadow_against_what_serves(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    begun = start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    assert (begun.version, begun.control_version, begun.stage) == ("new", "old", "shadow")
    assert (begun.objective, begun.plan.objective) == (OBJECTIVE, OBJECTIVE.digest)
    with open_workspace_state(settings) as state:
        (told,) = state.live_tests.running()
    assert (told.shadow_version, told.shadow_share, told.arms, told.holdout) == ("new", 0.05, (), 0.01)


def test_a_second_one_a_champion_and_a_stranger_are_refused(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    with pytest.raises(InputError, match="is under way"):
        start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    with pytest.raises(UnknownModel):
        start_rollout(settings, "recommendations", Start("x"), "anna", foresight_of(settings), START)
    with pytest.raises(InputError, match="old serves recommendations already"):
        start_rollout(settings, "recommendations", Start("old"), "anna", foresight_of(settings), START)


def test_a_version_training_did_not_bless_needs_a_reason_that_is_kept(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    with open_workspace_state(settings) as state:
        plain = example_version("plain", hours=3)
        state.registry.register(
            type(plain)(**{name: getattr(plain, name) for name in plain.__slots__} | {"blessed": False})
        )
    with pytest.raises(ContractNotMet, match="did not bless plain"):
        start_rollout(settings, "recommendations", Start("plain", units_per_arm=9), "a", foresight_of(settings), START)
    asked = Start("plain", units_per_arm=9, unblessed="the sample was too small")
    begun = start_rollout(settings, "recommendations", asked, "anna", foresight_of(settings), START)
    assert begun.why == "the sample was too small"
    with open_workspace_state(settings) as state:
        assert state.audit.latest(1)[0]["action"] == "rollout.unblessed"


def test_units_are_planned_from_the_last_weeks_and_a_test_that_takes_for_ever_is_refused(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    with pytest.raises(ContractNotMet, match=r"needs .* units an arm"):
        start_rollout(settings, "recommendations", Start(), "anna", Weeks(50.0), START)
    begun = start_rollout(settings, "recommendations", Start(), "anna", Weeks(200_000.0), START)
    assert begun.plan.users_per_arm > 50_000
    assert begun.plan.users_per_day > 0


def test_without_a_past_somebody_names_the_units(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    with pytest.raises(NotEnoughData, match="0 shoppers; 200 are needed"):
        start_rollout(settings, "recommendations", Start(), "anna", foresight_of(settings), START)
    settings = settings.model_copy(update={"rollout": RolloutSettings(units_per_arm=70_000)})  # type: ignore[call-arg]
    begun = start_rollout(settings, "recommendations", Start(), "anna", foresight_of(settings), START)
    assert begun.plan.users_per_arm == 70_000


def test_a_blessed_version_begins_by_itself_once_where_the_objective_says_so(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop", text=AUTOMATIC)
    (begun,) = start_blessed(settings, START, Weeks(200_000.0))
    assert (begun.version, begun.started_by) == ("new", "retraining")
    assert start_blessed(settings, START + timedelta(minutes=1), Weeks(200_000.0)) == []


def test_a_blessed_version_waits_for_a_person_for_a_peak_to_end_or_for_the_one_under_way(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "person")
    assert start_blessed(settings, START, Weeks(200_000.0)) == []
    with open_workspace_state(settings) as state:
        (one,) = waiting(settings, state, START)
    assert (one.version, one.approval, one.reason) == ("new", "awaiting", "")
    calendar = {"freezes": [{"from": "2026-11-01", "to": "2026-11-05"}]}
    settings = open_shop(tmp_path / "peak", text=AUTOMATIC, calendar=calendar)
    assert start_blessed(settings, START, Weeks(200_000.0)) == []
    (begun,) = start_blessed(settings, START + timedelta(days=4), Weeks(200_000.0))
    assert begun.version == "new"
    newer(settings)
    with open_workspace_state(settings) as state:
        assert "is under way" in waiting(settings, state, START)[0].reason


def test_a_newer_version_finishes_the_one_that_serves_everybody(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    first = start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    for day in range(1, 30):
        watch_rollouts(settings, START + timedelta(days=day), SaidLog({KPI: 0.2}))
    newer(settings)
    second = start_rollout(settings, "recommendations", GIVEN, "anna", foresight_of(settings), START)
    assert (second.control_version, second.version) == ("new", "newer")
    with open_workspace_state(settings) as state:
        assert state.rollouts.get(first.id).status == "finished"
        assert state.registry.pointer("recommendations", "champion") == "new"


def test_versions_in_a_rollout_are_never_pruned(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    with open_workspace_state(settings) as state:
        state.registry.register(example_version("lone", hours=0.5))
        state.registry.register(example_version("newest", hours=9))
    strict = settings.model_copy(update={"models": ModelSettings(keep_newest=1, keep_days=0)})
    asked = Start("lone", units_per_arm=9)
    assert [one.version for one in prune_models(strict, "test", dry_run=True)] == ["lone"]
    start_rollout(strict, "recommendations", asked, "anna", foresight_of(settings), START)
    assert prune_models(strict, "test", dry_run=True) == []


def newer(settings: Settings) -> None:
    with open_workspace_state(settings) as state:
        state.registry.register(example_version("newer", hours=5))
        state.registry.point("recommendations", "challenger", "newer", "test", "blessed")
