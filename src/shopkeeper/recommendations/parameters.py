"""Parameters of the models by name, as tuning and manifests have them: what can be set, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.ease import EaseParams
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnnParams
from shopkeeper.recommendations.rule_baseline import RuleParams
from shopkeeper.training.ports import Parameters, SearchRange

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ParamsT = TypeVar("ParamsT", bound="DataclassInstance")
POPULAR_SPACE: Mapping[str, SearchRange] = {"half_life_days": SearchRange(1.0, 365.0, log=True)}

RULE_SPACE: Mapping[str, SearchRange] = {
    "days": SearchRange(7.0, 90.0, log=True),
    "together": SearchRange(0.05, 5.0, log=True),
    "shrink": SearchRange(1.0, 100.0, log=True),
    "recent": SearchRange(1, 10, integer=True),
    "age_decay": SearchRange(0.2, 1.0),
}

ITEM_KNN_SPACE: Mapping[str, SearchRange] = {
    "window": SearchRange(2, 16, integer=True),
    "gap_decay": SearchRange(0.3, 1.0),
    "gap_power": SearchRange(0.0, 1.5),
    "backward": SearchRange(0.0, 1.0),
    "had_power": SearchRange(0.1, 0.9),
    "with_power": SearchRange(0.1, 0.9),
    "shrink": SearchRange(1.0, 200.0, log=True),
    "age_decay": SearchRange(0.4, 1.0),
    "age_power": SearchRange(0.0, 2.0),
    "history": SearchRange(5, 50, log=True, integer=True),
    "neighbours": SearchRange(50, 500, log=True, integer=True),
    "records": SearchRange(choices=(0.0, 0.03, 0.06, 0.1, 0.2)),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}
"""Records are tried in steps, so that a shop they do not help goes without their cost. The other bounds hold the best
values found on the public data sets with room on both sides; a longer history than serving keeps
(`shoppers.HISTORY_ENTRIES`) would be judged but never served."""

ALS_SPACE: Mapping[str, SearchRange] = {
    "factors": SearchRange(16, 256, log=True, integer=True),
    "regularization": SearchRange(0.01, 100.0, log=True),
    "confidence": SearchRange(0.5, 100.0, log=True),
    "iterations": SearchRange(5, 25, integer=True),
    "age_decay": SearchRange(0.5, 1.0),
    "history": SearchRange(5, 50, log=True, integer=True),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}

EASE_SPACE: Mapping[str, SearchRange] = {
    "regularization": SearchRange(1.0, 2_000.0, log=True),
    "age_decay": SearchRange(0.4, 1.0),
    "history": SearchRange(5, 50, log=True, integer=True),
    "neighbours": SearchRange(50, 500, log=True, integer=True),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}

SESSION_KNN_SPACE: Mapping[str, SearchRange] = {
    "neighbours": SearchRange(50, 2_000, log=True, integer=True),
    "sample": SearchRange(200, 5_000, log=True, integer=True),
    "half_life_days": SearchRange(2.0, 2_000.0, log=True),
    "length_power": SearchRange(0.0, 1.0),
    "frequency_power": SearchRange(0.0, 1.0),
    "reach": SearchRange(0.5, 20.0, log=True),
    "backward": SearchRange(0.0, 1.0),
    "age_decay": SearchRange(0.2, 1.0),
    "history": SearchRange(3, 50, log=True, integer=True),
    "again": SearchRange(0.1, 1.0),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}


def _flattened(parameters: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def flat(parameters: Parameters) -> dict[str, Any]:
    """Return nested parameters under dotted names, such as `weights.view`."""
    return dict(_flattened(parameters, ""))


POPULAR_DEFAULTS: Parameters = flat(PopularParams().document())
RULE_DEFAULTS: Parameters = flat({**asdict(RuleParams()), "popular": PopularParams().document()})
ITEM_KNN_DEFAULTS: Parameters = flat({**asdict(ItemKnnParams()), "popular": PopularParams().document()})
SESSION_KNN_DEFAULTS: Parameters = flat({**asdict(SessionKnnParams()), "popular": PopularParams().document()})
EASE_DEFAULTS: Parameters = flat({**asdict(EaseParams()), "popular": PopularParams().document()})
ALS_DEFAULTS: Parameters = flat({**asdict(AlsParams()), "popular": PopularParams().document()})


def popular_params(parameters: Parameters) -> PopularParams:
    """Return the parameters of popularity; what is not given keeps its default. Raises InputError."""
    given = flat(parameters)
    weights = dict(zip(KINDS, PopularParams().weights, strict=True))
    for kind in KINDS:
        weights[kind] = float(given.pop(f"weights.{kind}", weights[kind]))
    default = PopularParams()
    half_life = float(given.pop("half_life_days", default.half_life_days))
    leaders = int(given.pop("category_leaders", default.category_leaders))
    leaning = float(given.pop("group_views", default.group_views))
    nothing_left(given, "popular", POPULAR_DEFAULTS)
    return PopularParams(half_life, tuple(weights.values()), leaders, leaning)


def rule_params(parameters: Parameters) -> tuple[RuleParams, PopularParams]:
    """Return the parameters of the rule baseline and what one event counts in it. Raises InputError."""
    return read(RuleParams(), "rules", RULE_DEFAULTS, parameters)


def item_knn_params(parameters: Parameters) -> tuple[ItemKnnParams, PopularParams]:
    """Return the parameters of item-knn and of the popularity inside it. Raises InputError."""
    given = flat(parameters)
    every = "neighbours" in given and given["neighbours"] is None
    if every:
        del given["neighbours"]
    params, popular = read(ItemKnnParams(), "item-knn", ITEM_KNN_DEFAULTS, given)
    return (replace(params, neighbours=None) if every else params), popular


def als_params(parameters: Parameters) -> tuple[AlsParams, PopularParams]:
    """Return the parameters of als and of the popularity beside it. Raises InputError."""
    return read(AlsParams(), "als", ALS_DEFAULTS, parameters)


def ease_params(parameters: Parameters) -> tuple[EaseParams, PopularParams]:
    """Return the parameters of ease and of the popularity beside it. Raises InputError."""
    return read(EaseParams(), "ease", EASE_DEFAULTS, parameters)


def session_knn_params(parameters: Parameters) -> tuple[SessionKnnParams, PopularParams]:
    """Return the parameters of session-knn and of the popularity beside it. Raises InputError."""
    return read(SessionKnnParams(), "session-knn", SESSION_KNN_DEFAULTS, parameters)


def read(plain: ParamsT, model: str, known: Parameters, parameters: Parameters) -> tuple[ParamsT, PopularParams]:
    """Return a model's parameters, each of the type of its default, and those of the popularity beside it."""
    given, popular = split(parameters)
    changed = {name: type(default)(given.pop(name)) for name, default in asdict(plain).items() if name in given}
    nothing_left(given, model, known)
    return replace(plain, **changed), popular_params(popular)


def split(parameters: Parameters) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a model's own parameters, and those of the popularity beside it."""
    given = flat(parameters)
    popular = {name.removeprefix("popular."): given.pop(name) for name in list(given) if name.startswith("popular.")}
    return given, popular


def nothing_left(given: Mapping[str, Any], model: str, known: Parameters) -> None:
    """Raise InputError where a parameter was given that the model does not have."""
    if given:
        raise InputError(f"{model} has no parameter {next(iter(given))!r}.", f"Its parameters are: {', '.join(known)}.")
