"""Looking at the lake without changing it: are the files its manifest names there, whole, and no others?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shopkeeper.engines.lake_manifest import MANIFEST, Manifest, Part, read_manifest
from shopkeeper.errors import LogDamaged

_MAGIC: Final = b"PAR1"


@dataclass(frozen=True, slots=True)
class LakeHealth:
    """The state of the files of a lake.

    Attributes:
        trouble: Why the manifest cannot be read; None when it can.
        parts: Files the manifest names.
        rows: Rows in them.
        broken: Files that are missing or not what was written, each with how.
        stray: Files no manifest names; left by a killed writer, swept by the next compaction.
    """

    trouble: str | None = None
    parts: int = 0
    rows: int = 0
    broken: tuple[str, ...] = ()
    stray: int = 0


def look_at_lake(folder: Path) -> LakeHealth:
    """Return the health of the lake in a folder; sizes and frames of all files are compared, contents are not read."""
    try:
        manifest = read_manifest(folder)
    except (LogDamaged, OSError) as error:
        return LakeHealth(trouble=str(error))
    broken = [f"{part.path}: {how}" for part in manifest.parts if (how := _broken(folder, part)) is not None]
    after = read_manifest(folder)  # a compaction may have published meanwhile: what both do not name is stray
    stray = _files(folder) - _named(manifest) - _named(after)
    rows = sum(part.rows for part in manifest.parts)
    return LakeHealth(None, len(manifest.parts), rows, tuple(broken), len(stray))


def _broken(folder: Path, part: Part) -> str | None:
    path = folder / part.path
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size != part.bytes:
                return f"has {size:,} bytes, {MANIFEST} says {part.bytes:,}"
            file.seek(0)
            head = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), 2)
            return None if head == file.read() == _MAGIC else "is no whole Parquet file"
    except OSError as error:
        return f"{error.strerror or error}".lower()


def _named(manifest: Manifest) -> set[str]:
    return {part.path for part in manifest.parts} | {old.path for old in manifest.retired}


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.glob("*/store=*/day=*/*.parquet")}
