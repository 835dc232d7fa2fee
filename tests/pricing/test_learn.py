"""Pricing as training learns it: the laws of every learning system, and what is particular to prices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from shopkeeper.errors import NotEnoughData, UnknownModel
from shopkeeper.pricing.house.history import History, history_of
from shopkeeper.pricing.house.weeks import Goods, StoreWeeks
from shopkeeper.pricing.learn import PriceLearning, offline_learning
from shopkeeper.pricing.price_model import ELASTIC, NAIVE, PriceModel, fit_model, slopes_for
from shopkeeper.testing.learning_suite import LearningSuite
from shopkeeper.training.ports import LearningSystem

WEEKS, GOODS = 40, 12


@cache
def weeks(store: int) -> StoreWeeks:
    """Return weeks of a store whose prices move by themselves: an elasticity of -2."""
    draw = np.random.default_rng(store)
    price = 10 * np.exp(draw.choice([-0.2, 0.0, 0.2], (GOODS, WEEKS)))
    units = draw.poisson(60 * (price / 10) ** -2).astype(np.float64)
    nothing = np.full(price.shape, np.nan)
    goods = Goods(
        names=tuple(f"p{n}" for n in range(GOODS)), category=("Kitchen", "Garden") * (GOODS // 2),
        parent=("",) * GOODS, brand=("",) * GOODS, tax=np.zeros(GOODS), sold=np.ones(GOODS, np.bool_),
        price=price[:, -1],
        stock=np.full(GOODS, np.nan), from_=np.zeros(GOODS, np.int64), until=np.zeros(GOODS, np.int64),
        attributes=("{}",) * GOODS,
    )  # fmt: skip
    return StoreWeeks(
        goods=goods, first=2_900, units=units, price=price, exposure=np.ones(price.shape), promo=np.zeros(price.shape),
        rival=nothing, cost=np.full(price.shape, 4.0), paid=np.zeros(GOODS, np.bool_), treated=Counter(),
    )  # fmt: skip


@cache
def history() -> History:
    return history_of([("de", weeks(0)), ("uk", weeks(1))])


class TestPricing(LearningSuite[History, PriceModel]):
    def system(self) -> LearningSystem[History, PriceModel]:
        return offline_learning()

    def data(self) -> History:
        return history()

    def with_another_future(self, data: History, cutoff: int) -> History:
        later = data.times >= cutoff
        return replace(
            data, units=np.where(later, 999, data.units).astype(np.float32),
            price=np.where(later, 1.0, data.price).astype(np.float32),
        )  # fmt: skip


def test_a_price_that_moves_by_itself_is_foretold_better_than_by_last_year() -> None:
    data = history()
    cutoff = int(np.quantile(data.times, 0.8))
    past = data.take(data.times < cutoff)
    exam = PriceLearning.exam(offline_learning(), data, cutoff, 0)
    own, naive = (exam.score(fit_model(name, past, {})) for name in (ELASTIC, NAIVE))
    assert own.metrics["forecast_accuracy"].mean() > naive.metrics["forecast_accuracy"].mean()
    assert own.metrics["wape"].mean() == pytest.approx(1 - own.metrics["forecast_accuracy"].mean())
    assert own.totals["mean_slope"] == pytest.approx(-2, abs=0.4)
    assert own.totals["no_opinion"] == 0


def test_the_mean_of_the_cases_is_the_wape_of_all_units() -> None:
    data = history()
    cutoff = int(np.quantile(data.times, 0.8))
    model = fit_model(ELASTIC, data.take(data.times < cutoff), {})
    later = data.take(data.times >= cutoff)
    pair, price = model.pairs_of(later)[later.pair], later.price.astype(np.float64)
    told = model.expected(pair, later.week.astype(np.int64), price, np.zeros(len(later)))
    found = offline_learning().exam(data, cutoff, 0).score(model).metrics["wape"].mean()
    assert found == pytest.approx(np.abs(later.units - told).sum() / later.units.sum(), rel=1e-5)


def test_a_new_product_has_its_categorys_slope_in_its_store_and_a_new_category_none() -> None:
    model = fit_model(ELASTIC, history(), {})
    assert model.slopes is not None
    data = history()
    names = ("new", "odd", *data.products[2:])
    path = data.categories.index("Garden")
    category = data.category.copy()
    category[data.product == 0], category[data.product == 1] = path, len(data.categories)
    other = replace(data, products=names, category=category, categories=(*data.categories, "Toys"))
    found = slopes_for(model, other)
    new, odd = (int(np.flatnonzero(data.product == n)[0]) for n in (0, 1))
    store = int(data.store[new])
    assert found.free[new] == pytest.approx(model.slopes.categories[path].stores[store])
    assert (found.support[new], found.support[odd]) == ("category", "none")


def test_a_model_without_answers_to_price_cannot_price() -> None:
    with pytest.raises(UnknownModel, match="no answer to price"):
        slopes_for(fit_model(NAIVE, history(), {}), history())


def test_no_week_at_all_is_said() -> None:
    with pytest.raises(NotEnoughData, match="no whole week"):
        history().take(np.zeros(len(history()), np.bool_)).panel()


def test_a_week_without_a_sale_is_offered_where_prices_are_told_by_sales() -> None:
    paid = replace(weeks(0), paid=np.ones(GOODS, np.bool_))
    units = paid.units.copy()
    units[0, 5] = 0  # a slow seller is one whose weakest weeks sell little
    units[0, [7, 9, 12, 20, 30, 31]] = 1
    data = history_of([("de", replace(paid, units=units))])
    panel = data.panel()
    assert panel.exposure[0, 5] == 1
    assert panel.units[0, 5] == 0
    assert panel.price[0, 5] == panel.price[0, 4]
