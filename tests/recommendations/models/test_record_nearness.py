"""Similarities of records, against a second program that compares products two by two."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.models import record_nearness
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams

PATHS = [("red", "mug"), ("red", "bowl"), ("blue", "bowl"), (), ("red", "mug"), ("red", "bowl"), ("blue", "mug")]
"""What is said of each product; the last three are of another customer group, and the sixth was met by nobody."""
SIZE = len(PATHS)


def data() -> Interactions:
    """Return a few shoppers of two groups."""
    items = np.array([0, 1, 0, 3, 2, 0, 2, 4, 6, 6, 4], dtype=np.int32)
    count = len(items)
    return Interactions(
        shoppers=np.array([0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4], dtype=np.int32),
        items=items,
        stores=np.zeros(count, dtype=np.int32),
        kinds=np.zeros(count, dtype=np.int8),
        times=np.arange(count) * SECOND,
        devices=np.zeros(count, dtype=np.int8),
        index=ItemIndex(("one", "two"), np.array([0, 4, SIZE]), tuple(str(code) for code in range(SIZE))),
        categories=PATHS,
        shopper_keys=[str(code) for code in range(5)],
        store_names=("",),
    )


def cosine(one: int, other: int) -> float:
    """Return the cosine of two products' words, each by its rarity."""
    words = {word for said in PATHS for word in said}
    rarity = {word: math.log(SIZE / sum(word in said for said in PATHS)) for word in words}

    def length(said: tuple[str, ...]) -> float:
        return math.sqrt(sum(rarity[word] ** 2 for word in said))

    shared = sum(rarity[word] ** 2 for word in set(PATHS[one]) & set(PATHS[other]))
    return shared / (length(PATHS[one]) * length(PATHS[other])) if shared else 0.0


def table(params: ItemKnnParams) -> npt.NDArray[np.float64]:
    """Return S as it is learnt by `params`."""
    return np.asarray(ItemKnn.fit(data(), params, 1).similar.table().toarray(), dtype=np.float64)


@pytest.mark.parametrize("cells", [record_nearness._CELLS, 4], ids=["at once", "row by row"])
def test_squared_cosines_of_records_of_one_group_are_added(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(record_nearness, "_CELLS", cells)
    before = table(ItemKnnParams())
    expected = before.copy()
    for one in range(SIZE):
        for other in range(SIZE):
            if one != other and (one < 4) == (other < 4):
                expected[one, other] += 0.3 * cosine(one, other) ** 2
    np.testing.assert_allclose(table(ItemKnnParams(records=0.3)), expected, rtol=1e-6)
    assert not before[5].any()  # met by nobody: its record alone speaks for it
    assert expected[5].any()
    assert expected[:, 5].any()


def test_as_many_neighbours_are_kept_as_without_records() -> None:
    kept = table(ItemKnnParams(records=0.3, neighbours=2))
    every = table(ItemKnnParams(records=0.3))
    for row, whole in zip(kept, every, strict=True):
        np.testing.assert_array_equal(np.sort(row[row > 0]), np.sort(whole[whole > 0])[-2:])


def test_words_of_most_products_are_not_compared_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_nearness, "_MOST_PRODUCTS", 1)
    np.testing.assert_array_equal(table(ItemKnnParams(records=0.3)), table(ItemKnnParams()))


def test_rows_by_records_are_found_again_in_the_arrays() -> None:
    model = ItemKnn.fit(data(), ItemKnnParams(records=0.3), 1)
    again = ItemKnn.from_arrays(model.index, model.arrays())
    assert again.params == model.params
    np.testing.assert_array_equal(again.similar.scores, model.similar.scores)
