"""What a system brings is said by those held out for ever, whatever tests the others went through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import DECISIONS, EVENTS, STORES
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import NotEnoughData
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.rollouts.holdout import holdout_money
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

NOW = datetime(2026, 3, 30, 9, tzinfo=UTC)
START = NOW - timedelta(days=20)


def shop(folder: Path, held: int, others: int) -> Settings:
    """Write a log in which shoppers held out spend 10 or 12 and all others 13 or 15; the others change their arms."""
    settings, log = Settings(workspace=folder), SegmentLog(folder / "log", "test")
    with open_workspace_state(settings) as state:
        state.tables.upsert(STORES, [SourcedRow(Store(store="uk", currency="GBP", tax_rates={"standard": 0.0}), START)])
    for number in range(held + others):
        kept_out = number < held
        arms = ["holdout"] if kept_out else ["champion", "control" if number % 2 else "treatment"]
        for day, variant in enumerate(arms):
            row = {
                "decision_id": f"d{number}-{day}", "ts": START + timedelta(days=day), "store": "uk",
                "unit": f"u{number}", "system": "recommendations", "variant": variant, "epoch": day,
                "test": "r1" if day else None,
            }  # fmt: skip
            log.append(DECISIONS, [msgspec.json.encode(msgspec.convert(row, DecisionRecord))])
        bought = {
            "event_id": f"e{number}", "ts": START + timedelta(days=9), "store": "uk", "type": "purchase",
            "user": f"u{number}", "product": "lamp", "price": (10.0 if kept_out else 13.0) + 2.0 * (number % 2),
        }  # fmt: skip
        log.append(EVENTS, [msgspec.json.encode(msgspec.convert(bought, Event))])
    log.seal()
    lake_of(settings).compact()
    return settings


def test_the_money_is_the_difference_a_shopper_times_the_shoppers_though_they_changed_arms(tmp_path: Path) -> None:
    (found,) = holdout_money(shop(tmp_path, 40, 200), "recommendations", 4, NOW)
    assert (found.currency, found.stores, found.held_out, found.others) == ("GBP", ("uk",), 40, 200)
    assert found.figure.relative == pytest.approx(14 / 11 - 1)
    assert found.figure.money == pytest.approx((14 - 11) * 200)
    assert found.figure.low < 14 / 11 - 1 < found.figure.high
    assert 0 < found.figure.detectable < 0.1


def test_of_another_system_and_of_weeks_long_gone_nothing_counts(tmp_path: Path) -> None:
    settings = shop(tmp_path, 10, 10)
    with pytest.raises(NotEnoughData, match="0 shoppers of pricing"):
        holdout_money(settings, "pricing", 4, NOW)
    with pytest.raises(NotEnoughData):
        holdout_money(settings, "recommendations", 1, NOW)


def test_nobody_held_out_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="held out"):
        holdout_money(shop(tmp_path, 0, 10), "recommendations", 4, NOW)
