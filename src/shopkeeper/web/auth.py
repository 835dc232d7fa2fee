"""Who asks: an API key as `Authorization: Bearer KEY`, for one store or all, with scopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import Scope as AsgiScope

from shopkeeper.errors import FieldProblem, NotAllowed, NotAuthenticated
from shopkeeper.serving.key_ring import KeyRing
from shopkeeper.serving.ports import PUBLIC, ApiKey, Scope

ALL = "*"
_PREFIX = b"bearer "
_REMEDY = "Send `Authorization: Bearer KEY`; make a key with `shopkeeper keys create --store NAME`."


async def authorise(asgi: AsgiScope, keys: KeyRing, scope: Scope | None) -> ApiKey:
    """Return the key of a request.

    Args:
        scope: What the route needs; None = any valid key.

    Raises:
        NotAuthenticated: there is no key, or it is unknown or revoked.
        NotAllowed: the key lacks the scope.
    """
    return await key_of(secret_in(asgi), keys, scope)


async def key_of(secret: str, keys: KeyRing, scope: Scope | None) -> ApiKey:
    """Return the key behind a secret, as `authorise` does. A public key opens nothing but what asks for its scope."""
    key = keys.known(secret) or await keys.find(secret)
    if key is None:
        raise NotAuthenticated("The API key is unknown or was revoked.", _REMEDY)
    if scope not in key.scopes if scope is not None else PUBLIC in key.scopes:
        raise NotAllowed(
            f"This key ({key.key_id}) has the scopes {', '.join(key.scopes)}; this route needs {scope or 'others'!r}.",
            f"Make one with `shopkeeper keys create --store {key.store} --scopes {scope or 'decide'}`.",
        )
    return key


def check_store(key: ApiKey, store: str) -> None:
    """Raise NotAllowed unless a key may speak for a store; only a key for `*` may speak for all (store ``""``)."""
    if key.store not in (ALL, store):
        raise NotAllowed(
            f"This key ({key.key_id}) is for store {key.store!r}, not for {store or 'all stores'!r}.",
            f"Use {key.store!r}, or a key made with `--store {store or ALL}`.",
        )


def check_rows(key: ApiKey, rows: Sequence[Any]) -> None:
    """Raise NotAllowed when a row names another store than the key's; nothing of the request is taken then."""
    if key.store == ALL:
        return
    for number, row in enumerate(rows, start=1):
        named = row.get("store") if isinstance(row, dict) else None
        if named not in (None, "", key.store) and str(named) != key.store:
            reason = f"this key ({key.key_id}) is for store {key.store!r}, not for {str(named)[:200]!r}"
            remedy = f"Leave the store out or send {key.store!r}; use a key of the other store for its rows."
            raise NotAllowed(
                f"Row {number}: {reason}. Nothing was taken.", remedy, (FieldProblem("store", reason, remedy, number),)
            )


def default_store(key: ApiKey) -> str | None:
    """Return the store meant where a row names none; None for a key that speaks for all."""
    return None if key.store == ALL else key.store


def secret_in(asgi: AsgiScope) -> str:
    """Return the secret a request carries; raise NotAuthenticated where it carries none."""
    for name, value in asgi["headers"]:
        if name == b"authorization":
            if value[: len(_PREFIX)].lower() != _PREFIX:
                raise NotAuthenticated("The Authorization header is not a bearer token.", _REMEDY)
            return str(value[len(_PREFIX) :].strip(), "latin-1")
    raise NotAuthenticated("This route needs an API key.", _REMEDY)
