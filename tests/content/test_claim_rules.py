"""Rule files are read whole or refused by name; open phrases and categories hold."""

from __future__ import annotations

import pytest

from shopkeeper.content.claim_rules import rules_from, rules_of
from shopkeeper.content.claims import claims_of
from shopkeeper.content.evidence import record_of
from shopkeeper.content.record import Statement
from shopkeeper.content.senses import lexicon_of
from shopkeeper.errors import ConfigError

RULE: dict[str, object] = {"id": "claims.x", "phrases": ["magic*", "very own"], "reason": "no", "remedy": "none"}


def found(rows: list[dict[str, object]], text: str, categories: frozenset[str] = frozenset()) -> list[str]:
    lexicon = lexicon_of("en")
    record = record_of([Statement("title", "Magic Wand")], lexicon)
    rules = rules_from(rows, "en", "test")
    return [text[f.start : f.end] for f in rules.findings(claims_of(text, record, lexicon), record, text, categories)]


def test_an_open_phrase_bars_every_ending_and_a_closed_one_its_own_words() -> None:
    assert found([RULE], "Magical, and your very-own thing. Very nice.") == ["Magical", "very-own"]


def test_a_name_of_the_record_is_no_claim() -> None:
    assert found([RULE], "The Magic Wand.") == []


def test_a_rule_of_a_category_is_silent_elsewhere() -> None:
    rows = [{**RULE, "categories": ["toys"]}]
    assert found(rows, "Magical.") == []
    assert found(rows, "Magical.", frozenset({"toys"})) == ["Magical"]


@pytest.mark.parametrize("wrong", [{"id": "x"}, {**RULE, "phrase": []}, {**RULE, "severity": "bad"}])
def test_a_wrong_rule_is_refused_by_its_place(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"Rule 2 of test"):
        rules_from([RULE, wrong], "en", "test")


def test_each_language_has_the_same_rules() -> None:
    ids = [{p.rule.id for held in rules_of(one).phrases.values() for p in held} for one in ("en", "de", "fr", "es")]
    assert all(one == ids[0] for one in ids)
