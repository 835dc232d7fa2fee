"""V2, in two stages: several sources say what comes into question, trees over behaviour, content and people rank it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.hybrid.candidates import Found, faded
from shopkeeper.recommendations.hybrid.causes import Spoken, carriers, nobody, purchased
from shopkeeper.recommendations.hybrid.known import Known, columns_of, names_of, two_stages
from shopkeeper.recommendations.hybrid.page import from_page
from shopkeeper.recommendations.hybrid.params import HybridParams, packed, unpacked
from shopkeeper.recommendations.hybrid.rank_features import GROUPS, group_of
from shopkeeper.recommendations.hybrid.rank_groups import Told, Verdict, choose_groups
from shopkeeper.recommendations.hybrid.rank_lists import InQuestion, Rows, RowsAt, rank_lists
from shopkeeper.recommendations.hybrid.rank_questions import ListPlan
from shopkeeper.recommendations.hybrid.ranker import Ranker, Trial, learn_ranker
from shopkeeper.recommendations.model import MET, Arrays, Explained, ManyScored, Scored, Targets
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params
from shopkeeper.recommendations.segments import starts_of
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

SHARED = -1
"""Stands for the ranker of all stores."""
_TOGETHER = 16
"""Histories of many that are scored at a time."""


class _Told(Struct, frozen=True, gc=False):
    """What was said to several questions.

    Attributes:
        rows: Features of each item scored; shape (m, features).
        read: What was read of them.
        by_knn: The same with weights as item-knn fades them.
    """

    scored: ManyScored
    rows: npt.NDArray[np.float32]
    read: ManyAsked
    by_knn: ManyAsked


class Hybrid:
    """Score = the logistic of what the ranker says of what comes into question, 0 for all else.

    Without a list to learn from (too little data) the mean of what the sources say stands in for the ranker.

    Args:
        known: What the rows are made of.
        rankers: By store code; `SHARED` = of all others.
        columns: Name of each feature.
        verdicts: What was found of the groups of features that must pay to be read.
    """

    name = "hybrid"

    def __init__(
        self,
        known: Known,
        rankers: Mapping[int, Ranker],
        columns: tuple[str, ...],
        params: HybridParams,
        verdicts: tuple[Verdict, ...] = (),
    ) -> None:
        self.known = known
        self.params = params
        self.popular = known.knn.popular
        self.index = known.knn.index
        self.columns = columns
        self.verdicts = verdicts
        self._rankers = rankers
        self._spoken = Spoken.of(columns)
        self._muted = np.zeros(0, dtype=np.int64)
        self._find, self._features = two_stages(known, params)
        self._lately: tuple[tuple[ManyAsked, _Told], ...] = ()
        """What was asked the last two times: whoever explains has just asked for it."""
        self._typicals: dict[str, npt.NDArray[np.float32]] = {}
        made = names_of(self._find, self._features)  # a bundle may be older than a feature
        self._places = None if made == columns else np.array([made.index(name) for name in columns], dtype=np.int64)

    @classmethod
    def fit(cls, data: Interactions, params: HybridParams, seed: int) -> Hybrid:
        """Learn the sources, and a ranker from lists of several moments before the end of the data."""
        if not params.place_weights:
            data = replace(data, position_exponent=0.0)
        plan = ListPlan(params.cuts, params.days, params.step, params.lists, params.visits, params.repeats)
        content = Content.fit(data, params.axes, seed)
        lists = rank_lists(data, cls.rows_at(content, params, seed), plan, seed)
        end = int(data.times[-1]) + 1 if len(data) else 0
        known = Known.fit(data, content, params, end, seed)
        columns = columns_of(known, params)
        if lists is None:
            return cls(known, {}, columns, params)
        told, trial, verdicts = choose_groups(lists, columns, params, seed)
        rankers = _rankers(told, trial, params, seed)
        return cls(known.without(told.left_out), rankers, told.columns, params, verdicts)

    @staticmethod
    def rows_at(content: Content, params: HybridParams, seed: int) -> RowsAt:
        """Return what learns from interactions before a cut, and then makes the rows of one shopper."""

        def learn(past: Interactions, cut: int) -> Rows:
            find, features = two_stages(Known.fit(past, content, params, cut, seed), params)

            def rows(asked: Asked) -> InQuestion:
                recent = from_page(asked.newest(params.history))
                found = find.find(recent, asked.items)
                return found.items, features.rows(recent, found)[1], found.alone

            return rows

        return learn

    @property
    def stores(self) -> tuple[str, ...]:
        """Store of each store code."""
        return self.popular.stores

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters for the manifest."""
        return self.params.document()

    @property
    def ranker(self) -> Ranker | None:
        """The ranker of all stores without one of their own; None where there was nothing to learn one from."""
        return self._rankers.get(SHARED)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of features it reads."""
        return tuple(group for group in GROUPS if any(group_of(name) == group for name in self.columns))

    def without(self, group: str) -> Hybrid:
        """Return the same model that is told nothing by the features of a group."""
        other = Hybrid(self.known, self._rankers, self.columns, self.params, self.verdicts)
        other._muted = np.array([n for n, name in enumerate(self.columns) if group_of(name) == group], dtype=np.int64)
        return other

    def score(self, asked: Asked) -> Scored:
        """Score what comes into question for one shopper, and what the request asks about."""
        return self.score_many(ManyAsked.of((asked,))).one(0)

    def score_many(self, many: ManyAsked) -> ManyScored:
        """Return what `score` does for each of several questions."""
        return self._told(many).scored

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        weights = batch.strengths.astype(np.float64)
        for low in range(0, len(batch), _TOGETHER):
            rows = range(low, min(low + _TOGETHER, len(batch)))
            stores = (self.stores[batch.stores[row]] if batch.stores[row] >= 0 else "" for row in rows)
            parts = (slice(int(batch.starts[row]), int(batch.starts[row + 1])) for row in rows)
            asked = [batch.asked(*one) for one in zip(rows, stores, (weights[part] for part in parts), strict=True)]
            found = self._tell(ManyAsked.of(asked)).scored
            scores[low + found.owners, found.items] = found.scores
        return scores

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return popularity, one row for each store code."""
        return self.popular.tie_break(stores)

    def history_weights(
        self,
        ages: npt.NDArray[np.int64],  # noqa: ARG002 - each source fades histories by its own rule
        strengths: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float32]:
        """Return the strengths."""
        return strengths

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return each target's score, divided among the entries by likeness to it in behaviour, else in content."""
        known = (
            (many, place)
            for many, _ in self._lately
            for place, one in enumerate(many.questions)
            if one is asked and np.array_equal(one.weights, many.each[place].weights)
        )
        many, place = next(known, (ManyAsked.of((asked,)), 0))
        owners = np.full(len(targets), place, dtype=np.int64)
        return self.explain_many(Targets(owners, targets), many)[:, many.longest - len(asked) :]

    def explain_many(self, targets: Targets, many: ManyAsked) -> npt.NDArray[np.float64]:
        """Return what `explain` does for the targets of several questions, in `ManyAsked.columns`."""
        return self._parts(targets, many, self._told(many))

    def explained_many(self, targets: Targets, many: ManyAsked) -> Explained:
        """Return what `explain_many` does, and what carries each score most."""
        told = self._told(many)
        return Explained(self._parts(targets, many, told), self._causes(targets, many, told))

    def _parts(self, targets: Targets, many: ManyAsked, told: _Told) -> npt.NDArray[np.float64]:
        parts = self.known.knn.explain_many(targets, told.by_knn)
        silent = np.flatnonzero(~parts.any(axis=1))
        if self.known.content is not None:
            vectors = self.known.content.vectors
            for place in np.unique(targets.owners[silent]).tolist():
                rows, recent = silent[targets.owners[silent] == place], told.read.each[place]
                alike = vectors[targets.items[rows]] @ vectors[recent.items].T
                parts[rows, parts.shape[1] - len(recent) :] = np.maximum(alike, 0.0) * recent.weights
        totals = parts.sum(axis=1)
        totals[totals <= 0] = np.inf  # nothing is shared out then
        parts *= (told.scored.among(targets) / totals)[:, None]
        whole = np.zeros((len(targets), many.longest))
        whole[:, many.longest - parts.shape[1] :] = parts
        return whole

    def _causes(self, targets: Targets, many: ManyAsked, told: _Told) -> npt.NDArray[np.int8]:
        causes, places = np.full(len(targets), MET, dtype=np.int8), told.scored.places(targets)
        mine = np.flatnonzero(places >= 0)
        owners = targets.owners[mine]
        codes = np.array([self._ranker_of(one.store) for one in many.each])[owners]
        bought = purchased(many, owners, targets.items[mine])
        typical = np.stack([self._typical(one) for one in many.each])[owners]
        rows = told.rows[places[mine]]
        for code in {*codes.tolist()} & {*self._rankers}:
            own = codes == code
            scores = self._rankers[code].scores
            causes[mine[own]] = carriers(rows[own], typical[own], self._spoken, bought[own], scores)
        return causes

    def _typical(self, asked: Asked) -> npt.NDArray[np.float32]:
        """Return the features of the mean product that comes into question for a stranger in a store; kept for each."""
        found = self._typicals.get(asked.store)
        if found is None:
            rows = self._rows([stranger := nobody(asked)], [self._find.find(stranger, stranger.items)])
            nothing = np.zeros(len(self.columns), dtype=np.float32)
            found = self._typicals[asked.store] = rows.mean(axis=0) if len(rows) else nothing
        return found

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything needed to answer, as plain arrays."""
        arrays = {
            **pack_params("hybrid", packed(self.params)),
            **pack_texts("hybrid.columns", self.columns),
            **pack_texts("hybrid.tried", [one.group for one in self.verdicts]),
            "hybrid.tried.gains": np.array([(one.gain, one.error) for one in self.verdicts]).reshape(-1, 2),
            "hybrid.rankers": np.array(sorted(self._rankers), dtype=np.int64),
            **pack_params("als", asdict(self.params.als)),
            **self.known.arrays(),
        }
        for store, ranker in sorted(self._rankers.items()):
            arrays |= ranker.arrays(f"hybrid.ranker{store}")
        return arrays

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Hybrid:
        """Return the model that `arrays` was made of."""
        knn = ItemKnn.from_arrays(index, arrays)
        numbers = unpack_params("hybrid", arrays, {**HybridParams().own(), "stores": 0})
        params = HybridParams(
            **unpacked(numbers), knn=knn.params, popular=knn.popular.params,
            als=replace(HybridParams().als, **unpack_params("als", arrays, asdict(HybridParams().als))),
        )  # fmt: skip
        columns = tuple(unpack_texts("hybrid.columns", arrays))
        read = {group_of(name) for name in columns}
        known = Known.from_arrays(knn, arrays, params, read)
        stores = np.asarray(arrays["hybrid.rankers"], np.int64).tolist()
        rankers = {store: Ranker.from_arrays(f"hybrid.ranker{store}", arrays) for store in stores}
        gains = np.asarray(arrays["hybrid.tried.gains"], np.float64).tolist()
        tried = zip(unpack_texts("hybrid.tried", arrays), gains, strict=True)
        verdicts = tuple(Verdict(group, *found) for group, found in tried)
        gone = [one.group for one in verdicts if not one.stays]
        return cls(known.without(gone), rankers, columns, params, verdicts)

    def _told(self, many: ManyAsked) -> _Told:
        for asked, told in self._lately:
            if asked is many:
                return told
        told = self._tell(many)
        self._lately = ((many, told), *self._lately[:1])
        return told

    def _tell(self, many: ManyAsked) -> _Told:
        read = many.newest(self.params.history)
        whole, met = [from_page(one) for one in read.each], [one.items for one in many.each]
        by_knn = faded(read, self.known.knn)
        if all(one is other for one, other in zip(whole, read.each, strict=True)):
            found = self._find.find_many(read, by_knn, met)
        else:
            from_pages = ManyAsked.of(whole)
            found = self._find.find_many(from_pages, faded(from_pages, self.known.knn), met)
        rows = self._rows(whole, found)
        scores = self._ranked(whole, found, rows)
        nothing = np.zeros(len(many))
        starts = starts_of(np.array([len(one.items) for one in found]))
        items = np.concatenate([one.items for one in found])
        return _Told(ManyScored(starts, items, scores, nothing, nothing), rows, read, by_knn)

    def _rows(self, asked: Sequence[Asked], found: Sequence[Found]) -> npt.NDArray[np.float32]:
        """Return the features of what was found for several questions, end to end."""
        pairs = zip(asked, found, strict=True)
        rows = np.concatenate([self._features.rows(one, products)[1] for one, products in pairs])
        rows = rows if self._places is None else rows[:, self._places]
        rows[:, self._muted] = 0.0
        return rows

    def _ranked(
        self, asked: Sequence[Asked], found: Sequence[Found], rows: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """Return the scores of what was found for several questions, end to end."""
        owners = np.repeat([self._ranker_of(one.store) for one in asked], [len(one.items) for one in found])
        scores = np.zeros(len(rows))
        for code in {*owners.tolist()}:
            mine = owners == code
            scores[mine] = self._scores(self._rankers.get(code), rows[mine])
        return scores

    def _ranker_of(self, store: str) -> int:
        code = self.stores.index(store) if store in self.stores else SHARED
        return code if code in self._rankers else SHARED

    def _scores(self, ranker: Ranker | None, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        if ranker is None:
            said = [name.endswith("_of_best") for name in self.columns]
            plain: npt.NDArray[np.float64] = rows[:, said].mean(axis=1).astype(np.float64)
            return plain
        return 1.0 / (1.0 + np.exp(-ranker.scores(rows)))


def _rankers(told: Told, trial: Trial | None, params: HybridParams, seed: int) -> dict[int, Ranker]:
    """Return one ranker of all lists, and where asked one for each store that has enough of them."""
    rankers = {SHARED: learn_ranker(told.lists, told.columns, params, seed, trial)}
    if params.stores == "each":
        for store in np.unique(told.lists.stores).tolist():
            own = replace(told, lists=told.lists.of(told.lists.stores == store))
            if len(own.lists.lengths) >= ENOUGH:
                rankers[store] = learn_ranker(own.lists, own.columns, params, seed, own.trial(params, seed))
    return rankers


ENOUGH = 300
"""Lists a store must have for a ranker of its own."""
