"""How a house's texts are written and judged, by its settings, and whom it trusts."""

from __future__ import annotations

from datetime import datetime, timedelta

from shopkeeper.content.author import Manner
from shopkeeper.content.kept import REALISER
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.review import Policy
from shopkeeper.content.style import Style
from shopkeeper.wiring.settings import Settings


def manner_of(settings: Settings) -> Manner:
    """Return how texts are written under the settings."""
    said = settings.content
    named = said.writer_model if said.writer_url else REALISER
    return Manner(
        writer=said.writer_gguf.name if said.writer_gguf is not None else named,
        voice=said.voice,
        spoken=said.record_language,
        style=Style(banned=tuple(said.banned), address=said.address),
        competitors=tuple(said.competitors),
        edits=settings.folder(said.words) if said.words is not None else None,
    )


def policy_of(settings: Settings, pieces: PieceStore, now: datetime) -> Policy:
    """Return when a text needs no person, with what people made of each writer's texts lately."""
    said = settings.content
    trust = pieces.trust(now - timedelta(days=said.trust_days)) if said.auto_approve else {}
    return Policy(said.auto_approve, said.least_trust, said.audit_share, said.publish_approved, trust)
