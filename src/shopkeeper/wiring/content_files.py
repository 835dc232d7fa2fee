"""Published texts of a store in one locale, written as the file of a channel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from shopkeeper.content.author import Manner, Subject, judged
from shopkeeper.content.channels.channel import Refused, rendered
from shopkeeper.content.channels.every import channel_named
from shopkeeper.content.channels.offer import Offer, Text
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import Field
from shopkeeper.content.kept import KeptPiece, Version
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.content.verifier import Verifier
from shopkeeper.engines.list_file import unfinished_name
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError
from shopkeeper.wiring.content_job import asked_subjects
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.settings import Settings

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which file is asked for.

    Attributes:
        site: Address of the shop, from which paths of the record are read; may be empty.
    """

    store: str
    locale: str
    channel: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class TextFile:
    """What was written.

    Attributes:
        products: Entries of the file: products, or variants where the channel has each of its own.
        refused: What was left out, by product and text, and why.
    """

    file: Path
    products: int
    refused: tuple[Refused, ...]

    @property
    def refused_file(self) -> Path:
        """Where all that was left out is listed."""
        return refused_beside(self.file)


def refused_beside(file: Path) -> Path:
    """Return the name of the list of what is not in a file."""
    return file.with_name(f"{file.name}.refused.jsonl")


def default_name(asked: Asked) -> Path:
    """Return the name of a file nobody named."""
    return Path(f"texts-{asked.store}-{asked.locale}-{asked.channel}{channel_named(asked.channel).suffix}")


def export_texts(settings: Settings, state: State, asked: Asked, file: Path, now: datetime) -> TextFile:
    """Write the file; it is there when it is whole, or not at all. What is left out is listed beside it.

    A text whose facts changed since it was written is judged again here; what is not true any more stays out.

    Raises:
        InputError: a channel, locale or folder there is not.
        UnknownStore: nobody declared the store.
    """
    channel = channel_named(asked.channel)
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent} for {file.name}.", "Make it, or write elsewhere.")
    refused: list[Refused] = []
    written = 0
    half = unfinished_name(file)
    try:
        with half.open("w", encoding="utf-8", newline="") as out:
            for part in rendered(channel, _offers(settings, state, asked, now), refused.append):
                out.write(part)
                written += 1
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
    _list(refused_beside(file), refused)
    return TextFile(file, written - 2, tuple(refused))  # head and foot are no entries


def _offers(settings: Settings, state: State, asked: Asked, now: datetime) -> Iterator[Offer]:
    found, stores = asked_subjects(state, ContentOrder(store=asked.store, locales=(asked.locale,)).checked())
    store = next(one for one in stores if one.store == asked.store)
    if asked.locale not in store.locales:
        raise InputError(
            f"Store {store.store!r} has no locale {asked.locale!r}.", f"Use one of: {', '.join(store.locales)}."
        )
    manner = manner_of(settings)
    every, verifier = iter(found), manner.verifier()
    while batch := list(islice(every, _BATCH)):
        for subject, texts in zip(batch, _texts(state.pieces, batch, asked.locale, manner, verifier), strict=True):
            yield Offer(subject.product, asked.locale, texts, now, subject.variants, store.currency, asked.site)


def _texts(
    pieces: PieceStore, batch: Sequence[Subject], locale: str, manner: Manner, verifier: Verifier
) -> list[dict[Field, Text]]:
    """Return the texts of each product: what is live and true of its record, else that it is not published."""
    kept = [piece for piece in pieces.of_products([one.product.product for one in batch]) if piece.locale == locale]
    kept = [piece for piece in kept if not piece.wording]  # other wordings are for experiments alone
    live = pieces.read({piece.id: piece.live for piece in kept if piece.live})
    of: dict[tuple[str, str], list[KeptPiece]] = {}
    for piece in kept:
        of.setdefault((piece.store, piece.product), []).append(piece)
    found = []
    for subject in batch:
        facts = subject.facts(locale, manner.spoken)
        theirs = of.get((subject.store, subject.product.product), ())
        found.append({piece.field: _text(piece, live.get(piece.id), facts, verifier) for piece in theirs})
    return found


def _text(piece: KeptPiece, live: Version | None, facts: Facts, verifier: Verifier) -> Text:
    if live is None:
        return Text(piece.field, "", piece.state)
    holds = live.facts_hash == facts.hash or judged(live, piece.key, facts, verifier).passed
    return Text(piece.field, live.text, "published" if holds else "stale", live.by_model)


def _list(file: Path, refused: Sequence[Refused]) -> None:
    if not refused:
        file.unlink(missing_ok=True)
        return
    rows = (json.dumps(one._asdict(), ensure_ascii=False) for one in refused)
    file.write_text("".join(f"{row}\n" for row in rows), "utf-8")
