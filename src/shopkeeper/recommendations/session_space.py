"""Parameters of session and blend by name, as tuning and manifests have them, and where to look for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shopkeeper.errors import InputError
from shopkeeper.recommendations.hybrid.params import READ_BY_V3
from shopkeeper.recommendations.hybrid.space import hybrid_params
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnnParams
from shopkeeper.recommendations.parameters import (
    ITEM_KNN_SPACE,
    POPULAR_SPACE,
    SESSION_KNN_SPACE,
    flat,
    item_knn_params,
    nothing_left,
    popular_params,
    read,
    session_knn_params,
    split,
)
from shopkeeper.recommendations.session.blend import BlendParams
from shopkeeper.recommendations.session.model import SessionParams
from shopkeeper.training.ports import Parameters, SearchRange

SESSION_SPACE: Mapping[str, SearchRange] = {
    "width": SearchRange(choices=(64, 128)),
    "averaged": SearchRange(choices=(0.0, 2.0)),
    "dropout": SearchRange(0.1, 0.7),
    "rate": SearchRange(0.0003, 0.005, log=True),
    "epochs": SearchRange(5, 40, log=True, integer=True),
    "smoothing": SearchRange(0.0, 0.2),
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}

BLEND_SPACE: Mapping[str, SearchRange] = {
    "session.width": SESSION_SPACE["width"],
    "session.averaged": SESSION_SPACE["averaged"],
    "session.epochs": SESSION_SPACE["epochs"],
    "session.dropout": SESSION_SPACE["dropout"],
    "item-knn.with_power": ITEM_KNN_SPACE["with_power"],
    "item-knn.age_power": ITEM_KNN_SPACE["age_power"],
    "item-knn.records": ITEM_KNN_SPACE["records"],
    "session-knn.reach": SESSION_KNN_SPACE["reach"],
    "popular.half_life_days": POPULAR_SPACE["half_life_days"],
}
"""A few of each model's, those that the public data sets disagree on most; the rest is tuned model by model."""

SESSION_DEFAULTS: Parameters = flat({**asdict(SessionParams()), "popular": PopularParams().document()})
BLEND_DEFAULTS: Parameters = flat(
    {
        "session": asdict(SessionParams()),
        "item-knn": asdict(ItemKnnParams()),
        "session-knn": asdict(SessionKnnParams()),
        "hybrid": {name: value for name, value in READ_BY_V3.document().items() if name != "popular"},
        "encoder": True,
        "ranker": True,
        "held_out": BlendParams().held_out,
        "popular": PopularParams().document(),
    }
)


def session_params(parameters: Parameters) -> tuple[SessionParams, PopularParams]:
    """Return the parameters of session and of the popularity beside it. Raises InputError."""
    params, popular = read(SessionParams(), "session", SESSION_DEFAULTS, parameters)
    if params.heads < 1 or params.width < 1 or params.width % params.heads:
        raise InputError(
            f"session: {params.heads} heads cannot share a width of {params.width}.",
            "Make the width a multiple of the heads.",
        )
    return params, popular


def blend_params(parameters: Parameters) -> tuple[BlendParams, PopularParams]:
    """Return the parameters of a blend and of the popularity beside it, as `session.width`. Raises InputError.

    `encoder` false leaves the session model out, for machines without PyTorch; `ranker` false the hybrid.
    """
    given, popular = split(parameters)
    own: dict[str, dict[str, Any]] = {"session": {}, "item-knn": {}, "session-knn": {}, "hybrid": {}}
    for name in list(given):
        model, dot, parameter = name.partition(".")
        if dot and model in own:
            own[model][parameter] = given.pop(name)
    held_out = float(given.pop("held_out", BlendParams().held_out))
    encoder, ranker = bool(given.pop("encoder", True)), bool(given.pop("ranker", True))
    nothing_left(given, "blend", BLEND_DEFAULTS)
    session, hybrid = session_params(own["session"])[0], hybrid_params({**READ_BY_V3.own(), **own["hybrid"]})
    params = BlendParams(
        session if encoder else None,
        item_knn_params(own["item-knn"])[0],
        session_knn_params(own["session-knn"])[0],
        hybrid if ranker else None,
        held_out,
    )
    return params, popular_params(popular)
