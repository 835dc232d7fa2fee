"""Why each product of an answer is there: what of the evidence carries its score."""

from __future__ import annotations

import numpy as np

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason, ReasonCode
from shopkeeper.recommendations.evidence import Evidence
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.models.together import go_together
from shopkeeper.recommendations.reasons import because, beside
from shopkeeper.serving.catalogue import Card, Catalogue

_CARRIES = 0.1
"""Share of a score that a product carries at least to stand in its reason beside the one that carries most."""
_NAMED = 3
"""Products in one reason at most."""


def reasons_of(
    found: list[tuple[int, float, Card]], evidence: Evidence, loaded: LoadedModel, catalogue: Catalogue, store: str
) -> list[Reason]:
    """Return for each product the reason that weighs most; of equal ones the newest.

    Beside the product it names stand up to two others of the same code that carry a tenth of the score each.

    A purchase is named only where enough different shoppers bought both products together (`privacy.fewest_buyers`).
    """
    if not found or not len(evidence.asked):
        return [reasons.POPULAR] * len(found)
    targets = np.array([item for item, _, _ in found], dtype=np.int64)
    parts = loaded.model.explain(targets, evidence.asked)
    sensitive = [card.product.sensitive for _, _, card in found]
    if any(sensitive):
        parts[np.ix_(np.array(sensitive), ~evidence.asked.page)] = 0.0
    carrying = (parts > 0) & (parts >= _CARRIES * np.maximum(parts, 0.0).sum(axis=1, keepdims=True))
    last = parts.shape[1] - 1
    weightiest = (last - np.argsort(-parts[:, ::-1], axis=1, kind="stable")).tolist()
    there: list[bool] = (parts != 0).any(axis=1).tolist()
    counts: list[int] = carrying.sum(axis=1).tolist()
    codes, products = evidence.codes, evidence.products
    known: dict[tuple[ReasonCode, str, bool], Reason] = {}
    why = []
    for target, order, explained, carriers in zip(targets.tolist(), weightiest, there, counts, strict=True):
        if not explained:
            why.append(reasons.POPULAR)
            continue
        first = order[0]
        nameable = _nameable(first, target, evidence, loaded)
        key = (codes[first], products[first], nameable)
        reason = known.get(key)
        if reason is None:
            reason = known[key] = because(codes[first], catalogue, store, products[first], nameable=nameable)
        if carriers > 1 and nameable:
            reason = beside(reason, _also(order[:carriers], target, evidence, loaded), catalogue, store)
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
