"""Everybody's list of recommendations as a file, computed in shards from the settings of a workspace."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.store import Store
from shopkeeper.engines.list_erasure import being_made
from shopkeeper.engines.list_file import ListFile, check_list_file
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.intake.consent import UserConsents, effective
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.batch.answers import BatchAsk, BatchShard, recommend_shard, shelf_products
from shopkeeper.recommendations.batch.stock import pack_stock
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.catalogue.trending_seed import seed_trending
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, changed
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle, open_bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.live_tables import HELD_TABLES
from shopkeeper.wiring.sensitive import sensitivity_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.sharding import open_shards
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.warm_start import standing_refusals
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

PER_SHARD = 10_000
"""Shoppers of one shard: about a second of work, and 3 MB of lists."""
MOST_PRODUCTS = 1_000
EMAIL = "email"
"""Surface whose lists are sent, not asked for."""
_USERS = NamedQuery.load("shopkeeper.recommendations.batch", "batch_users")


@dataclass(frozen=True, slots=True)
class BatchExport:
    """What was written.

    Attributes:
        users: Users with a list.
        rows: Products in all lists together.
        one_by_one: Users whose list was answered as serving does: the model alone found fewer than k products, or more
            had to be looked at, such as rules or refusals.
        surface: Where the lists are shown.
        refused: Users without a list, as they do not allow it.
    """

    file: str
    store: str
    version: str
    model: str
    k: int
    users: int
    rows: int
    one_by_one: int
    refused: int
    seconds: float
    surface: str = "home"

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the lists of a store are made from; names of users take about 70 bytes each.

    Attributes:
        refused: Users without a list, as they do not allow it.
        unwanted: User -> products they refused.
    """

    store: Store
    bundle: Bundle
    stock: Stock
    users: tuple[str, ...]
    refused: int
    unwanted: Mapping[str, Sequence[str]]


def export_recommendations(
    settings: Settings,
    store: str,
    k: int,
    out: Path,
    *,
    now: datetime | None = None,
    say: Callable[[str], None] = lambda _: None,
    per_shard: int = PER_SHARD,
    surface: str = "home",
) -> BatchExport:
    """Write a list of `k` products for every user of a store who allows personalisation, for e-mail also e-mail.

    Each list is what the champion answers that user who comes with no page and no live event; `engines.shards` decides
    where they are computed.

    Args:
        out: File that ends in .parquet, .csv or .jsonl; one that is there is replaced.
        surface: Where the lists are shown; rules may depend on it. `email` asks for leave to write as well.
        now: Moment the lists are for; what is sold out or not yet for sale then is not in them.
    Raises:
        InputError: k is out of bounds, or the file has no known format.
        UnknownStore: nobody declared the store.
        UnknownModel: nothing has been trained.
        ShardFailed: a shard failed three times, or for want of memory; the file is not written.
        Unavailable: the disk or the cluster fails; the file is not written.
    """
    if not 1 <= k <= MOST_PRODUCTS:
        raise InputError(f"A list of {k} products cannot be made.", f"Ask for 1 to {MOST_PRODUCTS}.")
    check_list_file(out)
    lists = settings.folder(settings.engines.lists)
    with being_made(out) if out.parent.resolve() == lists else contextlib.nullcontext():
        asked = _Asked(store, k, now or datetime.now(UTC), surface)
        return _export(settings, asked, out, say, per_shard)


@dataclass(frozen=True, slots=True)
class _Asked:
    store: str
    k: int
    moment: datetime
    surface: str


def _export(settings: Settings, asked: _Asked, out: Path, say: Callable[[str], None], per_shard: int) -> BatchExport:
    begun = time.monotonic()
    store, k, surface = asked.store, asked.k, asked.surface
    basis = _basis(settings, asked)
    users, bundle = basis.users, basis.bundle
    say(f"{len(users):,} users of {store}, {basis.refused:,} more do not allow it")
    params = changed(DEFAULT_PARAMS, settings.recommendations.recipe)
    ask = BatchAsk(bundle.version, bundle.manifest.model, store, k, asked.moment, surface, params)
    shared: Mapping[str, Any] = {**bundle.arrays, **pack_stock(basis.stock, basis.store)}
    shards = -(-len(users) // per_shard)
    one_by_one = 0
    with (
        ListFile(out, store, shelf_products(basis.stock, store)) as file,
        open_shards(settings, shards) as mapper,
    ):
        results = mapper.map_shards(
            recommend_shard,
            _shards(ask, users, basis.unwanted, per_shard),
            shared=shared,
            progress=lambda done: say(f"{min(done * per_shard, len(users)):,} of {len(users):,} users"),
        )
        for number, lists in enumerate(results):
            part = users[number * per_shard : (number + 1) * per_shard]
            file.add(part, lists.lengths, lists.products, lists.scores)
            one_by_one += lists.one_by_one
        rows = file.finish()
    seconds = round(time.monotonic() - begun, 3)
    return BatchExport(
        str(out), store, bundle.version, ask.model, k, len(users), rows, one_by_one, basis.refused, seconds, surface
    )  # fmt: skip


def _shards(
    ask: BatchAsk, users: tuple[str, ...], unwanted: Mapping[str, Sequence[str]], per_shard: int
) -> Iterator[BatchShard]:
    for start in range(0, len(users), per_shard):
        part = users[start : start + per_shard]
        yield BatchShard(ask, part, {user: unwanted[user] for user in part if user in unwanted})


def _basis(settings: Settings, asked: _Asked) -> _Basis:
    """Read everything the lists are made from."""
    store = asked.store
    lake = lake_of(settings)
    lake.compact()
    with open_workspace_state(settings) as state, Analytics(settings, lake).reading() as warehouse:
        catalogue, consents = _shelf(state, settings)
        declared = catalogue.known_store(store)
        bundle = _champion(state, settings)
        trending = Trending(settings.recommendations.trending_half_life_hours)
        seed_trending(trending, warehouse, catalogue, asked.moment)
        named = _named(warehouse, declared)
        rules = ShopRules(state.rules.current())
        unwanted = _unwanted(warehouse, declared, catalogue, asked.moment)
        users = tuple(u for u in named if _allows(effective(None, consents.of(store, u), declared), asked.surface))
    stock = Stock(catalogue, Shelf(catalogue), trending, rules=rules)
    return _Basis(declared, bundle, stock, users, len(named) - len(users), unwanted)


def _allows(consent: Consent, surface: str) -> bool:
    """Say whether a user may get a list of their own on a surface."""
    return consent.personalise is True and (surface != EMAIL or consent.email is True)


def _shelf(state: State, settings: Settings) -> tuple[Catalogue, UserConsents]:
    """Return the catalogue and what users allow, as serving reads them at start."""
    catalogue = Catalogue(sensitivity_of(settings))
    consents = UserConsents(catalogue.group)
    for table in HELD_TABLES:
        for row in state.tables.scan(table, with_deleted=True):
            catalogue.apply((row,))
            consents.apply((row,))
    return catalogue, consents


def _champion(state: State, settings: Settings) -> Bundle:
    version = state.registry.pointer(RecommendationSystem.name, "champion")
    if version is None:
        raise UnknownModel(
            "No recommendation model has been trained.", "Train one: `shopkeeper train recommendations`."
        )
    return open_bundle(
        settings.folder(settings.engines.models) / state.registry.get(RecommendationSystem.name, version).folder
    )


def _unwanted(warehouse: Warehouse, store: Store, catalogue: Catalogue, now: datetime) -> dict[str, list[str]]:
    """Return what users of a store's customer group refused and did not want again."""
    found: dict[str, list[str]] = {}
    for event in standing_refusals(warehouse, now):
        if event.user and event.product and catalogue.group(event.store) == store.group:
            found.setdefault(event.user, []).append(event.product)
    return found


def _named(warehouse: Warehouse, store: Store) -> list[str]:
    return [str(name) for name in warehouse.fetch(_USERS, store=store.store, group=store.group)["name"].tolist()]
