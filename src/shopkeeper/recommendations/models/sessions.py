"""Sequences cut into sessions, with a look-up of the sessions each product lies in. No shopper is named in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import Sequences
from shopkeeper.recommendations.model import Arrays


@dataclass(frozen=True, slots=True)
class Held:
    """Sessions that hold one product, newest first.

    Attributes:
        sessions: Numbers of the sessions; shape (m,).
        places: Where in each the product lies last; shape (m,).
    """

    sessions: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sessions)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions end to end.

    Attributes:
        starts: Where each session begins, and one more at the end; shape (sessions + 1,).
        items: Item codes in order; shape (m,).
        times: When each session ended, microseconds since 1970; shape (sessions,).
        holder_starts: Where each item's sessions begin in `holders`, and one more at the end; shape (items + 1,).
        holders: Sessions that hold the item, newest first; shape (h,).
        places: Where in each of `holders` it lies last; shape (h,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    holder_starts: npt.NDArray[np.int64]
    holders: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.times)

    def newest_with(self, item: int, most: int) -> Held:
        """Return the newest `most` sessions that hold an item."""
        start = int(self.holder_starts[item])
        part = slice(start, min(start + most, int(self.holder_starts[item + 1])))
        return Held(self.holders[part].astype(np.int64), self.places[part].astype(np.int64))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {
            "sessions.starts": self.starts,
            "sessions.items": self.items,
            "sessions.times": self.times,
            "sessions.holder_starts": self.holder_starts,
            "sessions.holders": self.holders,
            "sessions.places": self.places,
        }

    @staticmethod
    def from_arrays(arrays: Arrays) -> Sessions:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return Sessions(
            np.asarray(arrays["sessions.starts"], dtype=np.int64),
            np.asarray(arrays["sessions.items"], dtype=np.int32),
            np.asarray(arrays["sessions.times"], dtype=np.int64),
            np.asarray(arrays["sessions.holder_starts"], dtype=np.int64),
            np.asarray(arrays["sessions.holders"], dtype=np.int32),
            np.asarray(arrays["sessions.places"], dtype=np.int32),
        )


def cut_sessions(seen: Sequences, items: int, pause: int) -> Sessions:
    """Return the sessions of sequences that hold two products or more.

    Args:
        items: How many item codes there are.
        pause: A gap of more than so many microseconds begins a new session.
    """
    new = np.ones(len(seen), dtype=np.bool_)
    new[1:] = (seen.shoppers[1:] != seen.shoppers[:-1]) | (seen.first_times[1:] - seen.times[:-1] > pause)
    heads = np.flatnonzero(new)
    lengths = np.diff(np.append(heads, len(seen)))
    kept = np.repeat(lengths > 1, lengths)
    heads, lengths = heads[lengths > 1], lengths[lengths > 1]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    inside = seen.items[kept]
    times = seen.times[heads + lengths - 1]
    numbers = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(inside)) - starts[:-1][numbers]
    # One row for each (item, session), the last place of a product that comes twice.
    order = np.lexsort((-places, -numbers, -times[numbers], inside))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (inside[order][1:] != inside[order][:-1]) | (numbers[order][1:] != numbers[order][:-1])
    order = order[first]
    holder_starts = np.concatenate([[0], np.cumsum(np.bincount(inside[order], minlength=items))]).astype(np.int64)
    return Sessions(
        starts, inside, times, holder_starts, numbers[order].astype(np.int32), places[order].astype(np.int32)
    )
