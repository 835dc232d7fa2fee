"""Model versions and aliases in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import MODEL_ALIASES, MODEL_VERSIONS, from_micros, to_micros
from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.registry.ports import Alias, ModelVersion


class StateRegistry:
    """Implements `registry.ports.ModelRegistry`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register(self, version: ModelVersion) -> None:
        """Add a version. Raises InputError if the version is already there."""
        row = {
            "system": version.system,
            "version": version.version,
            "model": version.model,
            "folder": version.folder,
            "created_micros": to_micros(version.created_at),
            "blessed": version.blessed,
            "metrics": msgspec.json.encode(version.metrics).decode(),
            "fingerprint": version.fingerprint,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(MODEL_VERSIONS), row)
        except IntegrityError as error:
            raise InputError(
                f"Version {version.version!r} of {version.system} is already registered.", "Versions never change."
            ) from error

    def versions(self, system: str | None = None) -> Sequence[ModelVersion]:
        """Return versions, newest first."""
        query = select(MODEL_VERSIONS).order_by(MODEL_VERSIONS.c.created_micros.desc(), MODEL_VERSIONS.c.version.desc())
        if system is not None:
            query = query.where(MODEL_VERSIONS.c.system == system)
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            return [_version(row) for row in reading.execute(query)]

    def get(self, system: str, version: str) -> ModelVersion:
        """Return one version. Raises UnknownModel."""
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            row = reading.execute(
                select(MODEL_VERSIONS).where(MODEL_VERSIONS.c.system == system, MODEL_VERSIONS.c.version == version)
            ).first()
        if row is None:
            raise UnknownModel(
                f"Version {version!r} of {system} is not registered.",
                "See the versions there are: `shopkeeper models`.",
            )
        return _version(row)

    def pointer(self, system: str, alias: Alias) -> str | None:
        """Return the version an alias points to; None when it points nowhere."""
        with self._engine.connect() as connection:
            return _pointer(connection.execution_options(isolation_level="AUTOCOMMIT"), system, alias)

    def point(self, system: str, alias: Alias, version: str, who: str, why: str) -> None:
        """Move an alias. Pointing `champion` elsewhere makes the old champion `previous`. Raises UnknownModel."""
        self.get(system, version)
        with self._engine.begin() as connection:
            queue_up(connection, f"aliases of {system}")
            before = _pointer(connection, system, alias)
            if alias == "champion" and before is not None and before != version:
                _set(connection, system, "previous", before)
            _set(connection, system, alias, version)
            write_audit(
                connection, who, "model.point",
                {"system": system, "alias": alias, "from": before, "to": version, "why": why},
            )  # fmt: skip


def _pointer(connection: Connection, system: str, alias: str) -> str | None:
    query = select(MODEL_ALIASES.c.version).where(MODEL_ALIASES.c.system == system, MODEL_ALIASES.c.alias == alias)
    return connection.execute(query).scalar()


def _set(connection: Connection, system: str, alias: str, version: str) -> None:
    connection.execute(delete(MODEL_ALIASES).where(MODEL_ALIASES.c.system == system, MODEL_ALIASES.c.alias == alias))
    connection.execute(insert(MODEL_ALIASES), {"system": system, "alias": alias, "version": version})


def _version(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        system=row.system,
        version=row.version,
        model=row.model,
        folder=row.folder,
        created_at=from_micros(row.created_micros),
        blessed=bool(row.blessed),
        metrics=msgspec.json.decode(row.metrics),
        fingerprint=row.fingerprint,
    )
