"""Parameters of the hybrid model by name, as tuning and manifests have them, and where to look for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, get_args

from shopkeeper.errors import InputError
from shopkeeper.recommendations.hybrid.params import HybridParams, Stores
from shopkeeper.recommendations.parameters import ITEM_KNN_SPACE, POPULAR_SPACE, als_params, flat, item_knn_params
from shopkeeper.training.ports import Parameters, SearchRange

HYBRID_DEFAULTS: Parameters = flat(HybridParams().document())

HYBRID_SPACE: Mapping[str, SearchRange] = {
    "stores": SearchRange(choices=get_args(Stores)),
    "days": SearchRange(2.0, 28.0, log=True),
    "trees": SearchRange(40, 200, log=True, integer=True),
    "leaves": SearchRange(8, 32, log=True, integer=True),
    "rate": SearchRange(0.03, 0.2, log=True),
    "fewest": SearchRange(20, 200, log=True, integer=True),
    "knn.age_decay": ITEM_KNN_SPACE["age_decay"],
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}
"""What the ranker decides with is searched; each trial makes its lists anew, so few of the sources' own are."""


def hybrid_params(parameters: Parameters) -> HybridParams:
    """Return the parameters of hybrid and of its sources; what is not given keeps its default. Raises InputError."""
    given, plain = flat(parameters), HybridParams()
    knn, popular = item_knn_params({**flat(asdict(plain.knn)), **_under(given, "knn."), **_popular(given)})
    als, _ = als_params({**asdict(plain.als), **_under(given, "als.")})
    own = plain.own()
    changed = {name: type(own[name])(given.pop(name)) for name in own if name in given}
    left = next((name for name in given if not name.startswith(("knn.", "als.", "popular."))), None)
    if left is not None:
        raise InputError(f"hybrid has no parameter {left!r}.", f"Its parameters are: {', '.join(HYBRID_DEFAULTS)}.")
    if changed.get("stores", plain.stores) not in get_args(Stores):
        raise InputError(f"hybrid: stores is {changed['stores']!r}.", f"It is one of: {', '.join(get_args(Stores))}.")
    return replace(plain, knn=knn, als=als, popular=popular, **changed)


def _under(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}


def _popular(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name.startswith("popular.")}
