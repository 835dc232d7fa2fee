"""Parameters of a model as plain arrays of its bundle: names beside numbers, so a new one changes no order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.model import Arrays
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts


def pack_params(name: str, params: dict[str, Any]) -> dict[str, npt.NDArray[np.generic]]:
    """Return `NAME.param_names` (as `pack_texts` packs texts) and `NAME.params`, float64."""
    return {
        **pack_texts(f"{name}.param_names", params),
        f"{name}.params": np.array(list(params.values()), dtype=np.float64),
    }


def unpack_params(name: str, arrays: Arrays, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return what `pack_params` packed under `name`, each of the type of its default."""
    values = np.asarray(arrays[f"{name}.params"], dtype=np.float64).tolist()
    names = unpack_texts(f"{name}.param_names", arrays)
    return {one: type(defaults[one])(value) for one, value in zip(names, values, strict=True)}
