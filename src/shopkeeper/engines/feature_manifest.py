"""Which days of which events are summed already, and which must be summed again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shopkeeper.commerce.tables import EVENTS, TRAFFIC_VERDICTS
from shopkeeper.engines.durable_files import replace_file
from shopkeeper.engines.lake_manifest import Part
from shopkeeper.errors import LogDamaged

FOLDER: Final = "features"
"""Where features lie, in the folder of the lake."""
LOCK: Final = ".lock"
MANIFEST: Final = "manifest.json"
_EVENTS_A_STRETCH: Final = 1_000_000
_MOST_SMALL: Final = 32
"""Stretches of under an eighth of the size above before they become fewer, larger ones."""


class Stretch(Struct, frozen=True):
    """Some UTC days whose sums lie in one file a table.

    Attributes:
        days: Each day with the fingerprint of the lake's files its sums were computed from.
        files: Table -> path relative to the folder of features.
        events: Events of the days in the lake.
    """

    days: dict[str, str]
    files: dict[str, str]
    events: int


class FeatureManifest(Struct, frozen=True):
    """One state of the feature tables, replaced atomically.

    Attributes:
        definitions: Fingerprint of definitions and stores the sums were made by; others make all of them void.
        at: Cutoff of the feature tables.
        tables: Entity -> file with the features of each entity at the cutoff.
        retired: Replaced files, deleted by the next refresh.
    """

    definitions: str = ""
    stretches: tuple[Stretch, ...] = ()
    at: datetime | None = None
    tables: dict[str, str] = {}
    rows: dict[str, int] = {}
    retired: tuple[str, ...] = ()

    @property
    def days(self) -> dict[str, str]:
        """Every summed day with its fingerprint."""
        return {day: mark for stretch in self.stretches for day, mark in stretch.days.items()}

    @property
    def paths(self) -> set[str]:
        """Every file it names."""
        named = {path for stretch in self.stretches for path in stretch.files.values()}
        return {*named, *self.tables.values(), *self.retired}


@dataclass(frozen=True, slots=True)
class SourceDay:
    """One UTC day of events in the lake, with the verdicts about their traffic."""

    day: str
    parts: tuple[Part, ...]

    @property
    def mark(self) -> str:
        """Fingerprint: other when rows or verdicts came late, were erased or were merged into other files."""
        return hashlib.sha256("\n".join(sorted(part.path for part in self.parts)).encode()).hexdigest()[:16]

    @property
    def events(self) -> int:
        """Its events, of people or not."""
        return sum(part.rows for part in self.parts if part.table == EVENTS.name)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be summed.

    Attributes:
        kept: Stretches that stand.
        batches: Days to sum, each batch to become one stretch.
        reopened: Days among them that were summed before.
        dropped: Days that had been summed and are no more in the lake.
    """

    kept: tuple[Stretch, ...]
    batches: tuple[tuple[SourceDay, ...], ...]
    reopened: int
    dropped: int


def source_days(parts: Iterable[Part]) -> dict[str, SourceDay]:
    """Return the days of the events in the lake, oldest first."""
    by_day: dict[str, list[Part]] = {}
    for part in parts:
        if part.table in (EVENTS.name, TRAFFIC_VERDICTS.name):
            by_day.setdefault(part.day, []).append(part)
    found = (SourceDay(day, tuple(by_day[day])) for day in sorted(by_day))
    return {source.day: source for source in found if source.events}


def plan(manifest: FeatureManifest, sources: Mapping[str, SourceDay], definitions: str, until: date) -> Plan:
    """Return what must be summed so that every day before `until`, and none of it wrongly, is summed."""
    old = manifest.stretches if manifest.definitions == definitions else ()
    small = [stretch for stretch in old if stretch.events < _EVENTS_A_STRETCH // 8]
    merged = set(map(id, small)) if len(small) > _MOST_SMALL else set()
    kept = tuple(
        stretch
        for stretch in old
        if id(stretch) not in merged
        and all(day in sources and sources[day].mark == mark for day, mark in stretch.days.items())
    )
    standing = {day for stretch in kept for day in stretch.days}
    before = manifest.days
    due = [
        source
        for day, source in sources.items()
        if day not in standing and (date.fromisoformat(day) < until or day in before)
    ]
    changed = sum(source.day in before and before[source.day] != source.mark for source in due)
    return Plan(kept, tuple(_batches(due)), changed, sum(day not in sources for day in before))


def _batches(days: Sequence[SourceDay]) -> Iterable[tuple[SourceDay, ...]]:
    batch: list[SourceDay] = []
    for day in days:
        if batch and sum(one.events for one in batch) + day.events > _EVENTS_A_STRETCH:
            yield tuple(batch)
            batch = []
        batch.append(day)
    if batch:
        yield tuple(batch)


def read_feature_manifest(folder: Path) -> FeatureManifest:
    """Return the current state; an empty one where there is none yet.

    Raises:
        LogDamaged: it cannot be read.
    """
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=FeatureManifest)
    except FileNotFoundError:
        return FeatureManifest()
    except msgspec.DecodeError as error:
        raise LogDamaged(
            f"The manifest of features {path} cannot be read: {error}.",
            f"Delete the folder {folder}; the next refresh computes everything from the lake.",
        ) from error


def publish_features(folder: Path, manifest: FeatureManifest) -> FeatureManifest:
    """Make a state the current one, durably; returns it."""
    replace_file(folder / MANIFEST, msgspec.json.encode(manifest))
    return manifest
