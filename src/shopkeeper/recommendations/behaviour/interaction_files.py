"""Interactions as plain files, so that a run that was killed goes on with the very rows it had read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.errors import BundleDamaged
from shopkeeper.recommendations.behaviour.facts import ItemFacts, TraitTable
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

_ABOUT = "interactions.json"
_COLUMNS = ("shoppers", "items", "stores", "kinds", "times", "devices", "variants", "positions", "stars", "referrers")
_TEXTS = ("categories", "shopper_keys", "store_names", "time_zones")
_REMEDY = "Delete the folder and read the data again."


class _About(Struct, frozen=True, kw_only=True):
    format_version: Literal[6] = 6
    rows: int
    position_exponent: float
    fingerprint: str


def write_interactions(data: Interactions, folder: Path) -> None:
    """Write each column to a file of its own and a fingerprint beside them; the same data give the same bytes."""
    arrays: dict[str, npt.NDArray[np.generic]] = {name: getattr(data, name) for name in _COLUMNS}
    arrays |= data.index.arrays()
    paths = [msgspec.json.encode(one).decode() for one in data.categories]
    texts = (paths, data.shopper_keys, data.store_names, data.time_zones)
    for name, values in zip(_TEXTS, texts, strict=True):
        arrays |= pack_texts(name, values)
    arrays |= data.facts.arrays() | data.traits.arrays("traits")
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    about = _About(rows=len(data), position_exponent=data.position_exponent, fingerprint=data.fingerprint())
    (folder / _ABOUT).write_bytes(msgspec.json.encode(about))


def read_interactions(folder: Path) -> Interactions:
    """Return what was written, its columns mapped into memory.

    Raises:
        BundleDamaged: a file is missing, cannot be read, or is not what was written.
    """
    try:
        about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=_About)
        arrays = {path.stem: _open(path) for path in sorted(folder.glob("*.npy"))}
        paths, keys, stores, zones = (unpack_texts(name, arrays) for name in _TEXTS)
        categories = [msgspec.json.decode(text, type=tuple[str, ...]) for text in paths]
        columns, index = {name: arrays[name] for name in _COLUMNS}, ItemIndex.from_arrays(arrays)
        facts, traits = ItemFacts.from_arrays(arrays), TraitTable.from_arrays("traits", arrays)
    except (OSError, ValueError, EOFError, KeyError, msgspec.MsgspecError) as error:
        raise BundleDamaged(f"The interactions in {folder} cannot be read: {error}.", _REMEDY) from error
    data = Interactions(
        shoppers=columns["shoppers"].astype(np.int32, copy=False),
        items=columns["items"].astype(np.int32, copy=False),
        stores=columns["stores"].astype(np.int32, copy=False),
        kinds=columns["kinds"].astype(np.int8, copy=False),
        times=columns["times"].astype(np.int64, copy=False),
        devices=columns["devices"].astype(np.int8, copy=False),
        index=index,
        categories=categories,
        shopper_keys=keys,
        store_names=tuple(stores),
        facts=facts,
        traits=traits,
        variants=columns["variants"].astype(np.int32, copy=False),
        positions=columns["positions"].astype(np.int16, copy=False),
        position_exponent=about.position_exponent,
        stars=columns["stars"].astype(np.float32, copy=False),
        referrers=columns["referrers"].astype(np.int8, copy=False),
        time_zones=tuple(zones),
    )
    if data.fingerprint() != about.fingerprint:
        raise BundleDamaged(f"The interactions in {folder} are not what was written (SHA-256 differs).", _REMEDY)
    return data


def _open(path: Path) -> npt.NDArray[np.generic]:
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # an array without elements cannot be mapped
        return np.asarray(np.load(path, allow_pickle=False))
