"""What a card says of a version beyond its run: the data drift is judged against, and its objective in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shopkeeper.errors import BundleDamaged, ConfigError
from shopkeeper.monitoring.reference import FILE, DriftReference
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import load_objective


def drift_words(folder: Path) -> dict[str, Any]:
    """Return what the drift reference of a bundle was made from, figure by figure; empty where it has none."""
    file = folder / FILE
    try:
        reference = DriftReference.decode(file.read_bytes()) if file.is_file() else None
    except BundleDamaged:
        return {}
    if reference is None:
        return {}
    found: dict[str, Any] = {"days": f"{reference.first} to {reference.last}"}
    return found | {
        name: f"{figure.rows:,} rows, {figure.filled:.0%} filled, moves by itself up to PSI {figure.usual:.3f}"
        for name, figure in reference.figures.items()
        if figure.rows
    }


def objective_words(objectives: Path, system: str, digest: str | None) -> dict[str, Any]:
    """Return the objective a version was judged by; empty where there was none, or the file says something else now."""
    try:
        objective = load_objective(objectives, system)
    except ConfigError:
        return {}
    return {} if objective is None or objective.digest != digest else _words(objective)


def _words(objective: Objective) -> dict[str, Any]:
    primary = objective.primary
    return {
        "name": objective.name,
        "owner": objective.owner.name,
        "primary KPI": f"{primary.metric}, {primary.direction} by at least {primary.minimum_uplift:.0%}",
        "blessed when": [
            f"{one.metric} {one.rule}" + ("" if one.margin is None else f" within {one.margin:.0%}")
            for one in objective.blessings
        ],
        "guardrails": [
            f"{one.metric} no worse than {one.margin:.0%}" if one.margin is not None else f"{one.metric} {one.limit:g}"
            for one in objective.guardrails
        ],
        "p99 latency": f"{objective.technical.p99_latency_ms:g} ms",
        "digest": objective.digest,
    }
