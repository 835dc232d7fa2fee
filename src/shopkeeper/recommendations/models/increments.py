"""Increments of the order-aware item-kNN: an event adds to a bounded number of cells, and nothing is built anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.models.co_occurrence import pair_weights
from shopkeeper.recommendations.models.grown import Amounts, Grown, Norms
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.neighbours import summed

MOST_SHOPPERS: Final = 50_000
"""Shoppers whose newest entries are held, those who did something last; about 1 kB each."""
MOST_CELLS: Final = 1_000_000
"""Cells that may have changed, 16 bytes each; above it the weakest quarter is forgotten."""
UNKNOWN: Final = -1
"""Code of a product nobody met at training: it lies between two others, and that is all that is known of it."""
_NOTHING_LEFT: Final = 1e-9
"""What is added and taken back leaves less than this of a cell."""


Entry = tuple[int, int]
"""One entry of a shopper's sequence: a product, and the second it was met last before another one."""
Newest = Callable[[str, int], list[Entry]]
"""Returns the newest entries of a shopper at training, at most so many, oldest first."""


class Increments:
    """Takes one event after the other into C and n. Used from one thread; `grown` gives what others may read.

    An event at the end of its shopper's sequence pairs its product with the `window` entries before it: at most
    `2 * window` additions to cells, and one to a count. A product met again moves its last entry, whose pairs are taken
    back and counted as they are now: twice as many. An event that comes late goes to its place among the newest
    `2 * window` entries, where those around it move apart: at most `2 * window * (window + 3)`. A late event within a
    run of one product counts as before the run.

    Args:
        params: As S was built.
        entries: Entries of each item S was built from; shape (items,).
        until: Newest second S was built from; what is not newer is in it.
        newest: What S knows of shoppers who go on.
        shoppers, cells: Bounds on what is held.
    """

    def __init__(
        self,
        params: ItemKnnParams,
        entries: npt.NDArray[np.int64],
        until: int,
        newest: Newest,
        shoppers: int = MOST_SHOPPERS,
        cells: int = MOST_CELLS,
    ) -> None:
        along, against = pair_weights(params.window, params.gap_decay, params.gap_power, params.backward)
        self._along, self._against = along.tolist(), against.tolist()
        self._params = params
        self._window = params.window
        self._until = until
        self._newest = newest
        self._most_shoppers, self._most_cells = shoppers, cells
        self._size = len(entries)
        self._tails: OrderedDict[str, list[Entry]] = OrderedDict()
        self._cells: list[int] = []
        self._gained: list[float] = []
        self._met: list[int] = []
        """Additions to cells, and items that have one more entry, since `grown` was last asked."""
        self._learnt = entries
        self._grown: Grown | None = None

    def take(self, shopper: str, item: int, second: int) -> int:
        """Add one event of a shopper who may be remembered and return how many additions to cells it made.

        Args:
            item: Item code, or `UNKNOWN`.
            second: When it happened, seconds since 1970 UTC.
        """
        if second <= self._until:
            return 0
        before, tail = len(self._cells), self._tail(shopper)
        if item != UNKNOWN and tail and tail[-1][0] != item and tail[-1][1] <= second:
            self._count_newest(tail, item, second)  # nearly every event comes this way
            self._met.append(item)
            tail.append((item, second))
            del tail[: -2 * self._window]
            return len(self._cells) - before
        if item != UNKNOWN and tail and tail[-1][0] == item and _stays_apart(tail, second):
            tail[-1] = (item, second)
            return 0
        place = len(tail)
        while place and tail[place - 1][1] > second:
            place -= 1
        if item != UNKNOWN and place < len(tail) and tail[place][0] == item:
            return 0  # it was met again since: the entry lies where it was met last
        if item != UNKNOWN and place and tail[place - 1][0] == item:
            place -= 1
            if tail[place][1] == second:
                return 0
            self._count(tail, place, place, -1.0)
            tail[place] = (item, second)
        else:
            if place < len(tail):
                self._count(tail, place - 1, place, -1.0)
            tail.insert(place, (item, second))
            if item != UNKNOWN:
                self._met.append(item)
        self._count(tail, place, place, 1.0)
        del tail[: -2 * self._window]
        return len(self._cells) - before

    def grown(self) -> Grown | None:
        """Return all that was gained, None = nothing; it stays as it is while more is taken."""
        if self._cells or self._met:
            self._grown = self._merged(self._grown or _nothing(self._learnt, self._params))
            self._cells, self._gained, self._met = [], [], []
        return self._grown

    @property
    def waiting(self) -> int:
        """Additions since `grown` was last asked."""
        return len(self._cells) + len(self._met)

    def forget(self, shopper: str) -> None:
        """Hold nothing of a shopper any more but what was counted."""
        self._tails.pop(shopper, None)

    def _tail(self, shopper: str) -> list[Entry]:
        tail = self._tails.get(shopper)
        if tail is None:
            tail = self._tails[shopper] = self._newest(shopper, 2 * self._window)
            if len(self._tails) > self._most_shoppers:
                self._tails.popitem(last=False)
        else:
            self._tails.move_to_end(shopper)
        return tail

    def _count_newest(self, tail: Sequence[Entry], item: int, second: int) -> None:
        """Count all pairs of an entry that is to come after all others and those within the window before it."""
        size, along, against = self._size, self._along, self._against
        add, gain, first, gap, later = self._cells.append, self._gained.append, item * size, 0, second
        for before, met in reversed(tail[-self._window :]):
            gap += met != later
            later = met
            if before not in (item, UNKNOWN):
                add(before * size + item)
                gain(along[gap])
                add(first + before)
                gain(against[gap])

    def _count(self, tail: Sequence[Entry], last: int, first: int, sign: float) -> None:
        """Count all pairs of an entry up to place `last` and a later one from place `first` on, within the window."""
        window, size = self._window, self._size
        along, against, add, gain = self._along, self._against, self._cells.append, self._gained.append
        low, high = max(first - window, 0), min(last + window + 1, len(tail))
        moment, moments = 0, {low: 0}
        for place in range(low + 1, high):
            moment += tail[place][1] != tail[place - 1][1]
            moments[place] = moment
        for later in range(first, high):
            after = tail[later][0]
            for earlier in range(max(later - window, 0), min(last + 1, later)):
                before = tail[earlier][0]
                if before in (after, UNKNOWN) or after == UNKNOWN:
                    continue
                gap = moments[later] - moments[earlier]
                add(before * size + after)
                gain(sign * along[gap])
                add(after * size + before)
                gain(sign * against[gap])

    def _merged(self, grown: Grown) -> Grown:
        new, more = summed(np.array(self._cells, dtype=np.int64), np.array(self._gained, dtype=np.float64))
        at = grown.keys.searchsorted(new)
        there = at < len(grown.keys)
        there[there] = grown.keys[at[there]] == new[there]
        gained = grown.gained.copy()
        gained[at[there]] += more[there]
        keys = np.insert(grown.keys, at[~there], new[~there])
        gained = np.insert(gained, at[~there], more[~there])
        entries = grown.entries[1].copy()
        np.add.at(entries, self._met, 1)
        now = grown.now.with_entries(np.unique(np.array(self._met, dtype=np.int64)), entries)
        keep = np.abs(gained) > _NOTHING_LEFT
        self._let_go(keep, keys, gained, np.unique(new // self._size), now)
        if not keep.all():
            keys, gained = keys[keep], gained[keep]
        return Grown(keys, gained, (grown.entries[0], entries), grown.before, now)

    def _let_go(
        self,
        keep: npt.NDArray[np.bool_],
        keys: npt.NDArray[np.int64],
        gained: Amounts,
        rows: npt.NDArray[np.int64],
        now: Norms,
    ) -> None:
        """Keep the strongest cells of a row that gained and has twice the neighbours of one, and so of all rows.

        What was taken back is kept before all else, as it lies in the table too: without it a pair would count twice.
        """
        most = self._params.neighbours
        if most is not None:
            starts, ends = keys.searchsorted(rows * self._size), keys.searchsorted((rows + 1) * self._size)
            for row in np.flatnonzero(ends - starts > 2 * most).tolist():
                part = slice(starts[row], ends[row])
                scores = gained[part] / now.of(rows[row], keys[part] % self._size)
                keep[starts[row] + _strongest_first(scores)[most:]] = False
        if np.count_nonzero(keep) > self._most_cells:
            held = np.flatnonzero(keep)
            scores = gained[held] / now.of(keys[held] // self._size, keys[held] % self._size)
            keep[held[_strongest_first(scores)[3 * self._most_cells // 4 :]]] = False


def _stays_apart(tail: Sequence[Entry], second: int) -> bool:
    """Say whether the last entry was, and at a later second still is, of a moment after all others: no pair changes."""
    return tail[-1][1] <= second and (len(tail) == 1 or tail[-2][1] < tail[-1][1])


def _strongest_first(scores: Amounts) -> npt.NDArray[np.int64]:
    """Return the places of scores, those below 0 before all others."""
    return np.argsort(np.where(scores < 0, -np.inf, -scores), kind="stable")


def _nothing(entries: npt.NDArray[np.int64], params: ItemKnnParams) -> Grown:
    none = np.empty(0, dtype=np.int64)
    before = Norms.of_entries(entries, params.had_power, params.with_power, params.shrink)
    return Grown(none, none.astype(np.float64), (entries, entries), before, before)
