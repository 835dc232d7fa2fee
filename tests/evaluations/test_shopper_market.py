from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from shopkeeper.simulation.worlds.visits import Takings

SCRIPT = Path(__file__).parents[2] / "evaluations" / "shopper_market.py"
AGREED = {
    "baseline", "v1", "v2", "v3", "oracle", "ctr_uplift", "revenue_per_visitor", "share_of_oracle", "intervals",
}  # fmt: skip


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shopper_market", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shopper_market"] = module
    spec.loader.exec_module(module)
    return module


def takings(click: float) -> Takings:
    """Return four shoppers who saw 2, 4, 2 and 4 lists, clicked as said, and spent 10 an order."""
    found = Takings.of(4)
    found.visits += 1
    found.answers += np.array([2.0, 4.0, 2.0, 4.0])
    found.clicked += click * found.answers + np.array([0.1, -0.1, 0.05, -0.05])
    found.revenue += 20 * click + np.array([1.0, 2.0, 3.0, 4.0])
    found.spent += 10
    found.orders += 1
    return found


def met(evaluation: ModuleType, **clicks: float) -> object:
    case = evaluation.Case("tastes", 1_000, {name: name for name in clicks if name != "oracle"}, 0)
    return evaluation.Met(case, {name: takings(click) for name, click in clicks.items()}, {"v1": Counter()}, {})


def test_the_summary_is_labelled_simulated_and_has_the_agreed_keys_as_numbers(evaluation: ModuleType) -> None:
    document = evaluation.summary([met(evaluation, baseline=0.1, v1=0.2, oracle=0.5)])
    assert set(document) >= AGREED
    assert document["simulated"] is True
    assert document["version"] == "v1"
    assert (document["baseline"], document["v1"], document["oracle"]) == pytest.approx((0.1, 0.2, 0.5))
    assert document["ctr_uplift"] == pytest.approx(0.2 / 0.1 - 1)
    assert document["share_of_oracle"] == pytest.approx((0.2 - 0.1) / (0.5 - 0.1))
    assert document["revenue_per_visitor"] == pytest.approx(20 * 0.2 + 2.5)
    assert document["v2"] is None
    assert document["v3"] is None


def test_each_version_is_compared_with_the_one_before_it_shopper_by_shopper(evaluation: ModuleType) -> None:
    versions = evaluation.figures([met(evaluation, baseline=0.1, v1=0.2, v2=0.25, oracle=0.5)])["versions"]
    assert versions["v1"]["ctr_less_baseline"]["value"] == pytest.approx(0.1)
    assert versions["v2"]["ctr_less_v1"]["value"] == pytest.approx(0.05)
    assert versions["v2"]["revenue_less_v1"]["low"] == pytest.approx(20 * 0.05)  # the same for everybody: no error


def test_worlds_of_a_mechanism_are_told_apart_and_together(evaluation: ModuleType) -> None:
    both = evaluation.summary([met(evaluation, baseline=0.1, v1=0.2, oracle=0.5)] * 2)
    assert both["intervals"]["visitors"] == 8
    assert list(both["mechanisms"]) == ["tastes"]
    assert len(both["worlds"]) == 2
