"""Bundles: whole or not there, checked before they serve, changed only all at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.errors import BundleDamaged, InputError
from shopkeeper.registry.bundle import (
    MANIFEST_FILE,
    Array,
    Bundle,
    BundleContent,
    Manifest,
    open_bundle,
    read_manifest,
    rewrite_arrays,
    write_bundle,
)
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

NOON = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)


def content(**arrays: Array) -> BundleContent:
    held = arrays or {"scores": np.arange(6.0).reshape(2, 3), "none": np.empty((0, 3), dtype=np.int32)}
    return BundleContent(
        "recommendations", "item-knn", "0.1.0", {"window": 8}, 7, "data-hash", {"ndcg@10": {"value": 0.05}}, held
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    manifest = write_bundle(tmp_path, content(), NOON)
    return open_bundle(tmp_path / "recommendations" / manifest.version)


def test_what_goes_in_comes_out(bundle: Bundle) -> None:
    np.testing.assert_array_equal(bundle.arrays["scores"], [[0, 1, 2], [3, 4, 5]])
    assert bundle.arrays["none"].shape == (0, 3)
    manifest = bundle.manifest
    assert (manifest.system, manifest.model, manifest.seed, manifest.fingerprint) == (
        "recommendations", "item-knn", 7, "data-hash",
    )  # fmt: skip
    assert (manifest.code_version, manifest.parameters, manifest.created_at) == ("0.1.0", {"window": 8}, NOON)
    assert manifest.metrics == {"ndcg@10": {"value": 0.05}}


def test_arrays_open_by_mmap_and_cannot_be_written(bundle: Bundle) -> None:
    assert isinstance(bundle.arrays["scores"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        bundle.arrays["scores"][0, 0] = 1


def test_versions_sort_by_time_and_end_in_their_content(bundle: Bundle, tmp_path: Path) -> None:
    assert bundle.version == f"20260301-123015-{bundle.manifest.content[:6]}"
    later = write_bundle(tmp_path, content(), NOON.replace(hour=13))
    assert later.version > bundle.version
    assert later.content == bundle.manifest.content
    other = write_bundle(tmp_path, content(scores=np.zeros(3)), NOON)
    assert other.content != bundle.manifest.content


def test_one_version_is_never_written_twice(bundle: Bundle, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in bundle.folder.iterdir()}
    assert write_bundle(tmp_path, content(), NOON) == bundle.manifest
    assert {path: path.stat().st_mtime_ns for path in bundle.folder.iterdir()} == before
    assert [path.name for path in bundle.folder.parent.iterdir()] == [bundle.version]


def test_a_version_of_another_moment_is_not_taken_for_the_same(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="already"):
        write_bundle(tmp_path, content(), NOON.replace(microsecond=1))
    assert [path.name for path in bundle.folder.parent.iterdir()] == [bundle.version]


def test_nothing_is_left_of_a_bundle_that_could_not_be_written(tmp_path: Path) -> None:
    for bad in ({"a": np.array([None, "x"], dtype=object)}, {"../a": np.zeros(1)}, {"": np.zeros(1)}):
        with pytest.raises(InputError):
            write_bundle(tmp_path, content(**bad), NOON)
    assert list((tmp_path / "recommendations").iterdir()) == []


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: _flip(folder / "scores.npy"), "SHA-256"),
        (lambda folder: (folder / "scores.npy").unlink(), "lacks scores.npy"),
        (lambda folder: (folder / "scores.npy").write_bytes(b"short"), "bytes"),
        (lambda folder: (folder / MANIFEST_FILE).unlink(), "missing"),
        (lambda folder: (folder / MANIFEST_FILE).write_bytes(b"{"), "cannot be read"),
        (lambda folder: (folder / MANIFEST_FILE).write_bytes(b'{"system": "\xff"}'), "cannot be read"),
    ],
)
def test_a_damaged_bundle_is_refused(bundle: Bundle, harm: Callable[[Path], object], says: str) -> None:
    harm(bundle.folder)
    with pytest.raises(BundleDamaged, match=says):
        open_bundle(bundle.folder)


def test_sizes_alone_are_the_cheap_check(bundle: Bundle) -> None:
    _flip(bundle.folder / "scores.npy")
    assert open_bundle(bundle.folder, check="sizes").version == bundle.version
    (bundle.folder / "scores.npy").write_bytes(b"short")
    with pytest.raises(BundleDamaged):
        open_bundle(bundle.folder, check="sizes")


def _change(folder: Path, change: Callable[[Manifest], Manifest]) -> None:
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.encode(change(read_manifest(folder))))


def test_a_manifest_of_another_format_is_refused(bundle: Bundle) -> None:
    _change(bundle.folder, lambda manifest: msgspec.structs.replace(manifest, format_version=99))
    with pytest.raises(BundleDamaged, match="format 99"):
        open_bundle(bundle.folder)


def test_a_manifest_cannot_reach_outside_its_folder(bundle: Bundle) -> None:
    entry = msgspec.structs.replace(bundle.manifest.arrays["scores"], file="../../secret.npy")
    _change(bundle.folder, lambda manifest: msgspec.structs.replace(manifest, arrays={"scores": entry}))
    with pytest.raises(BundleDamaged, match="outside"):
        open_bundle(bundle.folder)


def test_pickled_objects_are_never_loaded(bundle: Bundle) -> None:
    path = bundle.folder / "scores.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    entry = msgspec.structs.replace(bundle.manifest.arrays["scores"], bytes=path.stat().st_size)
    _change(bundle.folder, lambda manifest: msgspec.structs.replace(manifest, arrays={"scores": entry}))
    with pytest.raises(BundleDamaged, match="not a readable array"):
        open_bundle(bundle.folder, check="sizes")


def test_an_array_can_be_replaced_under_those_who_read_it(bundle: Bundle) -> None:
    rewrite_arrays(bundle.folder, {"scores": np.full((1, 3), 9.0)})
    np.testing.assert_array_equal(bundle.arrays["scores"], [[0, 1, 2], [3, 4, 5]])
    after = open_bundle(bundle.folder)
    np.testing.assert_array_equal(after.arrays["scores"], [[9, 9, 9]])
    assert after.version == bundle.version
    assert after.manifest.content != bundle.manifest.content
    names = {entry.file for entry in after.manifest.arrays.values()} | {MANIFEST_FILE}
    assert {path.name for path in bundle.folder.iterdir()} == names


def test_only_arrays_that_are_there_can_be_replaced(bundle: Bundle) -> None:
    with pytest.raises(InputError, match="no array 'other'"):
        rewrite_arrays(bundle.folder, {"other": np.zeros(1)})


def test_texts_survive_as_plain_arrays() -> None:
    texts = ["", "mug", "Käse", "\x00", "日本", "a" * 1000]
    assert unpack_texts("names", pack_texts("names", texts)) == texts
    assert unpack_texts("names", pack_texts("names", [])) == []
