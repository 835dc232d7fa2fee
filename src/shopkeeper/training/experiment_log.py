"""What a training run tells the experiment log; the engine is MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from shopkeeper.registry.ports import Alias, ModelVersion


class ExperimentLog(Protocol):
    """The log of all runs, for people who compare them.

    Laws: it never stops a run: what it cannot write is counted in `missed`, logged and tried again at a later call;
    writing the same thing twice changes nothing, so a step that is repeated may call again; release decisions never
    read it.
    """

    @property
    def missed(self) -> int:
        """How many writes did not get through so far."""
        ...

    def begin(self, run: str, system: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Open the record of a run, or find the one a killed process opened."""
        ...

    def metrics(self, run: str, values: Mapping[str, float], step: int = 0) -> None:
        """Write figures of a run at a step: a trial, a fold, an epoch."""
        ...

    def trial(self, run: str, number: int, parameters: Mapping[str, Any], value: float | None, state: str) -> None:
        """Write one trial of tuning as a child of the run."""
        ...

    def artifact(self, run: str, path: Path, folder: str = "") -> None:
        """Keep a file or folder with a run: plots, the card, the bundle's manifest."""
        ...

    def register(self, run: str, version: ModelVersion, bundle: Path) -> None:
        """Make the version known under the system's name, with lineage to its run."""
        ...

    def alias(self, system: str, alias: Alias, version: str | None) -> None:
        """Mirror an alias of the release pointer; None takes it away."""
        ...

    def end(self, run: str, state: str) -> None:
        """Close the record: `done`, `failed` or `cancelled`."""
        ...


class NoExperimentLog:
    """Implements `ExperimentLog` where there is none to write to."""

    missed = 0

    def begin(self, run: str, system: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Write nothing."""

    def metrics(self, run: str, values: Mapping[str, float], step: int = 0) -> None:
        """Write nothing."""

    def trial(self, run: str, number: int, parameters: Mapping[str, Any], value: float | None, state: str) -> None:
        """Write nothing."""

    def artifact(self, run: str, path: Path, folder: str = "") -> None:
        """Write nothing."""

    def register(self, run: str, version: ModelVersion, bundle: Path) -> None:
        """Write nothing."""

    def alias(self, system: str, alias: Alias, version: str | None) -> None:
        """Write nothing."""

    def end(self, run: str, state: str) -> None:
        """Write nothing."""
