"""A session model with lists answers with the best of what it would answer with otherwise, on the same scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.loaded import assemble_model, bundle_arrays
from shopkeeper.recommendations.model import ManyScored, Targets
from shopkeeper.recommendations.models.habits import habit_arrays
from shopkeeper.recommendations.models.mixture import alike, alike_of
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import Filter, RuleSet, Where
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.session.fit import fit_session
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.recommendations.session.nearest_fit import with_nearest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.ports import Profile, SessionEvent
from shopkeeper.testing.model_suite import asked_about
from shopkeeper.testing.planted import END, planted_catalogue, planted_interactions, product_name

DATA = planted_interactions()


@pytest.fixture(scope="module")
def model() -> Session:
    return fit_session(DATA, SessionParams(width=16, heads=2, epochs=1, history=6), 3)


def test_the_best_come_from_lists_with_nearly_the_probabilities_of_all(model: Session) -> None:
    listed = with_nearest(model, DATA, 1, fewest=10)
    assert any(listed.weights.nearest)
    asked = asked_about([0, 1, 8], [1.0] * 3)
    some, everything = listed.score(asked), model.score(asked)
    same = Targets(np.zeros(len(some), dtype=np.int64), some.items)
    np.testing.assert_allclose(some.scores, ManyScored.of([everything]).among(same), rtol=0.05)
    assert some.scores.sum() + some.beyond == pytest.approx(1.0)
    dense = np.zeros((1, len(DATA.index)), dtype=np.float32)
    dense[0, everything.items] = everything.scores
    for scale in ("shares", "roots"):
        np.testing.assert_allclose(
            alike_of(ManyScored.of([some]), scale), alike(dense, scale)[0][some.items], rtol=0.05
        )


def test_a_question_that_wants_every_product_is_given_it(model: Session) -> None:
    listed = with_nearest(model, DATA, 1, fewest=10)
    asked = replace(asked_about([0, 1, 8], [1.0] * 3), whole=True)
    np.testing.assert_array_equal(listed.score(asked).items, model.score(asked).items)
    assert listed.score(asked).beyond == 0


@pytest.mark.parametrize(("count", "k"), [(2, 4), (12, 12)], ids=["whole at once", "again, as the first look is short"])
def test_where_rules_of_the_shop_let_little_through_a_list_and_its_reasons_are_those_of_every_product(
    model: Session, count: int, k: int
) -> None:
    rule = Filter(name="only these", where=Where(products=tuple(map(product_name, range(40, 40 + count)))))
    exact, listed = served(model, rule), served(few_looked_through(model), rule)
    ruled = [viewed("north-1", [first, 1, 8], k) for first in range(4)]
    together = listed.answers([*ruled, viewed("north-2", [0, 1, 8], k)])
    for answer, wanted in zip(together, exact.answers(ruled), strict=False):
        assert [(item.product, item.reasons) for item in answer.items] == [
            (item.product, item.reasons) for item in wanted.items
        ]
        assert [item.score for item in answer.items] == pytest.approx([item.score for item in wanted.items])
        assert len(wanted.items) == count
    assert "because_viewed" in {item.reasons[0].code for item in together[0].items}


def few_looked_through(model: Session) -> Session:
    listed = with_nearest(model, DATA, 1, fewest=10)
    few = tuple(lists and replace(lists, probes=4) for lists in listed.weights.nearest)
    return Session(replace(listed.weights, nearest=few), listed.popular, listed.params)


def served(model: Session, rule: Filter) -> RecommendationSystem:
    rules = ShopRules([RuleSet(store="north-1", version=1, rules=(rule,))])
    system = RecommendationSystem(planted_catalogue(), Trending(), shop_rules=rules)
    arrays = {**bundle_arrays(model, ShopperPasts.build(DATA)), **habit_arrays(DATA)}
    system.serve(assemble_model("v1", model.name, arrays))
    return system


def viewed(store: str, products: list[int], k: int) -> RecommendationRequest:
    events = tuple(SessionEvent(product_name(n), "view", END) for n in products)
    shopper = Shopper("north", visitor="v")
    return RecommendationRequest(RecommendationBody(store=store, k=k), shopper, FULL_CONSENT, END, Profile(events, 1))


def test_small_catalogues_have_no_lists(model: Session) -> None:
    assert model.weights.nearest == ()
    assert with_nearest(model, DATA, 1) is model
