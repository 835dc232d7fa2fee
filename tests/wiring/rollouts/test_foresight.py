"""A test is planned by what the log of the last four weeks says of shoppers, whatever test they were in."""

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
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
OBJECTIVE = read_objective(example_objective("recommendations"), "example")
PER_DAY, DAYS = 30, 10


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Ten days of thirty new shoppers; each third buys for 12; one a day is held out; one came long before."""
    made = Settings(workspace=tmp_path)
    with open_workspace_state(made) as state:
        state.tables.upsert(STORES, [SourcedRow(Store(store="uk", currency="GBP"), AT)])
    log = SegmentLog(tmp_path / "log", "test")
    decisions, events = [], []

    def came(name: str, at: datetime, variant: str, test: str | None, *, buys: bool) -> None:
        row = {"decision_id": f"d-{name}", "ts": at, "store": "uk", "system": "recommendations", "unit": name,
               "variant": variant, "test": test}  # fmt: skip
        decisions.append(msgspec.json.encode(msgspec.convert(row, DecisionRecord)))
        for kind in ("impression", *(("click", "purchase") if buys else ())):
            row = {"event_id": f"{kind}-{name}", "ts": at + timedelta(minutes=1), "store": "uk", "type": kind,
                   "user": name, "product": "lamp", "decision_id": f"d-{name}", "order_id": f"o-{name}",
                   "price": 12.0}  # fmt: skip
            events.append(msgspec.json.encode(msgspec.convert(row, Event)))

    came("early", AT - timedelta(days=60), "champion", None, buys=True)
    for day in range(DAYS):
        at = AT - timedelta(days=DAYS - day)
        came(f"held{day}", at, "holdout", None, buys=True)
        for number in range(PER_DAY):
            test = "r0" if number % 2 else None
            came(f"u{day}-{number}", at, "treatment" if test else "champion", test, buys=number % 3 == 0)
    log.append(DECISIONS, decisions)
    log.append(EVENTS, events)
    log.seal()
    lake_of(made).compact()
    return made


def test_baselines_and_arrivals_are_those_of_the_log(settings: Settings) -> None:
    found = foresight_of(settings).foresee(OBJECTIVE, AT)
    assert found.arrivals == (float(PER_DAY),) * DAYS
    conversion, ctr = found.baselines["conversion"], found.baselines["ctr"]
    n, share = PER_DAY * DAYS, 1 / 3
    assert conversion.mean == pytest.approx(share)
    assert conversion.variance == pytest.approx(share * (1 - share) * n / (n - 1))
    assert ctr.mean == pytest.approx(share)


def test_too_few_shoppers_are_said(settings: Settings) -> None:
    with pytest.raises(NotEnoughData, match=r"180 shoppers; 200 are needed"):
        foresight_of(settings).foresee(OBJECTIVE, AT - timedelta(days=4, minutes=1))
