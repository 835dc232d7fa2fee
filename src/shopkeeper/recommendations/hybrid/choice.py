"""What is chosen within a category: by learnt likeness, by what records say, and by who chooses.

A conditional logit. Given that a shopper goes to a category, product p of it is chosen with probability proportional
to `exp(liked_p + vector_p . q + fact_p . r)`; q and r add up what the page, the past and the shopper's record say. What
all products of a category have in common drops out, so that what a shopper leans to is told apart from where they are.

Source:
    McFadden, Conditional logit analysis of qualitative choice behavior (1974); the vectors as in Rendle, Freudenthaler,
    Schmidt-Thieme, Factorizing personalized Markov chains (2010), with the products of one category as alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import TRAITS, Traits
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.model import Arrays
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

STEEP = 12.0
"""What the likeness of two vectors counts beside the page; vectors of about length 1 then say what steps say."""
FADE = 0.95
"""What each entry of the past counts of the one after it."""
DOUBT = 3.0
"""Entries that say nothing, with which every past is mixed."""
NEWEST = 30
"""Entries of the past that are read."""
OF_PEOPLE = "choice.people"
"""What the record of the shopper says; not read where demographics are not."""

NO_VALUES: tuple[tuple[str, ...], ...] = (("",),) * len(TRAITS)
"""No value of any trait is told apart."""

Floats = npt.NDArray[np.float32]
Columns = Iterator[tuple[str, npt.NDArray[np.floating]]]


@dataclass(frozen=True)
class Choices:
    """What choices within categories say.

    Attributes:
        vectors: Learnt from choices, for products seldom met from their words; shape (items, axes).
        apart: The same less the mean of the category, which choices within it say nothing of; shape (items, axes).
        facts: Words of the record and the price, each less the mean of the category; shape (items, facts).
        liked: What everybody thinks of a product, against others of its category; shape (items,).
        lasting: How much the vectors of the past count, by axis; shape (axes,).
        alike: How much is added for a fact shared with the page; shape (facts,).
        leaning: The same for a fact of the past; shape (facts,).
        values: The values of each trait that are told apart, the empty one first.
        thought: What shoppers of each value think of each fact, trait after trait; shape (values, facts).
    """

    vectors: Floats
    apart: Floats
    facts: npt.NDArray[np.float16]
    liked: Floats
    lasting: Floats
    alike: Floats
    leaning: Floats
    values: tuple[tuple[str, ...], ...]
    thought: Floats

    def columns(self, asked: Asked, items: npt.NDArray[np.int64]) -> Columns:
        """Yield what each part of the utility says of some products; 0 where there is no page, past or record."""
        vectors, facts = self.apart[items], self.facts[items].astype(np.float32)
        page = asked.items[asked.page]
        yield "choice.liked", self.liked[items]
        yield "choice.page", self._near(vectors, facts, page, _even(len(page)), (np.float32(STEEP), self.alike))
        past = asked.items[~asked.page][-NEWEST:]
        yield "choice.past", self._near(vectors, facts, past, faded(len(past)), (self.lasting, self.leaning))
        yield OF_PEOPLE, facts @ self.thought[self.places(asked.traits)].sum(axis=0)

    def _near(
        self, vectors: Floats, facts: Floats, met: npt.NDArray[np.int64], weights: Floats,
        counts: tuple[Floats | np.float32, Floats],
    ) -> Floats:  # fmt: skip
        """Return what likeness to some items adds, by vectors and by facts."""
        if not len(met):
            return np.zeros(len(vectors), dtype=np.float32)
        by_vectors = counts[0] * (weights @ self.vectors[met])
        by_facts = counts[1] * (weights @ self.facts[met].astype(np.float32))
        return np.asarray(vectors @ by_vectors + facts @ by_facts, dtype=np.float32)

    def places(self, traits: Traits) -> list[int]:
        """Return the rows of `thought` of what is known of a shopper: values of all traits lie end to end."""
        found, start = list[int](), 0
        for known, text in zip(self.values, traits, strict=True):
            if text and text in known:
                found.append(start + known.index(text))
            start += len(known)
        return found

    def of_nobody(self) -> Choices:
        """Return the same without what records of shoppers say."""
        return replace(self, values=NO_VALUES, thought=np.zeros((len(NO_VALUES), len(self.alike)), dtype=np.float32))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        packed: dict[str, npt.NDArray[np.generic]] = {f"choices.{name}": getattr(self, name) for name in _NUMBERS}
        packed["choices.facts"] = self.facts
        for trait, values in zip(TRAITS, self.values, strict=True):
            packed |= pack_texts(f"choices.{trait}", values)
        return packed

    @staticmethod
    def from_arrays(arrays: Arrays) -> Choices:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        older = {} if "choices.apart" in arrays else {"apart": "vectors"}  # bundles from before it was read
        numbers = {name: np.asarray(arrays[f"choices.{older.get(name, name)}"], np.float32) for name in _NUMBERS}
        values = tuple(tuple(unpack_texts(f"choices.{trait}", arrays)) for trait in TRAITS)
        return Choices(**numbers, facts=np.asarray(arrays["choices.facts"], np.float16), values=values)


_NUMBERS = ("vectors", "apart", "liked", "lasting", "alike", "leaning", "thought")


def faded(entries: int) -> Floats:
    """Return what each of the newest entries of a past counts, the oldest first; they add up to less than 1."""
    weights = FADE ** np.arange(entries)[::-1]
    return np.asarray(weights / (weights.sum() + DOUBT), dtype=np.float32)


def _even(entries: int) -> Floats:
    return np.full(entries, 1.0 / max(entries, 1), dtype=np.float32)
