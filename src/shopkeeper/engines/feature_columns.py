"""Arrays and values on their way into feature SQL and out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np

from shopkeeper.features.ports import Columns, Example, FeatureValue


def asked(examples: Sequence[Example]) -> Mapping[str, Any]:
    """Return examples as columns."""
    times = [example.at.astimezone(UTC).replace(tzinfo=None) for example in examples]
    return {
        "example": np.arange(len(examples), dtype=np.int64),
        "store": np.array([example.store for example in examples], dtype=object),
        "user_id": np.array([example.user for example in examples], dtype=object),
        "session_id": np.array([example.session for example in examples], dtype=object),
        "product": np.array([example.product for example in examples], dtype=object),
        "moment": np.array(times, dtype="datetime64[us]"),
    }


def with_moment(sql: str, at: datetime) -> str:
    """Return SQL with its moment written out: a COPY takes no parameters."""
    return sql.replace("$at", f"TIMESTAMP '{at.replace(tzinfo=None).isoformat(sep=' ')}'")


def as_columns(result: duckdb.DuckDBPyConnection) -> Columns:
    """Return a result with NaN or None for what is missing."""
    columns: Columns = {}
    for name, values in result.fetchnumpy().items():
        absent = np.ma.getmaskarray(values)
        plain = np.asarray(np.ma.getdata(values))
        if plain.dtype.kind in "iuf":
            numbers = plain.astype(np.float64)
            numbers[absent] = np.nan
            columns[name] = numbers
        else:
            texts = plain.astype(object)
            texts[absent] = None
            columns[name] = texts
    return columns


def plain(value: object) -> FeatureValue:
    """Return one value of a column as Python's; None for NaN."""
    if value is None or isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number
