"""What every channel is: a file of a kind, with an entry for each product, and reasons why one cannot be in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from shopkeeper.commerce.product import RECOMMENDABLE
from shopkeeper.content.channels.offer import Offer, Text
from shopkeeper.content.fields import Field, limit
from shopkeeper.content.lengths import length_findings
from shopkeeper.content.markup import markup_findings, plain_findings, without_markup


class Refused(NamedTuple):
    """Something that is not in the file.

    Attributes:
        product: Which product.
        field: Which text, or which part of the record; `$` for the product as a whole.
        reason: Why, with the offending value.
        remedy: What would mend it.
    """

    product: str
    field: str
    reason: str
    remedy: str


Refuse = Callable[[Refused], None]


def _itself(offer: Offer) -> Iterable[Offer]:
    return (offer,)


def _fine(_: Offer) -> Iterable[Refused]:
    return ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of file.

    Attributes:
        suffix: End of its name.
        fields: Texts it has a place for.
        entry: One product as it stands in the file; asked only where `problems` has none.
        problems: Why a product cannot be in the file.
        spread: The things of an offer that are entries of their own, such as its variants.
        head, foot: What stands before and after all entries.
    """

    suffix: str
    fields: tuple[Field, ...]
    entry: Callable[[Offer], str]
    problems: Callable[[Offer], Iterable[Refused]] = _fine
    spread: Callable[[Offer], Iterable[Offer]] = _itself
    head: str = ""
    foot: str = ""


def rendered(channel: Channel, offers: Iterable[Offer], refuse: Refuse) -> Iterator[str]:
    """Yield a file in parts: its head, one part for each product that can be in it, its foot.

    Args:
        offers: Products with their texts; one without a text the channel has a place for is passed over.
        refuse: Told each text and product that is left out, and why.
    """
    yield channel.head
    for offer in offers:
        if not any(name in offer.texts for name in channel.fields):
            continue
        if (unsold := _unsold(offer)) is not None:
            refuse(unsold)
            continue
        fit = _fit(channel, offer, refuse)
        if not fit.texts:
            continue
        for one in channel.spread(fit):
            problems = list(channel.problems(one))
            for problem in problems:
                refuse(problem)
            if not problems:
                yield channel.entry(one)
    yield channel.foot


def _unsold(offer: Offer) -> Refused | None:
    product = offer.product
    until = product.available_until
    if product.status != "active" or product.kind not in RECOMMENDABLE:
        reason = f"{product.status} {product.kind.replace('_', ' ')}: nothing a shop window shows."
        return Refused(product.product, "$", reason, "Set status and kind in its record if it is sold.")
    if until is not None and until <= offer.now:
        return Refused(
            product.product, "$", f"Not sold since {until:%Y-%m-%d}.", "Change `available_until` if it still is."
        )
    return None


def _fit(channel: Channel, offer: Offer, refuse: Refuse) -> Offer:
    kept: dict[Field, Text] = {}
    for name in channel.fields:
        text = offer.texts.get(name)
        if text is None:
            continue
        problem = next(_unfit(offer.product.product, text), None)
        if problem is None:
            kept[name] = text
        else:
            refuse(problem)
    return replace(offer, texts=kept)


def _unfit(product: str, text: Text) -> Iterator[Refused]:
    """Yield why a text may not leave the house; a person may have changed it since the verifier passed it."""
    if text.state != "published":
        remedy = "Approve and publish it." if text.state != "stale" else "Write it anew: its facts have changed."
        yield Refused(product, text.field, f"It is {text.state}, not published.", remedy)
    if any(not letter.isprintable() and letter not in "\n\u00a0\u202f\u00ad" for letter in text.text):
        yield Refused(product, text.field, "It holds a control character.", "Take it out.")
    bounds = limit(text.field)
    plain = without_markup(text.text) if bounds.html else text.text
    for found in length_findings(text.text, plain, bounds):
        yield Refused(product, text.field, found.reason, found.remedy)
    for found in markup_findings(text.text) if bounds.html else plain_findings(text.text):
        yield Refused(product, text.field, found.reason, found.remedy)


def refused_formula(product: str, field: str, cell: str) -> Refused:
    """Say why a cell cannot be in a file whose reader would keep the apostrophe."""
    reason = f"A spreadsheet would run it: it begins with `{cell.strip()[:1]}`."
    return Refused(product, field, reason, "Begin it with a letter or a digit.")
