"""Phrases taken or refused by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.content.phrase_file import FILE, Phrase, phrases_written
from shopkeeper.content.phrases import PhraseBrief
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ConfigError, InputError, NotAllowed
from shopkeeper.people.person import machine, shell_user
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.content_phrases import decide_phrases, list_phrases, write_phrases
from shopkeeper.wiring.settings import Settings, load_settings

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANNA = shell_user("anna")
GOOD, BAD = (
    Phrase(language="en", section="openers", voice="any", text=text, writer="m-1", at=NOON)
    for text in ("A look at {name}.", "{Name}, the best.")
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").write_text('[content]\nwords = "words"\n')
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / FILE).write_bytes(phrases_written([GOOD, BAD]))
    return load_settings(tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    yield opened
    opened.close()


def test_an_approved_phrase_is_written_with_from_then_on_and_audited(settings: Settings, state: State) -> None:
    before = manner_of(settings).made("en")
    decide_phrases(settings, state, [GOOD.id], "approved", "fine", ANNA, NOON)
    assert [one.id for one in list_phrases(settings, "approved")] == [GOOD.id]
    assert [one.id for one in list_phrases(settings, "waiting")] == [BAD.id]
    assert manner_of(settings).made("en") != before
    assert (state.audit.latest(1)[0]["action"], state.audit.latest(1)[0]["who"]) == (
        "content.phrase.approved",
        ANNA.who,
    )
    decide_phrases(settings, state, [GOOD.id], "rejected", "dull", ANNA, NOON)
    assert manner_of(settings).made("en") == before


def test_all_phrases_that_are_named_are_taken_or_none_and_a_person_takes_them(settings: Settings, state: State) -> None:
    with pytest.raises(InputError, match="superlative"):
        decide_phrases(settings, state, [GOOD.id, BAD.id], "approved", "", ANNA, NOON)
    with pytest.raises(InputError, match="no phrase 'none'"):
        decide_phrases(settings, state, [GOOD.id, "none"], "approved", "", ANNA, NOON)
    with pytest.raises(InputError, match="reason"):
        decide_phrases(settings, state, [GOOD.id], "rejected", " ", ANNA, NOON)
    with pytest.raises(NotAllowed):
        decide_phrases(settings, state, [GOOD.id], "approved", "", machine("k1", "*"), NOON)
    assert len(list_phrases(settings, "waiting")) == 2


def test_without_a_model_or_a_folder_of_words_none_are_written(settings: Settings) -> None:
    brief = PhraseBrief("en", "openers", "any", 3)
    with pytest.raises(ConfigError, match="No model"):
        write_phrases(settings, brief, NOON)
    said = settings.content.model_copy(update={"words": None})
    with pytest.raises(ConfigError, match="no folder of words"):
        write_phrases(settings.model_copy(update={"content": said}), brief, NOON)
