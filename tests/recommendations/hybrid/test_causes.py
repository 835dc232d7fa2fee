"""What is named as the cause of a ranker's score is what it would lose most without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, VIEW
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.purchases import purchases_of
from shopkeeper.recommendations.hybrid.causes import Spoken, carriers, nobody
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.model import AGAIN, MET, SELLS, Targets, explained_many
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.testing.planted import planted_interactions

COLUMNS = (
    "behaviour.entries", "behaviour.knn_of_best", "behaviour.met", "popularity.store", "repurchase.count",
    "demographics.together",
)  # fmt: skip
TYPICAL = np.array([0, 0, 0, 2, 0, 0], dtype=np.float32)


def of(row: list[float], *, bought: bool = False, weights: tuple[float, ...] = (0, 1, 1, 1, 1, 1)) -> int:
    """Return the cause of one row whose score is a weighed sum."""

    def scores(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        assert (rows[:, 0] == row[0]).all(), "which weights hold stays as it is"
        left: npt.NDArray[np.float64] = rows @ np.array(weights)
        return left

    rows = np.array([row], dtype=np.float32)
    return int(carriers(rows, TYPICAL[None], Spoken.of(COLUMNS), np.array([bought]), scores)[0])


def test_the_largest_loss_is_the_cause_and_records_of_a_shopper_are_none() -> None:
    assert of([4, 0.9, 0, 2.5, 0, 9]) == MET  # .9 for .5
    assert of([4, 0.9, 0, 4.0, 0, 9]) == SELLS  # .9 for 2
    assert of([4, 0.9, 0, 4.0, 0, 9], weights=(0, 9, 1, 1, 1, 1)) == MET
    assert of([4, 0.9, 2, 3.0, 3, 9], bought=True) == AGAIN  # 5 for .9 and 1
    assert of([4, 0.9, 2, 3.0, 0, 9]) == MET  # it was looked at, not bought
    assert of([4, -0.9, 0, 1.0, 0, 9]) == MET  # nothing speaks for it


def test_only_what_a_shopper_bought_is_carried_by_buying_it_again_and_nothing_a_stranger_met_carries() -> None:
    """Somebody of the planted shop buys product 5 each week."""
    data = planted_interactions()
    model = Hybrid.fit(
        data, HybridParams(trees=20, leaves=8, fewest=5, axes=8, cuts=2, choose=False, als=AlsParams(8, 3)), 1
    )
    now, store = int(data.times[-1] // SECOND), data.store_names[0]
    kinds = np.array([VIEW, PURCHASE, PURCHASE, PURCHASE], dtype=np.int8)
    items, times = np.array([1, 5, 5, 5]), now - np.array([4, 3, 2, 1]) * 7 * 86_400
    page = np.zeros(4, dtype=np.bool_)
    asked = Asked(store, now, items, np.ones(4), kinds, times, page, purchases_of(items, kinds, times))
    targets = Targets(np.zeros(60, dtype=np.int64), np.arange(60))
    parts, causes = explained_many(model, targets, ManyAsked.of((asked,)))
    np.testing.assert_array_equal(parts, model.explain(np.arange(60), asked))
    alone = replace(asked, purchases=nobody(asked).purchases)
    assert AGAIN not in explained_many(model, targets, ManyAsked.of((alone,))).causes
    assert causes[2] == MET  # the next of the ring of product 1
    assert not (causes[np.arange(60) != 5] == AGAIN).any()
    strangers = explained_many(model, targets, ManyAsked.of((nobody(asked),)))
    assert set(strangers.causes.tolist()) <= {MET, SELLS}
    assert not strangers.parts.any()
