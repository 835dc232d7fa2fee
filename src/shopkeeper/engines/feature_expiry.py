"""Takes what the lake dropped after its time out of the features, whether or not anybody refreshes them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec

from shopkeeper.engines.durable_files import held_lock
from shopkeeper.engines.feature_manifest import FOLDER, LOCK, publish_features, read_feature_manifest, source_days
from shopkeeper.engines.lake_manifest import read_manifest
from shopkeeper.features.kinds import HORIZON_DAYS


def expire_features(lake_folder: Path, before: date) -> int:
    """Delete sums of days before `before` that the lake no longer has as they were, and return how many days went.

    Feature tables that were made of such days go with them. Days that shared a file with one are summed again by the
    next refresh.
    """
    folder = lake_folder / FOLDER
    if not folder.is_dir():
        return 0
    with held_lock(folder / LOCK, wait=True):
        manifest, sources = read_feature_manifest(folder), source_days(read_manifest(lake_folder).parts)
        past = {day: mark for day, mark in manifest.days.items() if date.fromisoformat(day) < before}
        gone = {day for day, mark in past.items() if day not in sources or sources[day].mark != mark}
        if not gone:
            return 0
        dropped = tuple(one for one in manifest.stretches if not gone.isdisjoint(one.days))
        files = {*manifest.retired, *(path for stretch in dropped for path in stretch.files.values())}
        kept = tuple(stretch for stretch in manifest.stretches if stretch not in dropped)
        changed = msgspec.structs.replace(manifest, stretches=kept, retired=())
        if manifest.at is not None and manifest.at.date() - timedelta(days=HORIZON_DAYS) < before:
            files |= set(manifest.tables.values())
            changed = msgspec.structs.replace(changed, tables={}, rows={})
        publish_features(folder, changed)
        for path in files:
            (folder / path).unlink(missing_ok=True)
    return len(gone)
