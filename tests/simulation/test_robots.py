"""Machines planted among simulated shoppers are found by what they do, and shoppers are not taken for machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shopkeeper.quality.behaviour import BehaviourLimits, find_machines
from shopkeeper.simulation.dirt import Dirt
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.simulation.robots import KINDS
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.workspace_lake import lake_of

UNTIL = datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_nine_of_ten_robots_are_found_and_nineteen_of_twenty_verdicts_are_right(tmp_path: Path) -> None:
    market = make_market(11, Scale(products=120, shoppers=200, days=20))
    (history, *_) = write_history(market, tmp_path / "history", UNTIL, Dirt(robots=0.15))
    settings = create_workspace(tmp_path / "shop")
    import_into(settings, history.folder, history.store)
    lake = lake_of(settings)
    warehouse = lake.warehouse()
    verdicts = find_machines(warehouse, UNTIL - timedelta(days=40), UNTIL, UNTIL + timedelta(days=1), BehaviourLimits())
    warehouse.close()
    planted = {f"sim-{history.store}-r{int(name.rsplit('-', 1)[1]):03d}" for name in history.planted.robots}
    crawlers = {v.subject for v in verdicts if "-b" in v.subject}  # the scraper of the dirt, a machine as well
    found = {v.subject for v in verdicts}
    assert set(history.planted.robots.values()) == set(KINDS)
    assert len(planted) >= 60
    assert len(found & planted) / len(planted) >= 0.90
    assert len(found & (planted | crawlers)) / len(found) >= 0.95


def test_without_robots_nobody_is_suspected_but_the_scraper(tmp_path: Path) -> None:
    market = make_market(12, Scale(products=120, shoppers=200, days=20))
    (history, *_) = write_history(market, tmp_path / "history", UNTIL, Dirt(robots=0.0))
    settings = create_workspace(tmp_path / "shop")
    import_into(settings, history.folder, history.store)
    lake = lake_of(settings)
    warehouse = lake.warehouse()
    verdicts = find_machines(warehouse, UNTIL - timedelta(days=40), UNTIL, UNTIL + timedelta(days=1), BehaviourLimits())
    warehouse.close()
    assert [v.subject for v in verdicts if "-b" not in v.subject] == []
    assert history.planted.robots == {}
