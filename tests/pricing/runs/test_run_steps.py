"""The life of a price run: gates, approval by risk, publishing, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet, InputError, NotAllowed
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.approval import same_person
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice
from shopkeeper.testing.prices_suite import HOUR, NOON, example_price, example_run

POLICY = RunPolicy(mean_move=1.0)
ANNA, BEN = "Anna (person 0000000a, session 00000001)", "Ben (person 0000000b, session 00000002)"


def waiting(*prices: RunPrice) -> PriceRun:
    return replace(example_run("r1", list(prices or [example_price("a", 10, 10.5)]))[0], who=ANNA)


def judged(policy: RunPolicy, *prices: RunPrice) -> PriceRun:
    run, _ = example_run("r1", list(prices))
    return run_steps.gated(replace(run, steps=()), list(prices), policy, NOON)[0]


def test_a_run_that_passed_its_gates_waits_for_a_person() -> None:
    run = waiting()
    assert (run.status, run.risk, run.moved) == ("waiting", "medium", 1)
    assert run.largest == pytest.approx(0.5 / 10)


def test_a_run_in_which_nothing_moves_needs_nobody() -> None:
    run = waiting(example_price("a", 10, 10))
    assert (run.status, run.risk, run.steps[-1].who) == ("approved", "none", "rule")


def test_small_moves_of_little_money_are_approved_by_rule_where_the_policy_says_so() -> None:
    rule = RunPolicy(mean_move=1.0, small_move=0.02, small_share=0.5)
    small, still = example_price("a", 10, 10.2), example_price("b", 10, 10)
    assert judged(rule, small, still).status == "approved"
    assert judged(rule, small).status == "waiting"  # it moves all the money
    assert judged(rule, example_price("a", 10, 10.3), still).status == "waiting"


def test_a_large_move_takes_two_people() -> None:
    run = replace(judged(POLICY, example_price("a", 10, 12, daily_move=0.3)), who=ANNA)
    once = run_steps.approve(run, BEN, "agreed with the buyer", POLICY, NOON)
    assert (run.risk, once.status, once.approvers) == ("high", "waiting", (BEN,))
    with pytest.raises(NotAllowed, match="second person"):
        run_steps.approve(once, BEN, "again", POLICY, NOON)
    assert run_steps.approve(once, "shell:carl", "fine", POLICY, NOON).status == "approved"


def test_whoever_began_a_run_may_not_approve_it_in_whatever_session() -> None:
    with pytest.raises(NotAllowed, match="began run r1"):
        run_steps.approve(waiting(), ANNA.replace("00000001", "00000009"), "mine", POLICY, NOON)
    own = RunPolicy(own_runs=True)
    assert run_steps.approve(waiting(), ANNA, "a shop of one", own, NOON).status == "approved"


def test_an_account_of_a_shell_that_is_called_like_a_person_is_somebody_else() -> None:
    assert not same_person("shell:anna", ANNA)
    assert same_person("shell:anna", "shell:anna")


def test_a_blocked_run_says_why_and_can_be_neither_approved_nor_published() -> None:
    run = judged(RunPolicy(mean_move=0.01), example_price("a", 10, 10.5))
    assert run.status == "blocked"
    with pytest.raises(InputError, match=r"\+5.0% on average"):
        run_steps.approve(run, BEN, "anyway", POLICY, NOON)


def test_nothing_is_published_before_it_is_approved_or_once_it_is_old() -> None:
    with pytest.raises(InputError, match="waiting"):
        run_steps.publish(waiting(), BEN, "now", POLICY, NOON)
    run = run_steps.approve(waiting(), BEN, "yes", POLICY, NOON)
    assert run_steps.publish(run, BEN, "now", POLICY, NOON + 48 * HOUR).publish_at == NOON + 48 * HOUR
    with pytest.raises(ContractNotMet, match="48 hours"):
        run_steps.publish(run, BEN, "now", POLICY, NOON + 48 * HOUR + timedelta(seconds=1))
    with pytest.raises(InputError, match="48 hours"):
        run_steps.schedule(run, BEN, "later", NOON + 49 * HOUR, POLICY, NOON)


def test_only_what_was_published_can_be_taken_back_and_only_once() -> None:
    run = run_steps.approve(waiting(), BEN, "yes", POLICY, NOON)
    with pytest.raises(InputError, match="approved"):
        run_steps.revert(run, BEN, "no", NOON)
    back = run_steps.revert(run_steps.publish(run, BEN, "now", POLICY, NOON), BEN, "complaints", NOON)
    assert [step.status for step in back.steps] == ["waiting", "approved", "published", "reverted"]
    with pytest.raises(InputError, match="reverted"):
        run_steps.revert(back, BEN, "again", NOON)


def test_a_rejected_run_goes_nowhere() -> None:
    run = run_steps.reject(waiting(), BEN, "the sale begins", NOON)
    with pytest.raises(InputError, match="rejected"):
        run_steps.approve(run, "shell:carl", "but", POLICY, NOON)
