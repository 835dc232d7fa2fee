"""What V2 learns before its ranker, and the two stages made of it: products that come into question, their features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.candidates import Candidates
from shopkeeper.recommendations.hybrid.choice import Choices
from shopkeeper.recommendations.hybrid.choice_fit import fit_choices
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_features import RankFeatures
from shopkeeper.recommendations.hybrid.rank_groups import ALIKE
from shopkeeper.recommendations.hybrid.trait_lifts import TraitLifts
from shopkeeper.recommendations.hybrid.way import Ways
from shopkeeper.recommendations.model import Arrays
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.sentences import Sentences
from shopkeeper.recommendations.models.trends import Trends


@dataclass(frozen=True)
class Known:
    """Everything learnt before one moment but the ranker."""

    knn: ItemKnn
    als: Als | None
    content: Content | None
    sentences: Sentences | None
    trends: Trends
    ways: Ways | None
    choices: Choices | None
    lifts: TraitLifts | None
    margins: npt.NDArray[np.float32]
    alike: bool = True
    """Whether what content alone names comes into question."""

    @staticmethod
    def fit(data: Interactions, content: Content, params: HybridParams, moment: int, seed: int) -> Known:
        """Learn from what came before `moment`, microseconds; what products are made of is no behaviour."""
        popular = Popular.fit(data, params.popular, seed)
        return Known(
            ItemKnn.beside(data, popular, params.knn),
            Als.beside(data, popular, params.als, seed) if params.factors else None,
            content if params.content else None,
            Sentences.fit(data) if params.sentences else None,
            Trends.fit(data, moment, params.pool, params.trending_days),
            Ways.fit(data, content.leaves) if params.way else None,
            fit_choices(data, content, seed, people=params.demographics) if params.choice and params.content else None,
            TraitLifts.fit(data, content.leaves) if params.demographics else None,
            np.nan_to_num(data.facts.filled(len(data.index)).margins, nan=-1.0).astype(np.float32),
        )

    def without(self, groups: Collection[str]) -> Known:
        """Return the same without what only some groups of features read, or without `ALIKE`."""
        choices = None if "content" in groups else self.choices
        return replace(
            self,
            choices=choices.of_nobody() if choices is not None and "demographics" in groups else choices,
            content=None if "content" in groups else self.content,
            sentences=None if "sentences" in groups else self.sentences,
            lifts=None if "demographics" in groups else self.lifts,
            alike=self.alike and ALIKE not in groups,
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything that `from_arrays` reads."""
        parts = (self.knn, self.trends, self.als, self.content, self.sentences, self.lifts, self.ways, self.choices)
        found: dict[str, npt.NDArray[np.generic]] = {"hybrid.margins": self.margins}
        for part in parts:
            found |= part.arrays() if part is not None else {}
        return found

    @staticmethod
    def from_arrays(knn: ItemKnn, arrays: Arrays, params: HybridParams, read: Collection[str]) -> Known:
        """Return what `arrays` was made of.

        Args:
            read: Groups of features that a ranker reads.
        """
        return Known(
            knn,
            Als.from_arrays(knn.index, arrays) if params.factors else None,
            Content.from_arrays(arrays) if "content" in read else None,
            Sentences.from_arrays(arrays) if "sentences" in read else None,
            Trends.from_arrays(arrays),
            Ways.from_arrays(arrays) if params.way else None,
            Choices.from_arrays(arrays) if "choice" in read else None,
            TraitLifts.from_arrays(arrays) if "demographics" in read else None,
            np.asarray(arrays["hybrid.margins"], np.float32),
        )


def two_stages(known: Known, params: HybridParams) -> tuple[Candidates, RankFeatures]:
    """Return what finds products and what describes them to a ranker."""
    sources = (known.knn, known.als, known.content, known.trends, known.ways)
    find = Candidates(*sources, alike=known.alike, pool=params.pool, repeats=params.repeats)
    codes = {store: code for code, store in enumerate(known.knn.stores)} if params.stores == "store-feature" else None
    features = RankFeatures(
        known.trends, known.ways, known.choices, known.content, known.sentences, known.lifts, known.margins, codes,
        rhythm=params.rhythm,
    )  # fmt: skip
    return find, features


def columns_of(known: Known, params: HybridParams) -> tuple[str, ...]:
    """Return the names of the features."""
    return names_of(*two_stages(known, params))


def names_of(find: Candidates, features: RankFeatures) -> tuple[str, ...]:
    """Return the names of the features, read from an empty list."""
    none = np.empty(0, dtype=np.int64)
    nobody = Asked("", 0, none, np.empty(0), none.astype(np.int8), none, none.astype(np.bool_))
    return features.rows(nobody, find.find(nobody, none))[0]
