from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from shopkeeper.simulation.worlds.visits import Takings

SCRIPT = Path(__file__).parents[2] / "evaluations" / "hybrid_cost.py"
CTR = {"nightly": 0.10, "hybrid 1": 0.19, "hybrid 2": 0.16, "hybrid 3": 0.12, "live": 0.20}
SECONDS = {"nightly": 1.0, "hybrid 1": 2.5, "hybrid 2": 2.0, "hybrid 3": 1.5, "live": 3.0}


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hybrid_cost", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hybrid_cost"] = module
    spec.loader.exec_module(module)
    return module


def takings(click: float) -> Takings:
    found = Takings.of(4)
    found.answers += 10
    found.clicked += 10 * click
    found.revenue += np.array([1.0, 2.0, 3.0, 4.0]) + click
    return found


def met(evaluation: ModuleType, ctr: dict[str, float]) -> dict[str, object]:
    cost = evaluation.Cost
    return {way: [(takings(ctr[way]), cost(40, 10, SECONDS[way] - 0.5, 0.5))] * 2 for way in evaluation.WAYS}


def test_each_way_says_what_it_brings_and_what_a_thousand_answers_cost(evaluation: ModuleType) -> None:
    document = evaluation.summary(met(evaluation, CTR))
    assert document["simulated"] is True
    assert document["batch"]["ctr"]["value"] == pytest.approx(0.10)
    assert document["real_time"]["ctr_over_nightly"]["value"] == pytest.approx(0.20 / 0.10 - 1)
    assert document["real_time"]["cpu_seconds_per_1000_answers"] == pytest.approx(1_000 * 2 * 3.0 / (2 * 40))
    assert document["real_time"]["live_share"] == pytest.approx(10 / 40)


def test_the_hybrid_is_the_cheapest_split_that_keeps_nine_tenths_of_the_gain(evaluation: ModuleType) -> None:
    assert evaluation.summary(met(evaluation, CTR))["hybrid"]["setting"]["lively_events"] == 1
    assert evaluation.summary(met(evaluation, CTR | {"hybrid 2": 0.195}))["hybrid"]["setting"]["lively_events"] == 2


def test_where_no_split_keeps_so_much_it_is_the_one_that_keeps_most(evaluation: ModuleType) -> None:
    found = evaluation.summary(met(evaluation, CTR | {"hybrid 1": 0.15}))
    assert found["hybrid"]["setting"]["lively_events"] == 2
    assert found["hybrid"]["share_of_gain"] == pytest.approx((0.16 - 0.10) / (0.20 - 0.10))
