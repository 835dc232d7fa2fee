from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from tests.simulation.worlds.conftest import START, small_plan

from shopkeeper.simulation.worlds.history import COLUMNS, STRIP, live_history, write_dataset
from shopkeeper.simulation.worlds.world import World, make_world
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = make_world("missions", 3, small_plan("missions"))
    folder = tmp_path_factory.mktemp("history")
    write_dataset(world, live_history(world, START)[0], folder)
    return folder


def events(folder: Path) -> list[dict[str, str]]:
    with (folder / "events.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_all_of_a_history_can_be_imported(folder: Path, tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    report = import_into(settings, folder, None)
    assert sum(table.rejected for table in report.tables) == 0
    assert {table.table: table.accepted for table in report.tables}["events"] == len(events(folder))


def test_events_lie_in_the_order_of_time_and_purchases_of_an_order_share_theirs(folder: Path) -> None:
    rows = events(folder)
    assert tuple(rows[0]) == COLUMNS
    assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
    times: dict[str, set[str]] = {}
    for row in rows:
        if row["type"] == "purchase":
            times.setdefault(row["order_id"], set()).add(row["ts"])
    assert times
    assert all(len(those) == 1 for those in times.values())


def test_a_home_page_shows_one_strip_and_clicks_lie_in_it(folder: Path) -> None:
    kinds = Counter(row["type"] for row in events(folder))
    assert kinds["impression"] % STRIP == 0
    assert 0 < kinds["click"] < kinds["impression"] / STRIP
    assert all(1 <= int(row["position"]) <= STRIP for row in events(folder) if row["type"] == "click")


def test_users_are_those_who_are_known_by_account(world: World, tmp_path: Path) -> None:
    write_dataset(world, live_history(world, START)[0], tmp_path)
    lines = (tmp_path / "users.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == world.people.signed_in.sum()
    assert {"user", "age_band", "gender", "region", "segment"} <= set(msgspec.json.decode(lines[0]))
