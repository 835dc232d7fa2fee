"""The work of a price run: what the shop shows, proposals, both gates, and the run kept as it came out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from shopkeeper.engines.state import State
from shopkeeper.jobs.ports import Document, Steps, Work
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.price_tests.turns import kept_for_tests
from shopkeeper.pricing.proposal import ProposedPrices
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.jumps import moving_only
from shopkeeper.pricing.runs.price_run import PriceRun, begun
from shopkeeper.pricing.runs.run_limits import limited
from shopkeeper.wiring.price_runs.acts import publish_by_rule
from shopkeeper.wiring.price_runs.asked import asked_proposals
from shopkeeper.wiring.price_runs.confirming import confirm_prices
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.price_runs.resident import ResidentRun
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

STEPS: Final = ("reconcile", "propose", "gates", "publish")
_FILE: Final = "proposed.json"


def price_run_work(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Work:
    """Return what is done for a job of kind `price_run`; it ends with the run as it was kept."""
    resident = ResidentRun()

    def work(steps: Steps, _subject: str, order: Document) -> Document:
        asked = msgspec.convert(order, RunOrder)
        with open_workspace_state(settings) as state:
            if not asked.products:  # what the shop shows of all its prices is no matter of a few that jumped
                _tell(steps, say, 0.02, "Reading what the shop shows of earlier prices.")
                steps.step(STEPS[0], lambda: {"new": confirm_prices(settings, state, datetime.now(UTC)).new})
            _tell(steps, say, 0.1, "Proposing prices.")
            file = steps.folder / _FILE
            steps.step(STEPS[1], lambda: _propose(settings, state, resident, asked, file))
            _tell(steps, say, 0.9, "Asking both gates.")
            steps.step(STEPS[2], lambda: _judge(settings, state, steps.run, asked, file))
            _tell(steps, say, 0.95, "Publishing what was approved by rule.")
            steps.step(STEPS[3], lambda: publish_by_rule(settings, state, steps.run))
            return {"run": steps.run}

    return work


def _tell(steps: Steps, say: Callable[[str], None], share: float, text: str) -> None:
    say(text)
    steps.progress(share, text)


def _propose(settings: Settings, state: State, resident: ResidentRun, order: RunOrder, file: Path) -> Document:
    if order.asked:
        found = asked_proposals(state, load_policy(settings.workspace), order.asked, order.at)
    elif order.products and order.stores:
        found = resident.proposed(settings, state, order.products, order.stores, order.at)
    else:
        found = resident.whole(settings, order.stores, order.at, order.version)
    if order.products:
        found = moving_only(found, order.products)
    written = file.with_suffix(".part")
    written.write_bytes(msgspec.json.encode(found))
    written.replace(file)
    return {"prices": len(found.rows), "file": file.name}


def _judge(settings: Settings, state: State, run: str, order: RunOrder, file: Path) -> Document:
    proposed = msgspec.json.decode(file.read_bytes(), type=ProposedPrices)
    policy = load_policy(settings.workspace)
    named = order.stores[0] if len(order.stores) == 1 else ""
    first = begun(run, named, order.who, proposed)
    rows, findings = kept_for_tests(limited(policy, proposed.rows), state.price_tests.held())
    judged, prices = run_steps.gated(first, rows, policy.runs, datetime.now(UTC), proposed.beside)
    judged = replace(judged, findings=(*judged.findings, *findings))
    kept: PriceRun = state.price_runs.begin(judged, prices)
    return {"status": kept.status, "moved": kept.moved, "held": kept.held}
