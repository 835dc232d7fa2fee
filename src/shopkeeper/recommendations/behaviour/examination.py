"""How much rarer a shopper looks at a lower place of a list, from lists in which chance moved a product.

Where a list may be changed, the same products may stand at each of its open places, so by their chances each place can
be asked how often a product drawn evenly among them would have been clicked there: rewards over chances. Places then
differ by how often they are looked at alone. That is taken to fall as `place ** -exponent`.

Source:
    Joachims, Swaminathan, Schnabel (2017), Unbiased Learning-to-Rank with Biased Feedback, sections 4 and 5; the
    exponent by maximum likelihood of a Poisson whose cells are the places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import scipy
from msgspec import Struct

from shopkeeper.quality.ports import NamedQuery, Warehouse

LEAST_CLICKS: Final = 30.0
"""Clicks that the weighted clicks must be worth; with fewer all places count alike."""
STEEPEST: Final = 3.0
MOST_WEIGHT: Final = 5.0
"""What one click counts at most: lower places are looked at so seldom that their clicks would be all noise."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shown:
    """Products that stood where chance might have put another; shape (n,) each.

    Attributes:
        places: Place in the list, from 1.
        chances: Chance of the product at its place, whatever stood above.
        clicked: Whether it was clicked.
    """

    places: npt.NDArray[np.int64]
    chances: Array
    clicked: npt.NDArray[np.bool_]


class _Item(Struct):
    product: str
    chance: float = 1.0
    open: bool = False


class _Answer(Struct):
    items: Sequence[_Item] = ()


_ANSWERS: Final = msgspec.json.Decoder(_Answer)


def read_shown(warehouse: Warehouse, until: datetime, known: datetime) -> Shown:
    """Return what stood at open places of the newest lists that were drawn by chance, and whether it was clicked."""
    asked = {"until": until, "known": known}
    answers = warehouse.fetch(NamedQuery.load(__package__ or "", "drawn_answers"), **asked)
    clicks = warehouse.fetch(NamedQuery.load(__package__ or "", "drawn_clicks"), **asked)
    columns = (clicks[name].tolist() for name in ("store", "decision_id", "product"))
    clicked = set(zip(*columns, strict=True))
    keys = zip(answers["store"].tolist(), answers["decision_id"].tolist(), strict=True)
    rows = [
        (place, chance, (store, decision, product) in clicked)
        for (store, decision), text in zip(keys, answers["answer"].tolist(), strict=True)
        for place, chance, product in _open_places(text)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Shown(table[:, 0].astype(np.int64), table[:, 1], table[:, 2] > 0)


def _open_places(text: str) -> Iterator[tuple[int, float, str]]:
    try:
        items = _ANSWERS.decode(text).items
    except msgspec.MsgspecError:
        return  # an older form, or another system's
    for place, item in enumerate(items, start=1):
        if item.open and item.chance > 0:
            yield place, item.chance, item.product


def position_exponent(shown: Shown) -> float:
    """Return how fast looks fall with the place, 0 where the clicks do not say for sure that they do.

    The estimate must be above two standard errors, by the number of clicks the weighted ones are worth.
    """
    weights = 1.0 / shown.chances
    clicks = weights * shown.clicked
    total, squares = float(clicks.sum()), float(np.square(clicks).sum())
    worth = total**2 / squares if squares else 0.0
    if worth < LEAST_CLICKS or len(np.unique(shown.places)) < 2:
        return 0.0
    logs = np.log(np.arange(1, int(shown.places.max()) + 1))
    exposed: Array = np.bincount(shown.places - 1, weights=weights, minlength=len(logs)).astype(np.float64)
    mean_log = float(np.bincount(shown.places - 1, weights=clicks, minlength=len(logs)) @ logs) / total

    def missed(exponent: float) -> float:
        return exponent * mean_log + float(np.log(exposed @ np.exp(-exponent * logs)))

    found = float(scipy.optimize.minimize_scalar(missed, bounds=(0.0, STEEPEST), method="bounded").x)
    looks: Array = exposed * np.exp(-found * logs)
    looks = looks / looks.sum()
    spread = float(looks @ np.square(logs) - np.square(looks @ logs))
    return found if spread > 0 and found > 2.0 / np.sqrt(worth * spread) else 0.0


def place_weights(positions: npt.NDArray[np.integer], exponent: float) -> npt.NDArray[np.float32]:
    """Return what something taken counts by the place of the list it was taken from: one over how often that is seen.

    Args:
        positions: From 1; 0 = it was not taken from a list, and counts once.
    """
    weights: npt.NDArray[np.float32] = np.minimum(np.maximum(positions, 1) ** exponent, MOST_WEIGHT).astype(np.float32)
    return weights
