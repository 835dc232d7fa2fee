"""How seldom lower places are looked at, told by lists that chance had a part in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.tables import DECISIONS, EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.recommendations.behaviour.examination import (
    MOST_WEIGHT,
    Shown,
    place_weights,
    position_exponent,
    read_shown,
)
from shopkeeper.recommendations.behaviour.extract import extract_interactions

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def moved(lists: int, exponent: float, share: float = 0.25) -> Shown:
    """Return what stood at 6 places of lists one product of which was moved to a place by chance, seeded."""
    draw = np.random.default_rng(5)
    places = np.tile(np.arange(1, 7), lists)
    other = draw.random(len(places)) < share
    wanted = np.where(other, 0.2, 0.6 / places)
    clicked = draw.random(len(places)) < wanted * places.astype(np.float64) ** -exponent
    return Shown(places, np.where(other, share / 50, 1.0 - share), clicked)


@pytest.mark.parametrize("exponent", [0.4, 0.9, 1.5])
def test_the_exponent_is_found_though_better_products_stand_higher(exponent: float) -> None:
    assert position_exponent(moved(20_000, exponent)) == pytest.approx(exponent, abs=0.12)


def test_where_all_places_are_looked_at_alike_nothing_is_said() -> None:
    assert position_exponent(moved(20_000, 0.0)) == 0.0


def test_few_clicks_say_nothing() -> None:
    assert position_exponent(moved(40, 1.5)) == 0.0
    nothing = np.empty(0)
    assert position_exponent(Shown(nothing.astype(np.int64), nothing, nothing.astype(np.bool_))) == 0.0


def test_what_is_taken_from_a_place_counts_one_over_how_often_it_is_looked_at() -> None:
    weights = place_weights(np.array([0, 1, 2, 4, 1_000], dtype=np.int16), 0.5)
    assert weights.tolist() == pytest.approx([1.0, 1.0, 2**0.5, 2.0, MOST_WEIGHT])
    assert place_weights(np.array([0, 3, 9], dtype=np.int16), 0.0).tolist() == [1.0, 1.0, 1.0]


class World:
    """A lake of decisions and events."""

    def __init__(self, folder: Path) -> None:
        self.log = SegmentLog(folder / "log", "test")
        self.lake = Lake(folder / "log", folder / "lake")

    def put(self, table: Any, **row: Any) -> None:  # noqa: ANN401 - fields of a row
        self.log.append(table, [msgspec.json.encode({"ts": DAY, "store": "uk", **row})])

    def decision(self, name: str, items: list[dict[str, Any]], policy: str = "drawn", **fields: Any) -> None:  # noqa: ANN401
        answer = {"items": items, "policy": policy}
        self.put(DECISIONS, **{"decision_id": name, "system": "recommendations", "answer": answer, **fields})

    def ready(self) -> None:
        self.log.seal()
        self.lake.compact()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.log.close()


ITEMS = [
    {"product": "kept", "chance": 1.0, "open": False},
    {"product": "own", "chance": 0.9, "open": True},
    {"product": "moved", "chance": 0.01, "open": True},
]


def test_open_places_of_drawn_lists_are_read_with_their_clicks(world: World) -> None:
    world.decision("d1", ITEMS)
    world.decision("d2", ITEMS, policy="certain")
    world.decision("d3", [{"product": "old form", "chance": 0.5}])
    world.decision("late", ITEMS, ts=DAY + timedelta(days=2))
    for name, kind, decision in (("moved", "click", "d1"), ("own", "view", "d1"), ("own", "click", "d2")):
        world.put(EVENTS, event_id=f"{name}-{decision}", type=kind, product=name, decision_id=decision, visitor="v")
    world.ready()
    found = read_shown(world.lake.warehouse(), DAY + timedelta(days=1), DAY + timedelta(days=1))
    assert found.places.tolist() == [2, 3]
    assert found.chances.tolist() == [0.9, 0.01]
    assert found.clicked.tolist() == [False, True]


def test_a_click_in_a_list_of_ours_keeps_its_place(world: World) -> None:
    rows: list[dict[str, Any]] = [
        {"type": "click", "product": "a", "decision_id": "d1", "position": 3},
        {"type": "view", "product": "a"},
        {"type": "click", "product": "b", "position": 7},
        {"type": "view", "product": "c", "decision_id": "d1", "position": 2},
    ]
    for number, row in enumerate(rows):
        world.put(EVENTS, event_id=f"e{number}", user="ann", **{**row, "ts": DAY + timedelta(minutes=number)})
    world.ready()
    data = extract_interactions(world.lake.warehouse())
    assert data.positions.tolist() == [3, 0, 0, 0]
    assert data.sequences.positions.tolist() == [3, 0, 0]  # the click and the view of the page are one run
    assert data.position_exponent == 0.0
