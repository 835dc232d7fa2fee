"""What is wanted right now: live counts that fade, per store and category."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from shopkeeper.commerce.event import Event, EventType, meant
from shopkeeper.recommendations.categories import prefixes

EVENT_WEIGHTS: dict[EventType, float] = {
    "view": 1.0, "click": 1.0, "rating": 2.0, "cart": 3.0, "checkout": 3.0, "purchase": 5.0,
}  # fmt: skip
"""How much one event of a type says about demand, in views."""

_CROWD = 8
"""How many times as many as lead may be held beside them."""
_MAX_EXPONENT = 200.0


class _Board:
    """Fading scores of one (store, category), in units of the shared landmark; knows its leaders at any time.

    All scores fade by the same factor, so the order changes only by what is added, and scores only rise: whatever is to
    lead must first pass the last leader of some earlier time, the floor. What did so since is held beside the leaders
    until there are so many that choosing among them costs an event next to nothing.
    """

    __slots__ = ("_floor", "_leaders", "_sorted", "capacity", "leading", "scores")

    def __init__(self, capacity: int, leading: int) -> None:
        self.capacity = capacity
        self.leading = leading
        self.scores: dict[str, float] = {}
        self._leaders: dict[str, float] = {}
        self._floor = 0.0
        self._sorted: tuple[tuple[str, float], ...] | None = ()

    def add(self, product: str, amount: float) -> None:
        score = self.scores.get(product, 0.0) + amount
        self.scores[product] = score
        if score >= self._floor or product in self._leaders:
            self._leaders[product] = score
            self._sorted = None
            if len(self._leaders) > _CROWD * self.leading:
                self._choose(self._leaders)
        if len(self.scores) > self.capacity:
            self._prune()

    def top(self) -> tuple[tuple[str, float], ...]:
        if self._sorted is None:
            self._sorted = tuple(_best(self._leaders, self.leading))
        return self._sorted

    def scale(self, factor: float) -> None:
        self.scores = {name: value * factor for name, value in self.scores.items() if value * factor > 0}
        self._choose(self.scores)

    def _prune(self) -> None:
        """Forget the lower half: what faded longest goes first."""
        kept = heapq.nlargest(max(self.capacity // 2, 1), self.scores.items(), key=lambda pair: pair[1])
        self.scores = dict(kept)
        self._choose(self.scores)

    def _choose(self, among: Mapping[str, float]) -> None:
        best = _best(among, self.leading)
        self._leaders = dict(best)
        self._floor = best[-1][1] if len(best) == self.leading else 0.0
        self._sorted = None


def _best(scores: Mapping[str, float], most: int) -> list[tuple[str, float]]:
    """Return the highest scores, best first, equal ones by name."""
    pairs: Iterable[tuple[str, float]] = scores.items()
    if len(scores) > most:
        last = sorted(scores.values(), reverse=True)[most - 1]
        pairs = [pair for pair in pairs if pair[1] >= last]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:most]


class Trending:
    """Time-decayed live counts: an event of weight w counts `w * 2 ** (-age / half_life)`.

    Scores are kept relative to a landmark time, `w * 2 ** ((ts - landmark) / half_life)`, so nothing has to be touched
    as time passes; the landmark moves (and all scores are rescaled once) only after 200 half-lives. One thread writes;
    reads may come from others and see a whole list.

    Args:
        half_life_hours: After this time an event counts half.
        products_per_board: Products remembered per store and per category; the weakest half is forgotten above it.
        boards: Most (store, category) pairs; categories beyond it are counted under their store only.
        leaders: Length of the longest list `top` can give.
    """

    def __init__(
        self,
        half_life_hours: float = 24.0,
        products_per_board: int = 50_000,
        boards: int = 20_000,
        leaders: int = 200,
    ) -> None:
        self.half_life_hours = half_life_hours
        self._half_life_seconds = half_life_hours * 3600.0
        self._capacity = products_per_board
        self._most_boards = boards
        self._leading = leaders
        self._boards: dict[tuple[str, str], _Board] = {}
        self._landmark: float | None = None
        self.version = 0
        """Rises with every counted event."""

    def record(
        self,
        store: str,
        product: str | None,
        categories: Iterable[str],
        type: EventType,  # noqa: A002 - the contract's own word
        ts: datetime,
    ) -> None:
        """Count one event; types that show no interest, and events without a product, change nothing."""
        weight = EVENT_WEIGHTS.get(type)
        if weight is not None and product:
            self.add(store, product, categories, weight, ts)

    def record_all(self, store: str, events: Sequence[Event], categories: Sequence[Iterable[str]]) -> None:
        """Count events of a store as `record` does, each with the categories of its product."""
        whole = self._board(store, "")
        for event, paths in zip(events, categories, strict=True):
            weight = EVENT_WEIGHTS.get(meant(event))
            if weight is None or not event.product:
                continue
            amount = weight * self._inflation(event.ts.timestamp())
            if amount > 0 and whole is not None:
                whole.add(event.product, amount)
                for category in prefixes(paths) if paths else ():
                    board = self._board(store, category)
                    if board is not None:
                        board.add(event.product, amount)
                self.version += 1

    def add(self, store: str, product: str, categories: Iterable[str], weight: float, ts: datetime) -> None:
        """Add `weight` views at `ts` to a product and to every category it lies in."""
        amount = weight * self._inflation(ts.timestamp())
        if not amount > 0:
            return
        for category in ("", *prefixes(categories)):
            board = self._board(store, category)
            if board is not None:
                board.add(product, amount)
        self.version += 1

    def top(self, store: str, category: str | None = None, k: int = 200) -> tuple[tuple[str, float], ...]:
        """Return up to `k` (product, share of the leader's score) pairs, best first; empty when nothing is known."""
        board = self._boards.get((store, category or ""))
        best = board.top()[:k] if board is not None else ()
        return tuple((product, score / best[0][1]) for product, score in best) if best else ()

    def products(self, store: str, category: str | None = None) -> Iterator[str]:
        """Yield the leading products, best first."""
        board = self._boards.get((store, category or ""))
        return (product for product, _ in board.top()) if board is not None else iter(())

    def leaders(self, store: str) -> dict[str, tuple[tuple[str, float], ...]]:
        """Return the leaders of a store (under "") and of each of its categories with their scores, best first."""
        return {category: board.top() for (name, category), board in self._boards.items() if name == store}

    @classmethod
    def of_leaders(cls, store: str, leaders: Mapping[str, Iterable[tuple[str, float]]]) -> Trending:
        """Return counts that lead with what `leaders` gave, to answer from elsewhere; they are not to be added to."""
        made = cls()
        for category, scores in leaders.items():
            board = made._boards[store, category] = _Board(made._capacity, made._leading)
            for product, score in scores:
                board.add(product, score)
        return made

    def _board(self, store: str, category: str) -> _Board | None:
        board = self._boards.get((store, category))
        if board is None and (not category or len(self._boards) < self._most_boards):
            board = self._boards[(store, category)] = _Board(self._capacity, self._leading)
        return board

    def _inflation(self, seconds: float) -> float:
        if self._landmark is None:
            self._landmark = seconds
        exponent = (seconds - self._landmark) / self._half_life_seconds
        if exponent > _MAX_EXPONENT:
            factor = math.exp2(-exponent) if exponent < 1_000 else 0.0
            for board in self._boards.values():
                board.scale(factor)
            self._landmark, exponent = seconds, 0.0
        return math.exp2(exponent) if exponent > -1_000.0 else math.exp2(-1_000.0)
