"""Reads a file of sales as it comes: finds out units of time, logarithms and returns, and names what it cannot use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from evaluations.columns import columns_of, read

from shopkeeper.pricing.demand.rows import SaleRows

Floats = npt.NDArray[np.float64]

FORMATS: Final = ("%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m", "%b %Y", "%Y-%m-%d %H:%M:%S")
YES, NO = {"true", "yes", "y", "t", "1"}, {"false", "no", "n", "f", "0", ""}
MONTH: Final = 30.4375


@dataclass(frozen=True, slots=True)
class Named:
    """Columns of the file; None where there is none."""

    product: str
    store: str | None
    units: str
    price: str
    time: str | None = None
    category: str | None = None
    promo: str | None = None
    cost: str | None = None
    stock: str | None = None
    period: str = "auto"


def sale_rows(file: Path, named: Named) -> tuple[SaleRows, list[str]]:
    """Return the file's rows, and in words what was found out about them.

    Raises:
        ValueError: names the column and what to do.
    """
    asked = {
        role: column
        for role in ("product", "store", "time", "category", "units", "price", "promo", "cost", "stock")
        if (column := getattr(named, role)) is not None
    }
    there = columns_of(file)
    for role, column in asked.items():
        if column not in there:
            raise ValueError(f"there is no column {column!r} for --{role}; the file has {', '.join(there)}")
    table = read(file, list(dict.fromkeys(asked.values())))
    found: list[str] = []
    numbers = {
        role: _numbers(table[asked[role]], asked[role], role)
        for role in ("units", "price", "cost", "stock")
        if role in asked
    }
    for role in ("units", "price", "cost"):
        if role in numbers:
            numbers[role] = _unlogged(numbers[role], asked[role], role, found)
    if (numbers["units"] < 0).any():
        found.append(f"{int((numbers['units'] < 0).sum())} rows of {named.units!r} are below zero: taken as returns")
    period, days, share = None, 7.0, None
    if named.time is not None:
        period, days, share = _periods(table[named.time], named.time, named.period, found)
    else:
        found.append("no --time: rows count as unordered, so nothing is known of season, trend or recent sales")
    if named.store is None:
        found.append("no --store: one store")
    rows = SaleRows(
        product=_labels(table[named.product], named.product, "product"),
        store=None if named.store is None else _labels(table[named.store], named.store, "store"),
        category=None if named.category is None else _labels(table[named.category], named.category, "category"),
        units=numbers["units"], price=numbers["price"], cost=numbers.get("cost"), period=period, period_days=days,
        promo=None if named.promo is None else _promo(table[named.promo], named.promo, found),
        exposure=_shares(numbers["stock"], named.stock) if "stock" in numbers else None, share=share,
    )  # fmt: skip
    return rows, found


def _labels(values: npt.NDArray[Any], name: str, role: str) -> npt.NDArray[Any]:
    gaps = np.ma.getmaskarray(np.ma.asarray(values))
    filled = np.ma.getdata(values)
    if filled.dtype.kind == "f":
        gaps = gaps | np.isnan(filled)
    if gaps.any():
        raise ValueError(f"{name!r} is empty in row {int(np.flatnonzero(gaps)[0]) + 1}; --{role} has to name every row")
    return filled.astype(str) if filled.dtype.kind == "O" else filled


def _numbers(values: npt.NDArray[Any], name: str, role: str) -> Floats:
    """Return a column as numbers, NaN where empty."""
    column = np.ma.asarray(values)
    data, gaps = np.ma.getdata(column), np.ma.getmaskarray(column)
    if data.dtype.kind in "OUS":
        for row in np.flatnonzero(~gaps):
            try:
                float(data[row])
            except (TypeError, ValueError):
                raise ValueError(
                    f"{name!r} holds {data[row]!r} in row {int(row) + 1}; --{role} takes plain numbers"
                ) from None
        data = np.where(gaps, "nan", data)
    elif data.dtype.kind not in "iufb":
        raise ValueError(f"{name!r} holds {data.dtype}; --{role} takes plain numbers")
    return np.where(gaps, np.nan, data.astype(np.float64))


def _unlogged(values: Floats, name: str, role: str, found: list[str]) -> Floats:
    """Return values as they are, or their exponentials where the column is a logarithm by its name or by its values.

    By its values: whole numbers once exponentiated though none before, or mostly below zero where nothing can be.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        raise ValueError(f"{name!r} holds no number at all; --{role} has to")
    by_name = name.lower().startswith(("log", "ln_", "ln ")) or name.lower().endswith(("_log", "_ln"))
    narrow = bool(known.max() < 30)
    below = float((known < 0).mean())
    whole = narrow and not np.allclose(known, np.round(known)) and np.allclose(
        np.exp(known), np.round(np.exp(known)), rtol=1e-6, atol=1e-4
    )  # fmt: skip
    negative = narrow and role != "units" and below > 0.5
    if (by_name and narrow) or whole or negative:
        why = "by its name" if by_name else "whole numbers once exponentiated" if whole else "mostly below zero"
        found.append(f"{name!r} is a natural logarithm ({why}): exponentiated")
        return np.exp(values)
    if role != "units" and below > 0.05:
        raise ValueError(
            f"{below:.0%} of {name!r} are below zero, and --{role} cannot be; if it is a logarithm, name it log_{role}"
        )
    return values


def _promo(values: npt.NDArray[Any], name: str, found: list[str]) -> Floats:
    """Return promotion as 0 to 1: words of yes and no, or numbers by their largest."""
    column = np.ma.asarray(values)
    data, gaps = np.ma.getdata(column), np.ma.getmaskarray(column)
    if data.dtype.kind in "OUS":
        words = np.char.lower(np.where(gaps, "", data).astype(str))
        if set(np.unique(words)) <= YES | NO:
            return np.isin(words, list(YES)).astype(np.float64)
    numbers = np.nan_to_num(_numbers(values, name, "promo"))
    if numbers.min() < 0:
        raise ValueError(f"{name!r} goes down to {numbers.min():g}; --promo takes 0 (none) to 1, or yes and no")
    if numbers.max() > 1:
        found.append(f"{name!r} goes up to {numbers.max():g}: divided by it")
        numbers = numbers / numbers.max()
    return np.asarray(numbers)


def _shares(values: Floats, name: str | None) -> Floats:
    if np.nanmin(values) < 0 or np.nanmax(values) > 1:
        raise ValueError(
            f"{name!r} goes from {np.nanmin(values):g} to {np.nanmax(values):g}; --stock takes a share of time, 0 to 1"
        )
    return values


def _periods(
    values: npt.NDArray[Any], name: str, wanted: str, found: list[str]
) -> tuple[npt.NDArray[np.int64], float, float | None]:
    """Return the period of each row, its length in days, and the share of it that a row covers."""
    column = np.ma.asarray(values)
    if np.ma.getmaskarray(column).any():
        raise ValueError(f"{name!r} is empty in row {int(np.flatnonzero(np.ma.getmaskarray(column))[0]) + 1}")
    data = np.ma.getdata(column)
    days = _days(data, name)
    if days is None:
        return _steps(data, name, wanted, found)
    first = int(days.min())
    gaps = np.diff(np.unique(days))
    step = int(np.median(gaps)) if len(gaps) else 1
    length = {"day": 1, "week": 7, "month": 30}.get(wanted) or (7 if step < 7 else 30 if 27 < step < 32 else step)
    if length == 30:
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        found.append(f"{name!r} counts in months")
        return months - months.min(), MONTH, None
    found.append(f"{name!r} has a row every {step} day(s): periods of {length} day(s)")
    return (days - first) // length, float(length), step / length if step < length else None


def _days(data: npt.NDArray[Any], name: str) -> npt.NDArray[np.int64] | None:
    """Return days since 1970, or None where times only count steps."""
    if data.dtype.kind == "M":
        return data.astype("datetime64[D]").astype(np.int64)
    if data.dtype.kind in "iuf":
        if data.dtype.kind == "f" and not np.isfinite(data).all():
            raise ValueError(f"{name!r} is empty in row {int(np.flatnonzero(~np.isfinite(data))[0]) + 1}")
        if data.min() >= 19_000_101 and data.max() <= 21_001_231:
            return _parsed(data.astype(np.int64).astype(str), name)
        if data.min() > 100_000_000:
            return (data.astype(np.float64) // 86_400).astype(np.int64)
        return None
    return _parsed(data.astype(str), name)


def _parsed(words: npt.NDArray[Any], name: str) -> npt.NDArray[np.int64]:
    different, number = np.unique(words, return_inverse=True)
    try:
        return different.astype("datetime64[D]").astype(np.int64)[number]
    except ValueError:
        pass
    for form in FORMATS:
        try:
            moments = [datetime.strptime(word, form) for word in different.tolist()]  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return np.asarray(moments, dtype="datetime64[D]").astype(np.int64)[number]
    raise ValueError(f"{name!r} holds {str(different[0])!r}, which is no date that is known; write dates as 2026-11-26")


def _steps(
    data: npt.NDArray[Any], name: str, wanted: str, found: list[str]
) -> tuple[npt.NDArray[np.int64], float, float | None]:
    """Return periods of times that only count: how long one is stands in the column's name, or is a week."""
    numbers = data.astype(np.int64)
    numbers = numbers - numbers.min()
    word = next((word for word in ("day", "week", "month") if word in name.lower()), "week")
    if word == "day" and wanted in ("auto", "week") and numbers.max() > 140:
        found.append(f"{name!r} counts days: periods of 7 days")
        return numbers // 7, 7.0, 1 / 7
    found.append(f"{name!r} counts steps: taken as {word}s")
    return numbers, {"day": 1.0, "week": 7.0, "month": MONTH}[word], None
