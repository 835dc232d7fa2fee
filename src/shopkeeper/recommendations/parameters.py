"""Parameters of the models by name, as tuning and manifests have them: what can be set, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.ease import EaseParams
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnnParams
from shopkeeper.recommendations.rule_baseline import RuleParams
from shopkeeper.recommendations.session.blend import BlendParams
from shopkeeper.recommendations.session.model import SessionParams
from shopkeeper.training.ports import Parameters, SearchRange

ParamsT = TypeVar("ParamsT", ItemKnnParams, AlsParams, EaseParams, SessionKnnParams, SessionParams, RuleParams)
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
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}
"""The bounds hold the best values found on the public data sets with room on both sides; a longer history than serving
keeps (`shoppers.HISTORY_ENTRIES`) would be judged but never served."""

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
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}

SESSION_SPACE: Mapping[str, SearchRange] = {
    "dropout": SearchRange(0.1, 0.7),
    "rate": SearchRange(0.0003, 0.005, log=True),
    "epochs": SearchRange(5, 40, log=True, integer=True),
    "smoothing": SearchRange(0.0, 0.2),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}

BLEND_SPACE: Mapping[str, SearchRange] = {
    "session.dropout": SESSION_SPACE["dropout"],
    "item-knn.with_power": ITEM_KNN_SPACE["with_power"],
    "item-knn.age_power": ITEM_KNN_SPACE["age_power"],
    "session-knn.reach": SESSION_KNN_SPACE["reach"],
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}
"""A few of each model's, those that the public data sets disagree on most; the rest is tuned model by model."""


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
SESSION_DEFAULTS: Parameters = flat({**asdict(SessionParams()), "popular": PopularParams().document()})
BLEND_DEFAULTS: Parameters = flat(
    {
        "session": asdict(SessionParams()),
        "item-knn": asdict(ItemKnnParams()),
        "session-knn": asdict(SessionKnnParams()),
        "encoder": True,
        "held_out": BlendParams().held_out,
        "popular": PopularParams().document(),
    }
)


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
    _nothing_left(given, "popular", POPULAR_DEFAULTS)
    return PopularParams(half_life, tuple(weights.values()), leaders, leaning)


def rule_params(parameters: Parameters) -> tuple[RuleParams, PopularParams]:
    """Return the parameters of the rule baseline and what one event counts in it. Raises InputError."""
    return _read(RuleParams(), "rules", RULE_DEFAULTS, parameters)


def item_knn_params(parameters: Parameters) -> tuple[ItemKnnParams, PopularParams]:
    """Return the parameters of item-knn and of the popularity inside it. Raises InputError."""
    given = flat(parameters)
    every = "neighbours" in given and given["neighbours"] is None
    if every:
        del given["neighbours"]
    params, popular = _read(ItemKnnParams(), "item-knn", ITEM_KNN_DEFAULTS, given)
    return (replace(params, neighbours=None) if every else params), popular


def als_params(parameters: Parameters) -> tuple[AlsParams, PopularParams]:
    """Return the parameters of als and of the popularity beside it. Raises InputError."""
    return _read(AlsParams(), "als", ALS_DEFAULTS, parameters)


def ease_params(parameters: Parameters) -> tuple[EaseParams, PopularParams]:
    """Return the parameters of ease and of the popularity beside it. Raises InputError."""
    return _read(EaseParams(), "ease", EASE_DEFAULTS, parameters)


def session_knn_params(parameters: Parameters) -> tuple[SessionKnnParams, PopularParams]:
    """Return the parameters of session-knn and of the popularity beside it. Raises InputError."""
    return _read(SessionKnnParams(), "session-knn", SESSION_KNN_DEFAULTS, parameters)


def session_params(parameters: Parameters) -> tuple[SessionParams, PopularParams]:
    """Return the parameters of session and of the popularity beside it. Raises InputError."""
    return _read(SessionParams(), "session", SESSION_DEFAULTS, parameters)


def blend_params(parameters: Parameters) -> tuple[BlendParams, PopularParams]:
    """Return the parameters of a blend and of the popularity beside it, as `session.width`. Raises InputError.

    `encoder` false leaves the session model out, for machines without PyTorch.
    """
    given, popular = _split(parameters)
    own: dict[str, dict[str, Any]] = {"session": {}, "item-knn": {}, "session-knn": {}}
    for name in list(given):
        model, dot, parameter = name.partition(".")
        if dot and model in own:
            own[model][parameter] = given.pop(name)
    held_out = float(given.pop("held_out", BlendParams().held_out))
    encoder = bool(given.pop("encoder", True))
    _nothing_left(given, "blend", BLEND_DEFAULTS)
    session = session_params(own["session"])[0]
    params = BlendParams(
        session if encoder else None,
        item_knn_params(own["item-knn"])[0],
        session_knn_params(own["session-knn"])[0],
        held_out,
    )
    return params, popular_params(popular)


def _read(plain: ParamsT, model: str, known: Parameters, parameters: Parameters) -> tuple[ParamsT, PopularParams]:
    """Return a model's parameters, each of the type of its default, and those of the popularity beside it."""
    given, popular = _split(parameters)
    changed = {name: type(default)(given.pop(name)) for name, default in asdict(plain).items() if name in given}
    _nothing_left(given, model, known)
    return replace(plain, **changed), popular_params(popular)


def _split(parameters: Parameters) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a model's own parameters, and those of the popularity beside it."""
    given = flat(parameters)
    popular = {name.removeprefix("popular."): given.pop(name) for name in list(given) if name.startswith("popular.")}
    return given, popular


def _nothing_left(given: Mapping[str, Any], model: str, known: Parameters) -> None:
    if given:
        raise InputError(f"{model} has no parameter {next(iter(given))!r}.", f"Its parameters are: {', '.join(known)}.")
