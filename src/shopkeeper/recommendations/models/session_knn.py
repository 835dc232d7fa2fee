"""Session kNN: what went on in the recent sessions that look most like this one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.model import NOTHING, Arrays, Scored
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.reading import Reading
from shopkeeper.recommendations.models.sessions import Sessions, cut_sessions
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params

_DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class SessionKnnParams:
    """How sessions are compared and read."""

    neighbours: int = 500
    """Most alike sessions that are read."""
    sample: int = 1_000
    """Newest sessions with a product that are looked at, for each product of the history."""
    session_minutes: float = 30.0
    """A pause of so many minutes ends a session."""
    half_life_days: float = 365.0
    """After this time, counted back from the newest session, a session counts half."""
    length_power: float = 0.5
    """How much the length of a session lowers its likeness."""
    frequency_power: float = 0.0
    """How much the number of sessions a product of the history lies in lowers what it says of likeness."""
    reach: float = 2.0
    """Places from the shared product after which what a session holds counts 1/e."""
    backward: float = 0.7
    """What the products before the shared one count, of what those after it count."""
    age_decay: float = 0.7
    """Each newer moment multiplies what a history entry counts."""
    history: int = 20
    """Newest history entries read."""
    again: float = 1.0
    """What the product met last counts, of what sessions say of it, where another one was met before it: such shoppers
    move on, while who met it twice in a row, or nothing else yet, often comes to it again."""


@dataclass(frozen=True, slots=True)
class _Alike:
    """What one history reaches: one row for each (session, place) of the sessions most alike.

    Attributes:
        items: Item at the place; shape (m,).
        places: How much the place counts; shape (m,).
        sessions: Row of `shares` it belongs to; shape (m,).
        shares: How much each entry of the history adds to each session's likeness; shape (sessions, h).
    """

    items: npt.NDArray[np.int64]
    places: npt.NDArray[np.float64]
    sessions: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]


class SessionKnn(Reading[SessionKnnParams]):
    """Score = sum over the most alike sessions of `likeness * exp(-distance / reach)`, seen from the shared product.

    A session's likeness is the sum of the weights of the history's entries it holds, over a power of its length; of
    several shared products the one that weighs most is the one distances are counted from. The product met last counts
    as `again` says.

    Source:
        Jannach, Ludewig, When Recurrent Neural Networks meet the Neighborhood (2017); position and recency after Garg
        et al., Sequence and Time Aware Neighborhood for Session-based Recommendations (2019), section 3.
    """

    name = "session-knn"

    def __init__(self, sessions: Sessions, popular: Popular, params: SessionKnnParams) -> None:
        super().__init__(popular, params)
        self.sessions = sessions
        lengths = np.maximum(np.diff(sessions.starts), 1).astype(np.float64)
        newest = int(sessions.times.max()) if len(sessions) else 0
        faded = np.exp2((sessions.times - newest) / (_DAY * params.half_life_days))
        self._worth = faded / np.power(lengths, params.length_power)
        counts = np.maximum(np.diff(sessions.holder_starts), 1).astype(np.float64)
        self._rarity = np.power(counts, -params.frequency_power)

    @classmethod
    def fit(
        cls, data: Interactions, params: SessionKnnParams, seed: int, popular_params: PopularParams | None = None
    ) -> SessionKnn:
        """Cut sequences into sessions and remember them; nothing is drawn by chance."""
        popular = Popular.fit(data, popular_params or PopularParams(), seed)
        pause = int(params.session_minutes * 60 * SECOND)
        return cls(cut_sessions(data.sequences, len(data.index), pause), popular, params)

    def _score(self, asked: Asked) -> Scored:
        """Score every product of the sessions most alike."""
        return self._scored(asked.items, asked.weights)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        recent = batch.newest(self.params.history)
        weights = self.history_weights(recent.ages, recent.strengths).astype(np.float64)
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        for row in range(len(batch)):
            part = slice(int(recent.starts[row]), int(recent.starts[row + 1]))
            found = self._scored(recent.items[part].astype(np.int64), weights[part])
            scores[row, found.items] = found.scores
        return scores

    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return how much each entry's share in the likeness adds to each target's score."""
        parts = np.zeros((len(targets), len(asked)))
        alike = self._alike(asked.items, asked.weights)
        if alike is None or not len(targets):
            return parts
        order = np.argsort(targets)
        places = np.minimum(np.searchsorted(targets[order], alike.items), len(targets) - 1)
        hit = targets[order][places] == alike.items
        np.add.at(parts, order[places[hit]], alike.shares[alike.sessions[hit]] * alike.places[hit, None])
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the sessions, and popularity."""
        return {
            **self.sessions.arrays(),
            **pack_params("session_knn", asdict(self.params)),
            **self.popular.arrays(),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> SessionKnn:
        """Return the model that `arrays` was made of; the sessions stay in the files they were opened from."""
        params = SessionKnnParams(**unpack_params("session_knn", arrays, asdict(SessionKnnParams())))
        return cls(Sessions.from_arrays(arrays), Popular.from_arrays(index, arrays), params)

    def _scored(self, items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> Scored:
        alike = self._alike(items, weights)
        if alike is None:
            return NOTHING
        amounts = alike.shares.sum(axis=1)[alike.sessions] * alike.places
        found, rows = np.unique(alike.items, return_inverse=True)
        return Scored(found, np.bincount(rows, weights=amounts).astype(np.float64, copy=False))

    def _alike(self, items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> _Alike | None:
        """Return the sessions most alike and what lies in them; None where no session holds any of the items."""
        held = [self.sessions.newest_with(item, self.params.sample) for item in items.tolist()]
        lengths = [len(some) for some in held]
        if not sum(lengths):
            return None
        entries = np.repeat(np.arange(len(items)), lengths)
        numbers, rows = np.unique(np.concatenate([some.sessions for some in held]), return_inverse=True)
        amounts = (weights * self._rarity[items])[entries]
        likeness = np.bincount(rows, weights=amounts) * self._worth[numbers]
        kept = np.arange(len(numbers))
        if len(numbers) > self.params.neighbours:
            kept = np.sort(np.argpartition(-likeness, self.params.neighbours - 1)[: self.params.neighbours])
        row_of = np.full(len(numbers), -1)
        row_of[kept] = np.arange(len(kept))
        rows = row_of[rows]
        inside = rows >= 0
        rows, entries, amounts = rows[inside], entries[inside], amounts[inside]
        places = np.concatenate([some.places for some in held])[inside]
        shares = np.zeros((len(kept), len(items)))
        np.add.at(shares, (rows, entries), amounts * self._worth[numbers[kept]][rows])
        strongest = np.lexsort((places, amounts, rows))
        last = np.append(np.flatnonzero(np.diff(rows[strongest])), len(strongest) - 1)
        found = self._read(numbers[kept], places[strongest[last]], shares)
        if len(items) > 1 and items[-2] != items[-1]:
            found.places[found.items == items[-1]] *= self.params.again
        return found

    def _read(
        self, numbers: npt.NDArray[np.int64], anchors: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]
    ) -> _Alike:
        """Return what lies in sessions, and how much each place counts, seen from an anchor in each."""
        starts, ends = self.sessions.starts[numbers], self.sessions.starts[numbers + 1]
        lengths = ends - starts
        rows = np.repeat(np.arange(len(numbers)), lengths)
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        distance = within - anchors[rows]
        counted = np.exp(-np.abs(distance) / self.params.reach) * np.where(distance < 0, self.params.backward, 1.0)
        items = self.sessions.items[np.repeat(starts, lengths) + within].astype(np.int64)
        return _Alike(items, counted, rows, shares)
