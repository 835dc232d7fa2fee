"""API keys in the state database: only a hash of each secret is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import OperationalError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_schema import API_KEYS, from_micros, to_micros
from shopkeeper.errors import InputError, Unavailable
from shopkeeper.serving.ports import PUBLIC, SCOPES, ApiKey, Scope

_PREFIX = "sk"
_PUBLIC_PREFIX = "pk"
_ALL = (*SCOPES, PUBLIC)


class StateKeys:
    """Implements `serving.ports.KeyStore`.

    A secret holds 256 random bits, so a plain SHA-256 resists guessing; slow hashes are for words people choose.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, store: str, scopes: Sequence[Scope], who: str) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret text. Raises InputError on scopes that are unknown or do not fit."""
        unknown = [scope for scope in scopes if scope not in _ALL]
        if unknown or not scopes:
            raise InputError(f"Scopes {list(scopes)} are not usable.", f"Use one or more of: {', '.join(_ALL)}.")
        if PUBLIC in scopes and (len(set(scopes)) > 1 or store == "*"):
            raise InputError(
                f"A key with the scope {PUBLIC!r} stands in web pages, so it may have no other scope, and one store.",
                f"Make one of its own: `shopkeeper keys create --store NAME --scopes {PUBLIC}`.",
            )
        key_id, now = secrets.token_hex(4), datetime.now(UTC)
        secret = f"{_PUBLIC_PREFIX if PUBLIC in scopes else _PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        chosen = tuple(scope for scope in _ALL if scope in scopes)
        with self._engine.begin() as connection:
            connection.execute(
                insert(API_KEYS),
                {
                    "key_id": key_id,
                    "secret_hash": _hash(secret),
                    "store": store,
                    "scopes": ",".join(chosen),
                    "created_micros": to_micros(now),
                },
            )
            write_audit(connection, who, "key.create", {"key_id": key_id, "store": store, "scopes": chosen})
        return ApiKey(key_id, store, chosen, now), secret

    def find(self, secret: str) -> ApiKey | None:
        """Return the valid key behind a secret; None when unknown or revoked."""
        query = select(API_KEYS).where(API_KEYS.c.secret_hash == _hash(secret), API_KEYS.c.revoked_micros.is_(None))
        try:
            with self._engine.connect() as connection:
                row = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).first()
        except OperationalError as error:
            raise Unavailable("The state database does not answer, and the key is not known here.", "Retry.") from error
        return _key(row) if row is not None else None

    def valid(self) -> Mapping[bytes, ApiKey]:
        """Return every valid key by the SHA-256 of its secret."""
        query = select(API_KEYS).where(API_KEYS.c.revoked_micros.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return {bytes.fromhex(row.secret_hash): _key(row) for row in rows}

    def keys(self) -> Sequence[ApiKey]:
        """Return all keys, newest first."""
        query = select(API_KEYS).order_by(API_KEYS.c.created_micros.desc())
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [_key(row) for row in rows]

    def revoke(self, key_id: str, who: str) -> None:
        """Revoke a key. Raises InputError if there is no such key."""
        with self._engine.begin() as connection:
            change = update(API_KEYS).where(API_KEYS.c.key_id == key_id, API_KEYS.c.revoked_micros.is_(None))
            if connection.execute(change.values(revoked_micros=to_micros(datetime.now(UTC)))).rowcount == 0:
                raise InputError(
                    f"There is no valid key {key_id!r}.", "See the keys there are: `shopkeeper keys list`."
                )
            write_audit(connection, who, "key.revoke", {"key_id": key_id})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        store=row.store,
        scopes=cast("tuple[Scope, ...]", tuple(row.scopes.split(","))),
        created_at=from_micros(row.created_micros),
        revoked_at=None if row.revoked_micros is None else from_micros(row.revoked_micros),
    )
