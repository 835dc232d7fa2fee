"""What records say of products in sentences, as vectors of an encoder; nothing is encoded unless a run has one."""

from __future__ import annotations

import re
from html import unescape
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.behaviour.facts import NO_SENTENCES
from shopkeeper.recommendations.behaviour.items import ItemIndex

_MOST = 200
"""Letters read of a description: what a product is stands first, and the mean of many words is like that of any."""
_TAG = re.compile(r"<[^>]*>")
_ENGLISH = re.compile(r"en\b", re.IGNORECASE)


class SentenceEncoder(Protocol):
    """Makes vectors of texts, which lie near each other where texts say the like.

    Laws: equal texts have equal vectors, whatever stands beside them; an empty text has 0; nothing is fetched.
    """

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Return the vectors, of length 1 or 0; shape (texts, dimensions)."""
        ...


def extract_sentences(
    warehouse: Warehouse, index: ItemIndex, encoder: SentenceEncoder | None
) -> npt.NDArray[np.float16]:
    """Return a vector for each item, 0 where its records say nothing.

    A record of a store of the group outweighs one shared by all stores. Equal texts are encoded once.

    Returns:
        Shape (items, dimensions); (0, 0) without an encoder.
    """
    if encoder is None:
        return NO_SENTENCES
    rows = warehouse.fetch(NamedQuery.load("shopkeeper.recommendations.behaviour", "item_sentences"))
    texts = [""] * len(index)
    for row, codes in index.records(rows):
        said = sentence(*(str(rows[name][row]) for name in ("brand", "title", "description")))
        for code in codes:
            texts[code] = said or texts[code]
    different = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    places = np.array([different[text] for text in texts], dtype=np.int64)
    return encoder.encode([*different])[places].astype(np.float16) if len(places) else NO_SENTENCES


def sentence(brand: str, title: str, description: str) -> str:
    """Return what a record says as one text: brand, title, and how its description begins, without markup.

    Args:
        title, description: A text, or a JSON object from locale to text, of which English is read, else the first.
    """
    named, told = _in_one_language(title), _in_one_language(description)
    own = "" if named.lower().startswith(brand.lower()) else brand
    began = " ".join(unescape(_TAG.sub(" ", told)).split())[:_MOST]
    return " ".join(part for part in (own, named, began) if part)


def _in_one_language(text: str) -> str:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    if isinstance(found, dict):
        english = (said for locale, said in found.items() if _ENGLISH.match(locale))
        return str(next(english, next(iter(found.values()), "")))
    return str(found)
