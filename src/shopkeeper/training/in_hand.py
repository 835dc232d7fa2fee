"""A run while it is worked on: its steps, how far it is, and what it read, in memory or back from its folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic

from shopkeeper.jobs.ports import Document, Steps
from shopkeeper.training.plan import Rails, TrainingPlan
from shopkeeper.training.ports import DataT, LearningSystem, ModelT

WORK: Final = ("extract", "features", "tune", "cross_validate", "fit", "evaluate", "serve")
"""Steps that are the work itself (`serve` may fit and judge the baseline); all else of a run is what the rails cost."""
_DATA: Final = "data"


class RunInHand(Generic[DataT, ModelT]):
    """One run in one process; after a restart another one goes on with the same folder and recorded steps.

    Args:
        shares: Step -> the share of the run's time it usually takes; only for telling how far it is.
    """

    def __init__(
        self, system: LearningSystem[DataT, ModelT], plan: TrainingPlan, rails: Rails, steps: Steps,
        shares: dict[str, float],
    ) -> None:  # fmt: skip
        self.system = system
        self.plan = plan
        self.rails = rails
        self.run = steps.run
        self.folder = steps.folder
        self.model = plan.model or system.models[0]
        self.seconds: dict[str, float] = {}
        self._steps = steps
        self.shares = shares
        self._done = 0.0
        self._started = time.perf_counter()
        self._worked = 0.0
        self._data: DataT | None = None

    def step(self, name: str, call: Callable[[], Document]) -> dict[str, Any]:
        """Return what a step found, now or before a restart; its seconds are noted with it."""

        def timed() -> Document:
            started = time.perf_counter()
            found = dict(call())
            took = time.perf_counter() - started - float(found.pop("beside_seconds", 0.0))
            if name in WORK:
                self._worked += took
            return found | {"seconds": round(took, 3)}

        found = dict(self._steps.step(name, timed))
        self.seconds[name] = found.pop("seconds")
        self._done = min(1.0, self._done + self.shares.get(name, 0.0))
        return found

    def say(self, text: str, part: float = 0.0) -> None:
        """Tell people what is done now.

        Args:
            part: How much of the step under way is done, as a share of the whole run.
        """
        self._steps.progress(min(1.0, self._done + part), text)
        self.rails.say(text)

    @property
    def overhead_seconds(self) -> float:
        """Seconds of this process that went into anything but the work itself."""
        return time.perf_counter() - self._started - self._worked

    @property
    def data(self) -> DataT:
        """What was read; after a restart it comes back from the run's folder, mapped into memory."""
        if self._data is None:
            self._data = self.system.read(self.data_folder)
        return self._data

    @property
    def data_folder(self) -> Path:
        """Where `keep` puts what was read."""
        return self.folder / _DATA

    def keep(self, data: DataT) -> None:
        """Put what was read into the run's folder: whole, or not at all."""
        draft = emptied(self.folder / f".{_DATA}")
        self.system.write(data, draft)
        shutil.rmtree(self.data_folder, ignore_errors=True)
        draft.rename(self.data_folder)
        self._data = data


def emptied(folder: Path) -> Path:
    """Return a folder that is there and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
