"""Boosted trees on top of the levels: what recent weeks, last year and the calendar say beyond a rate and a season.

They multiply the level and never see a price, so the slope alone decides what another price does. Learnt by LightGBM
(extra `train`), answered by numpy; where the newest weeks say they teach nothing, there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ConfigError
from shopkeeper.pricing.demand.demand_level import YEAR_DAYS, DemandLevel, fit_level, freed, poisson_deviance
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.registry.trees import MOST_LEAVES, NO_TREES, Trees

if TYPE_CHECKING:
    import lightgbm

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

AHEAD: Final = 8
"""Periods foretold from each origin while learning."""
ORIGINS: Final = 8
"""Moments of the past that are learnt from, four periods apart; the newest two say how many trees help."""
MOST_ROWS: Final = 400_000
MANY_ROWS: Final = 200_000
"""Rows from which on it pays to learn with a second thread; for a few thousand it costs eight times the CPU time."""
ROUNDS: Final = 150
FARTHEST: Final = 1.0
"""Log units a level may be moved."""


@dataclass(frozen=True, slots=True)
class BoostedLevel:
    """A level and the trees that mend it.

    Attributes:
        level: What `fit_level` knows.
        past: State of each pair at the end of the history, shape (pairs, features of the past).
        trees: Log of the factor on the level; none where they do not help.
    """

    level: DemandLevel
    past: Rows
    trees: Trees

    def expected(
        self, ahead: int, price: npt.NDArray[np.floating] | None = None, promo: npt.NDArray[np.floating] | None = None
    ) -> Floats:
        """Return expected units of each coming period, shape (pairs, ahead); see `DemandLevel.expected`."""
        plain = self.level.expected(ahead, price, promo)
        rows = _rows(self.level, self.past, ahead)
        return plain * np.exp(np.clip(self.trees.scores(rows), -FARTHEST, FARTHEST)).reshape(plain.shape)


def fit_boosted(panel: PricePanel, slope: Floats, promo: Floats | None = None, seed: int = 0) -> BoostedLevel:
    """Learn levels, and trees over what they miss.

    Raises:
        ConfigError: LightGBM is not installed.
        NotEnoughData: as `fit_level`.
    """
    level = fit_level(panel, slope, promo)
    past = _past(panel, level)
    origins = [panel.periods - AHEAD - 4 * n for n in range(ORIGINS)]
    origins = [origin for origin in origins if origin >= panel.periods // 2 and origin >= 26]
    if len(origins) < 4:
        return BoostedLevel(level, past, NO_TREES)
    pairs = np.arange(panel.pairs)
    most = MOST_ROWS // (AHEAD * len(origins))
    if panel.pairs > most:
        pairs = np.sort(np.random.default_rng(seed).choice(panel.pairs, most, replace=False))
    few = panel.of_pairs(pairs)
    told = [_lesson(few, slope[pairs], None if promo is None else promo[pairs], origin) for origin in origins]
    rounds = _helpful(told, seed)
    if rounds == 0:
        return BoostedLevel(level, past, NO_TREES)
    return BoostedLevel(level, past, Trees.of_dump(_boosted(told, rounds, seed).dump_model()))


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What was known at one origin, what was expected then, and what came."""

    rows: Rows
    expected: Floats
    units: Floats


def _lesson(panel: PricePanel, slope: Floats, promo: Floats | None, origin: int) -> _Lesson:
    before, coming = panel.of_periods(slice(0, origin)), panel.of_periods(slice(origin, origin + AHEAD))
    level = fit_level(before, slope, promo)
    counted = coming.counted() & np.isfinite(level.reference)[:, None]
    price = np.where(counted, coming.price, 1.0)
    expected = level.expected(coming.periods, price, coming.promo) * np.where(counted, coming.exposure, 0.0)
    there = counted & (expected > 1e-6)
    rows = _rows(level, _past(before, level), coming.periods)[there.ravel()]
    return _Lesson(rows, expected[there], coming.units[there].astype(np.float64))


def _past(panel: PricePanel, level: DemandLevel) -> Rows:
    """Return what recent weeks and last year say against the level, as log ratios, and how large the pair is."""
    units, offset = freed(panel, level.slope, level.promo, level.reference)
    places = level.season.shape[1]
    offset = offset * level.season[level.category][:, np.arange(panel.periods) % places]
    due = offset * level.rate[:, None]
    year = round(YEAR_DAYS / panel.period_days)
    spans = [slice(-1, None), slice(-4, None), slice(-13, None), slice(-year, None)]
    if panel.periods >= year:
        spans.append(slice(panel.periods - year, panel.periods - year + AHEAD))
    ratios = [np.log((units[:, s].sum(axis=1) + 2.0) / (due[:, s].sum(axis=1) + 2.0)) for s in spans]
    ratios += [np.zeros(panel.pairs)] * (5 - len(ratios))
    names = [np.log(level.rate + 1e-3), level.category, panel.store]
    return np.stack(ratios + names, axis=1).astype(np.float32)


def _rows(level: DemandLevel, past: Rows, ahead: int) -> Rows:
    """Return a row for each pair and coming period, pair by pair."""
    places = level.season.shape[1]
    place = (level.periods + np.arange(ahead)) % places
    season = np.log(level.season[level.category][:, place])
    turn = 2 * np.pi * place / places
    of_week = np.stack([np.arange(ahead), np.sin(turn), np.cos(turn)], axis=1)
    pairs = len(past)
    parts = (np.repeat(past, ahead, axis=0), np.tile(of_week, (pairs, 1)), season.reshape(-1, 1))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _helpful(told: list[_Lesson], seed: int) -> int:
    """Return after how many trees, learnt from older origins, both of the newest two are foretold better for sure.

    0 where the gain is below two standard errors in either: trees have to pay.
    """
    booster = _boosted(told[2:], ROUNDS, seed)
    best, found = 0.0, 0
    for rounds in range(10, ROUNDS + 1, 20):
        surest, total = np.inf, 0.0
        for one in told[:2]:
            score = np.asarray(booster.predict(one.rows, raw_score=True, num_iteration=rounds))
            mended = one.expected * np.exp(np.clip(score, -FARTHEST, FARTHEST))
            gain = poisson_deviance(one.units, one.expected) - poisson_deviance(one.units, mended)
            surest = min(surest, float(gain.mean() / (gain.std() / np.sqrt(len(gain)) + 1e-12)))
            total += float(gain.mean())
        if surest > 2.0 and total > best:
            best, found = total, rounds
    return found


def _boosted(told: list[_Lesson], rounds: int, seed: int) -> lightgbm.Booster:
    """Learn trees over expected units. Raises ConfigError."""
    try:
        import lightgbm  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise ConfigError(
            "Boosted levels need the library lightgbm to be trained.", "Install it: `pip install 'shopkeeper[train]'`."
        ) from error
    rows, expected, units = (np.concatenate([getattr(one, k) for one in told]) for k in ("rows", "expected", "units"))
    settings = {
        "objective": "poisson", "num_leaves": MOST_LEAVES, "learning_rate": 0.05, "min_data_in_leaf": 200, "seed": seed,
        "boost_from_average": False, "deterministic": True, "verbosity": -1,
        "num_threads": 2 if len(rows) > MANY_ROWS else 1,
    }  # fmt: skip
    data = lightgbm.Dataset(rows, label=units, init_score=np.log(expected), params=settings)
    return lightgbm.train(settings, data, rounds)
