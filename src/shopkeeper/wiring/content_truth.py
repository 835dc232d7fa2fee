"""Whether published texts are true of the record of now, found out once for each set of facts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from shopkeeper.commerce.product import Product
from shopkeeper.content.kept import KeptPiece, Version
from shopkeeper.serving.catalogue import Catalogue

if TYPE_CHECKING:
    from shopkeeper.content.author import Manner
    from shopkeeper.content.facts import Facts

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
VERDICTS_KEPT: Final = 50_000
SHELVES_KEPT: Final = 2_000
"""Categories whose facts are kept, in each locale."""
FRESH: Final = timedelta(seconds=60)
"""How old the list of a store's categories may be while its catalogue changes: to make it takes all its products."""


@dataclass(frozen=True, slots=True)
class _Shelves:
    """The products of a store by category, as they were at a moment."""

    version: int
    at: datetime
    products: Mapping[str, Sequence[Product]]


@dataclass(slots=True)
class TextTruth:
    """What was found out of published texts; for any number of threads.

    A text is judged again only where its facts are others than those it was written of, and then once: by text,
    version, facts and rules. The facts of a category are put together again only where its products are others.
    """

    _verdicts: OrderedDict[tuple[str, int, str, str], bool] = field(default_factory=OrderedDict)
    _shelves: dict[str, _Shelves] = field(default_factory=dict)
    _facts: OrderedDict[tuple[str, str, str], tuple[Sequence[Product], Facts | None]] = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def holds(self, piece: KeptPiece, version: Version, facts: Facts, manner: Manner) -> bool:
        """Say whether a text may be shown of these facts."""
        from shopkeeper.content.author import judged  # noqa: PLC0415 - loads all that writes and judges

        if version.facts_hash == facts.hash:
            return True
        key = (piece.id, version.version, facts.hash, manner.rules(piece.locale))
        with self._lock:
            known = self._verdicts.get(key)
        if known is None:
            known = judged(version, piece.key, facts, manner.verifier()).passed
            with self._lock:
                _keep(self._verdicts, key, known, VERDICTS_KEPT)
        return known

    def of_category(
        self, catalogue: Catalogue, store: str, path: str, locale: str, manner: Manner, now: datetime
    ) -> Facts | None:
        """Return what is true of a category as a store sells it now; None where it is none to introduce."""
        products = self._products(catalogue, store, now).get(path, ())
        key = (store, path, locale)
        with self._lock:
            known = self._facts.get(key)
        if known is not None and _same(known[0], products):
            return known[1]
        facts = _category_facts(catalogue, store, path, locale, products, manner)
        with self._lock:
            _keep(self._facts, key, (products, facts), SHELVES_KEPT)
        return facts

    def _products(self, catalogue: Catalogue, store: str, now: datetime) -> Mapping[str, Sequence[Product]]:
        known, version = self._shelves.get(store), catalogue.version
        if known is not None and (known.version == version or now - known.at < FRESH):
            return known.products
        found: dict[str, list[Product]] = {}
        for card in catalogue.cards(store):
            for path in card.product.categories:
                found.setdefault(path, []).append(card.product)
        self._shelves[store] = _Shelves(version, now, found)
        return found


def _category_facts(
    catalogue: Catalogue, store: str, path: str, locale: str, products: Sequence[Product], manner: Manner
) -> Facts | None:
    from shopkeeper.content.fields import INTRO  # noqa: PLC0415 - as above
    from shopkeeper.content.subjects import ContentOrder, categories, subjects  # noqa: PLC0415 - as above

    declared = catalogue.store(store)
    if declared is None:
        return None
    order = ContentOrder(store=store, locales=(locale,), fields=(INTRO,), category=path)
    there = {one.product: one for one in products}
    for one in products:
        there |= {card.product.product: card.product for card in catalogue.variants(store, one.product)}
    for name in {one.parent for one in products if one.parent}:
        card = catalogue.card(store, name)
        there |= {name: card.product} if card is not None else {}
    found = categories(subjects(list(there.values()), [declared], order), [declared], order)
    return next((one.facts(locale, manner.spoken) for one in found if one.path == path), None)


def _same(some: Sequence[Product], others: Sequence[Product]) -> bool:
    return some is others or (len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True)))


def _keep(kept: OrderedDict[KeyT, ValueT], key: KeyT, value: ValueT, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
