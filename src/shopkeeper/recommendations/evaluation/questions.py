"""The exam of the time split: one question a shopper, about something new, asked with what came strictly before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import DEVICES, SECOND, Interactions, Sequences
from shopkeeper.recommendations.evaluation.ranking import Questions

MOST_QUESTIONS = 20_000
"""Shoppers asked at most, drawn by chance; more narrows the interval little and costs time."""


@dataclass(frozen=True)
class Exam:
    """Questions with the groups of shoppers and products they belong to.

    Attributes:
        slices: Name -> which questions belong to it; shape (n,).
    """

    questions: Questions
    slices: dict[str, npt.NDArray[np.bool_]]

    def take(self, rows: npt.NDArray[np.int64]) -> Exam:
        """Return the questions at `rows`."""
        return Exam(self.questions.take(rows), {name: members[rows] for name, members in self.slices.items()})


def time_exam(data: Interactions, cutoff: int, seed: int, most: int = MOST_QUESTIONS) -> Exam:
    """Return one question for each shopper who met a new product at or after `cutoff`.

    Of the products a shopper first met from then on, one is drawn by chance; the history is everything that lies
    strictly before that moment, also what lies after the cutoff, as serving would know it. Products met before do not
    compete. All products of the customer group do.

    Args:
        data: Everything, before and after the cutoff.
        cutoff: First moment of the test, microseconds; models must have been fitted on what came before.
        seed: Seed of what is drawn.
    """
    seen = data.sequences
    places = _draw(seen, _first_meetings(seen) & (seen.first_times >= cutoff), seed, most)
    questions = _asked_at(data, places, mask=True)
    begins = seen.starts[seen.shoppers[places]]
    known = (np.diff(questions.history.starts) > 0) & (seen.first_times[begins] < cutoff)
    slices = _slices(data, cutoff, questions.targets, questions.history.stores, known)
    return Exam(questions, slices | _device_slices(seen.devices[places]))


def visit_questions(data: Interactions, cutoff: int, seed: int, most: int = MOST_QUESTIONS) -> Questions:
    """Return one question for each shopper who came at or after `cutoff`, as serving is asked: what comes next.

    Of everything a shopper did from then on, one entry is drawn by chance; what was met before competes, as it does in
    an answer, and is right where the shopper came back to it. Else as in `time_exam`.
    """
    seen = data.sequences
    return _asked_at(data, _draw(seen, seen.first_times >= cutoff, seed, most), mask=False)


def cut_questions(
    data: Interactions, cutoff: int, seed: int, *, repeats: bool, most: int = MOST_QUESTIONS
) -> Questions:
    """Return one question for each shopper who came at or after `cutoff`, asked at the cutoff what they take later.

    As `visit_questions`, but of a shopper nothing is told that lies at or after the cutoff.

    Args:
        repeats: Whether what was met before the cutoff competes, and may be right.
    """
    seen = data.sequences
    eligible = seen.first_times >= cutoff
    places = _draw(seen, eligible if repeats else eligible & _first_meetings(seen), seed, most)
    before = np.concatenate([[0], np.cumsum(seen.times < cutoff)])
    begins = seen.starts[seen.shoppers[places]]
    lengths = before[seen.starts[seen.shoppers[places] + 1]] - before[begins]
    return _told(data, places, begins + lengths, np.full(len(places), cutoff), mask=not repeats)


def _asked_at(data: Interactions, places: npt.NDArray[np.int64], *, mask: bool) -> Questions:
    """Return the questions whose right products are the entries at `places`, told what lies strictly before each."""
    seen = data.sequences
    return _told(data, places, _history_ends(seen)[places], seen.first_times[places], mask=mask)


def _told(
    data: Interactions,
    places: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    moments: npt.NDArray[np.int64],
    *,
    mask: bool,
) -> Questions:
    """Return the questions whose right products are the entries at `places`, told a sequence up to each of `ends`."""
    seen = data.sequences
    begins = seen.starts[seen.shoppers[places]]
    lengths = ends - begins
    starts = np.zeros(len(places) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    rows = np.repeat(begins - starts[:-1], lengths) + np.arange(int(starts[-1]))
    history = HistoryBatch(
        starts,
        seen.items[rows],
        seen.kinds[rows],
        seen.times[rows] // SECOND,
        seen.stores[places],
        moments // SECOND,
        tuple(data.traits.of(shopper) for shopper in seen.shoppers[places].tolist()) if len(data.traits.codes) else (),
    )
    targets = seen.items[places].astype(np.int64)
    group = data.index.group_of()[targets]
    return Questions(history, targets, np.column_stack([data.index.starts[group], data.index.starts[group + 1]]), mask)


def _history_ends(seen: Sequences) -> npt.NDArray[np.int64]:
    """Return for each entry how far its shopper's sequence lies strictly before it; shape (m,)."""
    moments = np.unique(np.concatenate([seen.times, seen.first_times]))
    scale = len(moments) + 1
    last = seen.shoppers.astype(np.int64) * scale + np.searchsorted(moments, seen.times)
    first = seen.shoppers.astype(np.int64) * scale + np.searchsorted(moments, seen.first_times)
    return np.searchsorted(last, first, side="left").astype(np.int64)


def _first_meetings(seen: Sequences) -> npt.NDArray[np.bool_]:
    """Return which entries are the first of their shopper with their product; shape (m,)."""
    order = np.lexsort((np.arange(len(seen)), seen.items, seen.shoppers))
    shoppers, items = seen.shoppers[order], seen.items[order]
    first = np.ones(len(seen), dtype=np.bool_)
    first[order[1:]] = (items[1:] != items[:-1]) | (shoppers[1:] != shoppers[:-1])
    return first


def _draw(seen: Sequences, eligible: npt.NDArray[np.bool_], seed: int, most: int) -> npt.NDArray[np.int64]:
    """Return one eligible entry of each shopper, for at most `most` shoppers, in the order of shoppers."""
    draw = np.random.default_rng(seed)
    places = np.flatnonzero(eligible)
    order = np.lexsort((draw.random(len(places)), seen.shoppers[places]))
    shoppers = seen.shoppers[places][order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = shoppers[1:] != shoppers[:-1]
    picked = places[order[first]]
    if len(picked) > most:
        picked = np.sort(draw.choice(picked, most, replace=False))
    return picked.astype(np.int64)


def _slices(
    data: Interactions,
    cutoff: int,
    targets: npt.NDArray[np.int64],
    stores: npt.NDArray[np.int32],
    known: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return stores, shoppers and products known or new at the cutoff, and those outside the best-selling fifth."""
    counts = np.bincount(data.items[data.times < cutoff], minlength=len(data.index))
    head = np.argsort(-counts, kind="stable")[: max(len(counts) // 5, 1)]
    tail = ~np.isin(targets, head)
    slices = {f"store {name}": stores == code for code, name in enumerate(data.store_names)}
    return slices | {
        "known shoppers": known,
        "new shoppers": ~known,
        "tail products": tail,
        "new products": counts[targets] == 0,
    }


def _device_slices(devices: npt.NDArray[np.int8]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the classes of devices that are asked on; none where no device is known."""
    if not devices.any():
        return {}
    return {f"device {name}": devices == code for code, name in enumerate(DEVICES) if (devices == code).any()}
