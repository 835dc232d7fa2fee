"""Published texts as shops get them: true of the facts of now, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shopkeeper.content.author import Subject, judged
from shopkeeper.content.fields import Field
from shopkeeper.content.kept import KeptPiece, Version, Wanted
from shopkeeper.content.ports import PieceStore
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.settings import Settings

_MOST = 200


@dataclass(frozen=True, slots=True)
class Published:
    """The texts of one product in one store and locale.

    Attributes:
        texts: By field.
        left_out: Fields whose text is published and not true of the facts of now.
    """

    texts: dict[Field, Version]
    left_out: tuple[Field, ...]


def published(
    settings: Settings, pieces: PieceStore, catalogue: Catalogue, store: str, product: str, locale: str, now: datetime
) -> Published | None:
    """Return what a shop may show of a product; None where the store does not sell it now.

    A text whose facts changed since it was written is judged again here, so that what is not true any more is shown no
    longer from the moment the record says otherwise, whoever looks it over later.
    """
    card = catalogue.card(store, product)
    if card is None or not card.available(now):
        return None
    live = _live(pieces, store, product, locale)
    versions = pieces.read({piece.id: piece.live for piece in live.values()})
    variants = tuple(one.product for one in catalogue.variants(store, product) if one.product.status == "active")
    subject = Subject(store, card.product, (locale,), tuple(sorted(variants, key=lambda one: one.product)))
    manner = manner_of(settings)
    facts = subject.facts(locale, manner.spoken)
    verifier = manner.verifier()
    texts: dict[Field, Version] = {}
    left_out: list[Field] = []
    for name, piece in sorted(live.items()):
        version = versions[piece.id]
        if version.facts_hash == facts.hash or judged(version, piece.key, facts, verifier).passed:
            texts[name] = version
        else:
            left_out.append(name)
    return Published(texts, tuple(left_out))


def _live(pieces: PieceStore, store: str, product: str, locale: str) -> dict[Field, KeptPiece]:
    """The published texts by field; one for this store alone goes before one for all."""
    found = pieces.find(Wanted(product=product, locale=locale, limit=_MOST))
    theirs = sorted((one for one in found if one.live and one.store in {"", store}), key=lambda one: one.store)
    return {one.field: one for one in theirs}
