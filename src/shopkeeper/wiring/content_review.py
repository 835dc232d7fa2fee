"""A person's hand on kept texts: one text accepted, edited, rejected or undone, many approved at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast, get_args

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.content.author import Category, Manner, Subject
from shopkeeper.content.edits import share_changed
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import INTRO, limit
from shopkeeper.content.kept import PERSON, Change, KeptPiece, PieceState, Version, Wanted
from shopkeeper.content.review import Hand, accept, accept_unread, edit, publish, reject, undo, unlock
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.content.verifier import Draft, Verdict
from shopkeeper.engines.state import State
from shopkeeper.errors import ChangedMeanwhile, InputError
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.wiring.content_job import asked_about
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.settings import Settings

Doing = Literal["accept", "edit", "reject", "publish", "unlock", "undo"]
DOINGS: Final[tuple[Doing, ...]] = get_args(Doing)
WAITING: Final = "waiting"
WAIT: Final[tuple[PieceState, ...]] = ("draft", "checked")
"""States in which a text asks for a person."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What is done with one text.

    Attributes:
        revision: Of the text that was seen; None = whatever stands there now.
        text: The person's, where it is edited.
        seconds: How long they looked; None = not measured.
    """

    do: Doing
    reason: str = ""
    text: str = ""
    revision: int | None = None
    seconds: float | None = None


def review_piece(settings: Settings, state: State, piece: str, asked: Asked, actor: Actor, at: datetime) -> KeptPiece:
    """Do one thing with one text and return it as it stands then.

    Raises:
        InputError: there is no such text, it is not in a state for it, or what was typed does not pass the verifier.
        NotAllowed: the actor may not.
        ChangedMeanwhile: somebody else was faster; nothing was changed.
    """
    kept = state.pieces.get(piece)
    actor.must("content", kept.store or ALL)
    if asked.revision is not None and asked.revision != kept.revision:
        raise _changed(piece)
    change = _change(settings, state, kept, asked, Hand(actor.who, at, asked.reason, asked.seconds))
    if state.pieces.put([change]):
        raise _changed(piece)
    return change.piece


def approve_all(settings: Settings, state: State, wanted: Wanted, reason: str, actor: Actor, at: datetime) -> int:
    """Approve every text that waits and is wanted, and return how many; texts with a warning are left to be looked at.

    Args:
        wanted: Which; its states, page and limit are not heeded.

    Raises:
        NotAllowed: the actor may not, in the store that is wanted or, without one, in all.
    """
    actor.must("content", wanted.store or ALL)
    approved, after = 0, ""
    while found := state.pieces.find(wanted._replace(states=("checked",), audit=False, after=after, limit=_BATCH)):
        after = found[-1].id
        versions = state.pieces.read({piece.id: piece.version for piece in found})
        calm = [piece for piece in found if piece.id in versions and not versions[piece.id].warned]
        hand, goes = Hand(actor.who, at, reason), settings.content.publish_approved
        changes = [accept_unread(piece, versions[piece.id], hand, publish=goes) for piece in calm]
        approved += len(changes) - len(state.pieces.put(changes))
    return approved


def publish_all(state: State, wanted: Wanted, actor: Actor, at: datetime) -> int:
    """Publish every approved text that is wanted, and return how many. Raises NotAllowed."""
    actor.must("content", wanted.store or ALL)
    published, after = 0, ""
    while found := state.pieces.find(wanted._replace(states=("approved",), audit=False, after=after, limit=_BATCH)):
        after = found[-1].id
        changes = [publish(piece, Hand(actor.who, at)) for piece in found]
        published += len(changes) - len(state.pieces.put(changes))
    return published


def wanted_states(word: str) -> tuple[tuple[PieceState, ...], bool]:
    """Return the states a word means, and whether audits are among them. Raises InputError for a word nobody knows."""
    states: tuple[PieceState, ...] = get_args(PieceState)
    if word == WAITING:
        return WAIT, True
    if word not in states:
        raise InputError(f"No text is ever {word!r}.", f"Use {WAITING}, or one of {', '.join(states)}.")
    return tuple(one for one in states if one == word), False


def facts_now(state: State, piece: KeptPiece, manner: Manner) -> Facts | None:
    """Return what is true of a text's product or category now; None where it is not sold any more."""
    if piece.field == INTRO:
        order = ContentOrder(store=piece.store, fields=(INTRO,), category=piece.product)
        found, _ = asked_about(state, order)
        category = next((one for one in found if one.name == piece.product and isinstance(one, Category)), None)
        return None if category is None else category.facts(piece.locale, manner.spoken)
    subject = subject_of(state, piece.store, piece.product)
    return subject.facts(piece.locale, manner.spoken) if subject is not None else None


def subject_of(state: State, store: str, product: str) -> Subject | None:
    """Return a product with its variants, as texts are written of it; None where it is not sold."""
    found = state.tables.get(PRODUCTS, (store, product)) or state.tables.get(PRODUCTS, ("", product))
    if found is None:
        return None
    row = cast("Product", found.row)
    if row.status != "active":
        return None
    variants = variants_of(state, row)
    return Subject(store, row, (), tuple(sorted(variants, key=lambda one: one.product)))


def variants_of(state: State, parent: Product) -> Sequence[Product]:
    """Return the variants of a product that are sold."""
    return [
        row
        for found in state.tables.scan(PRODUCTS, parent.store)
        if (row := cast("Product", found.row)).parent == parent.product
        and row.product != parent.product
        and row.store == parent.store
        and row.status == "active"
    ]


def judged_now(settings: Settings, state: State, piece: KeptPiece, text: str) -> tuple[Verdict, Facts]:
    """Return what the verifier says of a text by the facts of now. Raises InputError where the product is gone."""
    manner = manner_of(settings)
    facts = facts_now(state, piece, manner)
    if facts is None:
        raise InputError(f"Product {piece.product!r} is not sold any more.", "There is nothing to write about.")
    return manner.verifier().verify(Draft(text, piece.field, piece.locale), facts), facts


def _change(settings: Settings, state: State, kept: KeptPiece, asked: Asked, hand: Hand) -> Change:
    goes = settings.content.publish_approved
    if asked.do == "accept":
        return accept(kept, state.pieces.version(kept.id, kept.version), hand, publish=goes)
    if asked.do == "edit":
        return edit(kept, _typed(settings, state, kept, asked.text, hand), hand, publish=goes)
    if asked.do == "reject":
        return reject(kept, hand)
    if asked.do == "publish":
        return publish(kept, hand)
    if asked.do == "unlock":
        return unlock(kept, hand)
    return undo(kept, state.pieces.steps(kept.id, 1)[0], hand)


def _typed(settings: Settings, state: State, kept: KeptPiece, text: str, hand: Hand) -> Version:
    text = text.strip()
    if not text:
        raise InputError("There is no text.", "Give the whole text as it is to be.")
    verdict, facts = judged_now(settings, state, kept, text)
    manner, before = manner_of(settings), state.pieces.version(kept.id, kept.version)
    return Version(
        version=kept.versions + 1, at=hand.at, text=text, html=limit(kept.field).html, writer=PERSON, who=hand.who,
        facts_hash=facts.hash, rules=manner.rules(kept.locale), passed=verdict.passed,
        findings=verdict.kept, grounded=verdict.grounded,
        ease=verdict.ease, doubt=verdict.doubt, edited=share_changed(before.text, text), by_model=before.by_model,
    )  # fmt: skip


def _changed(piece: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Text {piece} was changed by somebody else meanwhile; nothing was changed.", "Look at it again and repeat."
    )
