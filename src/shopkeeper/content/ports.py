"""What the content system asks of a language model, and of whoever keeps its texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shopkeeper.content.briefs import Brief
from shopkeeper.content.kept import Change, KeptPiece, PieceKey, PieceState, Step, Version, Wanted, WrittenBy
from shopkeeper.content.review import Judged, Trust


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer answered, and what it took.

    Attributes:
        parts: The text as plain paragraphs or bullets, one part for a field that is one text; none where no text could
            be read from the answer.
        fault: Why no text could be read; empty where there is one.
        model: Who wrote it, as its server names it.
        tokens_in, tokens_out: As the server counted them; 0 where it said nothing, or for a kept answer.
        cost: US dollars; 0 for a kept answer.
        kept: Whether the answer was kept from before, so that nothing was paid.
    """

    parts: tuple[str, ...]
    fault: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    kept: bool = False


class Writer(Protocol):
    """Drafts texts. What it returns is never trusted: it is judged like any text, and more strictly.

    Laws:
        - It returns or raises within a time its maker states; it never waits for ever.
        - Each answer that was paid for is returned with its cost, readable or not: one that is no text has no parts and
          a `fault`.
        - Parts are plain text without markup; markup is put around them later.
        - It raises `Unavailable` where nothing answers (down, slow, asked to wait), and `RefusedBudget` where a call
          might cost more than is left; nothing else. After either the caller may ask again.
        - It changes nothing but its own records of cost and answers. It is given no tools.
    """

    def write(self, brief: Brief) -> Written:
        """Return a draft for a brief.

        Raises:
            Unavailable: nothing answers in time; `Overloaded` where it is known when to come back.
            RefusedBudget: the call might cost more than is left.
        """


class PieceStore(Protocol):
    """Keeps texts with all their versions and steps.

    Laws:
        - `put` is durable on return, and all of one text's changes hold or none. A change whose text stands at another
          revision than the one before its own is refused, by id, and so are later ones of that text; all others hold.
          Changes of one text stand in the order of their revisions.
        - A version or step that was put stays as it was, and is read back equal to what was put.
        - Texts come in the order of their ids; versions and steps newest first.
    """

    def put(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Write changes; return the ids of texts that somebody else changed meanwhile, of which nothing was written."""

    def get(self, piece: str) -> KeptPiece:
        """Return one text. Raises InputError for an id nobody knows."""

    def of_products(self, products: Sequence[str]) -> Sequence[KeptPiece]:
        """Return all texts of some products, of every store and locale."""

    def find(self, wanted: Wanted) -> Sequence[KeptPiece]:
        """Return the texts that are wanted."""

    def version(self, piece: str, version: int) -> Version:
        """Return one version. Raises InputError where there is none."""

    def read(self, wanted: Mapping[str, int]) -> Mapping[str, Version]:
        """Return a version of each of some texts, by id; what is not there is left out."""

    def versions(self, piece: str, limit: int = 100) -> Sequence[Version]:
        """Return the versions of a text."""

    def steps(self, piece: str, limit: int = 100) -> Sequence[Step]:
        """Return the steps of a text."""

    def counts(self, store: str | None = None) -> Mapping[PieceState, int]:
        """Return how many texts there are by state; states without any are left out."""

    def audits(self, store: str | None = None) -> int:
        """Return how many texts that a rule approved wait to be looked over."""

    def trust(self, since: datetime) -> Mapping[Judged, Trust]:
        """Return how each writer's texts fared with people from a moment on, without judgements that were undone."""

    def history(self, since: datetime) -> Iterator[Sequence[tuple[PieceKey, Step]]]:
        """Yield what was written and judged from a moment on, in the order it was done, a page at a time.

        A step that was undone is left out.
        """

    def written_by(self, run: str) -> WrittenBy:
        """Return what a job wrote."""

    def pause(self, run: str, who: str, at: datetime) -> None:
        """Let a job wait until `resume`; once is enough."""

    def resume(self, run: str) -> bool:
        """Let a job go on; say if it was paused."""

    def paused(self, run: str) -> str:
        """Return who paused a job; empty where nobody did."""
