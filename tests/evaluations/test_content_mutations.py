"""A planted fault changes the text in one place, and counts as found only by an error more or a fact left out."""

from __future__ import annotations

from random import Random

from evaluations.content_mutations import faults, found

from shopkeeper.commerce.product import Product
from shopkeeper.content.claims import claims_of
from shopkeeper.content.facts import facts_of
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.verifier import Draft, Verifier

CASE = Product(product="c", title="Nova Case", attributes={"Colour": "Red", "Width": "30 cm", "Weight": "2 kg"})
TEXT = "The Nova Case in red. Its width is 30 cm. It weighs 2 kg."


def test_each_kind_of_fault_is_planted_once_and_found() -> None:
    facts, lexicon, verifier = facts_of(CASE), lexicon_of("en"), Verifier()
    record = verifier.record(facts, lexicon)
    before = verifier.verify(Draft(TEXT, "description_short", "en"), facts)
    assert before.passed
    planted = list(faults(TEXT, claims_of(TEXT, record, lexicon), record, lexicon, Random(1)))
    kinds = [fault.kind for fault in planted]
    assert sorted(kinds) == sorted(set(kinds))
    assert {"number", "unit", "value", "denied", "added_amount", "dropped"} <= set(kinds)
    for fault in planted:
        strict = fault.kind == "added_feature"
        after = verifier.verify(Draft(fault.text, "description_short", "en", strict=strict), facts)
        assert fault.text != TEXT
        assert found(before, after, fault), fault
        assert not found(after, after, fault)
