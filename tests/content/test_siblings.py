"""Texts of a category compared beyond one batch."""

from __future__ import annotations

from msgspec.structs import replace

from shopkeeper.content.duplicates import Texts, packed, packed_signature, signature, similarity
from shopkeeper.content.kept import Change, PieceKey, Version
from shopkeeper.content.review import Judged, Policy, Trust, written
from shopkeeper.content.siblings import Siblings
from shopkeeper.testing.piece_store_suite import example_version

WORDS = ["a", "kettle", "that", "pours", "well", "and", "stays", "cool", "while", "it", "boils", "water", "for", "four"]
TRUSTING = Policy(automatic=True, trust={Judged("", "title", "en", "realiser"): Trust(200, 200)}, audit_share=0.02)
ASKING = Policy()
CALM = replace(example_version(), findings=(), nearest=None)


def text(*words: str) -> Version:
    return replace(CALM, text=" ".join(words), sign=packed(signature(list(words))))


def brought(product: str, version: Version, policy: Policy = ASKING, wording: str = "") -> list[Change]:
    key = PieceKey("", product, "en", "title", wording)
    return written(None, key, version, "made", policy, holds=True)


def rules(changes: list[Change]) -> list[str]:
    return [found.rule for change in changes if change.version for found in change.version.findings]


def test_a_text_that_nearly_is_one_of_another_batch_or_of_before_is_warned_of_and_names_it() -> None:
    siblings = Siblings()
    siblings.know(PieceKey("", "before", "en", "title"), text(*WORDS))
    (change,) = siblings.compared(brought("one", text(*WORDS)))
    assert rules([change]) == ["duplicates.near"]
    assert change.version is not None
    assert change.version.nearest == ("before", 1.0)
    assert rules(siblings.compared(brought("two", text(*WORDS)))) == ["duplicates.near"]


def test_other_texts_other_wordings_and_the_same_product_are_no_siblings() -> None:
    siblings = Siblings()
    siblings.compared(brought("one", text(*WORDS)))
    other = ["the", "lamp", "has", "a", "warm", "light", "for", "late", "hours", "at", "any", "desk", "you", "have"]
    assert rules(siblings.compared(brought("two", text(*other)))) == []
    assert rules(siblings.compared(brought("three", text(*WORDS), wording="warm"))) == []
    assert rules(siblings.compared(brought("one", text(*WORDS)))) == []


def test_texts_of_one_batch_are_not_compared_here_again() -> None:
    siblings = Siblings()
    assert rules(siblings.compared([*brought("one", text(*WORDS)), *brought("two", text(*WORDS))])) == []


def test_what_a_rule_approved_is_left_to_a_person_where_it_nearly_is_another_text() -> None:
    siblings = Siblings()
    assert len(siblings.compared(brought("one", text(*WORDS), TRUSTING))) == 2
    (left,) = siblings.compared(brought("two", text(*WORDS), TRUSTING))
    assert (left.piece.state, left.step.act) == ("checked", "write")


def test_a_kept_signature_tells_how_similar_two_texts_are_as_a_whole_one_does() -> None:
    one, two = signature(WORDS), signature([*WORDS[:10], "a", "cup", "or", "so"])
    kept = similarity(packed_signature(packed(one)), packed_signature(packed(two)))
    assert abs(kept - similarity(one, two)) <= 2 / 64
    assert len(packed(one)) == 64
    texts = Texts()
    texts.add("one", packed_signature(packed(one)))
    assert texts.nearest(packed_signature(packed(one))) == ("one", 1.0)
