"""What records say: of products, what they are and cost; of shoppers, who they are. Nothing here is behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import TRAITS, UNKNOWN_TRAITS, Traits
from shopkeeper.registry.text_arrays import Arrays, pack_texts, unpack_texts

NO_SENTENCES: npt.NDArray[np.float16] = np.empty((0, 0), dtype=np.float16)


@dataclass(frozen=True)
class ItemFacts:
    """What records say of products, by item code; all columns are empty where no record was read.

    Attributes:
        brands: Brand, empty = not known; length items.
        texts: Title and attributes as one text; length items.
        prices: Price of one unit in the currency of the store, nan = not known; shape (items,).
        margins: Share of the price that is not cost, nan = not known; shape (items,).
        sentences: What an encoder makes of brand, title and description, length 1, or 0 where nothing is said; shape
            (items, dimensions), or (0, 0) where no encoder read them.
    """

    brands: Sequence[str]
    texts: Sequence[str]
    prices: npt.NDArray[np.float64]
    margins: npt.NDArray[np.float64]
    sentences: npt.NDArray[np.float16] = field(default_factory=lambda: NO_SENTENCES)

    def filled(self, items: int) -> ItemFacts:
        """Return the facts for so many items; the same where they were read, else that nothing is known."""
        if len(self.brands) == items:
            return self
        unknown = np.full(items, np.nan)
        return ItemFacts([""] * items, [""] * items, unknown, unknown)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the facts as plain arrays."""
        return {
            **pack_texts("facts.brands", self.brands),
            **pack_texts("facts.texts", self.texts),
            "facts.prices": self.prices,
            "facts.margins": self.margins,
            "facts.sentences": self.sentences,
        }

    @staticmethod
    def from_arrays(arrays: Arrays) -> ItemFacts:
        """Return the facts that `arrays` was made of."""
        return ItemFacts(
            unpack_texts("facts.brands", arrays),
            unpack_texts("facts.texts", arrays),
            np.asarray(arrays["facts.prices"], dtype=np.float64),
            np.asarray(arrays["facts.margins"], dtype=np.float64),
            np.asarray(arrays["facts.sentences"], dtype=np.float16),
        )


NO_FACTS = ItemFacts((), (), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class TraitTable:
    """What records say of shoppers, by shopper code; `codes` is empty where nothing is known of anybody.

    Attributes:
        values: The texts each trait takes, sorted, the first one empty.
        codes: Place in `values` of each trait; int16, shape (shoppers, len(TRAITS)).
    """

    values: tuple[tuple[str, ...], ...]
    codes: npt.NDArray[np.int16]

    @staticmethod
    def build(shoppers: int, said: Mapping[int, Traits]) -> TraitTable:
        """Return the table of `shoppers` shoppers of whom records say something of `said`, by shopper code."""
        if not any(any(one) for one in said.values()):
            return NO_TRAITS
        values = tuple(tuple(sorted({"", *(one[place] for one in said.values())})) for place in range(len(TRAITS)))
        places = [{text: code for code, text in enumerate(texts)} for texts in values]
        codes = np.zeros((shoppers, len(TRAITS)), dtype=np.int16)
        for shopper, one in said.items():
            codes[shopper] = [known[text] for known, text in zip(places, one, strict=True)]
        return TraitTable(values, codes)

    def take(self, shoppers: npt.NDArray[np.int64]) -> TraitTable:
        """Return the table of some shoppers, with the texts they have and no others."""
        if not len(self.codes):
            return self
        codes = self.codes[shoppers]
        kept = [np.union1d([0], codes[:, trait]).astype(np.int64) for trait in range(len(TRAITS))]
        values = tuple(
            tuple(texts[code] for code in used.tolist()) for texts, used in zip(self.values, kept, strict=True)
        )
        columns = [np.searchsorted(used, codes[:, trait]) for trait, used in enumerate(kept)]
        return TraitTable(values, np.column_stack(columns).astype(np.int16))

    def of(self, shopper: int) -> Traits:
        """Return what is known of one shopper."""
        if not len(self.codes) or shopper < 0:
            return UNKNOWN_TRAITS
        return tuple(texts[code] for texts, code in zip(self.values, self.codes[shopper].tolist(), strict=True))

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the table as plain arrays under `name`."""
        packed: dict[str, npt.NDArray[np.generic]] = {f"{name}.codes": self.codes}
        for trait, texts in zip(TRAITS, self.values, strict=True):
            packed |= pack_texts(f"{name}.{trait}", texts)
        return packed

    @staticmethod
    def from_arrays(name: str, arrays: Arrays) -> TraitTable:
        """Return the table that `arrays` was made of."""
        values = tuple(tuple(unpack_texts(f"{name}.{trait}", arrays)) for trait in TRAITS)
        return TraitTable(values, np.asarray(arrays[f"{name}.codes"], dtype=np.int16))


NO_TRAITS = TraitTable(((("",)),) * len(TRAITS), np.empty((0, len(TRAITS)), dtype=np.int16))
