"""What may be done with a kept text, and what it is afterwards; computes changes, writes nothing.

A text moves draft -> checked -> approved -> published -> stale -> retired. Only what passed the verifier is approved,
whoever wrote it; a person's text is locked; each step can be undone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from shopkeeper.content.fields import Field
from shopkeeper.content.kept import PERSON, Act, Change, KeptPiece, PieceKey, Step, Version
from shopkeeper.errors import InputError

BY_TRUST: Final = "rule: trust"
_SURE: Final = 0.10
"""Two-sided, so that the lower bound alone holds with 95%."""

Decision = Literal["review", "approve", "audit"]


class Trust(NamedTuple):
    """How a writer's texts of one field fared with people.

    Attributes:
        judged: Texts a person accepted, edited or rejected.
        accepted: Those taken as they were.
    """

    accepted: int = 0
    judged: int = 0

    @property
    def bound(self) -> float:
        """Least share that is accepted, with 95% confidence; 0 where none was judged. Source: Wilson (1927)."""
        return _bound(self.accepted, self.judged)


@lru_cache(maxsize=10_000)
def _bound(accepted: int, judged: int) -> float:
    from shopkeeper.experiments.proportions import wilson  # noqa: PLC0415 - its scipy takes a second to load

    return wilson(accepted, judged, _SURE)[0] if judged else 0.0


class Judged(NamedTuple):
    """Whose texts trust is about."""

    store: str
    field: Field
    locale: str
    writer: str


@dataclass(frozen=True, slots=True)
class Policy:
    """When a text needs no person.

    Attributes:
        automatic: Whether any goes without.
        least_trust: Lower bound of the share people accept, from which on a writer's texts of a field do.
        audit_share: Share of those that a person looks at all the same, 0.02 to 0.05.
        publish: Whether what is approved is published with it.
        trust: What is known of each writer.
    """

    automatic: bool = False
    least_trust: float = 0.95
    audit_share: float = 0.03
    publish: bool = True
    trust: Mapping[Judged, Trust] | None = None

    def decide(self, key: PieceKey, version: Version) -> Decision:
        """Whether a text that was written waits for a person; the draw is the text's own, so it repeats."""
        if not self.automatic or not version.passed or version.warned:
            return "review"
        known = (self.trust or {}).get(Judged(key.store, key.field, key.locale, version.writer), Trust())
        if known.bound < self.least_trust:
            return "review"
        digest = hashlib.blake2b(f"{key.id}\0{version.version}".encode(), digest_size=8).digest()
        return "audit" if int.from_bytes(digest) < self.audit_share * 2**64 else "approve"


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand it is, when, and why.

    Attributes:
        seconds: How long they looked; None = not measured.
    """

    who: str
    at: datetime
    reason: str = ""
    seconds: float | None = None
    person: bool = True


def written(
    before: KeptPiece | None, key: PieceKey, version: Version, made: str, policy: Policy, *, holds: bool
) -> list[Change]:
    """The changes that bring a text that was written: kept, and approved where the policy says so.

    Args:
        before: The text as it stands; None = there is none.
        made: What it was written with.
        holds: Whether the published version, if any, is still true; else it is taken down.
    """
    revision = (before.revision if before else 0) + 1
    piece = KeptPiece(
        store=key.store, product=key.product, locale=key.locale, field=key.field,
        state="checked" if version.passed else "draft", version=version.version, versions=version.version,
        live=before.live if before and holds else 0, facts_hash=version.facts_hash, made=made, seed=version.seed,
        writer=version.writer, revision=revision, updated_at=version.at, wording=key.wording,
    )  # fmt: skip
    hand = Hand(version.who, version.at, person=False)
    changes = [Change(piece=piece, step=_step("write", piece, hand, before), version=version)]
    decision = policy.decide(key, version)
    if decision != "review":
        by_rule = Hand(BY_TRUST, version.at, "Trust in the writer is high enough.", person=False)
        changes.append(_approved(piece, by_rule, publish=policy.publish, audit=decision == "audit"))
    return changes


def accept(piece: KeptPiece, version: Version, hand: Hand, *, publish: bool) -> Change:
    """A person takes a text as it is; one that a rule had approved and the draw had chosen is thereby looked over.

    Raises:
        InputError: it did not pass the verifier, is published as it is, or its facts are others now.
    """
    if piece.audit and piece.state in {"approved", "published"}:
        after = _moved(piece, hand, audit=False)
        return Change(piece=after, step=_step("approve", after, hand, piece))
    if piece.state == "approved" and publish:
        after = _moved(piece, hand, state="published", live=piece.version)
        return Change(piece=after, step=_step("publish", after, hand, piece))
    if not version.passed:
        errors = [found for found in version.findings if found.severity == "error"]
        said = f"{errors[0].rule}: {errors[0].reason}" if errors else "it was rejected"
        raise InputError(f"Text {piece.id} did not pass the verifier ({said}).", "Edit it, or have it written anew.")
    if piece.state != "checked":
        raise InputError(f"Text {piece.id} is {piece.state}, so there is nothing to approve.", _REMEDIES[piece.state])
    return _approved(piece, hand, publish=publish, audit=False)


def accept_unread(piece: KeptPiece, version: Version, hand: Hand, *, publish: bool) -> Change:
    """A person takes a text among many, without a look at each: it goes out, and says nothing of its writer.

    Raises:
        InputError: as `accept`.
    """
    change = accept(piece, version, hand, publish=publish)
    return replace(change, step=replace(change.step, act="approve_all"))


def edit(piece: KeptPiece, version: Version, hand: Hand, *, publish: bool) -> Change:
    """A person's own text takes the place of the newest, approved by its hand, and is locked.

    Args:
        version: The person's, verified.

    Raises:
        InputError: it does not pass the verifier; names what fails.
    """
    errors = [found for found in version.findings if found.severity == "error"]
    if errors:
        said = "; ".join(f"{one.rule}: {one.reason} {one.remedy}" for one in errors[:5])
        raise InputError(f"The text does not pass the verifier: {said}", "Nothing was changed; mend it and send it.")
    after = _moved(
        piece, hand, state="published" if publish else "approved", version=version.version,
        versions=version.version, writer=PERSON,
        live=version.version if publish else piece.live, locked=True, audit=False, facts_hash=version.facts_hash,
    )  # fmt: skip
    step = replace(_step("edit", after, hand, piece), writer=piece.writer, edited=version.edited)
    return Change(piece=after, step=step, version=version)


def reject(piece: KeptPiece, hand: Hand) -> Change:
    """A person refuses a text: it is written anew with another seed, and taken down if it was published.

    Raises:
        InputError: no reason is given, or it was rejected before.
    """
    if not hand.reason.strip():
        raise InputError("A rejection needs a reason.", "Say in a sentence what is wrong; it is kept with the text.")
    if piece.state == "retired" or (piece.state == "draft" and not piece.made):
        raise InputError(f"Text {piece.id} is {piece.state} already.", _REMEDIES[piece.state])
    live = 0 if piece.live == piece.version else piece.live
    after = _moved(piece, hand, state="draft", live=live, audit=False, locked=False, made="", seed=piece.seed + 1)
    return Change(piece=after, step=_step("reject", after, hand, piece))


def publish(piece: KeptPiece, hand: Hand) -> Change:
    """An approved text goes out.

    Raises:
        InputError: it is not approved.
    """
    if piece.state != "approved":
        raise InputError(f"Text {piece.id} is {piece.state}, not approved.", _REMEDIES[piece.state])
    after = _moved(piece, hand, state="published", live=piece.version)
    return Change(piece=after, step=_step("publish", after, hand, piece))


def stale(piece: KeptPiece, hand: Hand, *, holds: bool) -> Change:
    """The facts are others now.

    Args:
        holds: Whether the published version is true of them all the same; else it is taken down.
    """
    after = _moved(piece, hand, state="stale", live=piece.live if holds else 0, audit=False)
    return Change(piece=after, step=_step("stale", after, hand, piece))


def confirm(piece: KeptPiece, facts_hash: str, made: str, hand: Hand) -> Change:
    """The text holds of facts, words or rules that are others now; where it was stale it is what it was before."""
    state = piece.state
    if state == "stale":
        state = "published" if piece.live == piece.version else "checked"
    after = _moved(piece, hand, state=state, facts_hash=facts_hash, made=made)
    return Change(piece=after, step=_step("verify", after, hand, piece))


def retire(piece: KeptPiece, hand: Hand) -> Change:
    """The product is gone; nothing of it stays published."""
    after = _moved(piece, hand, state="retired", live=0, audit=False)
    return Change(piece=after, step=_step("retire", after, hand, piece))


def unlock(piece: KeptPiece, hand: Hand) -> Change:
    """A person's text may be written over by the next job.

    Raises:
        InputError: it is not locked.
    """
    if not piece.locked:
        raise InputError(f"Text {piece.id} is not locked.", "There is nothing to do.")
    after = _moved(piece, hand, locked=False, made="")
    return Change(piece=after, step=_step("unlock", after, hand, piece))


def undo(piece: KeptPiece, last: Step, hand: Hand) -> Change:
    """The text as it stood before its last step; undoing that brings the step back.

    Raises:
        InputError: there is no earlier state, or it had published what is not true any more.
    """
    if last.before is None:
        raise InputError(f"Text {piece.id} was just written; there is nothing before it.", "Reject it instead.")
    if last.act in {"stale", "retire"} and last.before.live:
        raise InputError(
            f"The last step of text {piece.id} took it down since its facts or product changed; that is not undone.",
            "Have it written anew, or edit it.",
        )
    after = replace(last.before, versions=piece.versions, revision=piece.revision + 1, updated_at=hand.at)
    return Change(piece=after, step=_step("undo", after, hand, piece))


_REMEDIES: Final[Mapping[str, str]] = {
    "draft": "Edit it, or let `shopkeeper content generate` write it anew.",
    "checked": "Approve it first.",
    "approved": "Publish it.",
    "published": "It is published; edit or reject it.",
    "stale": "Let `shopkeeper content generate` write it anew, or edit it.",
    "retired": "The product is gone.",
}


def _approved(piece: KeptPiece, hand: Hand, *, publish: bool, audit: bool) -> Change:
    state, live = ("published", piece.version) if publish else ("approved", piece.live)
    after = _moved(piece, hand, state=state, live=live, audit=audit)
    return Change(piece=after, step=_step("approve", after, hand, piece))


def _moved(piece: KeptPiece, hand: Hand, **changes: object) -> KeptPiece:
    return replace(piece, revision=piece.revision + 1, updated_at=hand.at, **changes)


def _step(act: Act, after: KeptPiece, hand: Hand, before: KeptPiece | None) -> Step:
    judged = before if before is not None and act != "write" else after
    return Step(
        at=hand.at, act=act, who=hand.who, person=hand.person, version=judged.version, writer=judged.writer,
        reason=hand.reason, seconds=hand.seconds, audited=judged.audit, before=before,
    )  # fmt: skip
