"""What sentences say of products beside words: what lies near a shopper's history by either, on real product texts.

    pip install -c constraints.txt -e '.[sentences]'
    python evaluations/text_neighbours.py --data DIR

DIR holds `items.parquet` (item_id, title, description, brand), `valid.parquet` and `test.parquet` (user_id,
history_item_id, item_id: what was had, and what was taken next), as of Amazon 2018 Office Products. Nothing is learnt
of behaviour: products are ordered by the cosine of their vector with the mean of the history's, where an entry counts
`fade` of the one after it. `words` are V2's hashed pieces on 24 axes (`models/content.py`), `words 256` the same on as
many axes as the encoder has, `sentences` its vectors (`models/sentences.py`), `both` a weighed sum of the two cosines.
Fade and weight are those with the best NDCG@10 on `valid`; `folds` says what they bring on fifths of the shoppers of
`valid` that did not choose them. The test is asked once. What was had does not compete. `new` are products that nobody
has in `valid`. Paired 95% intervals by bootstrap over examples. The last line of stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import scipy

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.columns import read

from shopkeeper.engines.sentence_encoder import WordLlamaEncoder
from shopkeeper.recommendations.behaviour.extract_sentences import sentence
from shopkeeper.recommendations.behaviour.facts import ItemFacts
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.evaluation.metrics import Ranks, hit_rate, ndcg
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.sentences import Sentences
from shopkeeper.training.comparison import intervals

Vectors = npt.NDArray[np.float32]

AXES = 24
FADES = (0.3, 0.5, 0.7, 0.9)
SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)
FOLDS = 5
PLACES = 10
TOGETHER = 1_000


@dataclass(frozen=True, slots=True)
class Examples:
    """What shoppers had and took next.

    Attributes:
        folds: Fifth of the shoppers; shape (n,).
        taken: What was taken; shape (n,).
    """

    folds: npt.NDArray[np.int64]
    histories: Sequence[Sequence[int]]
    taken: npt.NDArray[np.int64]

    @staticmethod
    def read(file: Path) -> Examples:
        """Read one part of the set."""
        found = read(file, ["user_id", "history_item_id", "item_id"])
        folds = np.array([crc32(str(user).encode()) % FOLDS for user in found["user_id"]], dtype=np.int64)
        histories = [[int(item) for item in history] for history in found["history_item_id"]]
        return Examples(folds, histories, np.asarray(found["item_id"], dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Way:
    """An order by one or two sorts of vectors, each with its share of the score, and how histories fade."""

    parts: tuple[tuple[str, float], ...]
    fade: float

    def ranks(self, vectors: Mapping[str, Vectors], examples: Examples) -> Ranks:
        """Return the rank of what was taken, from 1, among what was not had; what was had has the last; shape (n,)."""
        items = len(next(iter(vectors.values())))
        found = [
            self._ranked(vectors, examples.histories[low : low + TOGETHER], examples.taken[low : low + TOGETHER], items)
            for low in range(0, len(examples.taken), TOGETHER)
        ]
        return np.concatenate(found)

    def _ranked(
        self,
        vectors: Mapping[str, Vectors],
        histories: Sequence[Sequence[int]],
        taken: npt.NDArray[np.int64],
        items: int,
    ) -> Ranks:
        lengths = [len(one) for one in histories]
        columns = np.concatenate([np.asarray(one, dtype=np.int64) for one in histories])
        weights = np.concatenate([self.fade ** np.arange(length)[::-1] for length in lengths])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        told = scipy.sparse.csr_array((weights, columns, starts), shape=(len(histories), items))
        scores = np.zeros((len(histories), items), dtype=np.float32)
        for name, share in self.parts:
            profiles = told @ vectors[name]
            norms = np.linalg.norm(profiles, axis=1, keepdims=True)
            scores += (share * (profiles / np.where(norms > 0, norms, 1.0)) @ vectors[name].T).astype(np.float32)
        rows = np.arange(len(taken))
        own = scores[rows, taken].copy()
        had = np.repeat(rows, lengths)
        again = np.isin(had * items + columns, rows * items + taken)
        scores[had, columns] = -np.inf
        ties = (scores == own[:, None]).sum(axis=1) - 1
        ranks: Ranks = 1.0 + (scores > own[:, None]).sum(axis=1) + ties.clip(0) // 2
        ranks[had[again]] = items + 1
        return ranks


def facts_of(data: Path) -> tuple[Interactions, dict[str, float]]:
    """Return the products as training reads them, each met once, and how long their texts took in CPU seconds."""
    found = read(data / "items.parquet", ["item_id", "title", "description", "brand"])
    order = np.argsort(np.asarray(found["item_id"], dtype=np.int64))
    brands, titles, descriptions = ([str(found[name][n]) for n in order] for name in ("brand", "title", "description"))
    count, none = len(order), np.full(len(order), np.nan)
    encoder = WordLlamaEncoder()
    begun = time.process_time()
    texts = [sentence(*one) for one in zip(brands, titles, descriptions, strict=True)]
    sentences = encoder.encode(texts).astype(np.float16)
    seconds = time.process_time() - begun
    met = np.zeros(count, dtype=np.int32)
    data_of = Interactions(
        met, np.arange(count, dtype=np.int32), met, met.astype(np.int8), met.astype(np.int64), met.astype(np.int8),
        single_group([str(number) for number in range(count)], "us"), [()] * count, ["one"], ("us",),
        facts=ItemFacts(brands, titles, none, none, sentences),
    )  # fmt: skip
    letters = sum(len(one) for one in texts) / count
    return data_of, {"letters": letters, "cpu_s_per_100000": seconds / count * 100_000}


def ways(*names: str) -> list[Way]:
    """Return what is tried of one or two sorts of vectors."""
    if len(names) == 1:
        return [Way(((names[0], 1.0),), fade) for fade in FADES]
    return [Way(((names[0], 1.0 - share), (names[1], share)), fade) for share, fade in product(SHARES, FADES)]


def chosen(tried: Sequence[Way], vectors: Mapping[str, Vectors], valid: Examples) -> tuple[Way, float]:
    """Return the best way on `valid`, and the mean of what each fifth has by the way that is best on the others."""
    figures = np.array([ndcg(one.ranks(vectors, valid), PLACES) for one in tried])
    best = figures.mean(axis=1).argmax()
    by_others = np.zeros(len(valid.taken))
    for fold in range(FOLDS):
        own = valid.folds == fold
        by_others[own] = figures[figures[:, ~own].mean(axis=1).argmax(), own]
    return tried[int(best)], float(by_others.mean())


def figures(data: Path, seed: int) -> dict[str, Any]:
    """Return everything that is printed."""
    products, cost = facts_of(data)
    read_of = Sentences.fit(products)
    if read_of is None:
        raise ValueError("the products have no vectors")
    vectors = {
        "words": Content.fit(products, AXES, seed).vectors,
        "words 256": Content.fit(products, read_of.vectors.shape[1], seed).vectors,
        "sentences": read_of.vectors.astype(np.float32),
    }
    valid, test = (Examples.read(data / f"{part}.parquet") for part in ("valid", "test"))
    met = np.unique(np.concatenate([valid.taken, *(np.asarray(one, dtype=np.int64) for one in valid.histories)]))
    masks = {"all": np.ones(len(test.taken), dtype=np.bool_), "new": ~np.isin(test.taken, met)}
    orders = {
        "words": ways("words"), "words 256": ways("words 256"), "sentences": ways("sentences"),
        "both": ways("words", "sentences"), "both 256": ways("words 256", "sentences"),
    }  # fmt: skip
    ranks, found = dict[str, Ranks](), dict[str, Any]()
    for name, tried in orders.items():
        best, on_valid = chosen(tried, vectors, valid)
        ranks[name] = best.ranks(vectors, test)
        found[name] = {"parts": dict(best.parts), "fade": best.fade, "folds": on_valid}
        for who, mask in masks.items():
            mine = ranks[name][mask]
            found[name][who] = {
                "ndcg@10": float(ndcg(mine, PLACES).mean()), "hr@10": float(hit_rate(mine, PLACES).mean()),
            }  # fmt: skip
    gains = {
        f"{one} over {other}": {who: _gain(ranks[one][mask], ranks[other][mask], seed) for who, mask in masks.items()}
        for one, other in (("sentences", "words"), ("both", "words"), ("both 256", "words 256"))
    }
    asked = {who: int(mask.sum()) for who, mask in masks.items()}
    return {"products": len(products.index), "asked": asked, **cost, "ways": found, "gains": gains}


def _gain(one: Ranks, other: Ranks, seed: int) -> dict[str, Any]:
    gained = ndcg(one, PLACES) - ndcg(other, PLACES)
    low, high = intervals(gained[:, None], resamples=1_000, seed=seed)
    return {"mean": float(gained.mean()), "interval": [float(low[0]), float(high[0])]}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    begun = time.perf_counter()
    document = figures(args.data, args.seed)
    for name, one in document["ways"].items():
        print(f"{name:10} folds {one['folds']:.4f}, " + ", ".join(
            f"{who} NDCG@10 {one[who]['ndcg@10']:.4f} HR@10 {one[who]['hr@10']:.4f}" for who in document["asked"]
        ))  # fmt: skip
    print(json.dumps({"data": args.data.name, **document, "seconds": round(time.perf_counter() - begun, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
