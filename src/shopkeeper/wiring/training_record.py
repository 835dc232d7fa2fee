"""What is left of a training run for people: the card of each version it made, and its record in the experiment log.

Everything here may be done twice: a run that was killed over it does it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shopkeeper.engines.state import State
from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.registry.figures import is_interval
from shopkeeper.training.card import write_card
from shopkeeper.training.experiment_log import ExperimentLog
from shopkeeper.training.mirror import mirror_aliases
from shopkeeper.training.run import TrainingResult
from shopkeeper.wiring.model_lineage import version_facts
from shopkeeper.wiring.settings import Settings


def recorded(settings: Settings, state: State, log: ExperimentLog, result: TrainingResult) -> TrainingResult:
    """Write cards, figures and versions of a run that ended well, close its record, and return what that came to."""
    started = time.perf_counter()
    models = settings.folder(settings.engines.models)
    fitted = {"model": result.model, **result.parameters}
    log.begin(result.run, result.system, {"fitted": fitted}, {"model": result.model})
    log.metrics(result.run, dict(figures(result.metrics)))
    for name, seconds in result.seconds.items():
        log.metrics(result.run, {f"seconds/{name}": seconds})
    for step, fold in enumerate((result.cross_validation or {}).get("folds", ())):
        log.metrics(result.run, {f"fold/{name}": value for name, value in fold["metrics"].items()}, step)
    for version in dict.fromkeys(filter(None, (result.version, result.first_champion))):
        registered = state.registry.get(result.system, version)
        folder = models / registered.folder
        write_card(folder, version_facts(settings, state, registered))
        log.register(result.run, registered, folder)
        if version == result.version:
            log.artifact(result.run, folder / CARD_FILE)
    mirror_aliases(state.registry, log, models, [result.system])
    log.end(result.run, "done")
    overhead = round(result.overhead_seconds + time.perf_counter() - started, 3)
    return replace(result, log_missed=log.missed, overhead_seconds=overhead)


def figures(metrics: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Return a version's metrics as names and numbers: value, both ends of the interval, and what it stands beside."""
    for name, found in metrics.items():
        if is_interval(found):
            ends = {"": found["value"], "/low": found.get("low"), "/high": found.get("high")}
            yield from ((f"{above}{name}{end}", float(value)) for end, value in ends.items() if value is not None)
        elif isinstance(found, int | float) and not isinstance(found, bool):
            yield f"{above}{name}", float(found)
        elif isinstance(found, Mapping) and name != "slices":
            yield from figures(found, f"{above}{name}/")
