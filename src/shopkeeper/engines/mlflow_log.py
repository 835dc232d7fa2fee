"""The experiment log on MLflow: a SQLite file, or a server.

Every call appends to the spool first, which takes microseconds. What opens, closes or registers is then sent at once;
figures and trials, which come by the hundred, at most one second in thirty, so a run gives the log at most about 3% of
its time. After a failure the log is left alone for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from shopkeeper.engines.experiment_entries import (
    Begin,
    End,
    Entry,
    Figures,
    Kept,
    Pointed,
    Registered,
    TrialEnded,
)
from shopkeeper.engines.experiment_spool import Spool, SpoolState
from shopkeeper.engines.mlflow_store import check_url, open_client
from shopkeeper.registry.ports import Alias, ModelVersion

if TYPE_CHECKING:
    from shopkeeper.engines.mlflow_writer import MlflowWriter

SEND_SECONDS: Final = 20.0
SHORT_SECONDS: Final = 1.0
EVERY_SECONDS: Final = 30.0
REST_SECONDS: Final = 60.0

_log = structlog.get_logger(__name__)


class MlflowLog:
    """Implements `training.experiment_log.ExperimentLog`.

    Args:
        url: `sqlite:////abs/mlflow.db`, or an MLflow server's address.
        folder: Where files of a SQLite store and the spool lie.
        clock: Seconds since 1970.
        tick: Seconds that never go back.

    Raises:
        ConfigError: MLflow does not speak this URL.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        check_url(url)
        self._url = url
        self._folder = folder
        self._clock = clock
        self._tick = tick
        self._spool = Spool(folder / "spool")
        self._writer: MlflowWriter | None = None
        self._last = tick()
        self._rest_until: float | None = None

    @property
    def missed(self) -> int:
        """How many writes did not get through so far: those that wait, and those MLflow refused."""
        state = self._spool.state()
        return state.waiting + state.refused

    @property
    def state(self) -> SpoolState:
        """What waits, and why."""
        return self._spool.state()

    def begin(self, run: str, system: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Open the record of a run, or find the one a killed process opened."""
        self._put(Begin(run, system, dict(parameters), dict(tags), self._now()))

    def metrics(self, run: str, values: Mapping[str, float], step: int = 0) -> None:
        """Write figures of a run at a step: a trial, a fold, an epoch."""
        self._put_later(Figures(run, {name: float(value) for name, value in values.items()}, step, self._now()))

    def trial(self, run: str, number: int, parameters: Mapping[str, Any], value: float | None, state: str) -> None:
        """Write one trial of tuning as a child of the run."""
        self._put_later(TrialEnded(run, number, dict(parameters), value, state, self._now()))

    def artifact(self, run: str, path: Path, folder: str = "") -> None:
        """Keep a file or folder with a run: plots, the card, the bundle's manifest."""
        self._put(Kept(run, str(path.resolve()), folder))

    def register(self, run: str, version: ModelVersion, bundle: Path) -> None:
        """Make the version known under the system's name, with lineage to its run."""
        self._put(
            Registered(
                run,
                version.system,
                version.version,
                version.model,
                version.blessed,
                version.fingerprint,
                str(bundle.resolve()),
            )
        )

    def alias(self, system: str, alias: Alias, version: str | None) -> None:
        """Mirror an alias of the release pointer; None takes it away."""
        self._spool.append(Pointed(system, alias, version))
        self.send()

    def end(self, run: str, state: str) -> None:
        """Close the record: `done`, `failed` or `cancelled`."""
        self._put(End(run, state, self._now()))

    def send(self, seconds: float = SEND_SECONDS) -> int:
        """Write what waits, for at most so many seconds, and return how much is left."""
        if self._rest_until is not None and self._tick() < self._rest_until:
            return self.missed
        deadline = self._tick() + seconds
        try:
            if self._spool.state().waiting:
                self._spool.send(lambda entry: self._open().write(entry), lambda: self._tick() < deadline)
            self._rest_until = None
        except Exception as error:  # noqa: BLE001 - outermost loop: whatever the log has, the run goes on
            self._rest_until = self._tick() + REST_SECONDS
            _log.warning("experiment_log_missed", waiting=self._spool.state().waiting, error=str(error)[:300])
        self._last = self._tick()
        return self.missed

    def _put(self, entry: Entry) -> None:
        self._spool.append_once(entry)
        self.send()

    def _put_later(self, entry: Entry) -> None:
        self._spool.append(entry)
        if self._tick() - self._last >= EVERY_SECONDS:
            self.send(SHORT_SECONDS)

    def _open(self) -> MlflowWriter:
        if self._writer is None:
            client = open_client(self._url)
            from shopkeeper.engines.mlflow_writer import MlflowWriter  # noqa: PLC0415 - only where MLflow is installed

            local = not self._url.startswith("http")
            self._writer = MlflowWriter(client, (self._folder / "artifacts").resolve().as_uri() if local else None)
        return self._writer

    def _now(self) -> int:
        return int(self._clock() * 1_000)
