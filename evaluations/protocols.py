"""Public data for `next_item.py`, read as its protocol says: what models learn from, and what they are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, VIEW, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.evaluation.ranking import Questions
from shopkeeper.recommendations.models.popular import PopularParams

Columns = dict[str, npt.NDArray[Any]]
Integers = npt.NDArray[np.int64]

WITHOUT_TIMES = PopularParams(half_life_days=1e12)
"""Data that has an order but no times: every interaction counts the same."""

MOST_VALIDATED = 10_000


@dataclass(frozen=True)
class Case:
    """One protocol on one data set: what models learn from, and what they are asked.

    Attributes:
        early: What models are fitted on while parameters, rounds and weights are chosen by `validation`.
        train: What they are fitted on for `questions`; the same as `early` where the protocol says so.
        questions: The test part; nothing is chosen by it.
        fill: True where equal scores are ordered by popularity, as serving does; the published protocols leave them.
        popular: How popularity is counted.
    """

    early: Interactions
    validation: Questions
    train: Interactions
    questions: Questions
    fill: bool
    popular: PopularParams


def leave_one_out(folder: Path, seed: int) -> Case:  # noqa: ARG001 - nothing is drawn
    """Read a data set whose splits are published."""
    rows = read(
        folder / "interactions.parquet",
        "SELECT user_id, item_id, CAST(split AS VARCHAR) AS split FROM {} ORDER BY user_id, position",
    )
    users = np.unique(rows["user_id"], return_inverse=True)[1].astype(np.int32)
    names, items = np.unique(rows["item_id"], return_inverse=True)
    data = ordered(users, items.astype(np.int32), names)
    is_test = rows["split"] == "test"
    starts = ends(np.bincount(users[~is_test], minlength=int(users.max()) + 1))
    history = plain_history(starts, data.items[~is_test])
    tested = users[is_test]
    if not np.array_equal(tested, np.arange(len(history))):
        raise InputError(
            f"{folder} has users without exactly one test row.", "Give each user one row with split = test."
        )
    is_train, is_valid = rows["split"] == "train", rows["split"] == "valid"
    asked = every_item(history, items[is_test], names)
    if not np.array_equal(users[is_valid], tested):
        raise InputError(f"{folder} has users without exactly one valid row.", "Give each one row with split = valid.")
    known = ends(np.bincount(users[is_train], minlength=len(history)))
    validation = every_item(plain_history(known, data.items[is_train]), items[is_valid], names)
    train = replace(data.take(is_train), categories=attributes(folder, names))
    return Case(train, validation, train, asked, False, WITHOUT_TIMES)


def attributes(folder: Path, names: npt.NDArray[Any]) -> list[tuple[str, ...]]:
    """Return what `items.parquet` says of each item as category paths; none where there is no such file."""
    file = folder / "items.parquet"
    if not file.is_file():
        return [()] * len(names)
    said: dict[int, list[str]] = {}
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(file))
        if "attribute_ids" in relation.columns:
            for item, numbers in relation.select("item_id, attribute_ids").fetchall():
                said.setdefault(int(item), []).extend(f"attribute {one}" for one in numbers or ())
        if "keywords" in relation.columns:
            for item, text in relation.select("item_id, keywords").fetchall():
                said.setdefault(int(item), []).extend(sorted({f"word {word}" for word in (text or "").split()}))
    return [tuple(said.get(int(name), ())) for name in names]


def session(folder: Path, seed: int) -> Case:
    """Read sessions to learn from and expanded examples to be asked."""
    rows = read(folder / "train_sessions.parquet", "SELECT session, item_id FROM {} ORDER BY session, position")
    asked = read(
        folder / "test_examples.parquet",
        "SELECT target, len(history) AS length FROM (SELECT *, row_number() OVER () AS n FROM {}) ORDER BY n",
    )
    shown = read(
        folder / "test_examples.parquet",
        "SELECT item FROM (SELECT n, unnest(history) AS item, generate_subscripts(history, 1) AS place FROM "
        "(SELECT *, row_number() OVER () AS n FROM {})) ORDER BY n, place",
    )
    names = np.unique(np.concatenate([rows["item_id"], asked["target"], shown["item"]]))
    sessions = np.unique(rows["session"], return_inverse=True)[1].astype(np.int32)
    data = ordered(sessions, np.searchsorted(names, rows["item_id"]).astype(np.int32), names)
    data = replace(data, runs=False)
    history = plain_history(ends(asked["length"]), np.searchsorted(names, shown["item"]).astype(np.int32))
    questions = every_item(history, np.searchsorted(names, asked["target"]), names, mask=False)
    newest = data.shoppers >= first_held_out(np.bincount(sessions), len(questions))
    return Case(data.take(~newest), latest(data.take(newest), names, seed), data, questions, False, WITHOUT_TIMES)


def first_held_out(sizes: Integers, asked: int) -> int:
    """Return the first of the newest sessions that are held out while something is chosen; the oldest is 0.

    They ask at most as many questions as the test part, so that models are as old when they are asked, and are a
    tenth of all at most.

    Args:
        sizes: Entries of each session, oldest first; each but the first is a question.
    """
    later = np.cumsum((sizes - 1)[::-1])
    return len(sizes) - min(max(int(np.searchsorted(later, asked, side="right")), 1), len(sizes) // 10)


def latest(data: Interactions, names: npt.NDArray[Any], seed: int) -> Questions:
    """Return questions about every entry of some sessions but the first, asked with those before it."""
    seen = data.sequences
    heads = seen.starts[seen.shoppers]
    places = np.flatnonzero(np.arange(len(seen)) > heads)
    draw = np.random.default_rng(seed)
    if len(places) > MOST_VALIDATED:
        places = np.sort(draw.choice(places, MOST_VALIDATED, replace=False))
    lengths = places - heads[places]
    starts = ends(lengths)
    rows = np.repeat(heads[places] - starts[:-1], lengths) + np.arange(int(starts[-1]))
    return every_item(plain_history(starts, seen.items[rows]), seen.items[places], names, mask=False)


def read(file: Path, text: str) -> Columns:
    """Return the columns of a query over one Parquet file."""
    if not file.is_file():
        raise InputError(f"There is no {file}.", "Name another folder with --data, or another --protocol.")
    source = f"read_parquet('{str(file).replace(chr(39), chr(39) * 2)}')"
    with duckdb.connect() as connection:
        found = connection.execute(text.format(source)).fetchnumpy()
    return {name: np.asarray(values) for name, values in found.items()}


def ordered(shoppers: npt.NDArray[np.int32], items: npt.NDArray[np.int32], names: npt.NDArray[Any]) -> Interactions:
    """Return interactions that have an order but no times: each is a moment of its own."""
    count = len(items)
    return Interactions(
        shoppers=shoppers,
        items=items,
        stores=np.zeros(count, dtype=np.int32),
        kinds=np.full(count, VIEW, dtype=np.int8),
        times=np.arange(count, dtype=np.int64) * SECOND,
        devices=np.zeros(count, dtype=np.int8),
        index=single_group([str(name) for name in names]),
        categories=[()] * len(names),
        shopper_keys=[str(code) for code in range(int(shoppers.max()) + 1)],
        store_names=("",),
    )


def plain_history(starts: Integers, items: npt.NDArray[np.int32]) -> HistoryBatch:
    """Return histories in which every entry counts the same but for its age."""
    asked = len(starts) - 1
    kinds = np.full(len(items), VIEW, dtype=np.int8)
    moments = np.full(asked, len(items), dtype=np.int64)
    return HistoryBatch(starts, items, kinds, np.arange(len(items)), np.zeros(asked, dtype=np.int32), moments)


def every_item(
    history: HistoryBatch, targets: npt.NDArray[Any], names: npt.NDArray[Any], mask: bool = True
) -> Questions:
    """Return questions in which all items compete."""
    return Questions(history, targets.astype(np.int64), np.tile([0, len(names)], (len(history), 1)), mask)


def ends(lengths: npt.NDArray[Any]) -> Integers:
    """Return where parts of these lengths begin, and the end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


PROTOCOLS: Mapping[str, Callable[[Path, int], Case]] = {
    "leave-one-out": leave_one_out, "session": session,
}  # fmt: skip
