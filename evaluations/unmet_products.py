"""What a model could gain by products nobody met before training: how often they are taken, where content puts them.

    python evaluations/unmet_products.py --data DIR

The weeks are those that `next_weeks.py` chooses parameters by; the test weeks are not looked at. Content is what V2
reads of records (`models/content.py`), told of every product, also of those first met later; a shopper's profile is the
mean of what they met. The last line of stdout is one JSON object: the share of what is taken that nobody had met
before, and the share of it that content puts among the first k of all products, and of the unmet ones alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.folder_warehouse import FolderWarehouse
from evaluations.next_weeks_questions import Weeks, plan

from shopkeeper.errors import ShopkeeperError
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.content import Content

AXES = 24
FIRST = (10, 50, 200)


def places(weeks: Weeks, vectors: npt.NDArray[np.float32], met: npt.NDArray[np.bool_]) -> Iterator[tuple[float, float]]:
    """Yield the place of each unmet product that was taken, among all products and among the unmet; ties at the middle.

    Shoppers without a past have no profile and are left out.
    """
    for number, taken in enumerate(weeks.taken):
        past = weeks.told.items[weeks.told.starts[number] : weeks.told.starts[number + 1]]
        unmet = taken[~met[taken]]
        if not len(unmet) or not len(past):
            continue
        scores = vectors @ vectors[past].mean(axis=0)
        if not weeks.repeats:
            scores[past] = -np.inf
        for item in unmet.tolist():
            yield _place(scores, scores[item]), _place(scores[~met], scores[item])


def _place(scores: npt.NDArray[np.float32], own: np.float32) -> float:
    return float((scores > own).sum() + ((scores == own).sum() - 1) / 2.0)


def figures(data: Interactions) -> dict[str, Any]:
    """Return the figures of one set."""
    weeks = plan(data)[1]
    met = np.bincount(weeks.past.items, minlength=len(data.index)) > 0
    taken = np.concatenate(weeks.taken)
    found = np.array(list(places(weeks, Content.fit(data, AXES, 1).vectors, met))).reshape(-1, 2)
    return {
        "shoppers": len(weeks.taken),
        "products": len(met),
        "met": int(met.sum()),
        "taken": len(taken),
        "unmet_share": float((~met[taken]).mean()),
        "unmet_asked": len(found),
        "first_of_all": {k: float((found[:, 0] < k).mean()) if len(found) else None for k in FIRST},
        "first_of_unmet": {k: float((found[:, 1] < k).mean()) if len(found) else None for k in FIRST},
    }


def main() -> int:
    """Run from the command line; 1 = failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    try:
        document = figures(extract_interactions(FolderWarehouse(folder)))
    except ShopkeeperError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"data": folder.name, **document}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
