"""Where experiments are kept, and where their rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from shopkeeper.experiments.analysis_record import Analysis
from shopkeeper.experiments.log_record import ExperimentRecord, KeptAnalysis, Resolution
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import Warehouse


class KeepingWarehouse(Warehouse, Protocol):
    """A warehouse that reads something once to be asked about it more than once."""

    def keeping(self, relations: Sequence[Relation]) -> AbstractContextManager[KeepingWarehouse]:
        """Give a warehouse that has some relations by name, each made of the tables and the relations before it.

        Laws: each has the rows of one state of the lake and is read once; nobody else sees them and nothing of them is
        left behind; until they are let go, the warehouse given is the one that is asked.

        Raises:
            LogDamaged, Unavailable: as `fetch`.
        """
        ...


class ExperimentStore(Protocol):
    """Experiments, their analyses and what was decided.

    Laws: a plan is kept as it was frozen and its name is never used again; analyses and decisions are only ever added;
    what one process wrote is what every other reads; all raise Unavailable when the engine does not answer.
    """

    def begin(self, record: ExperimentRecord) -> None:
        """Keep a new experiment. Raises InputError where its name was used before. Audited."""
        ...

    def stop(self, name: str, at: datetime, person: str, why: str) -> ExperimentRecord:
        """Note that it is over and return it; over stays over. Raises InputError for an unknown name. Audited."""
        ...

    def get(self, name: str) -> ExperimentRecord:
        """Return one experiment. Raises InputError for an unknown name."""
        ...

    def all(self) -> Sequence[ExperimentRecord]:
        """Return every experiment, the newest first."""
        ...

    def keep(self, analysis: Analysis) -> int:
        """Add an analysis and return its number. Raises InputError where the experiment is not known."""
        ...

    def analyses(self, name: str, limit: int = 200) -> Sequence[KeptAnalysis]:
        """Return the analyses of an experiment, newest first."""
        ...

    def resolve(self, resolution: Resolution) -> int:
        """Add what was decided and return its number. Raises InputError where the experiment is not known. Audited."""
        ...

    def resolutions(self, name: str) -> Sequence[Resolution]:
        """Return what was decided about an experiment, newest first."""
        ...
