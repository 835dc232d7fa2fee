"""A workspace with two versions, an objective of its own, and a log that says what the test wants it to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.rollout.cases import lifted

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import Unavailable
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.quality.verdict import REPORT_KIND
from shopkeeper.rollout.evidence import Epoch, Service, Shadow
from shopkeeper.rollout.ports import Measured
from shopkeeper.rollout.state import RolloutState
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
TEXT = example_objective("recommendations").replace("Head of e-commerce", "Ann")
OBJECTIVE: Objective = read_objective(TEXT, "recommendations.yaml")
KPI = OBJECTIVE.primary.metric


def open_shop(folder: Path, *, text: str = TEXT, calendar: dict[str, Any] | None = None, **changes: Any) -> Settings:  # noqa: ANN401
    """Return a workspace in which `old` serves and `new` is the blessed challenger."""
    settings = create_workspace(folder).model_copy(update=changes)
    (folder / "objectives" / "recommendations.yaml").write_text(text)
    with open_workspace_state(settings) as state:
        store = Store(store="uk", time_zone="Europe/London", calendar=calendar or {})
        state.tables.upsert(STORES, [SourcedRow(store, START)])
        state.reports.save(REPORT_KIND, {"status": "pass", "findings": []}, "uk")
        for hours, name in enumerate(("old", "new")):
            state.registry.register(example_version(name, hours=hours))
        state.registry.point("recommendations", "champion", "old", "test", "first")
        state.registry.point("recommendations", "challenger", "new", "test", "blessed")
    return settings


@dataclass
class SaidLog:
    """Implements `rollout.ports.Measuring` with what a test says of each day: 5,000 units an arm, all mature."""

    lifts: dict[str, float] = field(default_factory=dict)
    per_day: int = 5_000
    dead: bool = False

    def __call__(self, settings: Settings, state: State) -> SaidLog:  # noqa: ARG002
        return self

    def measure(self, state: RolloutState, at: datetime) -> Measured:
        if self.dead:
            raise Unavailable("The warehouse does not answer.", "Wait.")
        epochs = []
        for number, one in enumerate(state.epochs):
            if one.stage in ("ab", "ramp") and one.share > 0:
                end = state.epochs[number + 1].since if number + 1 < len(state.epochs) else at
                n = int(self.per_day * (end - one.since) / timedelta(days=1)) + 1_000
                sums = lifted(OBJECTIVE, n, self.lifts)
                epochs.append(Epoch(stage=one.stage, share=one.share, exposed=(n, n), matured=sums, so_far=sums))
        answered = Service(requests=20_000, errors=1, p99_ms=20.0)
        return Measured(
            epochs=tuple(epochs), control=answered, treatment=answered,
            shadow=Shadow(answered=replace(answered, requests=5_000, errors=0)), newest=at - timedelta(hours=1),
        )  # fmt: skip
