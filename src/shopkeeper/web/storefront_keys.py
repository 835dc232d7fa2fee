"""The browser keys of the demo shop: one per store, in a file the retailer writes on purpose."""

from __future__ import annotations

from pathlib import Path

import msgspec

from shopkeeper.serving.ports import ApiKey, KeyStore

KEYS_FILE = "storefront-keys.json"
BROWSER_SCOPES = frozenset({"events", "decide"})


def browser_keys(workspace: Path, keys: KeyStore) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the keys that may be handed to browsers, by store, and why others may not.

    Every visitor can read a page's key, so one that also manages, is not valid, or is for another store is left out.

    Args:
        workspace: Folder that holds `storefront-keys.json`, `{"store": "key"}`.
        keys: Where keys are known.
    """
    try:
        written = msgspec.json.decode((workspace / KEYS_FILE).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}, ()
    except (msgspec.DecodeError, OSError) as error:
        return {}, (f'{KEYS_FILE} cannot be read ({error}); it must be one JSON object, {{"store": "key"}}.',)
    unfit = {store: why for store, secret in written.items() if (why := _unfit(store, keys.find(secret)))}
    usable = {store: secret for store, secret in written.items() if store not in unfit}
    return usable, tuple(f"The key of store {store!r} in {KEYS_FILE} {why}." for store, why in unfit.items())


def _unfit(store: str, key: ApiKey | None) -> str | None:
    """Return why a key may not be handed to browsers; None when it may."""
    if key is None or key.revoked_at is not None:
        return "is not valid or was revoked"
    if key.store != store:
        return f"is for store {key.store!r}"
    if missing := BROWSER_SCOPES.difference(key.scopes):
        return f"lacks the scope {', '.join(sorted(missing))}"
    if extra := set(key.scopes) - BROWSER_SCOPES:
        return f"also has the scope {', '.join(sorted(extra))}, and every visitor could read it"
    return None
