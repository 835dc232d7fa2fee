"""A house's own style, keywords and rules reach the verifier from its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.facts import facts_of
from shopkeeper.content.fields import Field
from shopkeeper.content.findings import Finding
from shopkeeper.content.verifier import Draft
from shopkeeper.errors import ConfigError
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.settings import Settings, load_settings

SETTINGS = """
[content]
claims = "claims"
style = {exclamations = 1, sentence_words = 8}
[[content.keywords]]
words = ["tea kettle"]
language = "en"
category = "Home > Kettles"
"""
RULE = "- {id: house.artisan, phrases: [artisan], reason: we make nothing by hand, remedy: Leave it out.}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").write_text(SETTINGS)
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "en.yaml").write_text(RULE)
    return load_settings(tmp_path)


def kept(
    settings: Settings,
    text: str,
    field: Field = "meta_description",
    locale: str = "en",
    category: str = "Home > Kettles",
) -> list[str]:
    product = Product(product="k", title="Rapid", categories=(category,), attributes={"colour": "red"})
    verdict = manner_of(settings).verifier().verify(Draft(text, field, locale), facts_of(product, locale))
    found: tuple[Finding, ...] = verdict.kept
    return [one.rule for one in found]


def test_a_keyword_that_is_missing_is_told_where_it_was_asked_for(settings: Settings) -> None:
    assert kept(settings, "Rapid in red.") == ["style.keyword"]
    assert kept(settings, "Rapid in red.", category="Home > Kettles > Small") == ["style.keyword"]
    assert kept(settings, "Rapid, a tea kettle in red.") == []
    assert kept(settings, "Rapid in red.", field="alt_text") == []
    assert kept(settings, "Rapid in red.", category="Home > Lamps") == []
    assert kept(settings, "Rapid in Rot.", locale="de") == []


def test_rules_of_the_house_stand_beside_those_that_ship(settings: Settings) -> None:
    assert kept(settings, "Artisan Rapid in red.", "alt_text") == ["house.artisan"]
    assert kept(settings, "Eco friendly Rapid in red.", "alt_text") == ["claims.green"]


def test_signs_and_sentences_are_as_the_house_asks(settings: Settings) -> None:
    assert kept(settings, "Rapid in red!", "alt_text") == []
    assert kept(settings, "This is Rapid and it is here in red for you.", "alt_text") == ["style.sentence"]


def test_another_rule_has_texts_judged_anew_and_a_wrong_one_is_named(settings: Settings) -> None:
    file, before = settings.workspace / "claims" / "en.yaml", manner_of(settings)
    made = before.made("en"), before.made("de")
    file.write_text(RULE.replace("artisan]", "artisan, handmade]"))
    assert before.made("en") != made[0]
    assert before.made("de") == made[1]
    file.write_text("- {id: house.artisan}\n")
    with pytest.raises(ConfigError, match=r"en\.yaml lacks"):
        before.verifier()
