"""Each arm is answered by its own form of the system, and one that is taken back or stopped answers no more."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopkeeper.experiments.live_assignment import UNASSIGNED
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.serving.arms import LiveArms

from .test_decide import Parrot, Shop, Wish, broken

TEST = LiveTest(
    test="r1", kind="rollout", system="recommendations", seed="s", epoch=2, holdout=0.0,
    arms=(TestArm(name="treatment", share=1.0, version="v2"),),
)  # fmt: skip
STOP = StopOrder(system="recommendations", store="uk", person="ann", reason="odd", at="now")


def shop_with(challenger: Parrot, test: LiveTest = TEST) -> Shop:
    shop = Shop()
    shop.lineup.field({("r1", "treatment"): challenger}, {"v2": challenger})
    shop.arms.run([test])
    return shop


def test_an_arm_is_answered_by_its_version_and_the_decision_names_test_and_allocation() -> None:
    shop = shop_with(Parrot("v2"))
    decision = shop.one()
    assert (decision.model, decision.variant, decision.test, decision.epoch) == ("v2", "treatment", "r1", 2)
    assert (shop.records.kept[0].test, shop.records.kept[0].epoch) == ("r1", 2)


def test_arms_share_no_cached_answer() -> None:
    shop = shop_with(Parrot("v2"))
    shop.one()
    shop.arms.run(())
    assert (shop.one().model, shop.parrot.calls) == ("v1", 1)


def test_an_arm_taken_back_while_its_model_works_does_not_answer() -> None:
    challenger = Parrot("v2")
    shop = shop_with(challenger)

    def take_back(word: str) -> str:
        shop.arms.run(())
        return word

    challenger.say = take_back
    decision = shop.one()
    assert (decision.model, decision.variant, decision.test) == ("v1", "champion", None)


def test_a_stop_while_the_model_works_holds_for_its_answer_too() -> None:
    shop = Shop()

    def stop(word: str) -> str:
        shop.arms.stop([STOP])
        return word

    shop.parrot.say = stop
    assert (shop.one().answer, shop.one().fallback) == ("rules", "stopped")
    shop.arms.stop([replace(STOP, store="de")])
    assert shop.one().fallback is None


def test_a_challenger_that_fails_does_not_silence_the_champion() -> None:
    shop = shop_with(Parrot("v2", say=broken))
    assert [shop.one().fallback for _ in range(3)] == ["error", "error", "breaker_open"]
    shop.arms.run(())
    assert shop.one().model == "v1"


def test_the_rules_alone_are_an_arm_and_not_a_failure() -> None:
    shop = shop_with(Parrot("v2"), replace(TEST, arms=(TestArm(name="rules", share=1.0, version=""),)))
    decision = shop.one()
    assert (decision.answer, decision.model, decision.fallback) == ("rules", None, None)
    assert shop.telemetry.totals().fallbacks == {}


def test_an_answer_of_a_version_that_was_replaced_meanwhile_is_not_taken_over() -> None:
    shop = Shop()
    shop.decider.prime(Wish(), "lamp", "v0", 100)
    assert not shop.one().cached
    other = Shop()
    other.decider.prime(Wish(), "lamp", "v1", 100)
    assert other.one().cached


def test_without_a_unit_nothing_is_assigned() -> None:
    assert shop_with(Parrot("v2")).one(Wish(unit=None)).model == "v1"


def visit(arms: LiveArms, *names: tuple[str, str]) -> str:
    assigned = arms.assign("recommendations", "uk", names)
    arms.keep(names, assigned)
    return assigned.variant


def halves() -> LiveTest:
    arms = (TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5))
    return replace(TEST, arms=arms)


@given(st.lists(st.tuples(st.sampled_from(["ann", "ben"]), st.sampled_from(["v1", "v2", "v3"])), max_size=12))
def test_a_user_and_a_device_keep_their_first_arm_whoever_signs_in_where(visits: Sequence[tuple[str, str]]) -> None:
    arms = LiveArms(MemorySticky())
    arms.run([halves()])
    first: dict[str, str] = {}
    for user, device in visits:
        alone = visit(arms, ("visitor", device))
        assert first.setdefault(device, alone) == alone
        known = visit(arms, ("user", user), ("visitor", device))
        assert first.setdefault(user, alone if user not in first else known) == known


def test_a_device_of_a_user_stays_in_the_users_arm_when_somebody_comes_as_a_guest_later() -> None:
    arms = LiveArms(MemorySticky())
    arms.run([halves()])
    for n in range(40):
        known = visit(arms, ("user", f"u{n}"), ("visitor", f"v{n}"))
        assert visit(arms, ("visitor", f"v{n}")) == known


def test_what_another_process_answered_first_is_the_units_arm_here_too() -> None:
    arms = LiveArms(MemorySticky())
    arms.run([halves()])
    names = [("user", "ann")]
    other = {"control": "treatment", "treatment": "control"}[arms.assign("recommendations", "uk", names).variant]
    arms.recall(names, {"r1": other})
    assert visit(arms, *names) == other


def test_first_arms_are_held_in_bounded_memory() -> None:
    sticky = MemorySticky(most=3)
    arms = LiveArms(sticky)
    arms.run([halves()])
    for n in range(10):
        visit(arms, ("user", f"u{n}"))
    assert list(sticky.kept) == [("user", "u7"), ("user", "u8"), ("user", "u9")]


def test_where_nothing_runs_nothing_is_kept() -> None:
    sticky = MemorySticky()
    assert visit(LiveArms(sticky), ("user", "ann")) == UNASSIGNED.variant
    assert not sticky.kept
