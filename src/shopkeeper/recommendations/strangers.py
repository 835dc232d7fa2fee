"""Answers to shoppers nothing is known of, by what their visit says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.visit_facts import device_of, part_of_day, referrer_of
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.model import ManyScored
from shopkeeper.recommendations.models.visit_lifts import Visit
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.serving.catalogue import Catalogue


def visit_told(request: RecommendationRequest, catalogue: Catalogue) -> Visit:
    """Return what a request and its moment say of the visit, by the clock of the store."""
    store, said = catalogue.store(request.store), request.body.context
    return {
        "hour": part_of_day(request.now, store.time_zone if store is not None else ""),
        "device": device_of(str(said.get("device") or "")),
        "referrer": referrer_of(str(said.get("referrer") or "")),
    }


def visit_of(request: RecommendationRequest, past: Past, stock: Stock) -> Visit | None:
    """Return what is known of a stranger's visit; None of a shopper who did something, and where no fact pays."""
    return None if not stock.lifts or past.events else visit_told(request, stock.catalogue)


def lifted(scored: ManyScored, visits: Sequence[Visit | None], asked: ManyAsked, stock: Stock) -> ManyScored:
    """Return scores in which those of questions about nothing are multiplied by the lifts of their visits.

    Args:
        visits: Of each question, None = its scores stay.
    """
    if not any(visits):
        return scored
    scores, starts = scored.scores.copy(), scored.starts.tolist()
    for place in np.flatnonzero(asked.lengths == 0).tolist():
        visit = visits[place]
        if visit is not None:
            part = slice(starts[place], starts[place + 1])
            scores[part] *= stock.lifts.among(scored.items[part], visit)
    return scored.with_scores(scores, scored.beyond)
