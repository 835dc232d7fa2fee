"""Feature tables put together from the settings of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.lake import Lake
from shopkeeper.errors import InputError, NotEnoughData, UnknownStore
from shopkeeper.features.kinds import ENTITIES, HORIZON_DAYS, EntityName
from shopkeeper.features.ports import FeatureValue, Refreshed
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class ShownFeatures:
    """The features of one entity.

    Attributes:
        scope: The store, or the customer group of stores that share shoppers.
        at: Only events before it count.
    """

    entity: EntityName
    scope: str
    ids: tuple[str, ...]
    at: datetime
    values: dict[str, FeatureValue]


def refresh_features(settings: Settings, at: datetime | None = None, *, tables: bool = True) -> Refreshed:
    """Bring everything logged into the lake and the features up to date with it."""
    return _store(settings).refresh(at or datetime.now(UTC), tables=tables)


def show_features(
    settings: Settings, entity: str, ids: Sequence[str], store: str, at: datetime | None = None
) -> ShownFeatures:
    """Return the features of one entity in a store, or in its customer group where the entity is known there.

    Raises:
        InputError: no such kind of entity, or ids that do not name one.
        UnknownStore: the store is not declared.
        NotEnoughData: it has no event within the horizon.
    """
    who = {str(one.name): one for one in ENTITIES.values()}.get(entity)
    if who is None:
        raise InputError(f"{entity!r} is no kind of entity.", f"Use one of: {', '.join(ENTITIES)}.")
    with open_workspace_state(settings) as state:
        declared = {row.store: row for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    if store not in declared:
        raise UnknownStore(store, tuple(sorted(declared)))
    scope = declared[store].group if who.scope == "customer_group" else store
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    values = _store(settings).read(who.name, scope, ids, moment)
    if values is None:
        raise NotEnoughData(
            f"{entity} {' '.join(ids)} of {scope} has no event in the {HORIZON_DAYS} days before {moment.isoformat()}.",
            "Check the id, or look at an earlier moment with --at.",
        )
    return ShownFeatures(who.name, scope, tuple(ids), moment, values)


def _store(settings: Settings) -> FeatureStore:
    lake_folder = settings.folder(settings.engines.lake)
    Lake(settings.folder(settings.engines.log), lake_folder).compact()
    return FeatureStore(lake_folder)
