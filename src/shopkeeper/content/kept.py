"""A text as it is kept: its state, every version it had, and each step somebody took with it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from shopkeeper.content.fields import Field
from shopkeeper.content.findings import Finding, Reason
from shopkeeper.content.piece import Span

PieceState = Literal["draft", "checked", "approved", "published", "stale", "retired"]
"""`draft` did not pass the verifier or was rejected; `checked` passed and waits; `stale` = the facts are others now."""

Act = Literal[
    "write", "approve", "approve_all", "edit", "reject", "publish", "verify", "stale", "unlock", "undo", "retire"
]
JUDGING: Final[tuple[Act, ...]] = ("approve", "edit", "reject")
"""Acts by which a person judges a text that was written; to approve many at once is none."""
PERSON: Final = "person"
REALISER: Final = "realiser"
"""Who wrote a version, where it is no model; a model goes by its server's name for it."""


class PieceKey(NamedTuple):
    """Which text.

    Attributes:
        store: The only store it is for; empty = all that sell the product.
        wording: Another way the house writes the same text, to be compared with it; empty = its own.
    """

    store: str
    product: str
    locale: str
    field: Field
    wording: str = ""

    @property
    def id(self) -> str:
        """Its name, 20 hexadecimal digits, the same wherever and whenever it is made."""
        said = self if self.wording else self[:4]
        return hashlib.blake2b("\0".join(said).encode(), digest_size=10).hexdigest()


class KeptPiece(Struct, frozen=True, kw_only=True):
    """One text of one product as it stands.

    Attributes:
        version: The one that stands.
        versions: How many there ever were; after an undone step more than `version`.
        live: The published one; 0 = none is.
        locked: A person wrote it, and nothing but a person writes over it.
        audit: A rule approved it and the draw chose it: a person is to look at it all the same.
        facts_hash: Of the facts the version was written from.
        made: What the version was written with (`wiring` gives it); another one writes anew. Empty = rejected.
        seed: Of the next text that is written; a rejection raises it.
        writer: Of the version.
        revision: Rises with every step; a change names the one it saw.
    """

    store: str
    product: str
    locale: str
    field: Field
    state: PieceState
    version: int
    versions: int
    live: int = 0
    locked: bool = False
    audit: bool = False
    facts_hash: str
    made: str
    seed: int = 0
    writer: str
    revision: int
    updated_at: datetime
    wording: str = ""

    @property
    def key(self) -> PieceKey:
        """Which text it is."""
        return PieceKey(self.store, self.product, self.locale, self.field, self.wording)

    @property
    def id(self) -> str:
        """Name of the text."""
        return self.key.id


class Version(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a text and how it came about; never changed.

    Attributes:
        writer: `realiser`, `person`, or the model.
        who: Who ordered or typed it.
        exit: The way the writing took (`write.Exit`); empty where a person wrote.
        prompt, words, rules: Versions of the prompt, of the realiser's words and of the verifier's rules.
        passed: Whether the verifier had nothing against it.
        findings: Errors and warnings; places are those of `text`.
        reasons: Why earlier drafts of a model were not taken.
        grounded: Places that facts back.
        spans: Which fact each place of a realiser's text states.
        cost: US dollars.
        run: The job that wrote it.
        by_model: Whether a language model wrote it, in whole or before a person changed it; some channels must be told.
        edited: Share of the words a person changed, 0 to 1; None where none did.
        sign: What it is compared with other products' texts by; empty where it was compared with none.
    """

    version: int
    at: datetime
    text: str
    html: bool
    writer: str
    who: str
    facts_hash: str
    exit: str = ""
    prompt: str = ""
    words: str = ""
    rules: str = ""
    seed: int = 0
    passed: bool = True
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()
    grounded: tuple[tuple[int, int], ...] = ()
    spans: tuple[Span, ...] = ()
    ease: float | None = None
    doubt: float = 0.0
    nearest: tuple[str, float] | None = None
    cost: float = 0.0
    run: str = ""
    by_model: bool = False
    edited: float | None = None
    sign: bytes = b""

    @property
    def warned(self) -> bool:
        """Whether the verifier asks for a person."""
        return any(found.severity == "warning" for found in self.findings)


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done with a text.

    Attributes:
        who: As the audit has them; the rule's name where no person did it.
        person: Whether a person did it.
        version: The version it was done to.
        writer: Who wrote that one.
        seconds: How long the person looked at it; None = not measured.
        audited: The text was approved by a rule before, and this looks it over.
        before: The text as it stood, to undo it; None where there was none.
    """

    at: datetime
    act: Act
    who: str
    person: bool
    version: int
    writer: str
    reason: str = ""
    seconds: float | None = None
    edited: float | None = None
    audited: bool = False
    before: KeptPiece | None = None


class Change(Struct, frozen=True, kw_only=True):
    """One step as it is written: the text after it, and the version it brings, if any.

    Attributes:
        piece: With the revision after the step, so one more than the text that was seen.
    """

    piece: KeptPiece
    step: Step
    version: Version | None = None


class Wanted(NamedTuple):
    """Which texts; what is None or empty excludes none.

    Attributes:
        states: In any of these.
        audit: Also those that a rule approved and a person is to look over.
        after: Only ids above this one, to page by.
        wording: In this wording; empty = the house's own.
    """

    store: str | None = None
    states: tuple[PieceState, ...] = ()
    product: str = ""
    field: str = ""
    locale: str = ""
    audit: bool = False
    after: str = ""
    limit: int = 100
    wording: str | None = None


class WrittenBy(NamedTuple):
    """What a job wrote: how many versions, and what they cost, US dollars."""

    versions: int
    dollars: float
