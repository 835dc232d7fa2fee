"""Tests of which only sums at checkpoints are kept, such as the 78 of ASOS: `evaluations/experiment.py --summaries`."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.checkpoints import Checkpoint, Followed, Stop, follow
from shopkeeper.experiments.srm import ALERT, mismatch_p

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.columns import read

ALPHA: Final = 0.05
COLUMNS: Final = (
    "experiment_id", "variant_id", "metric_id", "time_since_start", "count_c", "count_t", "mean_c", "mean_t",
    "variance_c", "variance_t",
)  # fmt: skip
Key = tuple[str, str, str]


def summed_up(file: Path) -> dict[str, Any]:
    """Follow every comparison of a file through its checkpoints.

    Raises:
        ValueError: the file holds no checkpoint.
    """
    series = _series(file)
    if not series:
        raise ValueError("the file holds no checkpoint")
    followed = {key: follow(points, ALPHA) for key, points in series.items()}
    srm = {
        key[:2]: mismatch_p([float(last.control.n), float(last.treatment.n)], [0.5, 0.5])
        for key, points in series.items()
        if (last := points[-1]).n
    }
    metrics = sorted({key[2] for key in followed})
    return {
        "experiments": len({key[0] for key in followed}),
        "comparisons": len({key[:2] for key in followed}),
        "checkpoints": sum(len(points) for points in series.values()),
        "skipped": sum(one.skipped for one in followed.values()),
        "alpha": ALPHA,
        "agreement": agreement(file, followed),
        "srm_below_limit": sum(p < ALERT for p in srm.values()),
        "experiments_stopped_any_time": len({key[0] for key, one in followed.items() if one.any_time is not None}),
        "metrics": {metric: _told([one for key, one in followed.items() if key[2] == metric]) for metric in metrics},
        "stops": [
            {"experiment": key[0], "variant": key[1], "metric": key[2], **_stop(one.any_time)}
            for key, one in sorted(followed.items())
            if one.any_time is not None
        ],
    }


def _series(file: Path) -> dict[Key, list[Checkpoint]]:
    rows = read(file, list(COLUMNS))
    figures = [np.ma.filled(np.ma.asarray(rows[name]).astype(np.float64), np.nan) for name in COLUMNS[3:]]
    order = np.argsort(figures[0], kind="stable")
    found: dict[Key, list[Checkpoint]] = {}
    for row in order:
        time, n_c, n_t, mean_c, mean_t, variance_c, variance_t = (float(one[row]) for one in figures)
        key = (str(rows[COLUMNS[0]][row]), str(rows[COLUMNS[1]][row]), str(rows[COLUMNS[2]][row]))
        known = not math.isnan(variance_c + variance_t)
        control, treatment = (
            Arm(int(n) if known else 0, mean, variance)
            for n, mean, variance in ((n_c, mean_c, variance_c), (n_t, mean_t, variance_t))
        )
        found.setdefault(key, []).append(Checkpoint(time, control, treatment))
    return found


def agreement(file: Path, followed: dict[Key, Followed]) -> float:
    """Return the largest distance of an interval's end from the same formulas in SQL, over half its width."""
    sql = Path(__file__).with_name("summaries.sql").read_text()
    connection = duckdb.connect()
    try:
        theirs = connection.execute(sql, {"file": str(file), "alpha": ALPHA}).fetchall()
    finally:
        connection.close()
    ours = {(*key, look.time): (look.low, look.high) for key, one in followed.items() for look in one.looks}
    if {(str(row[0]), str(row[1]), str(row[2]), float(row[3])) for row in theirs} != set(ours):
        return math.inf
    worst = 0.0
    for experiment, variant, metric, time, low, high in theirs:
        mine = ours[(str(experiment), str(variant), str(metric), float(time))]
        worst = max(worst, abs(mine[0] - low) / (high - low) * 2, abs(mine[1] - high) / (high - low) * 2)
    return worst


def _told(comparisons: list[Followed]) -> dict[str, Any]:
    return {
        "comparisons": len(comparisons),
        "any_time": _stops(one.any_time for one in comparisons),
        "planned_looks": _stops(one.planned for one in comparisons),
        "below_alpha_at_end": sum(one.p_end < ALPHA for one in comparisons),
        "effect_at_stop_over_effect_at_end": _middle(
            one.any_time.effect / one.looks[-1].effect
            for one in comparisons
            if one.any_time is not None and one.looks[-1].effect
        ),
    }


def _stops(stops: Iterable[Stop | None]) -> dict[str, Any]:
    found = [one for one in stops if one is not None]
    return {
        "stopped": len(found),
        "median_day": _middle(one.time for one in found),
        "median_share_of_length": _middle(one.share for one in found),
        "in_first_half": sum(one.share <= 0.5 for one in found),
    }


def _stop(stop: Stop) -> dict[str, float]:
    return {"day": stop.time, "share_of_length": stop.share, "units": stop.n, "effect": stop.effect}


def _middle(values: Iterable[float]) -> float | None:
    held = list(values)
    return statistics.median(held) if held else None
