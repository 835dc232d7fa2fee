from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import msgspec
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
    found = {name: takings(click) for name, click in clicks.items()}
    return evaluation.Met("tastes", 1_000, found, {"v1": {"deadline": 1}}, {})


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


def test_what_was_kept_of_a_version_is_not_done_again_and_joins_those_of_its_world_who_came(
    evaluation: ModuleType, tmp_path: Path
) -> None:
    clicks, cases = {"baseline": 0.1, "v1": 0.2, "oracle": 0.5}, {}
    for name, click in clicks.items():
        case = evaluation.Case("tastes", 1_000, name, 0, tmp_path)
        found = takings(click)
        found.visits[3] = 0
        sums = {field: getattr(found, field).tolist() for field in Takings.__dataclass_fields__}
        kept = evaluation.Judged(sums, {}, {f"meet {name}": 2.0})
        case.file.write_bytes(msgspec.json.encode(kept))
        cases[case] = evaluation.judge(case)
    met = evaluation.together("tastes", 1_000, cases)
    assert set(met.takings) == set(clicks)
    assert met.takings["v1"].clicked.tolist() == takings(0.2).clicked[:3].tolist()
    assert sum(met.seconds.values()) == 6.0
