"""A cost, a rival or a stock that jumps in a feed orders a run of its store by itself, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.pricing.houses import MONDAY, STORE, House

from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.price_runs import jumping
from shopkeeper.wiring.price_runs.jumping import JumpLooks, order_jumps
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

AT = MONDAY + timedelta(days=30)


def test_a_feed_with_jumps_orders_one_run_of_what_jumped_and_none_without_being_asked(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").touch()
    policy = tmp_path / "price-policy.yaml"
    policy.write_text("version: 1\n")
    house, settings, orders = House(tmp_path), Settings(workspace=tmp_path), list[RunOrder]()
    for name, before, now in (("up", 4.0, 4.4), ("same", 4.0, 4.0)):
        house.product(name, cost=before)
        house.product(name, cost=now, source_ts=AT - timedelta(hours=1))
    house.product("own", cost=4.0)
    house.product("own", cost=9.0, store="", source_ts=AT - timedelta(hours=1))  # that of all stores does not count
    house.rival("chased", 1, 9.0)
    house.rival("chased", 29.9, 7.0)
    house.stock("gone", 1, 20)
    house.stock("gone", 29.9, 0)
    house.warehouse()
    with open_workspace_state(settings) as state:
        state.tables.upsert(STORES, [SourcedRow(STORE, MONDAY)])
        state.registry.register(replace(example_version("v1"), system="pricing"))
        state.registry.point("pricing", "champion", "v1", "test", "first")

        def order(_settings: Settings, asked: RunOrder) -> str:
            orders.append(asked)
            return f"run{len(orders)}"

        assert order_jumps(settings, state, AT, order) == [], "the policy asks for none"
        policy.write_text("version: 1\nruns: {on_jump: {cost: 0.02}}\n")
        assert order_jumps(settings, state, AT, order) == ["run1"]
        assert (orders[0].stores, orders[0].products) == (("de",), ("chased", "gone", "up"))
        assert order_jumps(settings, state, AT + timedelta(minutes=5), order) == [], "each jump once"
    house.close()


def test_a_look_reads_only_where_a_feed_told_something_or_the_fifth_minute_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shopkeeper.toml").touch()
    policy = tmp_path / "price-policy.yaml"
    policy.write_text("version: 1\n")
    house, settings, read = House(tmp_path), Settings(workspace=tmp_path), list[datetime]()

    def noted(_settings: Settings, _state: State, at: datetime) -> list[str]:
        read.append(at)
        return []

    monkeypatch.setattr(jumping, "order_jumps", noted)
    looks = JumpLooks(settings)
    minutes = [AT + timedelta(minutes=number) for number in range(6)]
    with open_workspace_state(settings) as state:
        looks.look(state, minutes[0])
        assert read == [], "the policy asks for none"
        policy.write_text("version: 1\nruns: {on_jump: {}}\n")
        house.product("lamp", cost=4.0)
        house.warehouse()
        looks.look(state, minutes[1])
        looks.look(state, minutes[2])
        house.sale("lamp", 3)
        house.warehouse()
        looks.look(state, minutes[3])
        assert read == [minutes[1]]
        house.stock("lamp", 3, 5)
        house.warehouse()
        looks.look(state, minutes[4])
        looks.look(state, minutes[5])
        assert read == [minutes[1], *minutes[4:]]
    house.close()


@pytest.mark.parametrize("text", ["runs: {on_jump: {cost: 2}}", "runs: {on_jump: {costs: 0.1}}"])
def test_a_wrong_jump_in_the_policy_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "price-policy.yaml").write_text(f"version: 1\n{text}\n")
    with pytest.raises(ConfigError):
        load_policy(tmp_path)
