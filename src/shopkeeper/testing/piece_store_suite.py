"""The laws of `content.ports.PieceStore`, for any engine: subclass and give a `pieces` fixture."""

from __future__ import annotations

from dataclasses import replace as with_hand
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from shopkeeper.content.findings import Finding, Reason
from shopkeeper.content.kept import Change, KeptPiece, PieceKey, Version, Wanted
from shopkeeper.content.piece import Span
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.review import Hand, Judged, Policy, Trust, accept, edit, reject, undo, written
from shopkeeper.errors import InputError

_NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANNA = Hand("anna", _NOON, "fine", 4.5)


def example_key(product: str = "lamp", store: str = "") -> PieceKey:
    """Return the title of a product in English."""
    return PieceKey(store, product, "en", "title")


def example_version(number: int = 1, text: str = "A lamp") -> Version:
    """Return a version with something in every field."""
    return Version(
        version=number, at=_NOON, text=text, html=False, writer="realiser", who="anna", facts_hash="f1",
        exit="realiser", prompt="p", words="w", rules="r",
        findings=(Finding("style.ease", 0, 1, "Hard.", "Shorten.", "warning"),),
        reasons=(Reason(1, "writer.failed", "", "Down."),), grounded=((2, 6),), spans=(Span(2, 6, "title", "title"),),
        ease=61.5, doubt=0.25, nearest=("desk", 0.5), cost=0.25, run="run-1",
    )  # fmt: skip


def example_changes(product: str = "lamp", store: str = "") -> list[Change]:
    """Return what brings the first version of a text that waits for a person."""
    return written(None, example_key(product, store), example_version(), "made", Policy(), holds=True)


class PieceStoreSuite:
    """Every engine passes these."""

    def test_a_text_its_version_and_its_step_are_read_back_as_they_were_put(self, pieces: PieceStore) -> None:
        (change,) = example_changes()
        assert pieces.put([change]) == ()
        assert pieces.get(change.piece.id) == change.piece
        assert pieces.version(change.piece.id, 1) == example_version()
        assert list(pieces.steps(change.piece.id)) == [change.step]
        with pytest.raises(InputError, match="no version 2"):
            pieces.version(change.piece.id, 2)
        with pytest.raises(InputError, match="no text 'nobody'"):
            pieces.get("nobody")

    def test_of_two_who_change_one_text_one_is_refused_and_the_rest_of_the_batch_holds(
        self, pieces: PieceStore
    ) -> None:
        piece = _put(pieces)
        version = pieces.version(piece.id, 1)
        pieces.put([accept(piece, version, ANNA, publish=True)])
        late = reject(piece, ANNA)
        assert pieces.put([late, *example_changes("desk")]) == (piece.id,)
        assert pieces.get(piece.id).state == "published"
        assert pieces.get(example_key("desk").id).state == "checked"

    def test_of_a_text_all_changes_hold_or_none(self, pieces: PieceStore) -> None:
        (change,) = example_changes()
        after = accept(change.piece, example_version(), ANNA, publish=True)
        torn = replace(after, piece=replace(after.piece, revision=4))
        assert pieces.put([change, torn]) == (change.piece.id,)
        assert (list(pieces.find(Wanted())), list(pieces.steps(change.piece.id))) == ([], [])
        assert pieces.put([change, after]) == ()
        assert [step.act for step in pieces.steps(change.piece.id)] == ["approve", "write"]

    def test_every_version_stays_and_an_undone_step_brings_the_text_back(self, pieces: PieceStore) -> None:
        piece = _put(pieces)
        typed = replace(example_version(2, "A brass lamp"), writer="person", edited=0.5)
        pieces.put([edit(piece, typed, ANNA, publish=True)])
        edited = pieces.get(piece.id)
        assert (edited.live, edited.locked, edited.writer) == (2, True, "person")
        pieces.put([undo(edited, pieces.steps(piece.id)[0], ANNA)])
        back = pieces.get(piece.id)
        assert replace(back, revision=piece.revision, versions=1) == piece
        assert back.versions == 2
        assert [one.version for one in pieces.versions(piece.id)] == [2, 1]
        assert [step.act for step in pieces.steps(piece.id)] == ["undo", "edit", "write"]

    def test_texts_are_found_by_what_is_wanted_page_by_page(self, pieces: PieceStore) -> None:
        every = [_put(pieces, product, store) for product, store in (("lamp", ""), ("desk", ""), ("desk", "uk"))]
        every.sort(key=lambda piece: piece.id)
        assert list(pieces.find(Wanted())) == every
        assert list(pieces.find(Wanted(limit=2))) == every[:2]
        assert list(pieces.find(Wanted(after=every[1].id))) == every[2:]
        assert [one.store for one in pieces.find(Wanted(store="uk"))] == ["uk"]
        assert {one.product for one in pieces.find(Wanted(product="desk"))} == {"desk"}
        assert list(pieces.of_products(["desk", "none"])) == [one for one in every if one.product == "desk"]
        assert not pieces.find(Wanted(states=("draft",)))
        assert (pieces.counts(), pieces.counts("uk")) == ({"checked": 3}, {"checked": 1})

    def test_a_text_in_another_wording_is_a_text_of_its_own(self, pieces: PieceStore) -> None:
        own, key = _put(pieces), example_key()._replace(wording="warm")
        (change,) = written(None, key, example_version(text="A lovely lamp"), "made", Policy(), holds=True)
        assert pieces.put([change]) == ()
        assert list(pieces.find(Wanted(wording="warm"))) == [change.piece]
        assert list(pieces.find(Wanted(wording=""))) == [own]
        assert {one.wording for one in pieces.of_products(["lamp"])} == {"", "warm"}
        (page,) = pieces.history(_NOON)
        assert {key for key, _ in page} == {own.key, key}

    def test_a_text_to_be_audited_is_found_in_whatever_state_it_is(self, pieces: PieceStore) -> None:
        trusted = {Judged("", "title", "en", "realiser"): Trust(200, 200)}
        calm = replace(example_version(), findings=())
        by_rule = Policy(automatic=True, audit_share=1.0, trust=trusted)
        pieces.put(written(None, example_key(), calm, "made", by_rule, holds=True))
        (found,) = pieces.find(Wanted(states=("checked",), audit=True))
        assert (found.state, found.audit) == ("published", True)
        assert (pieces.audits(), pieces.audits(""), pieces.audits("uk")) == (1, 1, 0)

    def test_several_versions_are_read_at_once(self, pieces: PieceStore) -> None:
        one, two = _put(pieces), _put(pieces, "desk")
        assert pieces.read({one.id: 1, two.id: 2, "nobody": 1}) == {one.id: example_version()}

    def test_trust_counts_what_persons_judged_since_a_moment(self, pieces: PieceStore) -> None:
        lamp, desk, mat = (_put(pieces, name) for name in ("lamp", "desk", "mat"))
        version = example_version()
        pieces.put([accept(lamp, version, ANNA, publish=False), reject(desk, ANNA)])
        pieces.put([accept(mat, version, with_hand(ANNA, at=_NOON - timedelta(days=9)), publish=False)])
        whose = Judged("", "title", "en", "realiser")
        assert pieces.trust(_NOON) == {whose: Trust(accepted=1, judged=2)}
        assert pieces.trust(_NOON - timedelta(days=9)) == {whose: Trust(accepted=2, judged=3)}

    def test_a_judgement_that_was_undone_counts_nowhere_until_that_is_undone(self, pieces: PieceStore) -> None:
        refused = reject(_put(pieces), ANNA)
        back = undo(refused.piece, refused.step, ANNA)
        pieces.put([refused, back])
        assert pieces.trust(_NOON) == {}
        assert [step.act for page in pieces.history(_NOON) for _, step in page] == ["write"]
        pieces.put([undo(back.piece, back.step, ANNA)])
        assert pieces.trust(_NOON) == {Judged("", "title", "en", "realiser"): Trust(accepted=0, judged=1)}

    def test_what_was_written_and_judged_since_a_moment_comes_in_its_order(self, pieces: PieceStore) -> None:
        piece = _put(pieces)
        later = with_hand(ANNA, at=_NOON + timedelta(hours=1))
        pieces.put([reject(piece, later)])
        _put(pieces, "desk")
        found = [(key.product, step.act) for page in pieces.history(_NOON) for key, step in page]
        assert sorted(found[:2]) == [("desk", "write"), ("lamp", "write")]
        assert found[2:] == [("lamp", "reject")]
        since = [step.act for page in pieces.history(later.at) for _, step in page]
        assert since == ["reject"]

    def test_what_a_job_wrote_is_the_sum_of_its_versions(self, pieces: PieceStore) -> None:
        _put(pieces)
        _put(pieces, "desk")
        assert pieces.written_by("run-1") == (2, 2 * 0.25)
        assert pieces.written_by("run-2") == (0, 0.0)

    def test_a_job_is_paused_until_it_is_resumed(self, pieces: PieceStore) -> None:
        assert (pieces.paused("run-1"), pieces.resume("run-1")) == ("", False)
        pieces.pause("run-1", "anna", _NOON)
        pieces.pause("run-1", "ben", _NOON)
        assert pieces.paused("run-1") == "ben"
        assert pieces.resume("run-1")
        assert not pieces.paused("run-1")


def _put(pieces: PieceStore, product: str = "lamp", store: str = "") -> KeptPiece:
    (change,) = example_changes(product, store)
    assert pieces.put([change]) == ()
    return change.piece
