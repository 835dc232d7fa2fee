"""A simulated year: weeks that can be imported one after the other, and happenings that can be found in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.year import Happenings, market_in, week_end, write_opening, write_week

OPENING = datetime(2026, 1, 1, tzinfo=UTC)
HAPPENINGS = Happenings(taste=2, broken_feed=(1,), new_field=3)


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(7, Scale(products=60, shoppers=60, days=365), PLANS[:1])


def write(market: Market, week: int, folder: Path) -> Path:
    now = market_in(market, week, HAPPENINGS)
    (history,) = write_week(now, week, folder, week_end(OPENING, week), HAPPENINGS)
    return history.folder


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_no_two_chapters_share_an_event_a_session_or_an_order(market: Market, tmp_path: Path) -> None:
    (opening,) = write_opening(market, tmp_path / "before", OPENING)
    parts = [opening.folder, write(market, 0, tmp_path / "0"), write(market, 1, tmp_path / "1")]
    for key in ("event_id", "session", "order_id"):
        sets = [{row[key] for row in rows(part / "events.jsonl") if row.get(key)} for part in parts]
        assert sum(map(len, sets)) == len(set.union(*sets))


def test_a_week_has_only_its_own_days(market: Market, tmp_path: Path) -> None:
    found = rows(write(market, 0, tmp_path) / "events.jsonl")
    assert min(row["ts"] for row in found) >= "2026-01-01"
    assert max(row["ts"] for row in found) < "2026-01-08T00:00:01"


def test_only_the_broken_weeks_lose_the_prices_of_purchases(market: Market, tmp_path: Path) -> None:
    shares = []
    for week in (0, 1):
        bought = [
            row for row in rows(write(market, week, tmp_path / str(week)) / "events.jsonl") if row["type"] == "purchase"
        ]
        shares.append(sum("price" in row for row in bought) / len(bought))
    assert shares == [1.0, 0.0]


def test_users_come_with_a_segment_from_their_week_on(market: Market, tmp_path: Path) -> None:
    assert not (write(market, 2, tmp_path / "2") / "users.jsonl").exists()
    users = rows(write(market, 3, tmp_path / "3") / "users.jsonl")
    assert users
    assert all(user["segment"] for user in users)


def test_tastes_turn_in_their_week_and_stay(market: Market) -> None:
    before, after, later = (market_in(market, week, HAPPENINGS).stores[0] for week in (1, 2, 40))
    assert before.taste.tobytes() == market.stores[0].taste.tobytes()
    assert after.taste.tobytes() == later.taste.tobytes()
    assert np.corrcoef(before.taste[:, :60].ravel(), after.taste[:, :60].ravel())[0, 1] < 0.7
    assert after.crowd.tier.mean() == pytest.approx(0.35 * before.crowd.tier.mean())


def test_the_same_week_is_written_to_the_byte(market: Market, tmp_path: Path) -> None:
    one, two = (write(market, 0, tmp_path / name) / "events.jsonl" for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()
