from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.recommendations.conftest import PRODUCTS, Past, interactions

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import SECOND
from shopkeeper.recommendations.rule_baseline import RuleBaseline, RuleParams

PAST: Past = [
    *((f"u{n}", "mug", "view") for n in range(4)),
    *((f"u{n}", "cup", "view") for n in range(2)),
    ("ann", "pan", "purchase"),
    ("ann", "lamp", "purchase"),
]
"""Kitchen: mug 4, cup 2, pan 5 (a purchase counts 5 views); ann's basket holds pan and lamp."""


PLAIN = RuleParams(shrink=1.0)


def fitted(params: RuleParams = PLAIN) -> RuleBaseline:
    data = interactions(PAST)
    times = data.times.copy()
    times[-2:] = times[-1]
    return RuleBaseline.fit(replace(data, times=times), params, 1)


def asked(*products: str, weights: tuple[float, ...] = (1.0,)) -> Asked:
    items = np.array([PRODUCTS.index(name) for name in products], dtype=np.int64)
    nothing = np.zeros(len(items), dtype=np.int64)
    return Asked("uk", 0, items, np.array(weights), nothing.astype(np.int8), nothing, nothing.astype(np.bool_))


def scores(model: RuleBaseline, question: Asked) -> dict[str, float]:
    found = model.score(question)
    return {PRODUCTS[item]: score for item, score in zip(found.items.tolist(), found.scores.tolist(), strict=True)}


def test_a_product_brings_the_bestsellers_of_its_category_relative_to_the_first() -> None:
    assert scores(fitted(), asked("fork")) == pytest.approx({"pan": 5 / 5, "mug": 4 / 5, "cup": 2 / 5})


def test_what_was_bought_together_is_added_to_the_category() -> None:
    found = scores(fitted(RuleParams(shrink=1.0, together=0.5)), asked("pan"))
    assert found == pytest.approx({"mug": 4 / 5, "cup": 2 / 5, "lamp": 0.5 * 1.0})


def test_what_happened_before_the_days_does_not_count() -> None:
    data = interactions(PAST)
    times = data.times.copy()
    times[:4] -= 31 * 86_400 * SECOND
    model = RuleBaseline.fit(replace(data, times=times), RuleParams(shrink=1.0), 1)
    assert "mug" not in scores(model, asked("fork"))
    assert "mug" in scores(RuleBaseline.fit(replace(data, times=times), RuleParams(days=60.0), 1), asked("fork"))


def test_only_the_newest_moments_of_a_history_speak_and_they_fade() -> None:
    weights = fitted(RuleParams(recent=2, age_decay=0.5)).history_weights(
        np.array([2, 1, 0]), np.ones(3, dtype=np.float32)
    )
    assert weights.tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_reasons_carry_what_each_product_of_the_history_brings() -> None:
    model, question = fitted(), asked("pan", "fork", weights=(1.0, 0.5))
    parts = model.explain(np.array([PRODUCTS.index("mug"), PRODUCTS.index("lamp")]), question)
    np.testing.assert_allclose(parts, [[4 / 5, 0.5 * 4 / 5], [1.0, 0.0]], rtol=1e-6)


def test_a_product_without_category_and_basket_brings_nothing() -> None:
    data = interactions(PAST)
    model = RuleBaseline.fit(replace(data, categories=[()] * len(PRODUCTS)), RuleParams(), 1)
    assert scores(model, asked("fork")) == {}
