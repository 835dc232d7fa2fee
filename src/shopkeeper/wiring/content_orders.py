"""Texts ordered: what it would cost, the job accepted, followed or worked on here, paused and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from shopkeeper.content.author import Manner, Subject
from shopkeeper.content.briefs import Brief, answer_schema, messages
from shopkeeper.content.fields import limit
from shopkeeper.content.kept import REALISER, KeptPiece
from shopkeeper.content.subjects import ContentOrder, without_words
from shopkeeper.content.write import REPAIRS
from shopkeeper.errors import InputError
from shopkeeper.jobs.ports import Document, JobStatus
from shopkeeper.wiring.content_job import (
    BATCH,
    CONTENT,
    TEXTS,
    asked_about,
    asked_subjects,
    batches,
    content_work,
    due_in,
)
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.jobs import ended_well, opened_jobs
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_SAMPLE: Final = 300
_LETTERS_A_TOKEN: Final = 4.0
"""Of English; other languages take more tokens, so an estimate of them is low."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order would do.

    Attributes:
        texts: Due; all others are up to date, or a person's.
        dollars: Where each first draft holds.
        dollars_most: Where each text takes all its drafts, and each as long as it may be. Nothing can cost more.
        calls_minutes: What the calls take at least, by `writer_calls_per_minute` of one process; 0 without a model.
    """

    products: int
    texts: int
    by_field: dict[str, int]
    by_locale: dict[str, int]
    writer: str
    dollars: float
    dollars_most: float
    calls_minutes: float
    locales_without_words: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def estimate(settings: Settings, order: ContentOrder) -> Estimate:
    """Return what an order would write and cost, without writing anything.

    Raises:
        UnknownStore: its store was not declared.
        InputError: it names a field, locale or wording there is not.
        ConfigError: a model is named and no price known.
    """
    order.checked()
    manner = manner_of(settings, order.wording)
    by_field: dict[str, int] = {}
    by_locale: dict[str, int] = {}
    briefs: list[Brief] = []
    with open_workspace_state(settings) as state:
        found, stores = asked_about(state, order)
        for batch in batches(found, BATCH):
            for subject, due in due_in(state.pieces, batch, manner, order.fields):
                for one in due:
                    key = one.key if isinstance(one, KeptPiece) else one
                    by_field[key.field] = by_field.get(key.field, 0) + 1
                    by_locale[key.locale] = by_locale.get(key.locale, 0) + 1
                    if manner.writer != REALISER and len(briefs) < _SAMPLE:
                        facts = subject.facts(key.locale, manner.spoken)
                        briefs.append(Brief(facts, key.field, key.locale, manner.voice, style=manner.style))
    texts = sum(by_field.values())
    dollars, most = _cost(settings, manner, briefs, texts)
    minutes = 0.0 if manner.writer == REALISER else texts / settings.content.writer_calls_per_minute
    products = sum(isinstance(one, Subject) for one in found)
    return Estimate(products, texts, by_field, by_locale, manner.writer, dollars, most, minutes, without_words(stores))


def order_texts(settings: Settings, order: ContentOrder, who: str) -> str:
    """Accept a job for whatever worker comes; return its run.

    Raises:
        InputError: there is no such store, field, locale or wording.
        Unavailable: the database of jobs does not answer.
    """
    _check(settings, order)
    with opened_jobs(settings) as opened:
        return opened.jobs.enqueue(CONTENT, TEXTS, _document(order, who), who)


def write_texts(
    settings: Settings,
    order: ContentOrder,
    who: str,
    say: Callable[[str], None],
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> tuple[str, Document]:
    """Write what is due, or go on with the same order where it was left; return the run and what it came to.

    A living `shopkeeper work` does it and is followed; where there is none, it is done in this process.

    Raises:
        InputError: there is no such store, field, locale or wording.
        JobCancelled: somebody cancelled the run.
        Unavailable: the database of jobs does not answer.
    """
    _check(settings, order)
    with opened_jobs(settings) as opened:
        left = [one for one in opened.jobs.unfinished() if one.kind == CONTENT]
        same = [one.run for one in left if msgspec.convert(one.order["order"], ContentOrder) == order]
        if same:
            say(f"Going on with run {same[0]}.")
        run = same[0] if same else opened.jobs.enqueue(CONTENT, TEXTS, _document(order, who), who)
        status = opened.see_through(run, {CONTENT: content_work(settings)}, watch)
    return run, ended_well(status)


def pause(settings: Settings, run: str, who: str) -> None:
    """Let a job wait; what is written stays. Raises InputError where it is none that goes on."""
    _must_go_on(settings, run)
    with open_workspace_state(settings) as state:
        state.pieces.pause(run, who, datetime.now(UTC))


def resume(settings: Settings, run: str, who: str) -> None:
    """Let a paused job go on. Raises InputError where it is not paused."""
    with open_workspace_state(settings) as state:
        if not state.pieces.resume(run):
            raise InputError(f"Run {run} is not paused.", "See it with `shopkeeper jobs show`.")
        state.audit.write(who, "content.resume", {"run": run})


def _check(settings: Settings, order: ContentOrder) -> None:
    manner_of(settings, order.checked().wording)
    with open_workspace_state(settings) as state:
        asked_subjects(state, order)


def _must_go_on(settings: Settings, run: str) -> None:
    with opened_jobs(settings) as opened:
        status = opened.jobs.status(run)
    if status.kind != CONTENT or not status.unfinished:
        raise InputError(f"Run {run} is {status.state}; no text is being written in it.", "See `shopkeeper jobs`.")


def _document(order: ContentOrder, who: str) -> Document:
    return {"order": msgspec.to_builtins(order), "who": who}


def _cost(settings: Settings, manner: Manner, briefs: list[Brief], texts: int) -> tuple[float, float]:
    """Return dollars if all first drafts hold, and the most, from a sample of what would be asked."""
    if manner.writer == REALISER or settings.content.writer_gguf is not None or not briefs:
        return 0.0, 0.0
    from shopkeeper.engines.writer_prices import price_of  # noqa: PLC0415 - an extra

    said = settings.content
    price = price_of(said.writer_url, said.writer_model, said.writer_input_price, said.writer_output_price)
    expected = most = 0.0
    for brief in briefs:
        asked = json.dumps([message._asdict() for message in messages(brief)] + [answer_schema(brief)])
        letters = limit(brief.field, brief.channel).characters
        expected += price(round(len(asked) / _LETTERS_A_TOKEN), round(letters / 2 / _LETTERS_A_TOKEN))
        most += (1 + REPAIRS) * said.writer_tries * price(2 * len(asked), said.writer_output_tokens)
    return texts * expected / len(briefs), texts * most / len(briefs)
