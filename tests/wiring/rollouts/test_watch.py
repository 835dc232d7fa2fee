"""A worker takes a rollout up and back by the gate's word, through restarts, races and a dead log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.wiring.rollouts.shop import KPI, START, TEXT, SaidLog, open_shop

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.verdict import latest_verdict
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.rollouts.acts import hold_rollout, override_gate, resume_rollout, roll_back
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.start import Start, start_rollout
from shopkeeper.wiring.rollouts.status import explain
from shopkeeper.wiring.rollouts.stop import lift_stop, stop
from shopkeeper.wiring.rollouts.watch import watch_rollouts
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


def begun(settings: Settings) -> RolloutState:
    asked = Start(units_per_arm=60_000)
    return start_rollout(settings, "recommendations", asked, "anna", foresight_of(settings), START)


def now(settings: Settings) -> RolloutState:
    with open_workspace_state(settings) as state:
        return state.rollouts.newest()[0]


def champion(settings: Settings) -> str | None:
    with open_workspace_state(settings) as state:
        return state.registry.pointer("recommendations", "champion")


def watched(settings: Settings, log: SaidLog, days: float, every: float = 0.25) -> list[tuple[float, str, str]]:
    """Watch from the start for some days and return day, stage and effect of every change."""
    changes = []
    for turn in range(1, int(days / every) + 1):
        (said,) = watch_rollouts(settings, START + timedelta(days=turn * every), log) or [{"effect": "nothing"}]
        if said["effect"] not in ("nothing", "a look was taken"):
            changes.append((turn * every, said["stage"], said["effect"]))
    return changes


def test_a_good_version_reaches_everybody_within_four_weeks_and_every_verdict_is_made_again_bit_for_bit(
    tmp_path: Path,
) -> None:
    settings = open_shop(tmp_path / "shop")
    rollout = begun(settings)
    changes = watched(settings, SaidLog({KPI: 0.2}), 28)
    assert [change[1:] for change in changes] == [
        ("shadow", "advanced to ab (15%)"), ("ab", "advanced to ramp (50%)"), ("ramp", "advanced to full (100%)"),
    ]  # fmt: skip
    assert [change[0] for change in changes[:2]] == [2.0, 2.0 + 7.0]
    assert changes[2][0] >= 2.0 + 7.0 + 7.0
    assert champion(settings) == "new"
    with open_workspace_state(settings) as state:
        kept = state.rollouts.verdicts(rollout.id)
        assert state.registry.pointer("recommendations", "previous") == "old"
    assert all(explain(settings, one.id).recomputed.same for one in kept)
    looks = [one for one in kept if one.effect == "a look was taken"]
    assert len({one.at.date() for one in looks}) == len(looks)


@pytest.mark.parametrize("days", [3, 10])
def test_a_harmful_version_is_taken_back_and_never_serves_everybody(tmp_path: Path, days: int) -> None:
    settings = open_shop(tmp_path / "shop")
    rollout = begun(settings)
    watched(settings, SaidLog({KPI: 0.2}), days)
    assert now(settings).stage == {3: "ab", 10: "ramp"}[days]
    (said,) = watch_rollouts(settings, START + timedelta(days=days, minutes=1), SaidLog({KPI: 0.2, "conversion": -0.3}))
    assert (said["word"], said["effect"]) == ("rollback", "rolled back")
    assert (now(settings).status, champion(settings)) == ("rolled_back", "old")
    with open_workspace_state(settings) as state:
        assert all(not test.arms for test in state.live_tests.running())
    found = explain(settings, rollout.id)
    assert (found.recomputed.same, found.record.word) == (True, "rollback")
    assert "conversion" in found.record.why


def test_a_log_that_does_not_answer_moves_nothing_and_is_said(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    before = begun(settings)
    (said,) = watch_rollouts(settings, START + timedelta(days=3), SaidLog(dead=True))
    assert (said["effect"], said["error"]) == ("nothing", "The warehouse does not answer.")
    assert now(settings) == before


def test_workers_that_watch_at_once_take_each_step_once(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    begun(settings)
    moment = START + timedelta(days=3)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: watch_rollouts(settings, moment, SaidLog({KPI: 0.2})), range(4)))
    assert [one["effect"] for (one,) in said].count("advanced to ab (15%)") == 1
    assert now(settings).step == 1


def test_an_objective_that_changed_ends_all_proof_until_a_new_test_begins(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    first = begun(settings)
    (settings.workspace / "objectives" / "recommendations.yaml").write_text(TEXT.replace("0.15 ", "0.10 "))
    (said,) = watch_rollouts(settings, START + timedelta(days=3), SaidLog({KPI: 0.2}))
    assert said["word"] == "invalid"
    assert "changed objective starts a new test" in said["why"]
    second = begun(settings)
    assert second.objective.digest != first.objective.digest
    with open_workspace_state(settings) as state:
        assert state.rollouts.get(first.id).status == "stopped"


def test_peak_weeks_freeze_every_step_and_harm_is_taken_back_all_the_same(tmp_path: Path) -> None:
    peak = {"peaks": [{"name": "black week", "from": "2026-11-03", "to": "2026-11-30"}]}
    settings = open_shop(tmp_path / "shop", calendar=peak)
    begun(settings)
    (said,) = watch_rollouts(settings, START + timedelta(days=10), SaidLog({KPI: 0.2}))
    assert (said["word"], said["effect"]) == ("hold", "nothing")
    assert "peak black week" in str(said["why"])
    (said,) = watch_rollouts(settings, START + timedelta(days=29), SaidLog({KPI: 0.2}))
    assert said["effect"] == "advanced to ab (15%)"


def test_a_stop_order_freezes_every_step(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    begun(settings)
    stop(settings, "", "", "anna", "odd lists")
    (said,) = watch_rollouts(settings, START + timedelta(days=3), SaidLog({KPI: 0.2}))
    assert "everything is stopped in all stores by anna" in said["why"]
    assert said["effect"] == "nothing"
    lift_stop(settings, "", "", "anna", "mended")
    (said,) = watch_rollouts(settings, START + timedelta(days=3), SaidLog({KPI: 0.2}))
    assert said["effect"] == "advanced to ab (15%)"


def test_people_hold_resume_override_and_take_back_and_it_is_written_down(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    rollout = begun(settings)
    hold_rollout(settings, "recommendations", "anna", "sale")
    (said,) = watch_rollouts(settings, START + timedelta(days=3), SaidLog({KPI: 0.2}))
    assert (said["word"], said["effect"]) == ("promote", "nothing")
    resume_rollout(settings, rollout.id, "anna", "sale is over")
    far = datetime.now(START.tzinfo) + timedelta(days=1)
    override_gate(settings, rollout.id, "ben", "contract", far)
    (said,) = watch_rollouts(settings, START + timedelta(hours=1), SaidLog({KPI: 0.2}))
    assert (said["word"], said["effect"]) == ("hold", "advanced to ab (15%)")
    roll_back(settings, rollout.id, "cleo", "complaints")
    with open_workspace_state(settings) as state:
        trail = [(one["who"], one["detail"].get("what", "")) for one in state.audit.latest(5)]
    assert trail[0] == ("cleo", "rolled back: complaints")
    assert ("gate", "advanced to ab (15%)") in trail
    assert ("anna", "resumed: sale is over") in trail


def test_data_that_nobody_checked_today_are_checked_before_anything_is_judged(tmp_path: Path) -> None:
    settings = open_shop(tmp_path / "shop")
    begun(settings)
    with open_workspace_state(settings) as state:
        state.tables.upsert(STORES, [SourcedRow(Store(store="de"), START)])
        assert latest_verdict(state.reports, "de") is None
        kept = latest_verdict(state.reports, "uk")
    watch_rollouts(settings, START + timedelta(minutes=1), SaidLog())
    with open_workspace_state(settings) as state:
        assert latest_verdict(state.reports, "de") is not None
        assert latest_verdict(state.reports, "uk") == kept
