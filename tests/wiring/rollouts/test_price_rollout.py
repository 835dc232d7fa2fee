"""A version of the pricing model goes up by runs and switchback tests, and all of its prices come back when it must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.wiring.price_test_shops import (
    ANNA,
    BEN,
    PRODUCTS_OF,
    approved,
    now_shown,
    opened_shop,
    sell,
)

from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.pricing.proposal import Span
from shopkeeper.pricing.runs.price_run import PriceRun, RunStep
from shopkeeper.quality.verdict import REPORT_KIND
from shopkeeper.rollout import stages
from shopkeeper.rollout.state import RolloutState
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.price_runs.acts import publish_run
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.price_tests.turning import take_turns
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.price_steps import carry_out
from shopkeeper.wiring.rollouts.start import Start, start_rollout
from shopkeeper.wiring.rollouts.watch import watch_rollouts
from shopkeeper.wiring.settings import RolloutSettings, Settings

TEXT = (
    example_objective("pricing").replace("Head of pricing", "Ann").replace("freshness: 6h", "freshness: 3d")
    .replace("maturation_days: 21", "maturation_days: 1").replace("attribution_days: 7", "attribution_days: 1")
)  # fmt: skip
FAST = RolloutSettings.model_validate(
    {
        "prices": {"period_days": 2, "washout_days": 1}, "power": 0.8,
        "ramp": [
            {"stage": "shadow", "share": 0.05}, {"stage": "ab", "share": 0.15}, {"stage": "ramp", "share": 0.5},
            {"stage": "full", "share": 1.0},
        ],
    }
)  # fmt: skip
CELLS = 12
"""Of one arm: three pairs of clusters bring six in a block of four days, so the test takes eight days."""


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def start(now: datetime) -> date:
    return now.date() + timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = create_workspace(tmp_path / "shop").model_copy(update={"rollout": FAST})
    (made.workspace / "objectives" / "pricing.yaml").write_text(TEXT)
    (made.workspace / "price-policy.yaml").write_text("version: 1\n")
    return made


@pytest.fixture
def state(settings: Settings, start: date) -> Iterator[State]:
    opened = opened_shop(settings, start)
    opened.reports.save(REPORT_KIND, {"status": "pass", "findings": []}, "uk")
    for hours, name in enumerate(("old", "new")):
        opened.registry.register(changed(example_version(name, hours=hours), system="pricing"))
    opened.registry.point("pricing", "champion", "old", "test", "first")
    opened.registry.point("pricing", "challenger", "new", "test", "blessed")
    yield opened
    opened.close()


def begun(settings: Settings, units: int | None = CELLS) -> RolloutState:
    asked = Start(units_per_arm=units)
    return start_rollout(settings, "pricing", asked, ANNA.who, foresight_of(settings))


def run_of_version(settings: Settings, state: State, folder: Path, name: str, at: datetime) -> PriceRun:
    """Keep an approved run of the version, computed at a moment."""
    known = [one.id for one in state.price_runs.newest() if one.id == "run of 12"]
    source = state.price_runs.get(known[0]) if known else approved(settings, state, folder)
    steps = tuple(RunStep(one.status, one.who, one.why, at) for one in source.steps[:2])
    lift = Span(0.01, 0.03, 0.05)
    made = replace(
        source, id=name, model="new", at=at, store="", status="approved", lifts={"GBP": lift},
        steps=(*steps, RunStep("approved", BEN.who, "right", at)),
    )  # fmt: skip
    return state.price_runs.begin(made, state.price_runs.prices("run of 12", limit=100))


def looked(settings: Settings, at: datetime) -> dict[str, Any]:
    (said,) = watch_rollouts(settings, at, MeasuredRollouts)
    return said


def lived(settings: Settings, state: State, name: str) -> datetime:
    """Let the days of a test pass, with turns at each midnight and sales, and return the minute after its last."""
    test = state.price_tests.get(name)
    treated = frozenset(
        (category, day)
        for category in set(PRODUCTS_OF.values())
        for day in range(test.design.days)
        if f"uk: {category}" in test.treated_on(day)
    )
    for day in range(test.design.days + 1):
        take_turns(settings, state, datetime.combine(test.start + timedelta(days=day), time(0, 1), UTC))
    sell(settings, test.start, range(test.design.days), name, treated)
    return datetime.combine(test.start + timedelta(days=test.design.days), time(0, 2), UTC)


def test_a_version_goes_from_shadow_to_everybody_by_the_coins_and_comes_back_with_all_of_its_prices(
    settings: Settings, state: State, tmp_path: Path, now: datetime
) -> None:
    rollout = begun(settings)
    assert (rollout.unit, rollout.holdout, rollout.control_version) == ("switchback", 0.0, "old")
    first = run_of_version(settings, state, tmp_path, "first", now)
    with pytest.raises(ContractNotMet, match="rollout start pricing new"):
        publish_run(settings, state, first.id, BEN, "around the gate")

    assert looked(settings, now + timedelta(minutes=1))["effect"] == "advanced to ab (15%)"
    assert state.price_runs.get("first").status == "in_test"
    name = f"{rollout.id}-1"
    assert len(state.price_tests.get(name).design.coins) == 1, "30% of three pairs"
    over = lived(settings, state, name)
    run_of_version(settings, state, tmp_path, "second", over)
    assert looked(settings, over + timedelta(minutes=1))["effect"] == "advanced to ramp (50%)"

    name = f"{rollout.id}-2"
    assert state.price_tests.get(name).design.days == 8, "12 cells at six a block of four days"
    late = lived(settings, state, name) + timedelta(days=2)
    sell(settings, late.date(), range(1), "after", frozenset())
    run_of_version(settings, state, tmp_path, "third", late)
    found = looked(settings, late + timedelta(minutes=1))
    assert found["effect"] == "advanced to full (100%)", found
    assert state.price_runs.get("third").status == "published"
    assert state.registry.pointer("pricing", "champion") == "new"
    assert set(now_shown(state).values()) == {10.4}

    here, at = state.rollouts.get(rollout.id), late + timedelta(hours=1)
    gone = state.rollouts.step(here, stages.roll_back(here, "anna", "complaints", at), "anna", "rolled back")
    carry_out(settings, state, gone, at)
    assert state.price_runs.get("third").status == "reverted"
    assert set(now_shown(state).values()) == {10.0}
    assert state.registry.pointer("pricing", "champion") == "old"


def test_taking_a_rollout_back_ends_its_test_and_no_price_of_it_is_left(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    rollout = begun(settings)
    run_of_version(settings, state, tmp_path, "first", now)
    looked(settings, now + timedelta(minutes=1))
    first_day = datetime.combine(start, time(0, 1), UTC)
    take_turns(settings, state, first_day)
    assert 10.4 in now_shown(state).values()
    here = state.rollouts.get(rollout.id)
    gone = state.rollouts.step(here, stages.roll_back(here, "anna", "complaints", first_day), "anna", "rolled back")
    carry_out(settings, state, gone, first_day)
    carry_out(settings, state, gone, first_day + timedelta(minutes=1))
    assert set(now_shown(state).values()) == {10.0}
    assert state.price_tests.running() == []
    assert state.experiments.get(f"{rollout.id}-1").stopped_by == "anna"


def test_a_run_of_the_version_is_ordered_where_none_is_there_and_not_again_each_minute(
    settings: Settings, state: State, tmp_path: Path, now: datetime
) -> None:
    rollout, orders = begun(settings), list[RunOrder]()

    def order(_settings: Settings, asked: RunOrder) -> str:
        orders.append(asked)
        return f"job{len(orders)}"

    carry_out(settings, state, stages.hold(rollout, "anna", "wait", now), now, order)
    assert orders == [], "a person holds it"
    carry_out(settings, state, rollout, now, order)
    carry_out(settings, state, rollout, now + timedelta(minutes=1), order)
    (asked,) = orders
    assert (asked.version, asked.stores, asked.who) == ("new", (), ANNA.who), "who began it may not approve it"
    carry_out(settings, state, rollout, now + timedelta(hours=7), order)
    assert len(orders) == 2, "nobody saw a run of the first"
    run_of_version(settings, state, tmp_path, "first", now + timedelta(hours=7))
    carry_out(settings, state, rollout, now + timedelta(hours=14), order)
    assert len(orders) == 2
    carry_out(settings, state, rollout, now + timedelta(days=3), order)
    assert len(orders) == 3, "it got too old"


def test_what_clusters_cannot_prove_is_refused_and_what_takes_too_long_is_not_begun(
    settings: Settings, state: State
) -> None:
    file = settings.workspace / "objectives" / "pricing.yaml"
    file.write_text(TEXT.replace("{metric: units, margin: 0.05}", "{metric: conversion, margin: 0.05}"))
    with pytest.raises(InputError, match="no test by switchback gives"):
        begun(settings)
    file.write_text(TEXT.replace("minimum_uplift: 0.02", "minimum_uplift: 0.0002"))
    with pytest.raises(ContractNotMet, match="weeks; 26 are allowed"):
        begun(settings, None)
    file.write_text(TEXT)
    planned = begun(settings, None)
    assert planned.plan.users_per_arm % 6 == 0, "whole blocks of six cells"
    assert state.rollouts.alive()[0].id == planned.id


def test_a_test_that_cannot_begin_says_why_and_is_tried_again_after_a_while(
    settings: Settings, state: State, tmp_path: Path, now: datetime
) -> None:
    rollout = begun(settings)
    run_of_version(settings, state, tmp_path, "first", now)
    policy = settings.workspace / "price-policy.yaml"
    policy.write_text("version: 1\nrules: {days_between_changes: 9}\n")
    assert looked(settings, now + timedelta(minutes=1))["effect"] == "advanced to ab (15%)"
    assert "longer `period_days`" in looked(settings, now + timedelta(minutes=2))["why"]
    policy.write_text("version: 1\n")
    looked(settings, now + timedelta(minutes=3))
    assert state.price_tests.running() == [], "drawing it reads half a year of sales"
    looked(settings, now + timedelta(minutes=12))
    assert [one.name for one in state.price_tests.running()] == [f"{rollout.id}-1"]
