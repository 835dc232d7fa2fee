"""What quality checks, training and monitoring need from the place where the data lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """One SQL text in the subset that DuckDB and ClickHouse read alike.

    Parameters are written `$name`; tables are those of `commerce.tables.LOGGED_TABLES` by their name.
    """

    name: str
    text: str

    @staticmethod
    def load(package: str, name: str) -> NamedQuery:
        """Read `NAME.sql`, shipped inside `package`.

        Raises:
            FileNotFoundError: the package ships no such file.
        """
        return NamedQuery(name, resources.files(package).joinpath(f"{name}.sql").read_text("utf-8"))


class Warehouse(Protocol):
    """Analytical reads over the full history of every logged table.

    Laws: a fetch sees one consistent state of the lake (never half a compaction, never a row twice); rows acknowledged
    by the log are seen within a minute; an empty result has every column with length 0; times come back as
    `datetime64[us]` in UTC, text as object arrays with None for missing, numbers as int64 or float64 with NaN for
    missing. The caller owns what is returned. Safe to use from one thread at a time.
    """

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query and return its columns, in the order of the query."""
        ...


class ReportStore(Protocol):
    """Reports kept for people: imports, data quality, evaluations. Append-only."""

    def save(self, kind: str, body: Mapping[str, Any], store: str | None = None) -> int:
        """Keep one report and return its number."""
        ...

    def latest(self, kind: str, limit: int = 20, store: str | None = None) -> Sequence[Report]:
        """Return the newest reports of a kind, newest first; empty when there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """One kept report.

    Attributes:
        kind: Such as `import`, `check` or `training`.
    """

    number: int
    kind: str
    store: str | None
    created_at: datetime
    body: dict[str, Any]
