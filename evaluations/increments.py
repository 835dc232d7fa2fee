"""What increments of the item-kNN bring between two builds, on the newest sessions of a public data set.

    python evaluations/increments.py --data DIR [--sessions N] [--day N] [--block N]

DIR holds `train_sessions.parquet` (session, position, item_id; sessions in the order of time). The newest `--sessions`
are asked, each entry but the first of a session, repeats not masked, by three tables of item-knn with default
parameters:

- `night`: built before the day, a day being `--day` sessions, and left as it is;
- `increments`: the same and what the earlier sessions of the day added, taken event by event;
- `rebuilt`: built from everything before the moment.

All three are as of the beginning of each `--block` sessions. The last line of stdout is one JSON object: P@20 and
MRR@20 of each, and what increments bring over `night` and lack to `rebuilt`, in percent, with 95% intervals of a paired
bootstrap in which a session is a case; additions an event made to cells, processor time an event took and a build took.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from evaluations.protocols import WITHOUT_TIMES, latest, ordered, read

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.evaluation.ranking import Questions, rank_targets
from shopkeeper.recommendations.models.increments import Increments
from shopkeeper.recommendations.models.item_knn import Counted, ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.training.comparison import intervals

_FIRST = 20
_TABLES = ("night", "increments", "rebuilt")
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Ask the newest sessions and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=4_000)
    parser.add_argument("--day", type=int, default=1_000)
    parser.add_argument("--block", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows = read(args.data / "train_sessions.parquet", "SELECT session, item_id FROM {} ORDER BY session, position")
    names, items = np.unique(rows["item_id"], return_inverse=True)
    sessions = np.unique(rows["session"], return_inverse=True)[1].astype(np.int32)
    data = ordered(sessions, items.astype(np.int32), names)
    last = int(sessions[-1]) + 1
    days = [
        Day(data, start, min(start + args.day, last), args.block)
        for start in range(last - args.sessions, last, args.day)
    ]
    found = {name: np.concatenate([day.said[name] for day in days]) for name in _TABLES}
    cells = np.concatenate([day.cells for day in days])
    figures: dict[str, Any] = {
        "data": args.data.name, "sessions": len(found["night"]), "day": args.day, "block": args.block,
        **{name: named(values.mean(axis=0)) for name, values in found.items()},
        "increments_over_night": compared(found["increments"], found["night"], args.seed),
        "increments_over_rebuilt": compared(found["increments"], found["rebuilt"], args.seed),
        "events": len(cells), "additions_per_event": round(float(cells.mean()), 2), "most_additions": int(cells.max()),
        "cpu_us_per_event": round(1e6 * sum(day.taking for day in days) / len(cells), 1),
        "cpu_s_per_build": round(sum(day.building for day in days) / sum(day.builds for day in days), 2),
    }  # fmt: skip
    print(json.dumps(figures))


class Day:
    """One day's sessions asked of all three tables.

    Attributes:
        said: P@20 and MRR@20 of each session by each table; shape (sessions, 2).
        cells: Additions each event made to cells; shape (events,).
        taking, building: Processor seconds of all events, and of all builds but the first.
    """

    def __init__(self, data: Interactions, start: int, end: int, block: int) -> None:
        self.building, self.taking, self.builds = 0.0, 0.0, 0
        before = data.take(data.shoppers < start)
        night, counted = self._built(before), Counted.of(before)
        increments = Increments(night.params, counted.entries, counted.until, lambda *_: [])
        said: dict[str, list[Floats]] = {name: [] for name in _TABLES}
        cells: list[int] = []
        for low in range(start, end, block):
            part = data.take((data.shoppers >= low) & (data.shoppers < min(low + block, end)))
            questions = latest(part, np.array(data.index.products), 1)
            rebuilt = self._built(data.take(data.shoppers < low))
            night.grown = None
            said["night"].append(by_session(night, questions))
            night.grown = increments.grown()
            said["increments"].append(by_session(night, questions))
            said["rebuilt"].append(by_session(rebuilt, questions))
            events = zip(map(str, part.shoppers.tolist()), part.items.tolist(), part.times // SECOND, strict=True)
            begun = time.process_time()
            cells += [increments.take(session, item, int(second)) for session, item, second in events]
            self.taking += time.process_time() - begun
        self.said = {name: np.concatenate(blocks) for name, blocks in said.items()}
        self.cells = np.array(cells)

    def _built(self, data: Interactions) -> ItemKnn:
        popular = Popular.fit(data, WITHOUT_TIMES, 1)
        before = time.process_time()
        model = ItemKnn.beside(data, popular, ItemKnnParams())
        self.building += time.process_time() - before
        self.builds += 1
        return model


def by_session(model: ItemKnn, questions: Questions) -> Floats:
    """Return the mean P@20 and MRR@20 of each session, one of whose histories has one entry; shape (sessions, 2)."""
    ranks = rank_targets(model, questions, fill=False).ranks
    hit = ranks <= _FIRST
    values = np.column_stack([hit, hit / ranks])
    starts = np.flatnonzero(np.diff(questions.history.starts) == 1)
    means: Floats = np.add.reduceat(values, starts) / np.diff(np.append(starts, len(values)))[:, None]
    return means


def compared(one: Floats, other: Floats, seed: int) -> dict[str, Any]:
    """Return the mean difference with its interval, in percent."""
    low, high = intervals(one - other, 2_000, seed)
    bounds = {"mean": (one - other).mean(axis=0), "low": low, "high": high}
    return {bound: named(values) for bound, values in bounds.items()}


def named(values: Floats) -> dict[str, float]:
    """Return two measures under their names, in percent."""
    return dict(zip(("p@20", "mrr@20"), np.round(100 * values, 3).tolist(), strict=True))


if __name__ == "__main__":
    main()
