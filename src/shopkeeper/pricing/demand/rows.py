"""Makes a price panel of raw rows: one row a sale, a day or a week of a product in a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import FieldProblem, InputError, NotEnoughData
from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]

LONGEST_PAUSE: Final = 4.0
"""Periods without a sale up to which a product that sells now and then counts as on offer and not bought."""
SLOW: Final = 5.0
"""Units its weakest tenth of periods must stay below, for a period without a row to be one without sales."""
SILENT: Final = 3.0
"""Rows due in a store and period of which none came: it was closed, or its rows are lost."""
LARGEST_PANEL: Final = 400_000_000
"""Cells a panel may have: 1.6 GB a column."""


@dataclass(frozen=True, slots=True)
class SaleRows:
    """Rows as they come, one entry a row.

    Attributes:
        product: Name of the product; `store` of the store, `category` of the category, one for all where None.
        period: Whole number of the period from the first, or None where rows carry no time.
        units, price: NaN where missing. Prices are net of tax and of the retail price list.
        promo: 0 to 1; `cost` of one unit.
        exposure: Share of the row's time in stock, 1 where None.
        period_days: Length of a period.
        share: Of its period that a row covers, for rows shorter than a period; None where each covers all of it.
    """

    product: Labels
    units: Floats
    price: Floats
    store: Labels | None = None
    category: Labels | None = None
    period: npt.NDArray[np.int64] | None = None
    promo: Floats | None = None
    cost: Floats | None = None
    exposure: Floats | None = None
    period_days: float = 7.0
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A panel and how it was read.

    Attributes:
        panel: Pairs in the order of product, then store.
        rows: Rows given; `left_out` of them without units, or without a price though sold.
        sale_only: Whether no row said nought, so that periods without a row had to be told apart.
        zeros: Cells filled as offered and not bought, `pauses` left as not on offer.
        netted: Cells in which returns outran sales; they count as nought.
    """

    panel: PricePanel
    rows: int
    left_out: int
    sale_only: bool
    zeros: int
    pauses: int
    netted: int


def panel_of(rows: SaleRows) -> Reading:
    """Return the panel of the rows.

    Price of a period is the mean over its rows, not over units: a mean over units would lean to the hours the price was
    low, which is part of the answer. Where a period has no price because nothing was sold, the last known one stands.

    Raises:
        NotEnoughData: no row has both units and a price.
        InputError: rows spread over so many pairs and periods that no machine holds them.
    """
    usable = np.isfinite(rows.units) & ((rows.price > 0) | (rows.units == 0))
    if not (usable & (rows.price > 0)).any():
        raise NotEnoughData("No row has both units and a price above zero.", "Name the columns that hold them.")
    products, product = np.unique(rows.product[usable], return_inverse=True)
    stores, store = _codes(rows.store, usable)
    category_names, category = _codes(rows.category, usable)
    keys, pair = np.unique(product * np.int64(len(stores)) + store, return_inverse=True)
    period = _positions(pair, len(keys)) if rows.period is None else rows.period[usable] - rows.period[usable].min()
    shape = (len(keys), int(period.max()) + 1)
    _fits(shape)
    cell = pair * np.int64(shape[1]) + period
    sums = _Sums(cell, shape)
    units = sums.total(rows.units[usable])
    there = sums.total(np.ones(len(cell))) > 0
    price = sums.mean_of_logs(rows.price[usable])
    # The first row's category holds for the pair.
    of_pair = np.zeros(len(keys), dtype=np.int64)
    of_pair[pair[::-1]] = category[::-1]
    negative = units < 0
    units = np.maximum(units, 0.0)
    sale_only = rows.period is not None and not (rows.units[usable] <= 0).any()
    exposure = _exposure(rows, usable, sums, there, sale_only)
    store_of_pair = (keys % len(stores)).astype(np.int64)
    silent = unbought(units, there, store_of_pair) if sale_only else None
    if silent is not None:
        exposure = np.where(silent, 1.0, exposure)
    pauses = int((_between(there) & ~there).sum()) - (int(silent.sum()) if silent is not None else 0)
    panel = PricePanel(
        product=(keys // len(stores)).astype(np.int64), store=store_of_pair, category=of_pair,
        units=units.astype(np.float32), price=carried(price).astype(np.float32), exposure=exposure.astype(np.float32),
        promo=None if rows.promo is None else _known(sums.mean(rows.promo[usable])),
        cost=None if rows.cost is None else carried(sums.mean_of_logs(rows.cost[usable])).astype(np.float32),
        period_days=rows.period_days, ordered=rows.period is not None, products=tuple(map(str, products)),
        stores=stores, categories=category_names,
    )  # fmt: skip
    return Reading(
        panel, len(rows.units), int((~usable).sum()), sale_only, int(silent.sum()) if silent is not None else 0, pauses,
        int(negative.sum()),
    )  # fmt: skip


class _Sums:
    """Adds up rows into cells."""

    def __init__(self, cell: npt.NDArray[np.int64], shape: tuple[int, int]) -> None:
        self.cell, self.shape = cell, shape

    def total(self, values: Floats) -> Floats:
        sums = np.bincount(self.cell, values, self.shape[0] * self.shape[1])
        return np.asarray(sums, dtype=np.float64).reshape(self.shape)

    def mean(self, values: Floats) -> Floats:
        """Return the mean over a cell's rows, NaN where none is known."""
        known = np.isfinite(values)
        count = self.total(known.astype(np.float64))
        sums = self.total(np.where(known, values, 0.0))
        mean: Floats = np.divide(sums, count, out=np.full(self.shape, np.nan), where=count > 0)
        return mean

    def mean_of_logs(self, values: Floats) -> Floats:
        """Return the geometric mean, NaN where no value is above zero."""
        logs = np.log(np.where(values > 0, values, 1.0))
        return np.asarray(np.exp(self.mean(np.where(values > 0, logs, np.nan))))


def _codes(values: Labels | None, usable: npt.NDArray[np.bool_]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    if values is None:
        return ("all",), np.zeros(int(usable.sum()), dtype=np.int64)
    names, codes = np.unique(values[usable], return_inverse=True)
    return tuple(map(str, names)), codes.astype(np.int64)


def _positions(pair: npt.NDArray[np.int64], pairs: int) -> npt.NDArray[np.int64]:
    """Return the number of each row among those of its pair, for rows without time."""
    order = np.argsort(pair, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(pair, minlength=pairs))])
    found = np.empty(len(pair), dtype=np.int64)
    found[order] = np.arange(len(pair)) - starts[pair[order]]
    return found


def _fits(shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > LARGEST_PANEL:
        reason = f"{shape[0]} pairs over {shape[1]} periods are more cells than a panel may have"
        raise InputError(
            f"{reason} ({LARGEST_PANEL}).", "Use longer periods, or estimate category by category.",
            (FieldProblem("time", reason, "Use longer periods."),),
        )  # fmt: skip


def _exposure(
    rows: SaleRows, usable: npt.NDArray[np.bool_], sums: _Sums, there: npt.NDArray[np.bool_], sale_only: bool
) -> Floats:
    """Return the share of each period on offer: of the days with a row where rows say nought, else all of it."""
    exposure = np.where(there, 1.0, 0.0)
    if rows.share is not None and not sale_only:
        exposure = np.minimum(sums.total(np.ones(len(sums.cell))) * rows.share, 1.0)
    if rows.exposure is not None:
        exposure = exposure * np.nan_to_num(sums.mean(rows.exposure[usable]), nan=1.0)
    return exposure


def unbought(
    units: Floats, there: npt.NDArray[np.bool_], store: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Return periods without a row in which a product was on offer and nobody bought it.

    Not where the whole store is silent though several rows were due, nor in a pause longer than a product that sells
    now and then makes, nor for a product whose weakest tenth of periods sells too much for nought to be chance.
    """
    weakest = np.nanquantile(np.where(there, units, np.nan), 0.1, axis=1)
    share = there.sum(axis=1) / np.maximum(_between(there).sum(axis=1), 1)
    usual_pause = np.maximum(LONGEST_PAUSE, 3.0 / np.maximum(share, 0.05))
    closed = np.zeros((int(store.max()) + 1, units.shape[1]))
    np.add.at(closed, store, np.where(_between(there), share[:, None], 0.0) - units.shape[0] * there)
    pause = _since(there) + _since(there[:, ::-1])[:, ::-1] - 1
    short = pause <= usual_pause[:, None]
    slow = (weakest <= SLOW)[:, None]
    return np.asarray(~there & _between(there) & (closed[store] < SILENT) & short & slow)


def _between(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the cells between a pair's first and last row."""
    forward = np.logical_or.accumulate(there, axis=1)
    return np.asarray(forward & np.logical_or.accumulate(there[:, ::-1], axis=1)[:, ::-1])


def _since(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the periods since the last row."""
    position = np.arange(there.shape[1])
    return np.asarray(position - np.maximum.accumulate(np.where(there, position, 0), axis=1))


def carried(values: Floats) -> Floats:
    """Fill gaps by the value before, and before the first by the first."""
    for flip in (1, -1):
        turned = values[:, ::flip]
        known = np.isfinite(turned)
        last = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
        values = np.take_along_axis(turned, last, axis=1)[:, ::flip]
    return values


def _known(values: Floats) -> npt.NDArray[np.float32]:
    return np.nan_to_num(values).astype(np.float32)
