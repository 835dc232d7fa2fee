"""Phrases for the realiser: asked of the model once, judged, kept in the folder of words, and approved by a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from shopkeeper.content.lexicon import language_of
from shopkeeper.content.phrase_file import FILE, Phrase, PhraseState, phrases_written, read_phrases
from shopkeeper.content.phrases import PhraseBrief, phrase_faults
from shopkeeper.engines.durable_files import held_lock, replace_file
from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError, InputError, Unavailable
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.writing import open_writer


@dataclass(frozen=True, slots=True)
class WrittenPhrases:
    """What came of asking.

    Attributes:
        waiting: New phrases, to be approved.
        refused: Phrases that were not kept, each with why.
        dollars: What the answer cost.
    """

    waiting: tuple[Phrase, ...]
    refused: tuple[tuple[str, str], ...]
    dollars: float


def words_folder(settings: Settings) -> Path:
    """Return the folder of a house's own words. Raises ConfigError where it has none."""
    if settings.content.words is None:
        raise ConfigError("There is no folder of words.", 'Name one in [content]: words = "words".')
    return settings.folder(settings.content.words)


def write_phrases(settings: Settings, brief: PhraseBrief, now: datetime) -> WrittenPhrases:
    """Ask the model for phrases and keep those whose words carry no fact, to be approved.

    Raises:
        ConfigError: no model or no folder of words is named.
        InputError: there is no such language, section or voice.
        Unavailable: the model does not answer, or not in frames.
        RefusedBudget: the month's money is spent.
    """
    folder, brief = words_folder(settings), dataclasses.replace(brief, language=language_of(brief.language)).checked()
    writer = open_writer(settings)
    if writer is None:
        raise ConfigError("No model writes.", "Name `writer_url` and `writer_model` in [content].")
    try:
        answer = writer.answer(brief.asked())
    finally:
        writer.close()
    if not answer.parts:
        raise Unavailable(
            f"The model wrote no phrases: {answer.fault}", "Ask again with another --seed, or another model."
        )
    waiting: list[Phrase] = []
    refused: list[tuple[str, str]] = []
    with _changing(folder) as held:
        for text in answer.parts:
            made = Phrase(
                language=brief.language, section=brief.section, voice=brief.voice, text=text, writer=answer.model,
                at=now,
            )  # fmt: skip
            known = any(one.id == made.id for one in held)
            faults = ["It was written before."] if known else phrase_faults(text, brief.section, brief.language)
            if faults:
                refused.append((text, " ".join(faults)))
            else:
                waiting.append(made)
                held.append(made)
    return WrittenPhrases(tuple(waiting), tuple(refused), answer.cost)


def list_phrases(settings: Settings, state: PhraseState | None = None) -> list[Phrase]:
    """Return the phrases there are, or those of a state. Raises ConfigError where there is no folder of words."""
    return [one for one in read_phrases(words_folder(settings)) if state in {None, one.state}]


def decide_phrases(
    settings: Settings, state: State, ids: Sequence[str], taken: PhraseState, why: str, actor: Actor, now: datetime
) -> list[Phrase]:
    """Approve or reject phrases for every product from now on; all that are named, or none. Audited.

    Raises:
        InputError: there is no such phrase, a rejection has no reason, or one that is approved has a fault by now.
        NotAllowed: the actor may not decide about texts of all stores.
    """
    actor.must("content", ALL)
    if taken == "rejected" and not why.strip():
        raise InputError("A rejection needs a reason.", "Say in a sentence what is wrong.")
    done: list[Phrase] = []
    with _changing(words_folder(settings)) as held:
        places = {one.id: place for place, one in enumerate(held)}
        for name in ids:
            if name not in places:
                raise InputError(f"There is no phrase {name!r}.", "See them with `shopkeeper content phrases list`.")
            phrase = held[places[name]]
            if taken == "approved" and (faults := phrase_faults(phrase.text, phrase.section, phrase.language)):
                raise InputError(f"Phrase {name} cannot be used: {' '.join(faults)}", "Reject it.")
            done.append(msgspec.structs.replace(phrase, state=taken, who=actor.who, why=why, at=now))
            held[places[name]] = done[-1]
    for phrase in done:
        detail = {"phrase": phrase.id, "text": phrase.text, "section": phrase.section, "reason": why}
        state.audit.write(actor.who, f"content.phrase.{taken}", detail)
    return done


@contextmanager
def _changing(folder: Path) -> Iterator[list[Phrase]]:
    """Hold the phrases of a folder, to be changed; what they are in the end is kept, unless an error ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    with held_lock(folder / f"{FILE}.lock", wait=True):
        held = read_phrases(folder)
        yield held
        replace_file(folder / FILE, phrases_written(held))
