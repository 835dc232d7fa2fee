"""How old is the newest row of every source, and is any day missing?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import DAY, QualityLimits
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import query


def freshness(judge: Judge, warehouse: Warehouse, now: datetime, limits: QualityLimits) -> None:
    """Judge the age of every source the limits name."""
    ages = _ages(warehouse, judge.store, np.datetime64(now.replace(tzinfo=None), "us"))
    for source, limit in limits.ages.items():
        name = f"age of the newest {'event' if source == 'events' else f'row of {source}'}"
        if source not in ages:
            if limit.needed:
                judge.stated(
                    "freshness", name, None, (limit.error or limit.warn or 0) / DAY, "days", "fail",
                    f"{source} never came | Connect {source}, or take it out of the contract.",
                )  # fmt: skip
            continue
        age, newest = ages[source]
        bound = limit.warn if limit.warn is not None else limit.error
        if bound is None:
            continue
        over = limit.error is not None and age > limit.error
        shown = limit.error if over and limit.error is not None else bound
        words = f"newest {newest} | Connect the live source, or take it as it is for data of the past."
        judge.stated(
            "freshness", name, age / DAY, shown / DAY, "days",
            "fail" if over else "warn" if age > bound else "pass", words,
        )  # fmt: skip


def gaps(judge: Judge, days: Any, limits: QualityLimits) -> None:  # noqa: ANN401 - numpy datetimes
    """Judge the longest run of UTC days without an event."""
    ordered = np.sort(days)
    steps = np.diff(ordered) / np.timedelta64(1, "D")
    place = int(np.argmax(steps)) if steps.size else 0
    gap = float(steps[place]) - 1 if steps.size else 0.0
    detail = f"after {ordered[place].astype('datetime64[D]')}" if gap else ""
    judge.most(
        "freshness", "longest gap without events", gap, limits.gap_days, "days", "warn",
        "Find the days in the source and import them.", detail=detail,
    )  # fmt: skip


def _ages(warehouse: Warehouse, store: str, now: np.datetime64) -> dict[str, tuple[float, str]]:
    """Return the age, seconds, and the time of the newest row of each source that ever came."""
    found: dict[str, tuple[float, str]] = {}
    for name, column, prefix in (("source_ages", "source", ""), ("event_type_ages", "type", "events.")):
        rows = warehouse.fetch(query(name), store=store)
        for source, newest, held in zip(rows[column], rows["newest"], rows["held"], strict=True):
            if held:
                age = float((now - newest) / np.timedelta64(1, "s"))
                found[f"{prefix}{source}"] = (age, str(newest.astype("datetime64[s]")))
    return found
