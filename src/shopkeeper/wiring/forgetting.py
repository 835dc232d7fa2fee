"""Forgetting one person everywhere in a workspace, without a server. `quality.personal_data` lists the places."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.feature_manifest import FOLDER
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.list_erasure import erase_from_lists
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.running_marks import running_processes
from shopkeeper.engines.state import State
from shopkeeper.engines.state_privacy import compact_state, forget_user
from shopkeeper.engines.valkey_sessions import ValkeySessions
from shopkeeper.errors import ContractNotMet, UnknownStore
from shopkeeper.recommendations.behaviour.shoppers import forget, shopper_key
from shopkeeper.wiring.erasure import person_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

CACHE_WAIT_SECONDS = 5.0
"""How long the shared cache may take here, where nobody waits for a page."""


def forget_person(settings: Settings, store: str, user: str) -> dict[str, int]:
    """Erase a user of a store's customer group, with the devices and sessions that are theirs alone.

    Returns how many rows, lists, bundles and mentions went, by place. Bytes are gone when it returns, also from files
    that readers had open.

    Raises:
        UnknownStore: the store is not declared.
        ContractNotMet: a process is writing, so what it holds could not be erased; all else has been.
        Unavailable: ClickHouse or the shared cache does not answer, or lists of the night cannot be read; run it again
            when they do.
    """
    lake = lake_of(settings)
    quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
    with open_workspace_state(settings) as state:
        stores, group = _group(state, store)
        lake.compact()
        person = person_of(lake, stores, user)
        removed = lake.erase(person, grace_seconds=0)
        erased = dict(removed.rows)
        erased["quarantine"] = quarantine.erase(stores, (user, *person.visitors, *person.sessions))
        erased["models"] = _forget_in_models(settings, state, group, person)
        erased["features"] = _forget_in_features(settings)
        erased |= forget_user(state.engine, stores, user)
        state.reports.save("erasure", {"status": "done", "erased": erased}, store)  # names nobody
        whole = compact_state(state.engine)
    Analytics(settings, lake).load()  # what is gone from the lake goes from ClickHouse
    erased["lists"] = erase_from_lists(settings.folder(settings.engines.lists), stores, person.users)
    if settings.engines.cache_url is not None:
        erased["cache"] = asyncio.run(_forget_in_cache(settings.engines.cache_url, group, user))
    running = max(removed.live_segments, running_processes(settings.folder(settings.engines.log)))
    if running or removed.files_pending or not whole:
        raise ContractNotMet(
            f"{running} process(es) serve or write events in this workspace, so the person is not gone from there yet; "
            "everything else is erased.",
            "Send DELETE /v1/users to the running server, which also forgets live profiles; or stop it and run again.",
        )
    return erased


def _group(state: State, store: str) -> tuple[tuple[str, ...], str]:
    """Return the stores that share shoppers with a store, and the name of their group."""
    declared = {row.store: row for sourced in state.tables.scan(STORES) if isinstance(row := sourced.row, Store)}
    if store not in declared:
        raise UnknownStore(store, tuple(sorted(declared)))
    group = declared[store].group
    return tuple(sorted(name for name, known in declared.items() if known.group == group)), group


def _forget_in_models(settings: Settings, state: State, group: str, person: Person) -> int:
    keys = [shopper_key(group, "user", user) for user in person.users]
    keys += [shopper_key(group, "visitor", visitor) for visitor in person.visitors]
    keys += [shopper_key(group, "session", session) for session in person.sessions]
    models = settings.folder(settings.engines.models)
    folders = [models / version.folder for version in state.registry.versions() if version.status == "ready"]
    return sum(forget(folder, keys) > 0 for folder in folders if folder.is_dir())


async def _forget_in_cache(url: str, group: str, user: str) -> int:
    """Erase a user's profile and answers from the cache that serving processes share; return profiles dropped."""
    sessions = ValkeySessions(url, wait_seconds=CACHE_WAIT_SECONDS)
    try:
        await sessions.prepare()
        return await sessions.erase(group, user)
    finally:
        await sessions.close()


def _forget_in_features(settings: Settings) -> int:
    """Sum the person's days again without them; return 1 where there were features."""
    folder = settings.folder(settings.engines.lake)
    if not (folder / FOLDER).is_dir():
        return 0
    FeatureStore(folder).refresh(datetime.now(UTC), purge=True)
    return 1
