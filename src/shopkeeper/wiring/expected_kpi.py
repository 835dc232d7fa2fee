"""What a version in shadow would have earned, from the lake: the chances beside its answers, and what these brought."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.state import State
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.question import filled
from shopkeeper.objectives.contract import Objective
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.traffic import ARM_BLIND_RULES
from shopkeeper.rollout.evidence import Shadow
from shopkeeper.rollout.expected import reward_of, seen_places, unidentified, with_expected
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.settings import Settings

_CHANCES: Final = NamedQuery.load("shopkeeper.experiments", "shadow_chances")
_REWARDS: Final = NamedQuery.load("shopkeeper.experiments", "shadow_rewards")


def expected_in_shadow(settings: Settings, state: State, rollout: RolloutState, shadow: Shadow, at: datetime) -> Shadow:
    """Return the shadow's evidence with what the challenger would have earned by the primary metric, or why not.

    Only what comes through lists is weighed. Answers whose time to bring something is not over count as they are: the
    same answers stand on both sides of the comparison.

    Raises:
        ConfigError: `metrics.yaml` has mistakes.
        Unavailable: the lake cannot be read.
    """
    objective = rollout.objective
    known = load_metrics(settings.workspace.resolve())
    named = known.metrics.get(objective.primary.metric)
    reward = None if named is None or named.rows != "units" else reward_of(named, known)
    if reward is None:
        return unidentified(shadow, f"{objective.primary.metric} is not what a place in a list brings")
    currencies = {row.row.currency for row in state.tables.scan(STORES) if isinstance(row.row, Store)}
    if reward == "spent" and len(currencies) > 1:
        return unidentified(
            shadow, f"money of several currencies ({', '.join(sorted(currencies))}) is not added up here"
        )
    query = NamedQuery(_REWARDS.name, _filled(_REWARDS.text, objective))
    told = {"test": rollout.id, "since": rollout.stage_since, "until": at}
    warehouse = DuckDbWarehouse(Path(settings.folder(settings.engines.lake)))
    try:
        seen = seen_places(warehouse.fetch(_CHANCES, **told), warehouse.fetch(query, **told), reward)
    finally:
        warehouse.close()
    return with_expected(shadow, seen)


def _filled(text: str, objective: Objective) -> str:
    arm_blind = ", ".join(f"'{rule}'" for rule in sorted(ARM_BLIND_RULES))
    return filled(text, attribution=str(int(-(-objective.attribution_days // 1))), arm_blind=arm_blind)
