"""What may be done with a kept text."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shopkeeper.content.findings import Finding
from shopkeeper.content.kept import Change, KeptPiece, Version
from shopkeeper.content.review import (
    Hand,
    Judged,
    Policy,
    Trust,
    accept,
    edit,
    publish,
    reject,
    retire,
    stale,
    undo,
    unlock,
    written,
)
from shopkeeper.errors import InputError
from shopkeeper.testing.piece_store_suite import ANNA, example_changes, example_key, example_version

CALM = replace(example_version(), findings=())
WRONG = replace(CALM, passed=False, findings=(Finding("grounding.changed", 0, 1, "Not 5 W.", "Say 4 W."),))
BY_PEOPLE = Policy()
SURE = Policy(automatic=True, audit_share=0.0, trust={Judged("", "title", "en", "realiser"): Trust(200, 200)})


def fresh(version: Version = CALM, policy: Policy = BY_PEOPLE) -> list[Change]:
    return written(None, example_key(), version, "made", policy, holds=True)


def waiting() -> KeptPiece:
    return example_changes()[0].piece


def published() -> KeptPiece:
    return accept(waiting(), CALM, ANNA, publish=True).piece


def test_a_text_that_passed_waits_for_a_person_and_one_that_did_not_stays_a_draft() -> None:
    assert [change.piece.state for change in fresh()] == ["checked"]
    assert [change.piece.state for change in fresh(WRONG, SURE)] == ["draft"]


def test_trust_is_the_lower_end_of_what_people_accept() -> None:
    assert Trust(0, 0).bound == 0.0
    assert Trust(51, 51).bound == pytest.approx(51 / (51 + 1.6448536**2))  # all accepted: n / (n + z^2)
    assert Trust(51, 51).bound < 0.95 < Trust(52, 52).bound


def test_without_a_person_goes_only_what_has_no_warning_from_a_writer_that_is_trusted_there() -> None:
    key = example_key()
    assert SURE.decide(key, CALM) == "approve"
    assert SURE.decide(key, example_version()) == "review"  # it has a warning
    assert SURE.decide(key, replace(CALM, writer="model")) == "review"
    assert SURE.decide(key._replace(field="bullets"), CALM) == "review"
    assert Policy(trust=SURE.trust).decide(key, CALM) == "review"  # nothing is automatic unless asked


def test_of_what_a_rule_approves_a_share_is_drawn_to_be_looked_over_the_same_each_time() -> None:
    policy = Policy(automatic=True, audit_share=0.05, trust={Judged("", "title", "en", "realiser"): Trust(200, 200)})
    drawn = [policy.decide(example_key(f"p{number}"), CALM) == "audit" for number in range(4_000)]
    assert drawn == [policy.decide(example_key(f"p{number}"), CALM) == "audit" for number in range(4_000)]
    assert 0.04 < sum(drawn) / 4_000 < 0.06


def test_what_a_rule_approves_is_written_and_published_in_two_steps_under_the_rules_name() -> None:
    write, approve = fresh(policy=SURE)
    assert (write.piece.revision, approve.piece.revision) == (1, 2)
    assert (approve.piece.state, approve.piece.live, approve.step.who) == ("published", 1, "rule: trust")
    assert not approve.step.person


def test_a_text_that_did_not_pass_is_approved_by_nobody() -> None:
    (change,) = fresh(WRONG)
    with pytest.raises(InputError, match=r"grounding.changed: Not 5 W."):
        accept(change.piece, WRONG, ANNA, publish=True)


def test_approval_without_publishing_leaves_what_is_live_until_it_is_published() -> None:
    approved = accept(waiting(), CALM, ANNA, publish=False).piece
    assert (approved.state, approved.live) == ("approved", 0)
    assert publish(approved, ANNA).piece.live == 1
    with pytest.raises(InputError, match="is checked, not approved"):
        publish(waiting(), ANNA)


def test_a_new_version_of_a_published_text_leaves_the_old_one_live_while_it_is_true() -> None:
    second = replace(CALM, version=2)
    before = published()
    (change,) = written(before, before.key, second, "other", Policy(), holds=True)
    assert (change.piece.state, change.piece.version, change.piece.live) == ("checked", 2, 1)
    (change,) = written(before, before.key, second, "other", Policy(), holds=False)
    assert change.piece.live == 0


def test_a_rejection_takes_the_text_down_asks_for_another_seed_and_needs_a_reason() -> None:
    gone = reject(published(), ANNA).piece
    assert (gone.state, gone.live, gone.made, gone.seed) == ("draft", 0, "", 1)
    with pytest.raises(InputError, match="needs a reason"):
        reject(waiting(), Hand("anna", ANNA.at, " "))
    with pytest.raises(InputError, match="is draft already"):
        reject(gone, ANNA)


def test_a_persons_text_is_locked_and_counts_against_the_writer_it_mends() -> None:
    typed = replace(CALM, version=2, writer="person", edited=0.25)
    change = edit(waiting(), typed, ANNA, publish=True)
    assert (change.piece.locked, change.piece.live, change.piece.writer) == (True, 2, "person")
    assert (change.step.writer, change.step.edited, change.step.seconds) == ("realiser", 0.25, 4.5)
    assert not unlock(change.piece, ANNA).piece.locked
    with pytest.raises(InputError, match="is not locked"):
        unlock(waiting(), ANNA)


def test_a_persons_text_that_does_not_pass_changes_nothing() -> None:
    with pytest.raises(InputError, match=r"grounding.changed: Not 5 W. Say 4 W."):
        edit(waiting(), replace(WRONG, version=2, writer="person"), ANNA, publish=True)


def test_facts_that_changed_take_a_text_down_unless_it_is_true_of_them_too() -> None:
    assert stale(published(), ANNA, holds=True).piece.live == 1
    assert stale(published(), ANNA, holds=False).piece.live == 0
    assert (retire(published(), ANNA).piece.state, retire(published(), ANNA).piece.live) == ("retired", 0)


def test_a_step_is_undone_but_not_one_that_took_down_what_is_not_true() -> None:
    change = reject(published(), ANNA)
    assert undo(change.piece, change.step, ANNA).piece.live == 1
    down = stale(published(), ANNA, holds=False)
    with pytest.raises(InputError, match="that is not undone"):
        undo(down.piece, down.step, ANNA)
    (first,) = fresh()
    with pytest.raises(InputError, match="nothing before it"):
        undo(first.piece, first.step, ANNA)


def test_looking_over_what_a_rule_approved_counts_as_a_persons_judgement() -> None:
    drawn = fresh(policy=Policy(automatic=True, audit_share=1.0, trust=SURE.trust))[1].piece
    assert drawn.audit
    looked = accept(drawn, CALM, ANNA, publish=True)
    assert (looked.piece.audit, looked.piece.state, looked.step.audited) == (False, "published", True)
    escaped = reject(drawn, ANNA)
    assert (escaped.piece.live, escaped.step.audited) == (0, True)
