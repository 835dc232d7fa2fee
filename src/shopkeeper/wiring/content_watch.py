"""Kept texts looked over: what is not true any more is taken down, what the facts outran is stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from shopkeeper.content.author import BY_FACTS, About, Manner, judged
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import FIELDS
from shopkeeper.content.kept import Change, KeptPiece, Version, Wanted
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.review import Hand, confirm, retire, stale
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.content.verifier import Verifier
from shopkeeper.wiring.content_job import BATCH, asked_about, batches
from shopkeeper.wiring.content_manner import manners_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_PAGE: Final = 1_000


@dataclass(slots=True)
class LookedOver:
    """What was found.

    Attributes:
        confirmed: Texts of persons, true of facts that are others now.
        stale: The facts are others now: to be written anew.
        retired: Their product is gone.
        taken_down: Ids of texts that were published and are no more.
    """

    texts: int = 0
    confirmed: int = 0
    stale: int = 0
    retired: int = 0
    taken_down: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def look_over(settings: Settings, at: datetime) -> LookedOver:
    """Judge every kept text by the facts and rules of now, and keep what that changes.

    Raises:
        Unavailable: the state database does not answer.
    """
    manners = manners_of(settings)
    with open_workspace_state(settings) as state:
        if not state.pieces.counts():
            return LookedOver()
        there, _ = asked_about(state, ContentOrder(fields=FIELDS))
        look = _Look(state.pieces, manners, manners[""].verifier(), at)
        look.retire(frozenset((one.store, one.name) for one in there))
        for batch in batches(there, BATCH):
            look.over(batch)
    return look.found


@dataclass(slots=True)
class _Look:
    pieces: PieceStore
    manners: Mapping[str, Manner]
    verifier: Verifier
    at: datetime
    found: LookedOver = field(default_factory=LookedOver)

    def retire(self, there: frozenset[tuple[str, str]]) -> None:
        """Retire the texts of products that are not sold any more, and of wordings the settings know no more."""
        hand, after = Hand(BY_FACTS, self.at, person=False), ""
        while page := self.pieces.find(Wanted(after=after, limit=_PAGE)):
            after = page[-1].id
            self.found.texts += len(page)
            left = [one for one in page if one.state != "retired"]
            gone = [one for one in left if (one.store, one.product) not in there or one.wording not in self.manners]
            self._keep(gone, [retire(one, hand) for one in gone])

    def over(self, batch: Sequence[About]) -> None:
        """Judge the texts of some products whose facts or rules are others now."""
        kept = self.pieces.of_products([one.name for one in batch])
        outrun = list(self._outrun(batch, kept))
        newest = self.pieces.read({piece.id: piece.version for piece, _ in outrun})
        live = self.pieces.read({piece.id: piece.live for piece, _ in outrun if piece.live})
        moved, changes = [], []
        for piece, facts in outrun:
            change = self._change(piece, facts, newest[piece.id], live.get(piece.id))
            if change is not None:
                moved.append(piece)
                changes.append(change)
        self._keep(moved, changes)

    def _outrun(self, batch: Sequence[About], kept: Iterable[KeptPiece]) -> Iterable[tuple[KeptPiece, Facts]]:
        """Yield texts that are published or wait to be, with the facts of now where these or the rules are others."""
        subjects = {(one.store, one.name): one for one in batch}
        facts: dict[tuple[str, str, str], Facts] = {}
        made: dict[tuple[str, str], str] = {}
        for piece in kept:
            subject = subjects.get((piece.store, piece.product))
            manner = self.manners.get(piece.wording)
            if subject is None or manner is None or piece.state == "retired":
                continue
            if piece.state == "stale" and not piece.live:
                continue
            name = (piece.store, piece.product, piece.locale)
            if name not in facts:
                facts[name] = subject.facts(piece.locale, manner.spoken)
            way = (piece.wording, piece.locale)
            if way not in made:
                made[way] = manner.made(piece.locale)
            if piece.facts_hash != facts[name].hash or (piece.made and piece.made != made[way]):
                yield piece, facts[name]

    def _change(self, piece: KeptPiece, facts: Facts, newest: Version, live: Version | None) -> Change | None:
        """What becomes of a text; None = nothing new."""
        hand = Hand(BY_FACTS, self.at, person=False)
        holds = live is not None and judged(live, piece.key, facts, self.verifier).passed
        down = live is not None and not holds
        if piece.facts_hash == facts.hash or piece.state == "stale":  # other words or rules, or known as stale
            return stale(piece, hand, holds=False) if down else None
        if piece.locked and judged(newest, piece.key, facts, self.verifier).passed:
            return confirm(piece, facts.hash, piece.made, hand)
        return stale(piece, hand, holds=holds)

    def _keep(self, before: Sequence[KeptPiece], changes: Sequence[Change]) -> None:
        refused = set(self.pieces.put(changes)) if changes else set()  # somebody is at it; the next look sees it again
        for piece, change in zip(before, changes, strict=True):
            if piece.id in refused:
                continue
            self.found.retired += change.step.act == "retire"
            self.found.stale += change.step.act == "stale"
            self.found.confirmed += change.step.act == "verify"
            if piece.live and not change.piece.live:
                self.found.taken_down.append(piece.id)
