"""How well a model of demand foretells weeks it has not seen, at the prices they had: the exam that training asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.demand.demand_level import poisson_deviance
from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.pricing.demand.panel import LEAST_EXPOSURE
from shopkeeper.pricing.house.history import History
from shopkeeper.pricing.intervals import WIDE
from shopkeeper.pricing.price_model import PriceModel
from shopkeeper.pricing.shelf import Flags, Floats, Ints
from shopkeeper.training.ports import CaseScores

ACCURACY: Final = "forecast_accuracy"
MOVED: Final = 0.05
"""Log price from its usual one before the test, from which a pair's price counts as moved."""
NEAR: Final = 0.3
"""Share by which the units of all test weeks may be off for an answer to count as right."""
_HELD: Final = ("units", "price", "promo", "exposure")


@dataclass(frozen=True, slots=True)
class Cells:
    """Weeks that are foretold, each of one case.

    Attributes:
        case: Number of the case, shape (cells,).
        week: Its number.
        units, price, promo, exposure: What they were.
    """

    case: Ints
    week: Ints
    units: Floats
    price: Floats
    promo: Floats
    exposure: Floats

    def of_cases(self, cases: Ints, many: int) -> Cells:
        """Return the cells of some cases, numbered anew in their order."""
        place = np.full(many, -1, np.int64)
        place[cases] = np.arange(len(cases))
        case = place[self.case]
        held = {name: getattr(self, name)[case >= 0] for name in ("week", *_HELD)}
        return Cells(case=case[case >= 0], **held)


@dataclass
class PriceExam:
    """Implements `training.ports.Exam`: a case is a product in a store on offer before and in the test.

    Attributes:
        history: What the questions were made of.
        pair: Pair of each case, shape (cases,).
        cells: Weeks from the cutoff on.
        total: Units of all cases of the whole exam, and how many these were.
        before: Units of each case before the cutoff.
        slices: Name -> which cases belong to it.
    """

    history: History
    cutoff: int
    pair: Ints
    cells: Cells
    total: tuple[float, int]
    before: Floats
    slices: Mapping[str, Flags]
    _later: list[Elasticities | None] = field(default_factory=list)

    @classmethod
    def of(cls, history: History, cutoff: int) -> PriceExam:
        """Return questions about the weeks that end at or after `cutoff` (microseconds)."""
        counted = (history.exposure >= LEAST_EXPOSURE) & (history.price > 0)
        later = history.times >= cutoff
        pairs = len(history.product)
        past, new = (np.bincount(history.pair[counted & part], minlength=pairs) for part in (~later, later))
        pair = np.flatnonzero((past > 0) & (new > 0))
        place = np.full(pairs, -1, np.int64)
        place[pair] = np.arange(len(pair))
        asked = counted & later & (place[history.pair] >= 0)
        held = {name: getattr(history, name)[asked].astype(np.float64) for name in _HELD}
        cells = Cells(case=place[history.pair[asked]], week=history.week[asked].astype(np.int64), **held)
        before: Floats = np.asarray(np.bincount(history.pair[~later], history.units[~later], pairs)[pair], np.float64)
        total = max(float(cells.units.sum()), 1e-9), len(pair)
        slices = _slices(history, pair, before, counted & ~later, cells)
        return cls(history, cutoff, pair, cells, total, before, slices)

    def __len__(self) -> int:
        return len(self.pair)

    def score(self, model: PriceModel) -> CaseScores:
        """Foretell each week at the price it had; `wape` is weighed so that its mean is that of all units."""
        told = self._foretold(model)
        cells, cases = self.cells, len(self)
        count = np.maximum(np.bincount(cells.case, minlength=cases), 1)
        off = np.bincount(cells.case, np.abs(cells.units - told), cases)
        wape = off * self.total[1] / self.total[0]
        sold, due = (np.bincount(cells.case, part, cases) for part in (cells.units, told))
        metrics = {
            ACCURACY: 1 - wape,
            "wape": wape,
            "poisson_deviance": np.bincount(cells.case, poisson_deviance(cells.units, np.maximum(told, 0.01)), cases)
            / count,
        }
        right = np.abs(sold - due) <= NEAR * np.maximum(sold, 1.0)
        return CaseScores(metrics, self._diagnostics(model), dict(self.slices), np.log1p(self.before), right)

    def parts(self, count: int) -> Sequence[PriceExam]:
        """Deal the cases out in turn."""
        dealt = (np.arange(len(self))[first::count] for first in range(min(count, len(self))))
        return [self._of(cases) for cases in dealt]

    def importance(self, model: PriceModel) -> Mapping[str, float]:
        """Return each signal's share of the accuracy that is lost without it."""
        usual = np.repeat(model.usual.mean(axis=1, keepdims=True), model.usual.shape[1], axis=1)
        without = {"season": replace(model, usual=usual)}
        if model.slopes is not None:
            flat = replace(model.slopes, slope=np.zeros(len(model.slopes.slope)))
            without |= {"price": replace(model, slopes=flat), "promotion": replace(model, promo=0 * model.promo)}
        whole = self._accuracy(model)
        lost = {name: max(0.0, whole - self._accuracy(other)) for name, other in without.items()}
        everything = sum(lost.values())
        return {name: part / everything if everything else 0.0 for name, part in lost.items()}

    def _accuracy(self, model: PriceModel) -> float:
        return 1 - float(np.abs(self.cells.units - self._foretold(model)).sum()) / self.total[0]

    def _foretold(self, model: PriceModel) -> Floats:
        pair = model.pairs_of(self.history)[self.pair]
        cells = self.cells
        return model.expected(pair[cells.case], cells.week, cells.price, cells.promo) * cells.exposure

    def _of(self, cases: Ints) -> PriceExam:
        cells = self.cells.of_cases(cases, len(self))
        slices = {name: members[cases] for name, members in self.slices.items()}
        return PriceExam(
            self.history, self.cutoff, self.pair[cases], cells, self.total, self.before[cases], slices, self._later
        )

    def _diagnostics(self, model: PriceModel) -> dict[str, float]:
        """Return what the slopes are like; nought for a model without any."""
        names = ("mean_slope", "mean_slope_sd", "wrong_signs", "own_support", "no_opinion", "slope_coverage_90")
        if model.slopes is None:
            return dict.fromkeys(names, 0.0)
        slopes, told = model.slopes, np.isfinite(model.slopes.raw_error)
        support = np.array(slopes.support)
        weight = np.maximum(model.usual.mean(axis=1), 1e-9)
        return {
            "mean_slope": float(np.average(slopes.slope, weights=weight)),
            "mean_slope_sd": float(np.average(slopes.sd, weights=weight)),
            "wrong_signs": float((slopes.raw[told] > 0).mean()) if told.any() else 0.0,
            "own_support": float((support == "own").mean()),
            "no_opinion": float((support == "none").mean()),
            "slope_coverage_90": self._covered(model),
        }

    def _covered(self, model: PriceModel) -> float:
        """Return the share of slopes told by the test weeks alone that lie where the model expects them to, 90% wanted.

        A slope of few weeks has an error of its own, which widens the interval it is expected in.
        """
        later = self._slopes_of_the_test()
        if later is None or model.slopes is None:
            return 0.0
        at = model.pairs_of(self.history)
        told = (at >= 0) & np.isfinite(later.raw_error) & np.array([word == "own" for word in later.support])
        if not told.any():
            return 0.0
        rows = at[told]
        away = later.raw[told] - model.slopes.slope[rows]
        return float((np.abs(away) <= WIDE * np.hypot(later.raw_error[told], model.slopes.sd[rows])).mean())

    def _slopes_of_the_test(self) -> Elasticities | None:
        if not self._later:
            try:
                self._later.append(estimate(self.history.take(self.history.times >= self.cutoff).panel()))
            except NotEnoughData:
                self._later.append(None)
        return self._later[0]


def _slices(history: History, pair: Ints, before: Floats, past: Flags, cells: Cells) -> dict[str, Flags]:
    pairs = len(history.product)
    logs = np.log(np.where(history.price > 0, history.price, 1.0)).astype(np.float64)
    count = np.maximum(np.bincount(history.pair[past], minlength=pairs), 1)
    usual = (np.bincount(history.pair[past], logs[past], pairs) / count)[pair]
    away = np.zeros(len(pair))
    np.maximum.at(away, cells.case, np.abs(np.log(cells.price) - usual[cells.case]))
    found = {f"store {name}": history.store[pair] == place for place, name in enumerate(history.stores)}
    found["tail products"] = before <= (np.median(before) if len(before) else 0.0)
    found["price moved"] = away >= MOVED
    found["priced by purchases"] = history.paid[pair]
    return found
