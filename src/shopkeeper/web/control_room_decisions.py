"""The last decisions as a person reads them, with nobody's identity in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.experiments.live_test import TEXTS
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.web.locale_text import ago
from shopkeeper.web.peers import peers_of
from shopkeeper.wiring.serving import Serving

FALLBACK_WORDS = {
    "no_model": "no trained model yet",
    "not_opened": "the arm's version cannot be opened",
    "stopped": "somebody stopped it",
    "deadline": "the model took too long",
    "error": "the model failed",
    "breaker_open": "the model failed lately and rests",
    "changed": "the shelf changed meanwhile",
    "stale": "no new answer, so the model's last good one",
    "unanswered": "not even the rules could answer",
}


REASON_WORDS = {
    "because_viewed": "because of what they viewed",
    "because_bought": "because of what they bought",
    "goes_with": "goes with what the page is about",
    "trending": "trending now",
    "popular_in_category": "popular in its category",
    "also_in_category": "of the same category",
    "popular": "popular in the shop",
    "new": "new in the shop",
    "for_you": "from the list made for them overnight",
    "featured": "a rule of the shop put it there",
    "seen": "they looked at it lately",
    "again": "they bought it and are due for it",
    "together": "often bought with what the page is about",
    "like": "alike to what the page is about",
    "found": "found by the search",
    "range": "from the range",
}


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision, ready to be shown.

    Attributes:
        who: Masked unit; the shoppers it stands for cannot be told from it.
        why: Why the rules answered; None = the model did.
        items: (product, title, reasons) in the order shown.
    """

    record: DecisionRecord
    simulated: bool
    who: str
    why: str | None
    when: str
    items: tuple[tuple[str, str, tuple[str, ...]], ...]


async def recent_decisions(request: Request) -> list[DecisionRecord]:
    """Return the newest decisions of all workers that are held in memory, oldest first."""
    serving: Serving = request.app.state.serving
    said = await peers_of(request).ask("decisions", list[DecisionRecord])
    found = [*serving.decision_log.recent, *(record for records in said.values() for record in records)]
    return sorted(found, key=lambda record: record.ts)[-serving.decision_log.RECENT :]


def decision_views(records: Sequence[DecisionRecord], catalogue: Catalogue, now: datetime) -> list[DecisionView]:
    """Return decisions as they are shown, newest first; texts that were shown are none of products."""
    return [_view(record, catalogue, now) for record in reversed(records) if record.system != TEXTS]


def decisions_headline(views: Sequence[DecisionView]) -> str:
    """Return the answer to the page's question in one sentence."""
    if not views:
        return ""
    by_rules = sum(view.why is not None for view in views)
    stores = len({view.record.store for view in views})
    first = "The last decision" if len(views) == 1 else f"The last {len(views)} decisions"
    share = "all by the model" if not by_rules else f"{by_rules} of them by the rules"
    return f"{first}, for {stores} store{'s' if stores != 1 else ''}, {share}; the oldest was {views[-1].when}."


def _view(record: DecisionRecord, catalogue: Catalogue, now: datetime) -> DecisionView:
    store = catalogue.store(record.store)
    return DecisionView(
        record=record,
        simulated=store is not None and store.simulated,
        who=masked(record.unit),
        why=None if record.fallback is None else FALLBACK_WORDS.get(record.fallback, record.fallback),
        when=ago(record.ts, now),
        items=tuple(_item(item, record.store, catalogue) for item in record.answer.get("items", ())),
    )


def _item(item: Any, store: str, catalogue: Catalogue) -> tuple[str, str, tuple[str, ...]]:  # noqa: ANN401 - logged JSON
    product = str(item["product"]) if isinstance(item, dict) else str(item)
    card = catalogue.card(store, product)
    reasons = item.get("reasons", ()) if isinstance(item, dict) else ()
    words = tuple(REASON_WORDS.get(str(reason), str(reason)) for reason in reasons)
    return product, card.title() if card else product, words


def masked(unit: str | None) -> str:
    """Return a shopper's key with its middle left out: `v-0123456789` -> `v-…89`."""
    if unit is None:
        return "not measured"
    return "…" if len(unit) < 7 else f"{unit[:2]}…{unit[-2:]}"
