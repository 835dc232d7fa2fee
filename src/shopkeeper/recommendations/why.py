"""Why each product of an answer is there: what of the evidence carries its score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import numpy as np

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason, ReasonCode
from shopkeeper.recommendations.evidence import Evidence, Gathered
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import AGAIN, MET, SELLS, Targets, explained_many
from shopkeeper.recommendations.models.together import go_together
from shopkeeper.recommendations.reasons import because
from shopkeeper.serving.catalogue import Catalogue

_CARRIES = 0.1
"""Share of a score that a product carries at least to stand in its reason beside the one that carries most."""
_NAMED = 3
"""Products in one reason at most."""
_OF_PAIRS: Final[frozenset[ReasonCode]] = frozenset({"because_bought", "goes_with"})
"""Reasons that say which products go together."""
_CARRIED: Final = {AGAIN: reasons.AGAIN, SELLS: reasons.POPULAR}
"""What carries a score -> its reason, where no product that was met does."""


def reasons_of(
    found: Sequence[Sequence[Found]], gathered: Gathered, loaded: LoadedModel, catalogue: Catalogue
) -> list[list[Reason]]:
    """Return for each product of each of several lists the reason that weighs most; of equal ones the newest.

    Beside the product it names stand up to two others of the same code that carry a tenth of the score each. Where what
    sells, or the shopper's purchases of the very product, carry a score by what the model says, that is the reason.

    A purchase, and a product of the page, is named only where enough different shoppers bought both products together
    (`privacy.fewest_buyers`).

    Args:
        found: The list of each request of `gathered`.
    """
    asked = gathered.asked
    owners = np.repeat(np.arange(len(found)), [len(some) for some in found])
    targets = Targets(owners, np.array([item for some in found for item, _, _ in some], dtype=np.int64))
    if not len(targets) or not asked.longest:
        return [[reasons.POPULAR] * len(some) for some in found]
    parts, causes = explained_many(loaded.model, targets, asked)
    sensitive = np.array([card.product.sensitive for some in found for _, _, card in some])
    if sensitive.any():
        of_past = np.zeros((len(asked), asked.longest), dtype=np.bool_)
        of_past[asked.owners, asked.columns] = ~asked.page
        parts[sensitive[:, None] & of_past[owners]] = 0.0
    positive = np.maximum(parts, 0.0)
    carrying = (parts > 0) & (parts >= _CARRIES * positive.sum(axis=1, keepdims=True))
    there = (parts != 0).any(axis=1)
    lengths = asked.lengths[owners]
    begins = asked.longest - lengths
    if begins.any():
        parts[np.arange(asked.longest) < begins[:, None]] = -np.inf
    newest_first = parts[:, ::-1]
    places = lengths[:, None] - 1 - (-newest_first).argsort(axis=1, kind="stable")
    carried = map(_CARRIED.get, np.where(sensitive, MET, causes).tolist())
    told = zip(
        targets.items.tolist(), places.tolist(), carrying.sum(axis=1).tolist(), there.tolist(), carried, strict=True
    )
    return [
        _worded(islice(told, len(some)), evidence, loaded, catalogue)
        for some, evidence in zip(found, gathered.each, strict=True)
    ]


def _worded(
    told: Iterable[tuple[int, list[int], int, bool, Reason | None]],
    evidence: Evidence,
    loaded: LoadedModel,
    catalogue: Catalogue,
) -> list[Reason]:
    """Return the reason of each product of a list.

    Args:
        told: Of each its item code, the places of the evidence by what they carry, the weightiest first, how many of
            them carry enough to be named, whether any carries something, and the reason that carries more than they do.
    """
    codes, products, store = evidence.codes, evidence.products, evidence.asked.store
    cards = catalogue.cards_of(store, products)
    sold = {product for product, card in zip(products, cards, strict=True) if card is not None}
    known: dict[tuple[ReasonCode, str, bool], Reason] = {}
    beside: dict[tuple[str, ...], Reason] = {}
    why = []
    for target, places, carriers, explained, carried in told:
        if carried is not None or not explained:
            why.append(carried or reasons.POPULAR)
            continue
        code, named = codes[places[0]], products[places[0]]
        nameable = code not in _OF_PAIRS or _together(places[0], target, evidence, loaded)
        reason = known.get((code, named, nameable))
        if reason is None:
            reason = known[code, named, nameable] = because(code, catalogue, store, named, nameable=nameable)
        if carriers > 1 and reason.products:
            behind = [named]
            for place in places[1:carriers]:
                product = products[place]
                if codes[place] != code or product in behind:
                    continue
                if code not in _OF_PAIRS or _together(place, target, evidence, loaded):
                    behind.append(product)
                    if len(behind) == _NAMED:
                        break
            names = tuple(filter(sold.__contains__, behind))
            equal = beside.get((code, *names))
            if equal is None:  # equal reasons are one object, as answers are kept
                equal = beside[(code, *names)] = Reason(code, reason.text, names)
            reason = equal
        why.append(reason)
    return why


def _together(place: int, target: int, evidence: Evidence, loaded: LoadedModel) -> bool:
    """Say whether enough different shoppers bought an entry of the evidence together with `target` to name it."""
    return go_together(loaded.habits.together, int(evidence.asked.items[place]), target)
