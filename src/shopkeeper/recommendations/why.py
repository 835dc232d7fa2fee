"""Why each product of an answer is there: what of the evidence carries its score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason, ReasonCode
from shopkeeper.recommendations.evidence import Evidence, Gathered
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import Targets, explain_many
from shopkeeper.recommendations.models.together import go_together
from shopkeeper.recommendations.reasons import because, beside
from shopkeeper.serving.catalogue import Catalogue

_CARRIES = 0.1
"""Share of a score that a product carries at least to stand in its reason beside the one that carries most."""
_NAMED = 3
"""Products in one reason at most."""


def reasons_of(
    found: Sequence[Sequence[Found]], gathered: Gathered, loaded: LoadedModel, catalogue: Catalogue
) -> list[list[Reason]]:
    """Return for each product of each of several lists the reason that weighs most; of equal ones the newest.

    Beside the product it names stand up to two others of the same code that carry a tenth of the score each.

    A purchase is named only where enough different shoppers bought both products together (`privacy.fewest_buyers`).

    Args:
        found: The list of each request of `gathered`.
    """
    asked = gathered.asked
    owners = np.repeat(np.arange(len(found)), [len(some) for some in found])
    targets = Targets(owners, np.array([item for some in found for item, _, _ in some], dtype=np.int64))
    if not len(targets) or not asked.longest:
        return [[reasons.POPULAR] * len(some) for some in found]
    parts = explain_many(loaded.model, targets, asked)
    sensitive = np.array([card.product.sensitive for some in found for _, _, card in some])
    if sensitive.any():
        of_past = np.zeros((len(asked), asked.longest), dtype=np.bool_)
        of_past[asked.owners, asked.columns] = ~asked.page
        parts[sensitive[:, None] & of_past[owners]] = 0.0
    positive = np.maximum(parts, 0.0)
    carrying = (parts > 0) & (parts >= _CARRIES * positive.sum(axis=1, keepdims=True))
    there = (parts != 0).any(axis=1).tolist()
    begins = asked.longest - asked.lengths[owners]
    if begins.any():
        parts[np.arange(asked.longest) < begins[:, None]] = -np.inf
    first = asked.longest - 1 - parts[:, ::-1].argmax(axis=1) - begins
    rows, columns = carrying.nonzero()
    order = np.lexsort((-columns, -parts[rows, columns], rows))
    carriers = (columns - begins[rows])[order].tolist()
    bounds = rows.searchsorted(np.arange(len(targets) + 1)).tolist()
    told = map(
        _Carried, targets.items.tolist(), first.tolist(), there, (carriers[low:high] for low, high in pairwise(bounds))
    )
    return [
        _worded(list(islice(told, len(some))), evidence, loaded, catalogue)
        for some, evidence in zip(found, gathered.each, strict=True)
    ]


class _Carried(NamedTuple):
    """What carries the score of one product.

    Attributes:
        target: Item code.
        first: Place in the evidence of what carries most.
        explained: Whether anything does.
        carriers: Places of all that carry enough, the weightiest first.
    """

    target: int
    first: int
    explained: bool
    carriers: list[int]


def _worded(carried: list[_Carried], evidence: Evidence, loaded: LoadedModel, catalogue: Catalogue) -> list[Reason]:
    """Return the reason of each product of a list."""
    codes, products, store = evidence.codes, evidence.products, evidence.asked.store
    known: dict[tuple[ReasonCode, str, bool], Reason] = {}
    why = []
    for target, first, explained, carriers in carried:
        if not explained:
            why.append(reasons.POPULAR)
            continue
        nameable = _nameable(first, target, evidence, loaded)
        key = (codes[first], products[first], nameable)
        reason = known.get(key)
        if reason is None:
            reason = known[key] = because(key[0], catalogue, store, key[1], nameable=nameable)
        if len(carriers) > 1 and nameable:
            reason = beside(reason, _also(carriers, target, evidence, loaded), catalogue, store)
        why.append(reason)
    return why


def _nameable(place: int, target: int, evidence: Evidence, loaded: LoadedModel) -> bool:
    """Say whether an entry of the evidence may be named as the reason for `target`."""
    if evidence.codes[place] != "because_bought":
        return True
    return go_together(loaded.habits.together, int(evidence.asked.items[place]), target)


def _also(carrying: list[int], target: int, evidence: Evidence, loaded: LoadedModel) -> tuple[str, ...]:
    """Return the products that stand in a reason beside the first of those that carry enough, the weightiest first."""
    code, named = evidence.codes[carrying[0]], evidence.products[carrying[0]]
    found: list[str] = []
    for place in carrying[1:]:
        product = evidence.products[place]
        if evidence.codes[place] != code or product == named or product in found:
            continue
        if _nameable(place, target, evidence, loaded):
            found.append(product)
            if len(found) == _NAMED - 1:
                break
    return tuple(found)
