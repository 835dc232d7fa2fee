"""Experiments, their analyses and what was decided about them, in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import EXPERIMENT_ANALYSES, EXPERIMENT_DECISIONS, EXPERIMENTS, to_micros
from shopkeeper.errors import InputError
from shopkeeper.experiments.analysis_record import Analysis
from shopkeeper.experiments.log_record import ExperimentRecord, KeptAnalysis, Resolution


class StateExperiments:
    """Implements `experiments.ports.ExperimentStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, record: ExperimentRecord) -> None:
        """Keep a new experiment. Raises InputError where its name was used before."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(EXPERIMENTS), _row(record))
                detail = {"experiment": record.name, "plan": record.digest, "system": record.plan.system}
                write_audit(connection, record.started_by, "experiment.start", detail)
        except IntegrityError as error:
            raise InputError(
                f"There was an experiment called {record.name!r} before.",
                "Names are never used again, so that the log can be trusted: give the plan another `name`.",
            ) from error

    def stop(self, name: str, at: datetime, person: str, why: str) -> ExperimentRecord:
        """Note that it is over and return it."""
        with self._engine.begin() as connection:
            queue_up(connection, f"experiment {name}")
            record = _get(connection, name)
            if record.state == "stopped":
                return record
            over = msgspec.structs.replace(
                record, state="stopped", stopped_at=at, stopped_by=person, stop_reason=why
            )  # fmt: skip
            connection.execute(update(EXPERIMENTS).where(EXPERIMENTS.c.name == name).values(_row(over)))
            write_audit(connection, person, "experiment.stop", {"experiment": name, "why": why})
        return over

    def get(self, name: str) -> ExperimentRecord:
        """Return one experiment. Raises InputError for an unknown name."""
        with self._engine.connect() as connection:
            return _get(connection.execution_options(isolation_level="AUTOCOMMIT"), name)

    def all(self) -> Sequence[ExperimentRecord]:
        """Return every experiment, the newest first."""
        query = select(EXPERIMENTS.c.body).order_by(EXPERIMENTS.c.started_micros.desc(), EXPERIMENTS.c.name)
        return [msgspec.json.decode(body, type=ExperimentRecord) for body in self._bodies(query)]

    def keep(self, analysis: Analysis) -> int:
        """Add an analysis and return its number."""
        row = {
            "experiment": analysis.experiment,
            "at_micros": to_micros(analysis.at),
            "outcome": analysis.verdict.outcome if analysis.verdict else "",
            "body": msgspec.json.encode(analysis).decode(),
        }
        with self._engine.begin() as connection:
            _get(connection, analysis.experiment)
            key = connection.execute(insert(EXPERIMENT_ANALYSES), row).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def analyses(self, name: str, limit: int = 200) -> Sequence[KeptAnalysis]:
        """Return the analyses of an experiment, newest first."""
        table = EXPERIMENT_ANALYSES
        query = select(table).where(table.c.experiment == name).order_by(table.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [KeptAnalysis(number=r.number, analysis=msgspec.json.decode(r.body, type=Analysis)) for r in rows]

    def resolve(self, resolution: Resolution) -> int:
        """Add what was decided and return its number."""
        row = {
            "experiment": resolution.experiment,
            "at_micros": to_micros(resolution.at),
            "person": resolution.person,
            "body": msgspec.json.encode(resolution).decode(),
        }
        with self._engine.begin() as connection:
            _get(connection, resolution.experiment)
            key = connection.execute(insert(EXPERIMENT_DECISIONS), row).inserted_primary_key
            detail = {"experiment": resolution.experiment, "choice": resolution.choice, "why": resolution.why}
            write_audit(connection, resolution.person, "experiment.decide", detail)
        return int(key[0]) if key is not None else 0

    def resolutions(self, name: str) -> Sequence[Resolution]:
        """Return what was decided about an experiment, newest first."""
        table = EXPERIMENT_DECISIONS
        query = select(table).where(table.c.experiment == name).order_by(table.c.number.desc())
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [
            msgspec.structs.replace(msgspec.json.decode(r.body, type=Resolution), number=int(r.number)) for r in rows
        ]

    def _bodies(self, query: Select[tuple[str]]) -> list[str]:
        with self._engine.connect() as connection:
            return [str(row.body) for row in connection.execution_options(isolation_level="AUTOCOMMIT").execute(query)]


def _get(connection: Connection, name: str) -> ExperimentRecord:
    body = connection.execute(select(EXPERIMENTS.c.body).where(EXPERIMENTS.c.name == name)).scalar()
    if body is None:
        raise InputError(
            f"There is no experiment called {name!r} that was started.", "See them all: `shopkeeper experiment list`."
        )
    return msgspec.json.decode(body, type=ExperimentRecord)


def _row(record: ExperimentRecord) -> dict[str, object]:
    return {
        "name": record.name,
        "system": record.plan.system,
        "state": record.state,
        "started_micros": to_micros(record.started_at),
        "body": msgspec.json.encode(record).decode(),
    }
