"""What records say of products and shoppers, out of the warehouse and under the codes of the interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import TRAITS, UNKNOWN_TRAITS, Traits, joined
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.behaviour.extract_sentences import SentenceEncoder, extract_sentences
from shopkeeper.recommendations.behaviour.facts import NO_FACTS, ItemFacts, TraitTable
from shopkeeper.recommendations.behaviour.items import ItemIndex

_PACKAGE = "shopkeeper.recommendations.behaviour"
Columns = Mapping[str, npt.NDArray[np.generic]]


def extract_facts(warehouse: Warehouse, index: ItemIndex, encoder: SentenceEncoder | None = None) -> ItemFacts:
    """Read what product records say now; a record of a store of the group outweighs one shared by all stores."""
    rows = warehouse.fetch(NamedQuery.load(_PACKAGE, "item_facts"))
    if not len(rows["product"]):
        return NO_FACTS
    brands, texts = [""] * len(index), [""] * len(index)
    prices, costs = np.full(len(index), -1.0), np.full(len(index), -1.0)
    for row, codes in index.records(rows):
        text = ""
        for code in codes:
            text = text or _text(str(rows["title"][row]), str(rows["attributes"][row]))
            brands[code] = str(rows["brand"][row]) or brands[code]
            texts[code] = text or texts[code]
            prices[code] = _known(float(rows["price"][row]), prices[code])
            costs[code] = _known(float(rows["cost"][row]), costs[code])
    prices[prices <= 0] = np.nan
    margins = np.where(costs >= 0, (prices - costs) / prices, np.nan)
    return ItemFacts(brands, texts, prices, margins, extract_sentences(warehouse, index, encoder))


def extract_traits(warehouse: Warehouse, shopper_keys: Sequence[str]) -> TraitTable:
    """Read who the users among the shoppers are; of several records of a user the largest text counts.

    Nothing is read of devices and sessions, nor of anybody who refused: their events carry no key.
    """
    rows = warehouse.fetch(NamedQuery.load(_PACKAGE, "shopper_traits"))
    said: dict[tuple[str, str], Traits] = {}
    for place in range(len(rows["user_id"])):
        group = str(rows["customer_group"][place]) if rows["store"][place] else ""
        key = (group, str(rows["user_id"][place]))
        one = tuple(str(rows[trait][place]) for trait in TRAITS)
        said[key] = joined(said.get(key, UNKNOWN_TRAITS), one)
    known: dict[int, Traits] = {}
    for code, key_text in enumerate(shopper_keys if said else ()):
        group, kind, identity = key_text.split("\x1f", 2)
        if kind == "user":
            own, shared = said.get((group, identity)), said.get(("", identity))
            if own or shared:
                known[code] = joined(own or UNKNOWN_TRAITS, shared or UNKNOWN_TRAITS)
    return TraitTable.build(len(shopper_keys), known)


def _known(value: float, otherwise: float) -> float:
    return value if value >= 0 else otherwise


def _text(title: str, attributes: str) -> str:
    return " ".join([*_words(title), *_words(attributes)])


def _words(text: str) -> list[str]:
    """Return a text, or the names and values of a JSON object, each as one piece `name=value`."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return [text] if text else []
    if isinstance(found, dict):
        return [f"{name}={value}" for name, value in sorted(found.items())]
    return [str(found)]
