"""A workspace looks at its reasons to train again and starts the run that is due, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shopkeeper.errors import InputError
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.year import write_opening
from shopkeeper.training.run import as_plan
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.retraining import Checked, check_retraining, newest_checks, retrain_now
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_state import open_workspace_state

END = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("retraining")
    market: Market = make_market(7, Scale(products=60, shoppers=120, days=63), PLANS[:1])
    (history,) = write_opening(market, folder / "history", END)
    settings = create_workspace(folder / "shop")
    import_into(settings, history.folder, history.store)
    train_system(settings, "recommendations", Asked(parameters={"history": "20"}), say=lambda _: None)
    return settings


def look(settings: Settings, now: datetime, **changes: Any) -> Checked:  # noqa: ANN401 - keywords of the call
    return check_retraining(settings, "recommendations", now, who="test", **changes)


def trained_at(settings: Settings) -> datetime:
    with open_workspace_state(settings) as state:
        return max(version.created_at for version in state.registry.versions("recommendations"))


def test_a_new_model_needs_no_retraining_this_month(shop: Settings) -> None:
    found = look(shop, trained_at(shop), start=False).decision
    assert {trigger.kind: trigger.state for trigger in found.triggers}["schedule"] == "quiet"
    assert found.action == "nothing"


def test_looking_without_starting_keeps_nothing(shop: Settings) -> None:
    before = len(_checks(shop))
    look(shop, trained_at(shop) + timedelta(days=40), start=False)
    assert len(_checks(shop)) == before


def test_the_month_after_starts_one_run_of_the_serving_model_and_no_second(shop: Settings) -> None:
    due = trained_at(shop) + timedelta(days=40)
    due = due.replace(hour=3)
    first, second = look(shop, due), look(shop, due + timedelta(hours=1))
    assert (first.decision.action, first.decision.fired) == ("start", ("schedule",))
    assert first.run is not None
    assert (second.decision.action, second.run) == ("wait", None)
    assert f"Run {first.run} is under way" in second.decision.reason
    kept = _checks(shop)
    assert [one["run"] for one in kept[:2]] == [None, first.run]


def test_a_system_nobody_knows_is_named(shop: Settings) -> None:
    with pytest.raises(InputError, match="prices"):
        check_retraining(shop, "prices", END, who="test")


def test_a_person_starts_a_run_with_what_was_set_of_the_model_and_a_reason_that_is_kept(shop: Settings) -> None:
    run = retrain_now(shop, "recommendations", "new assortment", who="merchant")
    with opened_jobs(shop) as opened:
        plan = as_plan(opened.jobs.status(run).order["plan"])
    assert (plan.model, plan.parameters) == ("item-knn", {"history": 20})
    newest = _checks(shop)[0]
    assert (newest["run"], newest["reason"]) == (run, "asked for: new assortment")
    with open_workspace_state(shop) as state:
        assert state.audit.latest(1)[0]["who"] == "merchant"


def _checks(settings: Settings) -> list[Any]:
    with open_workspace_state(settings) as state:
        return list(newest_checks(state.reports))
