"""Why a price is what it is, and what other margin targets would bring: by the registered model and what stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.pricing.explained import explained
from shopkeeper.pricing.explanation import Explained, Frontier, Reached
from shopkeeper.pricing.propose import proposals_of
from shopkeeper.pricing.whatif import margins_around, reached, today, with_margin
from shopkeeper.wiring.pricing.propose import PriceBook, open_book
from shopkeeper.wiring.settings import Settings


def explain_price(
    settings: Settings, product: str, store: str, *, price_list: str | None = None, at: datetime | None = None,
    version: str | None = None,
) -> Explained:  # fmt: skip
    """Return why a product's price in a store is what it is, as if the store were priced by itself.

    Args:
        price_list: That of ordinary shoppers by default.

    Raises:
        InputError: the product has no price there.
        UnknownStore, UnknownModel, NotEnoughData, ConfigError, BundleDamaged: as `propose_prices`.
    """
    book = open_book(settings, (store,), at, version)
    wanted = book.states[0].retail if price_list is None else price_list
    for _, chosen in book.chosen():
        for row, proposal in enumerate(proposals_of(chosen, book.history.paid)):
            if (proposal.product, proposal.price_list) == (product, wanted):
                return explained(chosen, proposal, book.history, row, book.version, book.feeds)
    raise InputError(
        f"{product!r} has no price in {store} on price list {wanted!r}.",
        "Name a product on sale there whose price was imported, in `prices`, in the catalogue or by a purchase.",
    )


def margin_frontier(
    settings: Settings, store: str, margins: Sequence[float] = (), *, at: datetime | None = None,
    version: str | None = None,
) -> Frontier:  # fmt: skip
    """Return what prices chosen for some margin targets would bring in a store in the coming week.

    Args:
        margins: Least margins, shares of revenue; some around today's where none is named.

    Raises:
        InputError: a margin is no share below 1.
        NotEnoughData: nothing is known of the demand of any price.
        UnknownStore, UnknownModel, ConfigError, BundleDamaged: as `propose_prices`.
    """
    for margin in margins:
        if not -1 <= margin < 1:
            raise InputError(
                f"A margin target of {margin:g} is none.", "Write a share of revenue, such as 0.32 for 32%."
            )
    book = open_book(settings, (store,), at, version)
    found = book.chosen()
    now = today(found[0][1]) if found else None
    if now is None:
        raise NotEnoughData(
            f"No price of {store} can be chosen: no product with sales and a cost.",
            "Import sales, prices and `cost` of products, then train again.",
        )
    points = tuple(_at(book, margin) for margin in margins_around(now, margins))
    return Frontier(
        store=store, currency=book.states[0].store.currency, model=book.version, at=book.at, today=now, points=points
    )


def _at(book: PriceBook, margin: float) -> Reached:
    ((_, chosen),) = replace(book, policy=with_margin(book.policy, margin)).chosen()
    found = reached(chosen)
    if found is None:
        raise NotEnoughData("No price can be chosen.", "Import sales, prices and costs.")
    return found
