"""Next product on public data: how often, and how high, each model ranks what a shopper really took next.

    python evaluations/next_item.py --data DIR --protocol leave-one-out|session|temporal --models popular,item-knn

leave-one-out: `interactions.parquet` (user_id, position, item_id, split); similarities from `train` rows alone, history
= train and valid rows, newest 50, which do not compete; full ranking. session: `train_sessions.parquet` (session,
position, item_id) and `test_examples.parquet` (history, target); the history competes. temporal: a dataset folder of
the data contract with an `events` table; one global cut in time. Ties share their middle rank. The last line of
stdout is one JSON object.

`--trials N` (leave-one-out) first searches item-knn's parameters: fitted on train rows, asked for the valid rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.tables import TRAFFIC_VERDICTS
from shopkeeper.engines.duckdb_session import open_duckdb
from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.errors import InputError, ShopkeeperError, UnknownModel
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.views import VIEWS
from shopkeeper.recommendations.als import Als, AlsParams
from shopkeeper.recommendations.ease import Ease, EaseParams
from shopkeeper.recommendations.extract import extract_interactions
from shopkeeper.recommendations.history import HistoryBatch
from shopkeeper.recommendations.interactions import SECOND, VIEW, Interactions
from shopkeeper.recommendations.item_knn import ItemKnn
from shopkeeper.recommendations.items import single_group
from shopkeeper.recommendations.metrics import coverage, ndcg, of_ranks
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.parameters import ITEM_KNN_DEFAULTS, ITEM_KNN_SPACE, item_knn_params
from shopkeeper.recommendations.popular import Popular, PopularParams
from shopkeeper.recommendations.questions import time_exam
from shopkeeper.recommendations.ranking import Questions, rank_targets
from shopkeeper.recommendations.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.training.comparison import intervals
from shopkeeper.training.ports import Parameters, Trial
from shopkeeper.training.split import time_split
from shopkeeper.training.trying import one_by_one
from shopkeeper.training.tune import best_of

Columns = dict[str, npt.NDArray[Any]]
Integers = npt.NDArray[np.int64]

WITHOUT_TIMES = PopularParams(half_life_days=1e12)
"""Data that has an order but no times: every interaction counts the same."""

TABLES: Mapping[str, str] = {
    "events": "event_id ts received_at store type visitor user session product consent traffic device user_agent",
    "stores": "store customer_group consent_default",
    "users": "user store consent",
    "products": "product store kind categories",
    TRAFFIC_VERDICTS.name: " ".join(column.name for column in TRAFFIC_VERDICTS.columns),
}
"""Tables of the data contract and the columns that are read of them."""


@dataclass(frozen=True)
class Case:
    """One protocol on one data set: what models learn from, and what they are asked.

    Attributes:
        fill: True where equal scores are ordered by popularity, as serving does; the published protocols leave them.
        popular: How popularity is counted.
        validation: Questions to choose parameters by; None where the protocol has none.
    """

    train: Interactions
    questions: Questions
    fill: bool
    popular: PopularParams
    validation: Questions | None = None


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
    validation = None
    if np.array_equal(users[is_valid], tested):
        known = ends(np.bincount(users[is_train], minlength=len(history)))
        validation = every_item(plain_history(known, data.items[is_train]), items[is_valid], names)
    return Case(data.take(is_train), asked, False, WITHOUT_TIMES, validation)


def session(folder: Path, seed: int) -> Case:  # noqa: ARG001 - nothing is drawn
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
    history = plain_history(ends(asked["length"]), np.searchsorted(names, shown["item"]).astype(np.int32))
    questions = every_item(history, np.searchsorted(names, asked["target"]), names, mask=False)
    return Case(data, questions, False, WITHOUT_TIMES)


def temporal(folder: Path, seed: int) -> Case:
    """Read a dataset folder of the data contract and cut it in time, the newest fifth asked."""
    data = extract_interactions(FolderWarehouse(folder))
    split = time_split(data.times, 0.2)
    exam = time_exam(data, split.cutoff, seed, most=100_000)
    return Case(data.take(split.train), exam.questions, True, PopularParams())


class FolderWarehouse:
    """A dataset folder behind `quality.ports.Warehouse`; columns and tables that are absent read as missing."""

    def __init__(self, folder: Path) -> None:
        self._connection = open_duckdb(Path(tempfile.gettempdir()), memory="2GB")
        for table, wanted in TABLES.items():
            files = [path for ending in ("parquet", "csv", "jsonl") if (path := folder / f"{table}.{ending}").is_file()]
            if not files and table == "events":
                raise InputError(f"There is no events.parquet, .csv or .jsonl in {folder}.", "See docs for the layout.")
            self._show(table, wanted.split(), files[0] if files else None)
        self._connection.execute(f"CREATE VIEW human_events AS {VIEWS['human_events']}")

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query."""
        bound = {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in parameters.items()}
        found = self._connection.execute(query.text, bound or None).fetchnumpy()
        return {name: np.asarray(np.ma.getdata(values)) for name, values in found.items()}

    def _show(self, table: str, wanted: list[str], file: Path | None) -> None:
        source, there = "(SELECT 1 WHERE false)", dict[str, str]()
        if file is not None:
            reader = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json_auto"}[file.suffix]
            source = f"{reader}('{str(file).replace(chr(39), chr(39) * 2)}')"
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
            there = {str(row[0]): str(row[1]) for row in described}
        columns = ", ".join(f'{self._expression(name, there)} AS "{name}"' for name in wanted)
        self._connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {source}")  # noqa: S608

    @staticmethod
    def _expression(name: str, there: Mapping[str, str]) -> str:
        if name not in there:
            absent = {
                "event_id": "CAST(row_number() OVER () AS VARCHAR)",
                "ts": "CAST(NULL AS TIMESTAMP)",
                "received_at": "CAST(NULL AS TIMESTAMP)",
            }
            return absent.get(name, "CAST(NULL AS VARCHAR)")
        kind = there[name]
        if name in ("ts", "received_at"):
            if kind.startswith("TIMESTAMP") or kind in ("DATE", "VARCHAR"):
                return f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)"
            return (
                f"make_timestamp(CAST(CASE WHEN {name} > 1e11 THEN {name} * 1000 ELSE {name} * 1000000 END AS BIGINT))"
            )
        if name == "categories" and kind == "VARCHAR":
            return "CASE WHEN categories LIKE '[%' THEN categories ELSE CAST(to_json([categories]) AS VARCHAR) END"
        nested = kind.endswith("[]") or kind.startswith("STRUCT")
        return f'CAST(to_json("{name}") AS VARCHAR)' if nested else f'CAST("{name}" AS VARCHAR)'


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
    "leave-one-out": leave_one_out, "session": session, "temporal": temporal,
}  # fmt: skip
MODELS: Mapping[str, Callable[[Case, Parameters, int], RecommendationModel]] = {
    "popular": lambda case, _, seed: Popular.fit(case.train, case.popular, seed),
    "item-knn": lambda case, parameters, seed: ItemKnn.fit(
        case.train, item_knn_params({"neighbours": None, **parameters})[0], seed, case.popular
    ),
    "session-knn": lambda case, _, seed: SessionKnn.fit(case.train, SessionKnnParams(), seed, case.popular),
    "ease": lambda case, _, seed: Ease.fit(case.train, EaseParams(), seed, case.popular),
    "als": lambda case, _, seed: Als.fit(case.train, AlsParams(), seed, case.popular),
}
SEARCHED = (
    "window", "gap_decay", "gap_power", "backward", "had_power", "with_power", "shrink", "age_decay", "age_power",
    "history",
)  # fmt: skip
"""Parameters of item-knn that `--trials` searches; the protocol keeps all neighbours and has no times."""


def search(case: Case, trials: int, seed: int) -> Sequence[Trial]:
    """Search item-knn's parameters on the validation questions."""
    if case.validation is None:
        raise InputError("This data has no valid row for each user.", "Leave --trials out.")
    rows = np.arange(len(case.validation))
    parts = [case.validation.take(rows[first::4]) for first in range(4)]

    def judge(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
        model = MODELS["item-knn"](case, parameters, seed)
        total, asked = 0.0, 0
        for part in parts:
            total += float(ndcg(rank_targets(model, part, fill=case.fill).ranks, 10).sum())
            asked += len(part)
            if give_up(total / asked):
                break
        return total / asked

    def told(trial: Trial) -> None:
        value = "" if trial.value is None else f" {trial.value:.4f}"
        print(f"trial {trial.number} {trial.state}{value} in {trial.seconds:.0f} s", file=sys.stderr)

    space = {name: ITEM_KNN_SPACE[name] for name in SEARCHED}
    defaults = {name: ITEM_KNN_DEFAULTS[name] for name in SEARCHED}
    return OptunaTuner().search(
        space, defaults, one_by_one(judge), trials=trials, seconds=None, seed=seed, on_trial=told
    )


def evaluate(case: Case, name: str, parameters: Parameters, seed: int) -> dict[str, Any]:
    """Fit one model and ask it everything."""
    begun = time.perf_counter()
    model = MODELS[name](case, parameters, seed)
    fitted = time.perf_counter()
    ranking = rank_targets(model, case.questions, fill=case.fill)
    found = of_ranks(ranking.ranks)
    low, high = intervals(np.column_stack(list(found.values())), resamples=500, seed=seed)
    return {
        **{metric: float(values.mean()) for metric, values in found.items()},
        "coverage": coverage(ranking.shown[ranking.shown >= 0], len(model.index)),
        "train_seconds": round(fitted - begun, 3),
        "rank_seconds": round(time.perf_counter() - fitted, 3),
        "intervals": {m: [float(a), float(b)] for m, a, b in zip(found, low, high, strict=True)},
        "parameters": model.parameters,
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate every model asked for and return the document."""
    begun = time.perf_counter()
    names = [name.strip() for name in args.models.split(",") if name.strip()]
    if unknown := [name for name in names if name not in MODELS]:
        raise UnknownModel(f"There is no model {unknown[0]!r} yet.", f"The models are: {', '.join(MODELS)}.")
    case = PROTOCOLS[args.protocol](args.data, args.seed)
    trials = search(case, args.trials, args.seed) if args.trials else ()
    parameters = best_of(trials).parameters if trials else {}
    models: dict[str, Any] = {}
    skipped: list[str] = []
    for name in names:
        if models and (time.perf_counter() - begun) / 60.0 > args.budget_minutes:
            skipped.append(name)
            continue
        models[name] = evaluate(case, name, parameters, args.seed)
        print(f"{name}: ndcg@10 {models[name]['ndcg@10']:.4f} hr@10 {models[name]['hr@10']:.4f}", file=sys.stderr)
    return {
        "data": args.data.name,
        "protocol": args.protocol,
        "cases": len(case.questions),
        "items": len(case.train.index),
        "train_interactions": len(case.train),
        "history_masked": case.questions.mask,
        "seed": args.seed,
        "seconds": round(time.perf_counter() - begun, 3),
        "skipped_for_budget": skipped,
        "models": models,
        "trials": [asdict(trial) for trial in trials],
    }


def main() -> int:
    """Run from the command line; 2 = wrong input, 1 = failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--protocol", choices=list(PROTOCOLS), default="leave-one-out")
    parser.add_argument("--models", default="popular,item-knn")
    parser.add_argument("--budget-minutes", type=float, default=50.0)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="These models run on the CPU.")
    parser.add_argument("--trials", type=int, default=0, help="Search item-knn's parameters first; leave-one-out only.")
    parser.add_argument("--seed", type=int, default=1)
    try:
        document = run(parser.parse_args())
    except ShopkeeperError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
