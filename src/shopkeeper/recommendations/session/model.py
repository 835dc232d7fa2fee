"""V3, the session model: a small transformer reads what a shopper did, in order, and says what comes next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.model import NOTHING, Arrays, ManyScored, Targets
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.reading import ReadingMany
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params
from shopkeeper.recommendations.segments import bars, items_of, keys_of, owners_of, peaks, starts_in, sums
from shopkeeper.recommendations.session.encoder import Encoder
from shopkeeper.recommendations.session.encoder_input import EncoderInput, padded, side_by_side
from shopkeeper.recommendations.session.nearest import Near, NearestItems

Floats = npt.NDArray[np.float32]
_ROWS = 256
"""Histories that are encoded at a time."""
_EXPLAINED = 10
"""Newest entries that may have a part in a score."""
_BLOCK = 16
"""Histories are read together whose lengths fall between the same multiples of it."""
_FIRST = 500
"""Items a request is answered with where the catalogue is too large to look at all of them."""


@dataclass(frozen=True, slots=True)
class SessionParams:
    """How the encoder is built and trained, and how histories are read."""

    width: int = 128
    """Numbers in an item's vector."""
    blocks: int = 2
    """Blocks of attention and feed-forward part."""
    heads: int = 2
    """Heads of attention in a block; they share its width."""
    inner: int = 2
    """Width of the feed-forward part, in widths."""
    dropout: float = 0.5
    """Share of the numbers that are left out at chance at each step of training."""
    temperature: float = 0.0
    """Above 0 scores are cosines over a temperature that is learnt, beginning with this one; 0 = plain products."""
    smoothing: float = 0.0
    """Share of each target's probability that is spread over all products."""
    negatives: int = 2_048
    """Products each step is contrasted with where the catalogue is too large for all of them."""
    full_products: int = 20_000
    """Largest catalogue of a customer group whose products are all contrasted with at each step."""
    rate: float = 0.001
    """Learning rate at its highest; it rises over the first twentieth of the steps and then falls in a line."""
    epochs: int = 30
    """Rounds over all sequences, at most."""
    tokens: int = 1_024
    """Entries foretold in one step."""
    recency: float = 0.0
    """A sequence is read in a round by the chance `exp(-recency * share of sequences that are newer)`; 0 = always."""
    pairs_first: bool = False
    """True begins with vectors by which products met near each other lie near each other, see `session_start`."""
    averaged: float = 0.0
    """Rounds over which the weights are averaged, newer steps counting more; 0 = those of the last step."""
    patience: int = 0
    """Rounds without a gain on the newest sequences after which training stops; 0 = all rounds, nothing held out."""
    content: bool = True
    """True adds what records say of a product to its vector, so a product nobody has met has one."""
    members: int = 1
    """Encoders trained from seeds of their own, whose scores are averaged."""
    processes: int = 1
    """Processes of this machine that share each step of training, started by torchrun."""
    history: int = 50
    """Newest history entries read."""
    age_decay: float = 1.0
    """Each newer moment multiplies the weight of a history entry; the encoder reads order and times by itself."""


@dataclass(frozen=True)
class SessionWeights:
    """What training made, as the bundle holds it.

    Attributes:
        encoders: One ONNX model for each customer group; empty for a group without sequences.
        vectors: Vector of each item, float32; shape (items, members * width).
        known: False for items of which nothing is known: never met, and no record to speak for them; shape (items,).
        bands: Price band of each item; shape (items,).
        nearest: The known items of each customer group in lists, None = all are looked at; empty = of every group.
    """

    encoders: tuple[bytes, ...]
    vectors: Floats
    known: npt.NDArray[np.bool_]
    bands: npt.NDArray[np.int64]
    nearest: tuple[NearestItems | None, ...] = ()


class _Told(Struct, frozen=True, gc=False):
    """What is said of several histories."""

    scored: ManyScored


class Session(ReadingMany[SessionParams, _Told]):
    """Score = the probability, among the products of the customer group, that the next one is this.

    Source:
        Kang, McAuley, Self-Attentive Sequential Recommendation (2018); with all products contrasted as in Klenitskiy,
        Vasilev, Turning Dross Into Gold Loss (2023), or sampled ones with the correction of Yi et al. (2019).
    """

    name = "session"

    def __init__(self, weights: SessionWeights, popular: Popular, params: SessionParams) -> None:
        super().__init__(popular, params)
        self.weights = weights
        self._spans = self.index.spans()
        self._encoders = [Encoder(model) if model else None for model in weights.encoders]
        self._starts = self.index.starts.tolist()

    def _tell(self, read: ManyAsked) -> _Told:
        """Return the probabilities of all products of the groups histories lie in, or of those that come first."""
        blocks: dict[tuple[int, int], list[int]] = {}
        for row, (start, length) in enumerate(zip(read.starts.tolist(), read.lengths.tolist(), strict=False)):
            if length:
                group = bisect_right(self._starts, int(read.items[start])) - 1
                blocks.setdefault((group, -(-length // _BLOCK)), []).append(row)
        each = [NOTHING] * len(read)
        for (group, _), rows in blocks.items():
            states = self._states(group, side_by_side(read, np.array(rows)))
            if states is None:
                continue
            found = self._foretold(group, states, [read.questions[row].whole for row in rows])
            if len(rows) == len(read):
                return _Told(found)
            for place, row in enumerate(rows):
                each[row] = found.one(place)
        return _Told(ManyScored.of(each))

    def _foretold(self, group: int, states: Floats, whole: Sequence[bool]) -> ManyScored:
        lists = self.weights.nearest[group] if self.weights.nearest else None
        if lists is None or all(whole):
            return self._dense(group, states)
        near = _likeliest(lists.near(states))
        if not any(whole):
            return near
        return ManyScored.of(
            [
                self._dense(group, states[row : row + 1]).one(0) if every else near.one(row)
                for row, every in enumerate(whole)
            ]
        )

    def _dense(self, group: int, states: Floats) -> ManyScored:
        start, end = self._spans[group]
        found = self._probabilities(states, start, end)
        rows, places = (found > 0).nonzero()
        nothing = np.zeros(len(states))
        starts = rows.searchsorted(np.arange(len(states) + 1))
        return ManyScored(starts, places + start, found[rows, places].astype(np.float64), nothing, nothing)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        for group, rows, told in self._blocks(batch.newest(self.params.history)):
            states = self._states(group, told)
            if states is not None:
                start, end = self._spans[group]
                scores[rows, start:end] = self._probabilities(states, start, end)
        return scores

    def _explain_many(self, targets: Targets, read: ManyAsked, told: _Told) -> npt.NDArray[np.float64]:
        """Return each target's score shared out by how near each entry's vector lies to the target's.

        Shares follow the cosine where it is above 0, of the newest 10 entries; older ones have no part.
        """
        first = max(read.longest - _EXPLAINED, 0)
        newest = (read.columns >= first).nonzero()[0]
        entries = np.zeros((len(read), read.longest - first, self.weights.vectors.shape[1]), dtype=np.float32)
        vectors = _unit(self.weights.vectors[read.items[newest]])
        entries[read.owners[newest], read.columns[newest] - first] = vectors
        wanted = _unit(self.weights.vectors[targets.items])
        near = np.zeros((len(targets), read.longest - first), dtype=np.float32)
        bounds = targets.owners.searchsorted(np.arange(len(read) + 1)).tolist()
        for row, (start, end) in enumerate(pairwise(bounds)):
            np.matmul(wanted[start:end], entries[row].T, out=near[start:end])
        shares = np.maximum(near, 0.0).astype(np.float64)
        totals = shares.sum(axis=1, keepdims=True)
        totals[totals == 0] = 1.0  # nothing is shared out then
        shares /= totals
        parts = np.zeros((len(targets), read.longest))
        np.multiply(told.scored.among(targets)[:, None], shares, out=parts[:, first:])
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the ONNX models end to end, the vectors of the items, and popularity."""
        return {
            "session.encoders": np.frombuffer(b"".join(self.weights.encoders), dtype=np.uint8),
            "session.encoder_sizes": np.array([len(model) for model in self.weights.encoders], dtype=np.int64),
            "session.vectors": self.weights.vectors,
            "session.known": self.weights.known,
            "session.bands": self.weights.bands,
            **self._list_arrays(),
            **pack_params("session", asdict(self.params)),
            **self.popular.arrays(),
        }

    def _list_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        found: dict[str, npt.NDArray[np.generic]] = {}
        for group, lists in enumerate(self.weights.nearest):
            found |= lists.arrays(_lists(group)) if lists is not None else {}
        return found

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Session:
        """Return the model that `arrays` was made of; the vectors stay in the file they were opened from."""
        params = SessionParams(**unpack_params("session", arrays, asdict(SessionParams())))
        content = np.asarray(arrays["session.encoders"], dtype=np.uint8).tobytes()
        ends = np.cumsum(np.asarray(arrays["session.encoder_sizes"], dtype=np.int64)).tolist()
        weights = SessionWeights(
            tuple(content[start:end] for start, end in zip([0, *ends], ends, strict=False)),
            np.asarray(arrays["session.vectors"], dtype=np.float32),
            np.asarray(arrays["session.known"], dtype=np.bool_),
            np.asarray(arrays["session.bands"], dtype=np.int64),
            tuple(NearestItems.from_arrays(_lists(group), arrays) for group in range(len(ends))),
        )
        return cls(weights, Popular.from_arrays(index, arrays), params)

    def states_of(self, batch: HistoryBatch) -> Floats:
        """Return the state after each history of one group, those of groups without an encoder left out; (n, width)."""
        found = [self._states(group, told) for group, _, told in self._blocks(batch)]
        nothing = np.zeros((0, self.weights.vectors.shape[1]), dtype=np.float32)
        return np.concatenate([nothing, *(states for states in found if states is not None)])

    def _states(self, group: int, told: EncoderInput) -> Floats | None:
        """Return the states of histories of one group; None where the group was never trained on."""
        encoder = self._encoders[group]
        if encoder is None:
            return None
        vectors, bands = self.weights.vectors[told.items], self.weights.bands[told.items]
        return encoder.states(vectors, told.kinds, told.gaps, bands, told.lengths)

    def _probabilities(self, states: Floats, start: int, end: int) -> Floats:
        """Return the probabilities of the items `start` to `end`; 0 for those nothing is known of."""
        found = states @ self.weights.vectors[start:end].T
        found[:, ~self.weights.known[start:end]] = -np.inf
        found -= found.max(axis=1, keepdims=True)
        np.exp(found, out=found)
        found /= found.sum(axis=1, keepdims=True)
        return found

    def _blocks(self, batch: HistoryBatch) -> Iterator[tuple[int, npt.NDArray[np.int64], EncoderInput]]:
        """Yield histories of one group and of about one length, block by block; empty ones are left out."""
        lengths = np.diff(batch.starts)
        filled = np.flatnonzero(lengths > 0)
        groups = np.searchsorted(self.index.starts, batch.items[batch.starts[:-1][filled]], side="right") - 1
        order = filled[np.lexsort((lengths[filled], groups))]
        owners = np.sort(groups)
        for group in np.unique(owners).tolist():
            rows = order[owners == group]
            for low in range(0, len(rows), _ROWS):
                yield group, rows[low : low + _ROWS], padded(batch, rows[low : low + _ROWS])


def _lists(group: int) -> str:
    return f"session.nearest{group}"


def _unit(vectors: Floats) -> Floats:
    """Return vectors of length 1; those of length 0 stay."""
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    lengths[lengths == 0] = 1.0
    unit: Floats = vectors / lengths
    return unit


def _likeliest(near: Near) -> ManyScored:
    """Return the probabilities of the best of what was found near each state, the rest of it beyond them."""
    lengths, owners = near.starts[1:] - near.starts[:-1], owners_of(near.starts)
    tops = peaks(near.products, near.starts)
    tops[lengths == 0] = 0.0
    worth = np.exp(near.products - tops[owners])
    roots = np.sqrt(worth)
    totals = sums(worth, near.starts) + np.exp(near.beyond - tops)
    root_totals = sums(roots, near.starts) + np.exp(near.beyond_roots - tops / 2.0)
    first = (near.products >= bars(near.products, near.starts, _FIRST)[owners]).nonzero()[0]
    keys = keys_of(owners[first], near.items[first])
    order = keys.argsort(kind="stable")
    keys, first = keys[order], first[order]
    starts = starts_in(keys, len(lengths))
    scores = worth[first] / totals[owners[first]]
    beyond = np.where(lengths > 0, 1.0 - sums(scores, starts), 0.0)
    beyond_roots = np.where(lengths > 0, (root_totals - sums(roots[first], starts)) / np.sqrt(totals), 0.0)
    return ManyScored(starts, items_of(keys), scores, beyond, beyond_roots)
