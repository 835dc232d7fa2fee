"""The laws of `rollout.ports.Rollouts` and `LiveTests`, for any engine.

Subclass and give the fixtures `rollouts`, `live_tests` and `registry`, all of one empty database.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace

from shopkeeper.errors import ChangedMeanwhile, InputError, UnknownModel, UnknownRollout
from shopkeeper.experiments.live_test import LiveTest, LiveTests, TestArm
from shopkeeper.objectives.built_in import built_in_objective
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.rollout.evidence import Evidence, Plan
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.ports import LiveTestStore, Rollouts
from shopkeeper.rollout.ramp import DEFAULT_RAMP
from shopkeeper.rollout.recompute import recompute
from shopkeeper.rollout.record import JudgedVerdict
from shopkeeper.rollout.stages import after, give_up, hold, live_test, roll_back
from shopkeeper.rollout.state import Allocation, RolloutState
from shopkeeper.rollout.verdict import decide
from shopkeeper.testing.registry_suite import example_version

OBJECTIVE = built_in_objective("recommendations", "ndcg@10")
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
PROMOTE = Verdict(word="promote", why="It is better.", findings=(), objective=OBJECTIVE.digest)


class LiveTestsEngine(LiveTests, LiveTestStore, Protocol):
    """What holds live tests, from both sides."""


def example_rollout(name: str = "r1", system: str = "recommendations", hours: float = 0) -> RolloutState:
    """Return a rollout of version `new` against `old` that began `hours` after 2026-11-02 09:00."""
    at = START + timedelta(hours=hours)
    return RolloutState(
        id=name, system=system, version="new", control_version="old", objective=OBJECTIVE,
        plan=Plan(objective=OBJECTIVE.digest, users_per_arm=1_000), ramp=DEFAULT_RAMP, started_at=at,
        started_by="anna", why="better lists", stage_since=at,
        epochs=(Allocation(number=0, stage="shadow", share=0.05, since=at),), forced={"tester": "treatment"},
    )  # fmt: skip


def example_judged(state: RolloutState) -> JudgedVerdict:
    """Return what the gate says about a rollout of which nothing is known yet."""
    evidence = Evidence(
        rollout=state.id, system=state.system, version=state.version, control_version=state.control_version,
        at=START + timedelta(minutes=1), stage=state.stage, stage_since=state.stage_since,
        objective=state.objective.digest, plan=state.plan,
    )  # fmt: skip
    return JudgedVerdict(state.objective, evidence, decide(state.objective, evidence))


def risen(state: RolloutState) -> RolloutState:
    """Return a rollout one step further."""
    return after(state, PROMOTE, START + timedelta(days=3))


class RolloutsSuite:
    """Every engine of the ports passes these."""

    @pytest.fixture(autouse=True)
    def _versions(self, registry: ModelRegistry) -> None:
        for hours, name in enumerate(("old", "new")):
            registry.register(example_version(name, hours=hours))
        registry.point("recommendations", "champion", "old", "test", "first")

    def test_a_rollout_comes_back_as_it_went_in(self, rollouts: Rollouts) -> None:
        rollouts.begin(example_rollout(), "anna")
        assert rollouts.get("r1") == example_rollout()
        assert list(rollouts.alive()) == [example_rollout()]
        with pytest.raises(UnknownRollout, match="nowhere"):
            rollouts.get("nowhere")

    def test_one_rollout_of_a_system_is_alive(self, rollouts: Rollouts) -> None:
        rollouts.begin(example_rollout(), "anna")
        with pytest.raises(InputError, match="r1 of recommendations is under way"):
            rollouts.begin(example_rollout("r2"), "ben")
        rollouts.begin(example_rollout("p1", "pricing"), "ben")
        assert [one.id for one in rollouts.alive()] == ["p1", "r1"]

    def test_a_step_is_kept_with_the_next_revision(self, rollouts: Rollouts) -> None:
        before = example_rollout()
        rollouts.begin(before, "anna")
        kept = rollouts.step(before, risen(before), "gate", "advanced to ab")
        assert kept == replace(risen(before), revision=1) == rollouts.get("r1")

    def test_of_two_who_change_one_revision_one_is_refused_and_changed_nothing(
        self, rollouts: Rollouts, live_tests: LiveTestsEngine
    ) -> None:
        before = example_rollout()
        rollouts.begin(before, "anna")
        kept = rollouts.step(before, risen(before), "gate", "advanced to ab")
        told = live_tests.revision()
        with pytest.raises(ChangedMeanwhile, match="r1 was changed meanwhile"):
            rollouts.step(before, risen(before), "gate", "advanced to ab", example_judged(before))
        with pytest.raises(ChangedMeanwhile):
            rollouts.step(before, before, "gate", "nothing", example_judged(before))
        assert (rollouts.get("r1"), live_tests.revision(), list(rollouts.verdicts())) == (kept, told, [])

    def test_workers_at_once_make_each_step_once(self, rollouts: Rollouts) -> None:
        rollouts.begin(example_rollout(), "anna")
        start = threading.Barrier(4)

        def work(_: int) -> int:
            done = 0
            start.wait()
            for _ in range(3):
                before = rollouts.get("r1")
                if before.step == 2:
                    break
                try:
                    rollouts.step(
                        before, risen(before) if before.step == 0 else _looked_and_risen(before), "gate", "up"
                    )
                    done += 1
                except ChangedMeanwhile:
                    continue
            return done

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, range(4))) == 2
        kept = rollouts.get("r1")
        assert (kept.step, kept.revision, [one.number for one in kept.epochs]) == (2, 2, [0, 1, 2])

    def test_serving_is_told_in_the_same_moment(self, rollouts: Rollouts, live_tests: LiveTestsEngine) -> None:
        assert (live_tests.running(), live_tests.revision()) == ((), 0)
        before = example_rollout()
        rollouts.begin(before, "anna")
        first = live_tests.revision()
        assert live_tests.running() == (live_test(before),)
        up = rollouts.step(before, risen(before), "gate", "advanced to ab")
        second = live_tests.revision()
        assert live_tests.running() == (live_test(up),)
        rollouts.step(up, up, "gate", "nothing", example_judged(up))
        assert 0 < first < second == live_tests.revision()

    def test_the_pointer_moves_with_the_step_to_full_and_back(
        self, rollouts: Rollouts, registry: ModelRegistry
    ) -> None:
        state = example_rollout()
        rollouts.begin(state, "anna")
        pointers = []
        for _ in range(3):
            state = rollouts.step(state, _looked_and_risen(state), "gate", "up")
            pointers.append(registry.pointer("recommendations", "champion"))
        assert (pointers, registry.pointer("recommendations", "previous")) == (["old", "old", "new"], "old")
        rollouts.step(state, roll_back(state, "anna", "complaints", START + timedelta(days=9)), "anna", "rolled back")
        assert registry.pointer("recommendations", "champion") == "old"
        assert registry.pointer("recommendations", "previous") is None

    def test_where_the_rules_served_before_a_rollback_leaves_no_champion(
        self, rollouts: Rollouts, registry: ModelRegistry, live_tests: LiveTestsEngine
    ) -> None:
        registry.register(example_version("new", system="pricing"))
        state = replace(example_rollout("p1", "pricing"), control_version="")
        rollouts.begin(state, "anna")
        for _ in range(3):
            state = rollouts.step(state, _looked_and_risen(state), "gate", "up")
        assert registry.pointer("pricing", "champion") == "new"
        rollouts.step(state, roll_back(state, "anna", "complaints", START + timedelta(days=9)), "anna", "rolled back")
        assert registry.pointer("pricing", "champion") is None
        assert live_tests.running() == ()

    def test_a_step_to_a_version_nobody_registered_changes_nothing(
        self, rollouts: Rollouts, live_tests: LiveTestsEngine
    ) -> None:
        state = replace(example_rollout(), version="lost")
        rollouts.begin(state, "anna")
        for _ in range(2):
            state = rollouts.step(state, _looked_and_risen(state), "gate", "up")
        told = live_tests.revision()
        with pytest.raises(UnknownModel, match="lost"):
            rollouts.step(state, _looked_and_risen(state), "gate", "up", example_judged(state))
        assert (rollouts.get("r1"), live_tests.revision(), list(rollouts.verdicts())) == (state, told, [])

    def test_another_begins_in_the_moment_the_one_before_ends(
        self, rollouts: Rollouts, live_tests: LiveTestsEngine
    ) -> None:
        first = example_rollout()
        rollouts.begin(first, "anna")
        at = START + timedelta(days=30)
        rollouts.begin(example_rollout("r2", hours=720), "anna", give_up(first, "anna", "objective changed", at))
        assert [(one.id, one.status) for one in rollouts.newest()] == [("r2", "running"), ("r1", "stopped")]
        assert [one.test for one in live_tests.running()] == ["r2"]
        with pytest.raises(ChangedMeanwhile):
            rollouts.begin(example_rollout("r3"), "anna", give_up(first, "anna", "again", at))

    def test_verdicts_are_added_with_what_they_were_made_from(self, rollouts: Rollouts) -> None:
        state = example_rollout()
        rollouts.begin(state, "anna")
        judged = example_judged(state)
        rollouts.step(state, state, "gate", "nothing", judged)
        held = rollouts.step(state, hold(state, "anna", "sale", START), "anna", "held")
        rollouts.step(held, held, "gate", "nothing", judged)
        newest, first = rollouts.verdicts("r1")
        assert (first.id, newest.id) == ("r1/1", "r1/2")
        assert rollouts.verdict("r1/1") == first
        assert recompute(first).same
        assert (first.read, first.word, first.digest) == (judged.verdict, "invalid", OBJECTIVE.digest)
        assert list(rollouts.verdicts(since=judged.evidence.at + timedelta(seconds=1))) == []
        for unknown in ("r1/3", "r1", "r2/1", "r1/²", f"r1/{2**64}"):
            with pytest.raises(UnknownRollout, match=unknown):
                rollouts.verdict(unknown)

    def test_a_watch_is_noted_and_changes_nothing_else(self, rollouts: Rollouts) -> None:
        rollouts.begin(example_rollout(), "anna")
        assert rollouts.watched("r1") is None
        rollouts.note_watch("r1", START, "hold")
        assert (rollouts.watched("r1"), rollouts.get("r1")) == ((START, "hold"), example_rollout())

    def test_an_experiment_runs_beside_a_rollout(self, rollouts: Rollouts, live_tests: LiveTestsEngine) -> None:
        rollouts.begin(example_rollout(), "anna")
        plan = LiveTest(
            test="diversity-1", kind="experiment", system="recommendations", seed="s",
            arms=(TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, settings={"mmr": 0.3})),
        )  # fmt: skip
        live_tests.put(plan, "anna", "started")
        changed = replace(plan, epoch=1)
        live_tests.put(changed, "anna", "wider")
        assert live_tests.running() == (live_test(example_rollout()), changed)
        rollouts.step(example_rollout(), risen(example_rollout()), "gate", "advanced to ab")
        assert [one.test for one in live_tests.running()] == ["r1", "diversity-1"]
        live_tests.remove("diversity-1", "anna", "over")
        live_tests.remove("diversity-1", "anna", "over")
        assert live_tests.running() == (live_test(risen(example_rollout())),)

    def test_a_rollout_is_no_experiment(self, rollouts: Rollouts, live_tests: LiveTestsEngine) -> None:
        rollouts.begin(example_rollout(), "anna")
        (told,) = live_tests.running()
        with pytest.raises(InputError, match="r1 is a rollout"):
            live_tests.put(replace(told, epoch=7), "anna", "by hand")
        with pytest.raises(InputError, match="r1 is a rollout"):
            live_tests.remove("r1", "anna", "by hand")


def _looked_and_risen(state: RolloutState) -> RolloutState:
    return after(state, PROMOTE, START + timedelta(days=3 + state.step))
