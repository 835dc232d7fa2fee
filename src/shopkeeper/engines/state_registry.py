"""Model versions and aliases in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, Update, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import MODEL_ALIASES, MODEL_VERSIONS, from_micros, to_micros
from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.registry.ports import ALIASES, Alias, Lineage, ModelVersion


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
            "run": version.lineage.run,
            "objective": version.lineage.objective,
            "code": version.lineage.code,
            "champion": version.lineage.champion,
            "facts": msgspec.json.encode(version.lineage.facts).decode(),
            "status": version.status,
            "pinned": version.pinned,
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
            return _get(connection.execution_options(isolation_level="AUTOCOMMIT"), system, version)

    def pointer(self, system: str, alias: Alias) -> str | None:
        """Return the version an alias points to; None when it points nowhere."""
        with self._engine.connect() as connection:
            return _pointer(connection.execution_options(isolation_level="AUTOCOMMIT"), system, alias)

    def point(self, system: str, alias: Alias, version: str, who: str, why: str) -> None:
        """Move an alias. Pointing `champion` elsewhere makes the old champion `previous`.

        Raises UnknownModel; InputError for a pruned version.
        """
        with self._engine.begin() as connection:
            move_alias(connection, system, alias, version, who, why)

    def pin(self, system: str, version: str, pinned: bool, who: str, why: str) -> None:
        """Keep a version whatever its age, or no longer. Raises UnknownModel; InputError for a pruned one."""
        with self._engine.begin() as connection:
            queue_up(connection, f"aliases of {system}")
            _refuse_pruned(_get(connection, system, version))
            connection.execute(_change(system, version).values(pinned=pinned))
            action = "model.pin" if pinned else "model.unpin"
            write_audit(connection, who, action, {"system": system, "version": version, "why": why})

    def prune(self, system: str, version: str, who: str, why: str) -> bool:
        """Mark a version's arrays as deleted, so that they may be; False = it is pointed to or pinned and stays."""
        with self._engine.begin() as connection:
            queue_up(connection, f"aliases of {system}")
            found = _get(connection, system, version)
            if found.status == "pruned":
                return True
            if found.pinned or any(_pointer(connection, system, alias) == version for alias in ALIASES):
                return False
            connection.execute(_change(system, version).values(status="pruned"))
            write_audit(connection, who, "model.prune", {"system": system, "version": version, "why": why})
        return True


def move_alias(connection: Connection, system: str, alias: Alias, version: str | None, who: str, why: str) -> None:
    """Move an alias inside the caller's transaction; None takes it away.

    Raises UnknownModel; InputError for a pruned version.
    """
    queue_up(connection, f"aliases of {system}")
    if version is not None:
        _refuse_pruned(_get(connection, system, version))
    before = _pointer(connection, system, alias)
    if alias == "champion" and before is not None and before != version:
        _set(connection, system, "previous", before)
    _set(connection, system, alias, version)
    write_audit(
        connection, who, "model.point", {"system": system, "alias": alias, "from": before, "to": version, "why": why}
    )


def _get(connection: Connection, system: str, version: str) -> ModelVersion:
    row = connection.execute(
        select(MODEL_VERSIONS).where(MODEL_VERSIONS.c.system == system, MODEL_VERSIONS.c.version == version)
    ).first()
    if row is None:
        raise UnknownModel(
            f"Version {version!r} of {system} is not registered.", "See the versions there are: `shopkeeper models`."
        )
    return _version(row)


def _change(system: str, version: str) -> Update:
    return update(MODEL_VERSIONS).where(MODEL_VERSIONS.c.system == system, MODEL_VERSIONS.c.version == version)


def _refuse_pruned(version: ModelVersion) -> None:
    if version.status == "pruned":
        raise InputError(
            f"The files of version {version.version!r} of {version.system} were pruned.",
            f"Train it again: `shopkeeper train {version.system}`.",
        )


def _pointer(connection: Connection, system: str, alias: str) -> str | None:
    query = select(MODEL_ALIASES.c.version).where(MODEL_ALIASES.c.system == system, MODEL_ALIASES.c.alias == alias)
    return connection.execute(query).scalar()


def _set(connection: Connection, system: str, alias: str, version: str | None) -> None:
    connection.execute(delete(MODEL_ALIASES).where(MODEL_ALIASES.c.system == system, MODEL_ALIASES.c.alias == alias))
    if version is not None:
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
        lineage=Lineage(row.run, row.objective, row.code, row.champion, msgspec.json.decode(row.facts)),
        status=row.status,
        pinned=bool(row.pinned),
    )
