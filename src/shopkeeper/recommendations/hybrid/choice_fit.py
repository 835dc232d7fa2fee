"""Learning what is chosen within categories: the likeliest utilities, each parameter held near 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.commerce.traits import TRAITS
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.choice import NO_VALUES, STEEP, Choices
from shopkeeper.recommendations.hybrid.choice_facts import choice_facts, less_middles
from shopkeeper.recommendations.hybrid.choice_steps import Integers, Steps
from shopkeeper.recommendations.hybrid.trait_lifts import told_apart
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.item_words import item_words

MOST_RIVALS = 200
"""Products of a category that what was chosen is compared with; of larger categories some drawn evenly."""
_ROUNDS = 200
"""Steps of the search at most; vectors are learnt slowly, as what one says depends on all others."""
_ENOUGH = 1e-6
"""The search ends with a step that takes less of the loss than this part."""
_AXES = 12
_SPREAD = 0.15
"""What vectors begin with; nearer to 0 the search hardly moves, for there a vector says nothing of any other."""
_PRICES = {"own": 40.0, "spoken": 40.0, "liked": 1.0, "lasting": 1.0, "common": 10.0, "alike": 10.0, "leaning": 3.0,
           "thought": 10.0}  # fmt: skip
"""What the square of a parameter costs, in twice the logarithm of a step's chance."""

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]


def fit_choices(data: Interactions, content: Content, seed: int, *, people: bool) -> Choices:
    """Learn from the steps of all visits; a vector is its product's own and what its words say of it.

    Args:
        people: Whether what records of shoppers say is read.
    """
    draw = np.random.default_rng(seed)
    words = item_words(data)
    facts = choice_facts(data, content, words)
    words.data[:] = 1.0
    steps = Steps.of(data)
    traits = [told_apart(data, trait) for trait in range(len(TRAITS))] if people else []
    values = tuple(known for known, _ in traits) or NO_VALUES
    nothing = np.zeros((len(steps), 1), dtype=np.int64)
    known = _people(values, np.column_stack([codes[steps.shoppers] for _, codes in traits] or [nothing]))
    search = _Search(steps, facts.astype(np.float32), words, known, tuple(_groups(data, content, steps, draw)))
    shapes = {
        "own": (len(facts), _AXES), "spoken": (words.shape[1], _AXES), "liked": (len(facts),), "lasting": (_AXES,),
        "common": (facts.shape[1],), "alike": (facts.shape[1],), "leaning": (facts.shape[1],),
        "thought": (known.shape[1], facts.shape[1]),
    }  # fmt: skip
    begin = {name: np.zeros(shape) for name, shape in shapes.items()}
    begin |= {name: draw.normal(0.0, _SPREAD, shapes[name]) for name in ("own", "spoken")} | {"lasting": np.ones(_AXES)}
    found = _least(search, begin)
    plain = {name: found[name].astype(np.float32) for name in ("lasting", "alike", "leaning", "thought")}
    vectors = (words @ found["spoken"] + found["own"]).astype(np.float32)
    liked = (found["liked"] + facts @ found["common"]).astype(np.float32)
    apart = less_middles(vectors, content.leaves, np.bincount(data.items, minlength=len(facts)) > 0)
    return Choices(vectors, apart.astype(np.float32), facts, liked, **plain, values=values)


class _Group(NamedTuple):
    """The steps into one category, its products in question, and which of these are none of a step's rivals."""

    steps: Integers
    rivals: Integers
    out: tuple[Integers, Integers]


def _groups(data: Interactions, content: Content, steps: Steps, draw: np.random.Generator) -> Iterator[_Group]:
    """Yield the steps into each category of each customer group."""
    places = np.searchsorted(data.index.starts, np.arange(len(data.index)), side="right")
    categories = places.astype(np.int64) * (int(content.leaves.max(initial=0)) + 1) + content.leaves
    met, into = np.unique(data.items).astype(np.int64), categories[steps.chosen]
    for category in np.unique(into).tolist():
        rows, rivals = np.flatnonzero(into == category), met[categories[met] == category]
        if len(rivals) > MOST_RIVALS:
            rivals = np.sort(draw.choice(rivals, MOST_RIVALS, replace=False))
        out = (rivals == steps.chosen[rows, None]) | (rivals == steps.page[rows, None])
        row, column = np.nonzero(out)
        yield _Group(rows, rivals, (row, column))


@dataclass(frozen=True)
class _Search:
    """What the parameters are judged by."""

    steps: Steps
    facts: npt.NDArray[np.float32]
    words: scipy.sparse.csr_array
    people: scipy.sparse.csr_array
    groups: tuple[_Group, ...]

    def loss(self, at: Mapping[str, Floats]) -> tuple[float, dict[str, Floats]]:
        """Return minus the logarithm of the chance of all steps, and its slopes."""
        vectors, axes = self.words @ at["spoken"] + at["own"], at["own"].shape[1]
        liked = at["liked"] + self.facts @ at["common"]
        page = self._page
        by_page, by_past = page @ vectors, self.steps.past @ vectors
        asked = np.hstack([
            np.float32(STEEP) * by_page + at["lasting"] * by_past,
            at["alike"] * self._facts_of_page + at["leaning"] * self._facts_of_past + self.people @ at["thought"],
        ])  # fmt: skip
        missed, of_asked, of_vectors, of_liked = self._missed(asked, np.hstack([vectors, self.facts]), liked)
        by_vectors, by_facts = of_asked[:, :axes], of_asked[:, axes:]
        of_vectors += page.T @ (np.float32(STEEP) * by_vectors) + self.steps.past.T @ (at["lasting"] * by_vectors)
        return missed, {
            "own": of_vectors,
            "spoken": self.words.T @ of_vectors,
            "liked": of_liked,
            "lasting": (by_vectors * by_past).sum(axis=0),
            "common": self.facts.T @ of_liked,
            "alike": (by_facts * self._facts_of_page).sum(axis=0),
            "leaning": (by_facts * self._facts_of_past).sum(axis=0),
            "thought": self.people.T @ by_facts,
        }

    @cached_property
    def _taken(self) -> scipy.sparse.csr_array:
        return scipy.sparse.csr_array(_ones(self.steps.chosen, len(self.facts)).T)

    @cached_property
    def _page(self) -> scipy.sparse.csr_array:
        return _ones(self.steps.page, len(self.facts))

    @cached_property
    def _facts_of_page(self) -> Floats:
        return np.asarray(self._page @ self.facts, dtype=np.float32)

    @cached_property
    def _facts_of_past(self) -> Floats:
        return np.asarray(self.steps.past @ self.facts, dtype=np.float32)

    def _missed(self, asked: Floats, made: Floats, liked: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Return the loss, and its slopes by what is asked, by the vectors of products and by how they are liked."""
        axes, chosen = made.shape[1] - self.facts.shape[1], self.steps.chosen
        own = np.einsum("nd,nd->n", asked, made[chosen]) + liked[chosen]
        of_asked, of_made = np.zeros_like(asked), np.zeros((len(made), axes), dtype=np.float32)
        of_liked, left, missed = np.zeros_like(liked), np.empty_like(own), 0.0
        for rows, rivals, out in self.groups:
            sums = asked[rows] @ made[rivals].T + liked[rivals] - own[rows, None]
            sums[out] = -np.inf
            top = np.maximum(sums.max(axis=1, initial=0.0), 0.0)
            shares = np.exp(sums - top[:, None])
            totals = shares.sum(axis=1) + np.exp(-top)
            missed += float((np.log(totals.astype(np.float64)) + top).sum())
            shares /= totals[:, None]
            left[rows] = -shares.sum(axis=1)
            of_asked[rows] = shares @ made[rivals]
            of_made[rivals] += shares.T @ asked[rows, :axes]
            of_liked[rivals] += shares.sum(axis=0)
        of_asked += left[:, None] * made[chosen]
        of_made += self._taken @ (left[:, None] * asked[:, :axes])
        of_liked += self._taken @ left
        return missed, of_asked, of_made, of_liked


def _least(search: _Search, begin: Mapping[str, Reals]) -> dict[str, Reals]:
    """Return the parameters with the least loss and price that the search comes upon.

    It steps through them in units of their price, so that none is far steeper than the others.
    """
    names = tuple(begin)
    ends = np.cumsum([begin[name].size for name in names])
    units = np.concatenate([np.full(begin[name].size, _PRICES[name] ** -0.5) for name in names])

    def parted(numbers: Reals) -> dict[str, Reals]:
        parts = np.split(numbers * units, ends[:-1])
        return {name: part.reshape(begin[name].shape) for name, part in zip(names, parts, strict=True)}

    def judged(numbers: Reals) -> tuple[float, Reals]:
        missed, slopes = search.loss({name: part.astype(np.float32) for name, part in parted(numbers).items()})
        slope: Reals = np.concatenate([slopes[name].ravel() for name in names])
        return missed + 0.5 * float(numbers @ numbers), slope * units + numbers

    numbers: Reals = np.concatenate([begin[name].ravel() for name in names]) / units
    found = scipy.optimize.minimize(
        judged, numbers, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS, "maxcor": 6, "ftol": _ENOUGH}
    )
    return parted(found.x)


def _people(values: tuple[tuple[str, ...], ...], codes: Integers) -> scipy.sparse.csr_array:
    """Return 1 for each value that is known of a shopper, the values of all traits end to end; shape (n, values)."""
    sizes = np.array([len(known) for known in values])
    rows, traits = np.nonzero(codes > 0)
    columns = (np.cumsum(sizes) - sizes)[traits] + codes[rows, traits]
    return scipy.sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(codes), int(sizes.sum()))
    )


def _ones(columns: Integers, width: int) -> scipy.sparse.csr_array:
    """Return 1 at a column of each row, nothing where it is below 0."""
    rows = np.flatnonzero(columns >= 0)
    return scipy.sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, columns[rows])), shape=(len(columns), width)
    )
