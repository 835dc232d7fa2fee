"""A trained model on disk: a folder of plain arrays and a manifest that vouches for every byte.

A bundle is written beside its place and renamed into it, so it is there whole or not at all. Arrays are `.npy` without
pickle and open by mmap: processes that serve the same version share its pages. Single arrays can be replaced (to erase
one person): new files are written first, and renaming the manifest is the moment the change happens.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.errors import BundleDamaged, InputError

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
CARD_FILE = "card.html"
"""The page about a version lies beside its manifest and is no part of the bundle: no hash vouches for it."""
REMEDY = "Train again with `shopkeeper train`, or restore the folder from a backup."

Array = npt.NDArray[np.generic]


class ArrayEntry(Struct, frozen=True):
    """One array of a bundle: its file, and what the file must be."""

    file: str
    sha256: str
    bytes: int
    dtype: str
    shape: tuple[int, ...]


class Manifest(Struct, frozen=True, kw_only=True):
    """What a bundle is and where it comes from.

    Attributes:
        version: Unique within the system, sortable by time.
        code_version: Version of Shopkeeper that trained it.
        fingerprint: Hash of everything that was read to train it.
        content: Hash over names, shapes and bytes of all arrays; equal content, equal model.
        lineage: Where it comes from: run, plan, environment, objective, verdict on the data; empty for old bundles.
    """

    format_version: int
    system: str
    model: str
    version: str
    created_at: datetime
    code_version: str
    parameters: dict[str, Any]
    seed: int
    fingerprint: str
    metrics: dict[str, Any]
    content: str
    arrays: dict[str, ArrayEntry]
    lineage: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class BundleContent:
    """Everything that goes into a bundle.

    Attributes:
        arrays: Plain arrays by name; a name is letters, digits, `_`, `-` and `.`.
    """

    system: str
    model: str
    code_version: str
    parameters: Mapping[str, Any]
    seed: int
    fingerprint: str
    metrics: Mapping[str, Any]
    arrays: Mapping[str, Array]
    lineage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle; its arrays are read-only views of the files."""

    folder: Path
    manifest: Manifest
    arrays: Mapping[str, Array]

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.manifest.version


def write_bundle(root: Path, content: BundleContent, created_at: datetime) -> Manifest:
    """Write a bundle to `root/SYSTEM/VERSION` and return its manifest.

    The version is the UTC time followed by six digits of the content hash. Where it is there already with the same
    content, as after a crash, it is left as it is.

    Raises:
        InputError: an array holds objects, or has a name that is no file name; or other content has that version.
    """
    entries, digest = {}, hashlib.sha256()
    parent = root / content.system
    parent.mkdir(parents=True, exist_ok=True)
    draft = parent / f".draft-{uuid4().hex}"
    draft.mkdir()
    try:
        for name in sorted(content.arrays):
            entries[name] = _write_array(draft, name, content.arrays[name])
            digest.update(_line(name, entries[name]))
        version = f"{created_at:%Y%m%d-%H%M%S}-{digest.hexdigest()[:6]}"
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            system=content.system,
            model=content.model,
            version=version,
            created_at=created_at,
            code_version=content.code_version,
            parameters=dict(content.parameters),
            seed=content.seed,
            fingerprint=content.fingerprint,
            metrics=dict(content.metrics),
            content=digest.hexdigest(),
            arrays=entries,
            lineage=dict(content.lineage),
        )
        place = parent / version
        if place.exists():
            shutil.rmtree(draft)
            return _there_already(place, manifest)
        _write_manifest(draft, manifest)
        draft.rename(place)
        _sync(parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


def _there_already(place: Path, manifest: Manifest) -> Manifest:
    there = read_manifest(place)
    if (there.content, there.created_at) != (manifest.content, manifest.created_at):
        raise InputError(f"Version {manifest.version} is already in {place.parent}.", "Train again in a second.")
    return there


def open_bundle(folder: Path, check: Literal["hashes", "sizes"] = "hashes") -> Bundle:
    """Open a bundle by mmap after checking its files against the manifest.

    Args:
        folder: Folder of the bundle.
        check: `hashes` reads every byte; `sizes` only compares lengths, for a version this process has checked before.

    Raises:
        BundleDamaged: no manifest, a manifest of another format, or a file that is missing or is not what it was.
    """
    manifest = read_manifest(folder)
    arrays = {}
    for name, entry in manifest.arrays.items():
        path = folder / entry.file
        if not path.is_file():
            raise BundleDamaged(f"Bundle {folder} lacks {entry.file}.", REMEDY)
        if path.stat().st_size != entry.bytes:
            raise BundleDamaged(f"{path} has {path.stat().st_size} bytes, its manifest says {entry.bytes}.", REMEDY)
        if check == "hashes" and _file_hash(path) != entry.sha256:
            raise BundleDamaged(f"{path} is not the file its manifest was written for (SHA-256 differs).", REMEDY)
        arrays[name] = _open_array(path, entry)
    return Bundle(folder, manifest, arrays)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bundle. Raises BundleDamaged when there is none or it cannot be read."""
    path = folder / MANIFEST_FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BundleDamaged(f"There is no bundle in {folder}: {MANIFEST_FILE} is missing.", REMEDY) from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BundleDamaged(f"{path} cannot be read: {error}.", REMEDY) from error
    if manifest.format_version != FORMAT_VERSION:
        raise BundleDamaged(
            f"{path} has format {manifest.format_version}; this Shopkeeper reads format {FORMAT_VERSION}.",
            "Train again with this version, or run the version that wrote it.",
        )
    if any(Path(entry.file).name != entry.file for entry in manifest.arrays.values()):
        raise BundleDamaged(f"{path} names a file outside its folder.", REMEDY)
    return manifest


def rewrite_arrays(folder: Path, replacements: Mapping[str, Array]) -> Manifest:
    """Replace arrays of a bundle and their hashes, all at once; processes that have it open keep the old ones.

    Raises:
        InputError: the bundle has no array of that name.
        BundleDamaged: as `read_manifest`.
    """
    manifest = read_manifest(folder)
    if missing := sorted(set(replacements) - set(manifest.arrays)):
        raise InputError(f"Bundle {folder} has no array {missing[0]!r}.", f"It has: {', '.join(manifest.arrays)}.")
    entries = dict(manifest.arrays)
    outdated = [entries[name].file for name in replacements]
    for name, array in replacements.items():
        entries[name] = _write_array(folder, name, array, suffix=f".{uuid4().hex[:8]}")
    digest = hashlib.sha256()
    for name in sorted(entries):
        digest.update(_line(name, entries[name]))
    manifest = msgspec.structs.replace(manifest, arrays=entries, content=digest.hexdigest())
    _write_manifest(folder, manifest)
    for file in outdated:
        (folder / file).unlink(missing_ok=True)
    _sync(folder)
    return manifest


def _line(name: str, entry: ArrayEntry) -> bytes:
    return f"{name} {entry.dtype} {entry.shape} {entry.sha256}\n".encode()


def _write_array(folder: Path, name: str, array: Array, suffix: str = "") -> ArrayEntry:
    if not name or not all(letter.isalnum() or letter in "_-." for letter in name):
        raise InputError(f"Array name {name!r} is no file name.", "Use letters, digits, `_`, `-` and `.`.")
    if array.dtype.hasobject:
        raise InputError(f"Array {name!r} holds Python objects.", "Store texts with `registry.text_arrays.pack_texts`.")
    path = folder / f"{name}{suffix}.npy"
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return ArrayEntry(path.name, _file_hash(path), path.stat().st_size, array.dtype.str, array.shape)


def _open_array(path: Path, entry: ArrayEntry) -> Array:
    try:
        mode: Literal["r"] | None = "r" if np.prod(entry.shape) else None  # an empty file part cannot be mapped
        array: Array = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BundleDamaged(f"{path} is not a readable array: {error}.", REMEDY) from error
    if array.dtype.str != entry.dtype or array.shape != entry.shape:
        raise BundleDamaged(
            f"{path} holds {array.dtype.str}{array.shape}, its manifest says {entry.dtype}{entry.shape}.", REMEDY
        )
    return array


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    draft = folder / f".{MANIFEST_FILE}.{uuid4().hex[:8]}"
    with draft.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MANIFEST_FILE)
    _sync(folder)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
