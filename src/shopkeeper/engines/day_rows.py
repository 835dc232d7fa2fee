"""Which UTC days of a test are added up already: one folder a test, rows of each day in files of their own.

    lake/tests/TEST/RELATION-DAY-...parquet      rows of one relation on one day
    lake/tests/TEST/manifest.json                what there is; replaced atomically

The files hold persons. They are only ever computed from the lake: an erasure there deletes all of them, and a test that
nobody asked about for some days loses its own.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shopkeeper.commerce.tables import DECISIONS, EVENTS, SHADOW_ANSWERS, TRAFFIC_VERDICTS
from shopkeeper.engines.durable_files import replace_file
from shopkeeper.engines.lake_manifest import Part

FOLDER: Final = "tests"
"""Where days of tests lie, in the folder of the lake."""
LOCK: Final = ".lock"
_MANIFEST: Final = "manifest.json"
UNASKED_DAYS: Final = 7
"""Days after which a test that nobody asked about loses its files."""


class DayFiles(Struct, frozen=True):
    """One day.

    Attributes:
        mark: Fingerprint of the lake's files it was computed from.
        files: Relation -> name of its file.
    """

    mark: str
    files: dict[str, str]


class DayRows(Struct, frozen=True):
    """What is kept of one test.

    Attributes:
        definitions: Fingerprint of what is added up; another makes all of it void.
        first: Day (ISO) with decisions -> fingerprint of these, and the first moment the test decided on it.
        days: Day -> what was added up of it.
        caps: (store, figure, value) at which winsorised means are cut: as they were when first asked for.
    """

    definitions: str = ""
    first: dict[str, tuple[str, datetime | None]] = {}
    days: dict[str, DayFiles] = {}
    caps: tuple[tuple[str, str, float], ...] | None = None


def folder_of(lake_folder: Path, test: str) -> Path:
    """Return the folder of one test."""
    return lake_folder / FOLDER / hashlib.sha256(test.encode()).hexdigest()[:24]


def read_day_rows(folder: Path, definitions: str) -> DayRows:
    """Return what is kept of a test; nothing where it is void or cannot be read."""
    try:
        kept = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=DayRows)
    except (FileNotFoundError, msgspec.DecodeError):
        return DayRows(definitions)
    return kept if kept.definitions == definitions else DayRows(definitions, kept.first, {}, kept.caps)


def keep_day_rows(folder: Path, rows: DayRows) -> None:
    """Keep a state of a test, and delete the files it does not name."""
    replace_file(folder / _MANIFEST, msgspec.json.encode(rows))
    named = {file for day in rows.days.values() for file in day.files.values()}
    for path in folder.glob("*.parquet"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def day_mark(parts: Mapping[str, Iterable[Part]], day: date, attribution_days: int) -> str:
    """Return the fingerprint of what a day's rows are computed from; empty where nothing happened on it.

    Args:
        parts: Day (ISO) -> parts of the lake.
    """
    own = [part.path for part in parts.get(day.isoformat(), ()) if part.table != DECISIONS.name]
    days = (day - timedelta(days=back) for back in range(attribution_days + 1))
    decided = [part.path for one in days for part in parts.get(one.isoformat(), ()) if part.table == DECISIONS.name]
    if not own and not any(part.table == DECISIONS.name for part in parts.get(day.isoformat(), ())):
        return ""
    return fingerprint((*own, *decided))


def fingerprint(texts: Iterable[str]) -> str:
    """Return a short hash over some texts, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]


def parts_by_day(parts: Iterable[Part]) -> dict[str, list[Part]]:
    """Return the parts of the lake a test is read from, by day."""
    found: dict[str, list[Part]] = {}
    wanted = {EVENTS.name, DECISIONS.name, TRAFFIC_VERDICTS.name, SHADOW_ANSWERS.name}
    for part in parts:
        if part.table in wanted:
            found.setdefault(part.day, []).append(part)
    return found


def forget_tests(lake_folder: Path) -> None:
    """Delete what is kept of every test, as after an erasure; it is computed again when somebody asks."""
    shutil.rmtree(lake_folder / FOLDER, ignore_errors=True)


def expire_tests(lake_folder: Path, now: datetime) -> int:
    """Delete what is kept of tests that nobody asked about for a week, and return how many these were."""
    before = (now.astimezone(UTC) - timedelta(days=UNASKED_DAYS)).timestamp()
    gone = 0
    for path in (lake_folder / FOLDER).glob("*"):
        manifest = path / _MANIFEST
        if (manifest if manifest.is_file() else path).stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)
            gone += 1
    return gone
