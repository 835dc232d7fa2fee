"""Sums over everybody a system answered in the last weeks, whatever test they were in: as if it had been one test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.experiments.live_test import HOLDOUT
from shopkeeper.experiments.measuring import Asked
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.metric_sums import sums_query
from shopkeeper.experiments.question import kept_relations, midnight
from shopkeeper.experiments.relations import Parameters, Relation
from shopkeeper.experiments.unit_sums import TestSums, read_sums
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

OTHERS: Final = "others"
"""Variant of all units that are not held out; what arm of what test they were in from day to day does not matter."""
_ARM: Final = f"CASE WHEN variant = '{HOLDOUT}' THEN '{HOLDOUT}' ELSE '{OTHERS}' END"
_INSTEAD: Final = (
    ("test = $test", "system = $test AND ts >= $start"),
    ("min(epoch) AS", "0 AS"),
    ("min(variant) AS", f"min({_ARM}) AS"),
    ("max(variant) AS", f"max({_ARM}) AS"),
)
"""What of the relations of a test is said otherwise."""


def sums_of_everybody(
    settings: Settings, system: str, metrics: Sequence[str], first: date, at: datetime, *, attribution_days: float,
    maturation_days: float,
) -> TestSums:  # fmt: skip
    """Return the sums of metrics over units first answered from a day on, held out or not.

    Raises:
        ConfigError: `metrics.yaml` has mistakes.
        Unavailable: the logs cannot be read.
    """
    known = load_metrics(settings.workspace.resolve())
    with open_workspace_state(settings) as state:
        stores = tuple(found.row for found in state.tables.scan(STORES) if isinstance(found.row, Store))
    asked = Asked(
        test=system, at=at, known=known, metrics=known.of_units(metrics), attribution_days=attribution_days,
        maturation_days=maturation_days, slow_ms=0.0, stores=stores,
    )  # fmt: skip
    question = asked.question(first, {})
    relations = [_of_anybody(one, first) for one in kept_relations(question, midnight(question.before), at)]
    query, parameters = sums_query(question)
    lake = lake_of(settings)
    with Analytics(settings, lake).reading() as warehouse, warehouse.keeping(relations) as kept:
        return read_sums(question, kept.fetch(query, **parameters))


def _of_anybody(relation: Relation, first: date) -> Relation:
    text = relation.text
    for of_test, of_anybody in _INSTEAD:
        text = text.replace(of_test, of_anybody)
    start: Parameters = {"start": midnight(first)} if "$start" in text else {}
    return Relation(relation.name, text, relation.parameters | start)
