"""Published texts as shops get them: true of the facts of now, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shopkeeper.content.author import Subject
from shopkeeper.content.fields import INTRO, Field
from shopkeeper.content.kept import KeptPiece, Version, Wanted
from shopkeeper.content.ports import PieceStore
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.content_truth import TextTruth
from shopkeeper.wiring.settings import Settings

OWN: Final = ""
"""The house's own wording."""
_MOST = 1_000


class TextsOf(NamedTuple):
    """Whose texts: a product by its id, or a category by its path, in a store and locale."""

    store: str
    name: str
    locale: str


@dataclass(frozen=True, slots=True)
class Published:
    """The texts of one product in one store and locale.

    Attributes:
        wordings: By wording and field; the house's own under the empty name.
        left_out: Fields whose text is published and not true of the facts of now.
    """

    wordings: dict[str, dict[Field, Version]]
    left_out: tuple[Field, ...]

    def texts(self, wording: str = OWN) -> dict[Field, Version]:
        """Return what is shown in a wording: its texts, and the house's own for fields it has none of."""
        own = self.wordings[OWN]
        return dict(sorted((own | self.wordings.get(wording, {})).items()))

    def differs(self, wordings: Sequence[str]) -> bool:
        """Say whether some of these wordings show other texts than others; else there is nothing to compare."""
        shown = [{name: version.text for name, version in self.texts(one).items()} for one in wordings]
        return any(one != shown[0] for one in shown)


def published(
    settings: Settings,
    pieces: PieceStore,
    catalogue: Catalogue,
    of: TextsOf,
    now: datetime,
    truth: TextTruth,
    wordings: Sequence[str] = (OWN,),
) -> Published | None:
    """Return what a shop may show of a product; None where the store does not sell it now.

    A text whose facts changed since it was written is judged again here, so that what is not true any more is shown no
    longer from the moment the record says otherwise, whoever looks it over later.

    Args:
        truth: What was found out before; a text is judged once for each set of facts.
        wordings: Which are read, the house's own always.
    """
    store, product, locale = of
    card = catalogue.card(store, product)
    if card is None or not card.available(now):
        return None
    asked = {OWN, *wordings}
    live = [piece for piece in _live(pieces, store, product, locale) if piece.wording in asked]
    versions = pieces.read({piece.id: piece.live for piece in live})
    variants = tuple(one.product for one in catalogue.variants(store, product) if one.product.status == "active")
    subject = Subject(store, card.product, (locale,), tuple(sorted(variants, key=lambda one: one.product)))
    manner = manner_of(settings)
    facts = subject.facts(locale, manner.spoken)
    texts: dict[str, dict[Field, Version]] = {one: {} for one in asked}
    left_out: list[Field] = []
    for piece in live:
        version = versions[piece.id]
        if truth.holds(piece, version, facts, manner):
            texts[piece.wording][piece.field] = version
        elif piece.wording == OWN:
            left_out.append(piece.field)
    return Published(texts, tuple(sorted(left_out)))


def published_intro(
    settings: Settings, pieces: PieceStore, catalogue: Catalogue, of: TextsOf, now: datetime, truth: TextTruth
) -> Version | None:
    """Return the published introduction of a category in a store; None where there is none that is true now.

    It is judged by the category's products as they were a minute ago at most.
    """
    store, path, locale = of
    found = pieces.find(Wanted(store=store, product=path, field=INTRO, locale=locale, wording=OWN))
    live = next((piece for piece in found if piece.live), None)
    if live is None:
        return None
    manner = manner_of(settings)
    facts = truth.of_category(catalogue, store, path, locale, manner, now)
    version = pieces.version(live.id, live.live)
    return version if facts is not None and truth.holds(live, version, facts, manner) else None


def _live(pieces: PieceStore, store: str, product: str, locale: str) -> list[KeptPiece]:
    """The published texts, one a wording and field; one for this store alone goes before one for all."""
    found = pieces.find(Wanted(product=product, locale=locale, limit=_MOST))
    theirs = sorted((one for one in found if one.live and one.store in {"", store}), key=lambda one: one.store)
    return list({(one.wording, one.field): one for one in theirs}.values())
