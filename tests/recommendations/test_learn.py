"""Recommendations keep the laws of a learning system; parameters go by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.parameters import item_knn_params, popular_params
from shopkeeper.recommendations.session_space import blend_params
from shopkeeper.testing.learning_suite import LearningSuite
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.ports import Parameters
from shopkeeper.training.split import three_way_split
from shopkeeper.training.tune import tune


class TestRecommendationLearning(LearningSuite[Interactions, RecommendationModel]):
    def system(self) -> PlantedLearning:
        return PlantedLearning()

    def data(self) -> Interactions:
        return planted_interactions()

    def few(self) -> Interactions:
        data = self.data()
        return data.take(data.times < np.quantile(data.times, 1 / 3))

    def quick(self, model: str) -> Parameters:
        small: Parameters = {"width": 8, "blocks": 1, "inner": 1, "tokens": 4_096, "epochs": 2}
        lists: Parameters = {"trees": 10, "cuts": 2, "lists": 60, "axes": 4, "als": {"factors": 4, "iterations": 2}}
        blended = {**{f"session.{name}": value for name, value in small.items()}, "hybrid": lists}
        slow: dict[str, Parameters] = {"session": small, "blend": blended, "hybrid": lists}
        return slow.get(model, {})

    def with_another_future(self, data: Interactions, cutoff: int) -> Interactions:
        later = data.times >= cutoff
        draw = np.random.default_rng(9)
        items, kinds, shoppers = data.items.copy(), data.kinds.copy(), data.shoppers.copy()
        items[later] = draw.permutation(items[later])
        kinds[later] = draw.permutation(kinds[later])
        shoppers[later] = draw.permutation(shoppers[later])
        known = np.isin(np.arange(len(data.index)), data.items[~later])
        categories = [
            paths if known[code] else ("Somewhere else > Entirely",) for code, paths in enumerate(data.categories)
        ]
        return replace(data, items=items, kinds=kinds, shoppers=shoppers, categories=categories)


def test_parameters_are_taken_by_dotted_name_and_nested() -> None:
    flat = {"window": 4, "neighbours": None, "popular.half_life_days": 7.0}
    nested = {"window": 4, "neighbours": None, "popular": {"half_life_days": 7.0}}
    wanted = (replace(ItemKnnParams(), window=4, neighbours=None), PopularParams(half_life_days=7.0))
    assert item_knn_params(flat) == item_knn_params(nested) == wanted


def test_a_weight_of_popularity_goes_by_its_kind() -> None:
    assert popular_params({"weights.cart": 9.0}).weights == (1.0, 1.0, 2.0, 9.0, 3.0, 5.0)


@pytest.mark.parametrize("name", ["windows", "popular.half_life", "popular.weights.browse"])
def test_an_unknown_parameter_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(InputError, match=name.removeprefix("popular.")) as caught:
        item_knn_params({name: 1})
    assert caught.value.remedy


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(InputError, match="2 heads cannot share a width of 65"):
        blend_params({"session.width": 65})


def test_records_are_in_the_space_of_item_knn_and_of_the_blend_and_may_be_left_out() -> None:
    learning = PlantedLearning()
    for model, name in (("item-knn", "records"), ("blend", "item-knn.records")):
        values = learning.search_space(model)[name].choices
        assert values[0] == learning.defaults(model)[name] == 0.0
        assert max(float(value or 0.0) for value in values) > 0.0


def test_the_encoder_measured_on_reviews_is_in_the_space_of_the_blend_beside_the_default() -> None:
    learning = PlantedLearning()
    space, defaults = learning.search_space("blend"), learning.defaults("blend")
    for name, measured in (("session.width", 64), ("session.averaged", 2.0)):
        assert {measured, defaults[name]} <= set(space[name].choices)
    assert space["session.epochs"].low <= 12 < defaults["session.epochs"] <= space["session.epochs"].high


def test_a_shop_with_new_products_finds_by_itself_that_records_help() -> None:
    data = planted_interactions()
    newcomers = np.argsort(-np.bincount(data.items))[:10]
    came = three_way_split(data.times, 0.2, 0.1).tuning.cutoff
    shop = data.take(~np.isin(data.items, newcomers) | (data.times >= came))
    split = three_way_split(shop.times, 0.3, 0.1)
    found = tune(PlantedLearning(), "item-knn", shop, split, tuner=OptunaTuner(), trials=12, seed=1)
    assert found.trials[0].parameters["records"] == 0.0
    assert found.parameters["records"] > 0.0
