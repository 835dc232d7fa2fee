"""The job that writes a catalogue's texts: what is due, written on all cores, kept batch by batch.

What is kept is what decides: a job that is killed, paused or ordered again finds what is written of the same facts in
the same manner, and writes the rest. A batch is one transaction, so each text is there once or not at all.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, TypeVar, cast

import msgspec

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.content.author import About, Category, Due, Manner, Subject, due_of
from shopkeeper.content.kept import REALISER, Change, KeptPiece, PieceKey
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.siblings import Siblings
from shopkeeper.content.subjects import ContentOrder, categories, subjects, without_words
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.engines.state import State
from shopkeeper.jobs.ports import Document, Steps, Work
from shopkeeper.jobs.shards import ShardMapper
from shopkeeper.wiring.content_manner import manner_of, policy_of
from shopkeeper.wiring.content_shards import TextShard, close_writer, write_shard
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.sharding import open_shards
from shopkeeper.wiring.workspace_state import open_workspace_state

CONTENT: Final = "content"
TEXTS: Final = "texts"
"""Kind and subject of the job; one works at a time, so no text is paid for by two."""
BATCH: Final = 40
"""Products of a category that are written and kept together."""
BATCH_BY_MODEL: Final = 4
KEPT_COMPARED: Final = 5_000
"""Most texts of a category, kept before, that new ones are compared with."""
Shelf = tuple[str, tuple[str, ...]]
AboutT = TypeVar("AboutT", Subject, About)
_NOT_COMPARED: Final = frozenset({"draft", "stale", "retired"})
_PAUSE_SECONDS: Final = 0.5
_CHANGES = msgspec.msgpack.Decoder(list[Change])


def content_work(settings: Settings) -> Work:
    """Return what is done for a job of kind `content`: its order is `{"order": ContentOrder, "who": ...}`."""

    def work(steps: Steps, _subject: str, order: Document) -> Document:
        asked = msgspec.convert(order["order"], ContentOrder)
        return steps.step("texts", lambda: _write(settings, steps, asked, str(order["who"])))

    return work


def asked_about(state: State, asked: ContentOrder) -> tuple[list[About], list[Store]]:
    """Return what an order is about, products first and then categories, and all stores. Raises UnknownStore."""
    found, stores = asked_subjects(state, asked)
    return [*found, *categories(found, stores, asked)], stores


def asked_subjects(state: State, asked: ContentOrder) -> tuple[list[Subject], list[Store]]:
    """Return the products an order is about, and all stores. Raises UnknownStore."""
    stores = [cast("Store", found.row) for found in state.tables.scan(STORES)]
    products = (cast("Product", found.row) for found in state.tables.scan(PRODUCTS, asked.store))
    return subjects(list(products), stores, asked), stores


def batches(found: Sequence[AboutT], size: int) -> Iterator[Sequence[AboutT]]:
    """Yield products in batches, each of one store and category, and then categories."""
    for _, group in groupby(found, lambda one: one.shelf):
        alike = list(group)
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def due_in(
    pieces: PieceStore, batch: Sequence[About], manner: Manner, fields: Sequence[Any]
) -> list[tuple[About, list[KeptPiece | PieceKey]]]:
    """Return the texts of a batch that are due, by subject; subjects without any are left out."""
    kept = {piece.id: piece for piece in pieces.of_products([one.name for one in batch])}
    found = [(one, due_of(one, kept, manner, fields)) for one in batch]
    return [(one, due) for one, due in found if due]


@dataclass(slots=True)
class _Job:
    """One run while it goes on."""

    settings: Settings
    steps: Steps
    asked: ContentOrder
    who: str
    pieces: PieceStore
    found: list[About]
    mates: Mapping[Shelf, Sequence[str]]
    manner: Manner
    done: int = 0
    texts: int = 0
    refused: int = 0
    stopped: str = ""
    _sizes: list[int] = field(default_factory=list)
    _shelves: list[Shelf] = field(default_factory=list)
    _known: tuple[Shelf, Siblings] | None = None

    def run(self) -> None:
        size = BATCH if self.manner.writer == REALISER else BATCH_BY_MODEL
        with self._mapper(-(-len(self.found) // size)) as mapper:
            for number, written in enumerate(mapper.map_shards(write_shard, self._shards(size))):
                changes = self._siblings(self._shelves[number]).compared(_CHANGES.decode(written))
                self.refused += len(self.pieces.put(changes))
                self.texts += sum(change.version is not None for change in changes)
                self.done += self._sizes[number]
                self._tell()

    @contextlib.contextmanager
    def _mapper(self, shards: int) -> Iterator[ShardMapper]:
        """All cores; for a model on this machine one process, which holds it once."""
        if self.settings.content.writer_gguf is None:
            with open_shards(self.settings, shards) as mapper:
                yield mapper
            return
        try:
            yield SequentialShards()
        finally:
            close_writer(str(self.settings.workspace.resolve()))

    def _shards(self, size: int) -> Iterator[TextShard]:
        """Yield what is due, a batch at a time, while nobody pauses the job and its budget lasts."""
        at = datetime.now(UTC)
        policy = policy_of(self.settings, self.pieces, at)
        for batch in batches(self.found, size):
            self._wait_while_paused()
            if self._spent_up():
                return
            due = due_in(self.pieces, batch, self.manner, self.asked.fields)
            if not due:
                self.done += len(batch)
                self._tell()
                continue
            self._sizes.append(len(batch))
            self._shelves.append(batch[0].shelf)
            yield TextShard(
                str(self.settings.workspace.resolve()), self.manner, policy, datetime.now(UTC), self.who,
                self.steps.run, with_versions(self.pieces, due),
            )  # fmt: skip

    def _siblings(self, shelf: Shelf) -> Siblings:
        """Return what texts of a shelf are compared with: those kept before, and since then of this job."""
        if self._known is None or self._known[0] != shelf:
            siblings = Siblings()
            kept = [one for one in self.pieces.of_products(self.mates[shelf]) if one.state not in _NOT_COMPARED]
            versions = self.pieces.read({one.id: one.version for one in kept[:KEPT_COMPARED]})
            for one in kept[:KEPT_COMPARED]:
                siblings.know(one.key, versions[one.id])
            self._known = shelf, siblings
        return self._known[1]

    def _wait_while_paused(self) -> None:
        while who := self.pieces.paused(self.steps.run):
            self.steps.progress(self._share, f"paused by {who}; `shopkeeper content resume` lets it go on")
            time.sleep(_PAUSE_SECONDS)

    def _spent_up(self) -> bool:
        if self.asked.budget is None or self.manner.writer == REALISER:
            return False
        spent = self.pieces.written_by(self.steps.run).dollars
        if spent >= self.asked.budget:
            self.stopped = f"${spent:.2f} of ${self.asked.budget:.2f} are spent"
        return bool(self.stopped)

    @property
    def _share(self) -> float:
        return self.done / max(1, len(self.found))

    def _tell(self) -> None:
        self.steps.progress(self._share, f"writing: {int(10 * self._share)}0% of {len(self.found):,} products")


def with_versions(
    pieces: PieceStore, due: Sequence[tuple[About, Sequence[KeptPiece | PieceKey]]]
) -> tuple[tuple[About, tuple[Due, ...]], ...]:
    """Return what is due with the versions that are judged again: the newest, and the one that is live."""
    kept = [one for _, texts in due for one in texts if isinstance(one, KeptPiece)]
    newest = pieces.read({piece.id: piece.version for piece in kept})
    live = pieces.read({piece.id: piece.live for piece in kept if piece.live})
    return tuple(
        (
            subject,
            tuple(
                Due(one.key, one, newest.get(one.id), live.get(one.id)) if isinstance(one, KeptPiece) else Due(one)
                for one in texts
            ),
        )
        for subject, texts in due
    )


def _by_shelf(found: Sequence[About]) -> dict[Shelf, list[str]]:
    shelves: dict[Shelf, list[str]] = {}
    for one in found:
        shelves.setdefault(one.shelf, []).append(one.name)
    return shelves


def _write(settings: Settings, steps: Steps, asked: ContentOrder, who: str) -> Document:
    with open_workspace_state(settings) as state:
        found, stores = asked_about(state, asked)
        mates = found if not asked.products else asked_about(state, msgspec.structs.replace(asked, products=()))[0]
        job = _Job(
            settings, steps, asked, who, state.pieces, found, _by_shelf(mates), manner_of(settings, asked.wording)
        )
        job.run()
        state.pieces.resume(steps.run)
        written = state.pieces.written_by(steps.run)
        introduced = sum(isinstance(one, Category) for one in found)
        return {
            "products": len(found) - introduced,
            "products_done": min(job.done, len(found) - introduced),
            "categories": introduced,
            "texts_written": written.versions,
            "dollars": round(written.dollars, 6),
            "changed_meanwhile": job.refused,
            "stopped": job.stopped,
            "locales_without_words": without_words(stores),
            "states": state.pieces.counts(),
        }
