"""A session model with lists answers with the best of what it would answer with otherwise, on the same scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.model import ManyScored, Targets
from shopkeeper.recommendations.models.mixture import alike, alike_of
from shopkeeper.recommendations.session.fit import fit_session
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.recommendations.session.nearest_fit import with_nearest
from shopkeeper.testing.model_suite import asked_about
from shopkeeper.testing.planted import planted_interactions

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


def test_rules_that_let_little_through_are_given_every_product(model: Session) -> None:
    listed = with_nearest(model, DATA, 1, fewest=10)
    asked = replace(asked_about([0, 1, 8], [1.0] * 3), whole=True)
    np.testing.assert_array_equal(listed.score(asked).items, model.score(asked).items)
    assert listed.score(asked).beyond == 0


def test_small_catalogues_have_no_lists(model: Session) -> None:
    assert model.weights.nearest == ()
    assert with_nearest(model, DATA, 1) is model
