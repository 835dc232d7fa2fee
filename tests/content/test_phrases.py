"""Phrases a model writes for the realiser: frames of plain words alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.facts import facts_of
from shopkeeper.content.lexicon import lexicon
from shopkeeper.content.phrase_file import FILE, Phrase, PhraseState, phrases_written, read_phrases
from shopkeeper.content.phrases import NEEDS, PhraseBrief, phrase_faults, there
from shopkeeper.content.realise import realised
from shopkeeper.content.telling import told
from shopkeeper.content.verifier import Draft, Verifier
from shopkeeper.errors import ConfigError, InputError

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PHRASE = "A look at {name}, {a}[ in {colour}]."


def phrase(state: PhraseState, voice: str = "any", text: str = PHRASE) -> Phrase:
    return Phrase(language="en", section="openers", voice=voice, text=text, writer="m-1", state=state, at=NOON)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_each_phrase_that_ships_would_pass_if_a_model_had_written_it(language: str) -> None:
    faults = {
        (section, text): phrase_faults(text, section, language)
        for section in NEEDS
        for text in there(language, section)
    }
    assert {tuple(found) for found in faults.values()} == {("It is there already.",)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{Name}, the best {noun}.", "superlative"),
        ("{Name} in red.", "says nothing of it"),
        ("{Name} for 20 days.", "no amount"),
        ("{Name}, cosy and durable.", "`cosy` is no plain word"),
        ("{Name} is waterproof.", "`waterproof` is no plain word"),
        ("See {value}.", "slot {value} is not known"),
        ("{Name} [in brief", "not closed"),
        ("All the details here.", "none of name"),
        ("<b>{Name}</b> in brief.", "markup"),
        ("{Name}: https://evil.test", "address"),
        ("{Name} in brief." + " In brief." * 12, "longer than 120"),
    ],
)
def test_a_phrase_that_says_something_or_is_no_frame_is_refused(text: str, said: str) -> None:
    assert said in " ".join(phrase_faults(text, "openers", "en"))


def test_a_phrase_of_plain_words_with_what_it_is_about_holds() -> None:
    assert phrase_faults(PHRASE, "openers", "en") == []


def test_what_a_model_is_asked_names_slots_and_examples_and_its_answer_is_read_or_not() -> None:
    asked = PhraseBrief("en", "openers", "warm", 3).checked().asked()
    assert "{name}" in asked.messages[1].content
    assert there("en", "openers")[0] in asked.messages[1].content
    assert asked.read('{"frames": ["{Name}.", " {Name}. ", ""]}') == (("{Name}.",), "")
    assert asked.read("Sure!")[0] == asked.read('{"frames": "x"}')[0] == asked.read('{"frames": []}')[0] == ()
    assert PhraseBrief("en", "openers", "warm", 3, seed=1).asked().key != asked.key
    for wrong in (
        PhraseBrief("en", "title", "any", 3),
        PhraseBrief("en", "ad", "loud", 3),
        PhraseBrief("en", "ad", "any", 41),
    ):
        with pytest.raises(InputError):
            wrong.checked()


def test_approved_phrases_alone_stand_beside_those_that_ship_and_what_is_written_with_them_holds(
    tmp_path: Path,
) -> None:
    states: tuple[PhraseState, ...] = ("waiting", "approved", "rejected")
    kept = [phrase(state, text=f"{PHRASE[:-1]}{end}") for state, end in zip(states, (".", ".", "!"), strict=True)]
    (tmp_path / FILE).write_bytes(phrases_written(kept))
    assert read_phrases(tmp_path) == kept
    ours, theirs = lexicon("en"), lexicon("en", tmp_path)
    frames = [{one.text for one in words.voiced("openers", "neutral")} for words in (ours, theirs)]
    assert frames[1] - frames[0] == {PHRASE}
    assert frames[0] <= frames[1]
    assert ours.version != theirs.version
    product = Product(
        product="k1", title="Aria K1", brand="Aria", categories=("Home > Kettles",), attributes={"colour": "red"}
    )
    facts = facts_of(product, "en")
    telling = told(facts, theirs)
    texts = {realised(telling, "description_short", "en", "neutral", seed).text for seed in range(60)}
    assert any(text.startswith("A look at Aria K1") for text in texts)
    assert all(Verifier().verify(Draft(text, "description_short", "en"), facts).passed for text in texts)


def test_a_file_of_phrases_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert read_phrases(tmp_path) == []
    (tmp_path / FILE).write_text("[{]")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_phrases(tmp_path)
