"""Every model passes the shipped suite."""

from __future__ import annotations

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.learn import LEARNABLE
from shopkeeper.recommendations.loaded import MODELS
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.als import Als, AlsParams
from shopkeeper.recommendations.models.ease import Ease, EaseParams
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.rule_baseline import RuleBaseline, RuleParams
from shopkeeper.recommendations.session.blend import BlendParams
from shopkeeper.recommendations.session.blend_fit import fit_blend
from shopkeeper.recommendations.session.fit import Share, fit_session
from shopkeeper.recommendations.session.model import SessionParams
from shopkeeper.testing.model_suite import RecommendationModelSuite

SMALL = SessionParams(width=16, blocks=1, dropout=0.1, rate=0.02, epochs=4)
RANKER = HybridParams(
    trees=20, leaves=8, fewest=5, axes=8, cuts=2, lists=300, way=True, rhythm=True,
    als=AlsParams(factors=8, iterations=3),
)  # fmt: skip


class TestPopular(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return Popular.fit(data, PopularParams(), seed)


class TestRuleBaseline(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return RuleBaseline.fit(data, RuleParams(), seed)


class TestItemKnn(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return ItemKnn.fit(data, ItemKnnParams(), seed)


class TestAls(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return Als.fit(data, AlsParams(factors=16), seed)


class TestEase(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return Ease.fit(data, EaseParams(), seed)


class TestSessionKnn(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return SessionKnn.fit(data, SessionKnnParams(session_minutes=1e6, reach=20.0), seed)


class TestSession(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return fit_session(data, SMALL, seed, share=Share())


class TestBlend(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        params = BlendParams(SMALL, ItemKnnParams(), SessionKnnParams(session_minutes=1e6, reach=20.0), None, 0.2)
        return fit_blend(data, params, seed)


class TestBlendWithoutPyTorch(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        params = BlendParams(None, ItemKnnParams(), SessionKnnParams(session_minutes=1e6, reach=20.0), None, 0.2)
        return fit_blend(data, params, seed)


class TestBlendWithRanker(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return fit_blend(data, BlendParams(None, ItemKnnParams(), None, RANKER, 0.2), seed)


class TestHybrid(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return Hybrid.fit(data, RANKER, seed)


class TestItemKnnWithFewNeighbours(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return ItemKnn.fit(data, ItemKnnParams(neighbours=3), seed)


def test_whatever_can_be_trained_can_be_served() -> None:
    assert set(LEARNABLE) == set(MODELS)
