"""How a house's texts are written and judged, by its settings, and whom it trusts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from shopkeeper.content.author import Manner
from shopkeeper.content.kept import REALISER
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.review import Policy
from shopkeeper.content.style import Keywords, Style
from shopkeeper.errors import InputError
from shopkeeper.wiring.settings import Settings


def manner_of(settings: Settings, wording: str = "") -> Manner:
    """Return how texts are written under the settings, in the house's own wording or another one.

    Raises:
        InputError: there is no such wording.
    """
    said = settings.content
    if wording and wording not in said.wordings:
        raise InputError(f"There is no wording {wording!r}.", _there(said.wordings))
    other = said.wordings.get(wording)
    words = said.words if other is None or other.words is None else other.words
    named = said.writer_model if said.writer_url else REALISER
    return Manner(
        writer=said.writer_gguf.name if said.writer_gguf is not None else named,
        voice=said.voice if other is None else other.voice,
        spoken=said.record_language,
        style=Style(
            banned=tuple(said.banned),
            address=said.address,
            by_category=tuple(Keywords(tuple(one.words), one.language, one.category) for one in said.keywords),
            **said.style.model_dump(),
        ),
        competitors=tuple(said.competitors),
        edits=settings.folder(words) if words is not None else None,
        wording=wording,
        claims=settings.folder(said.claims) if said.claims is not None else None,
    )


def manners_of(settings: Settings) -> dict[str, Manner]:
    """Return the manner of each wording there is, the house's own under the empty name."""
    return {name: manner_of(settings, name) for name in ("", *settings.content.wordings)}


def _there(wordings: Iterable[str]) -> str:
    names = ", ".join(sorted(wordings))
    return f"Use one of: {names}." if names else "Name it in shopkeeper.toml: [content.wordings.NAME]."


def policy_of(settings: Settings, pieces: PieceStore, now: datetime) -> Policy:
    """Return when a text needs no person, with what people made of each writer's texts lately."""
    said = settings.content
    trust = pieces.trust(now - timedelta(days=said.trust_days)) if said.auto_approve else {}
    return Policy(said.auto_approve, said.least_trust, said.audit_share, said.publish_approved, trust)
