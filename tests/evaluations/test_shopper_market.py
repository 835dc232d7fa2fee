from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from shopkeeper.simulation.tally import Ratio, Tally, Visit

SCRIPT = Path(__file__).parents[2] / "evaluations" / "shopper_market.py"


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shopper_market", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shopper_market"] = module
    spec.loader.exec_module(module)
    return module


def tally(*expected: float) -> Tally:
    visits = [Visit(2, 16, 1, clicked, 0.8, 1, 12.0) for clicked in expected]
    return Tally(visits=visits, decisions=2 * len(visits))


def test_an_uplift_is_the_quotient_less_one_with_the_interval_on_the_log_scale(evaluation: ModuleType) -> None:
    found = evaluation.uplift(Ratio(0.3, 0.03, 10), Ratio(0.1, 0.02, 10))
    spread = math.exp(1.959964 * math.hypot(0.03 / 0.3, 0.02 / 0.1))
    assert found == pytest.approx({"value": 3 - 1, "low": 3 / spread - 1, "high": 3 * spread - 1})


def test_a_difference_of_means_adds_the_variances(evaluation: ModuleType) -> None:
    found = evaluation.less(Ratio(5.0, 0.3, 10), Ratio(4.0, 0.4, 10))
    assert found == pytest.approx({"value": 1.0, "low": 1 - 1.959964 * 0.5, "high": 1 + 1.959964 * 0.5})


def test_without_sessions_there_is_no_figure(evaluation: ModuleType) -> None:
    nothing = Ratio(None, None, 0)
    assert evaluation.uplift(nothing, nothing)["value"] is None
    assert evaluation.less(nothing, Ratio(1.0, 0.1, 5))["value"] is None


def test_the_summary_is_labelled_simulated_and_has_the_agreed_keys(evaluation: ModuleType) -> None:
    met = {policy: evaluation.Met() for policy in evaluation.POLICIES}
    met["none"].add(tally(0.0, 0.0))
    met["popular"].add(tally(0.1, 0.2))
    met["item-knn"].add(tally(0.3, 0.6))
    document = evaluation.summary(met)
    agreed = {
        "baseline",
        "v1",
        "v2",
        "v3",
        "oracle",
        "ctr_uplift",
        "revenue_per_visitor",
        "share_of_oracle",
        "intervals",
    }
    assert agreed <= set(document)
    assert document["simulated"] is True
    assert document["baseline"] == pytest.approx((0.1 + 0.2) / 4)
    assert document["v1"] == pytest.approx((0.3 + 0.6) / 4)
    assert document["oracle"] == pytest.approx((0.8 + 0.8) / 4)
    assert document["ctr_uplift"] == pytest.approx(0.9 / 0.3 - 1)
    assert document["share_of_oracle"] == pytest.approx(0.9 / 1.6)
    assert document["revenue_per_visitor"] == pytest.approx(12.0)
    assert document["v2"] is None
    assert document["v3"] is None
