"""A dataset folder behind `quality.ports.Warehouse`: the tables of the contract, or a public set read as such."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from evaluations.public_shops import SHOPS

from shopkeeper.commerce.tables import TRAFFIC_VERDICTS
from shopkeeper.engines.duckdb_session import open_duckdb
from shopkeeper.errors import InputError
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.views import VIEWS

TABLES: Mapping[str, str] = {
    "events": "event_id ts received_at store type visitor user session product consent traffic device user_agent"
    " referrer value decision_id position",
    "stores": "store customer_group consent_default time_zone",
    "users": "user store consent age_band gender region segment",
    "products": "product parent store kind categories brand title description attributes price cost",
    "decisions": "decision_id ts store system session unit answer",
    TRAFFIC_VERDICTS.name: " ".join(column.name for column in TRAFFIC_VERDICTS.columns),
}
"""Tables of the data contract and the columns that are read of them."""


class FolderWarehouse:
    """A dataset folder behind `quality.ports.Warehouse`; columns and tables that are absent read as missing.

    Args:
        folder: Where the data lie.
        shops: File that tells a public set, the first that is there -> its tables.
    """

    def __init__(self, folder: Path, shops: Mapping[str, Mapping[str, str]] = SHOPS) -> None:
        self._connection = open_duckdb(Path(tempfile.gettempdir()), memory="2GB")
        shop = next((tables for file, tables in shops.items() if (folder / file).is_file()), {})
        for table, wanted in TABLES.items():
            files = [path for ending in ("parquet", "csv", "jsonl") if (path := folder / f"{table}.{ending}").is_file()]
            if not files and not shop and table == "events":
                raise InputError(f"There is no events.parquet, .csv or .jsonl in {folder}.", "See docs for the layout.")
            made = shop.get(table)
            source = f"({made.format(folder=_quoted(folder))})" if made else _source(files[0]) if files else None
            self._show(table, wanted.split(), source)
        for view in ("human_events", "human_decisions"):
            self._connection.execute(f"CREATE VIEW {view} AS {VIEWS[view]}")

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query."""
        bound = {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in parameters.items()}
        found = self._connection.execute(query.text, bound or None).fetchnumpy()
        return {name: np.asarray(np.ma.getdata(values)) for name, values in found.items()}

    def _show(self, table: str, wanted: list[str], source: str | None) -> None:
        there = dict[str, str]()
        if source is not None:
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
            there = {str(row[0]): str(row[1]) for row in described}
        columns = ", ".join(f'{self._expression(name, there)} AS "{name}"' for name in wanted)
        self._connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {source or _NOTHING}")  # noqa: S608

    @staticmethod
    def _expression(name: str, there: Mapping[str, str]) -> str:
        if name not in there:
            absent = {
                "event_id": "CAST(row_number() OVER () AS VARCHAR)",
                "ts": "CAST(NULL AS TIMESTAMP)",
                "received_at": "CAST(NULL AS TIMESTAMP)",
                "price": "CAST(NULL AS DOUBLE)",
                "cost": "CAST(NULL AS DOUBLE)",
                "position": "CAST(NULL AS BIGINT)",
                "value": "CAST(NULL AS DOUBLE)",
            }
            return absent.get(name, "CAST(NULL AS VARCHAR)")
        kind, numbers = there[name], {"price": "DOUBLE", "cost": "DOUBLE", "position": "BIGINT", "value": "DOUBLE"}
        if name in numbers:
            return f"CAST({name} AS {numbers[name]})"
        if name in ("ts", "received_at"):
            if kind.startswith("TIMESTAMP") or kind in ("DATE", "VARCHAR"):
                return f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)"
            return (
                f"make_timestamp(CAST(CASE WHEN {name} > 1e11 THEN {name} * 1000 ELSE {name} * 1000000 END AS BIGINT))"
            )
        if name == "categories" and kind == "VARCHAR":
            return "CASE WHEN categories LIKE '[%' THEN categories ELSE CAST(to_json([categories]) AS VARCHAR) END"
        nested = kind.endswith("[]") or kind.startswith("STRUCT")
        return f'CAST(to_json("{name}") AS VARCHAR)' if nested else f'CAST("{name}" AS VARCHAR)'


_NOTHING = "(SELECT 1 WHERE false)"


def _source(file: Path) -> str:
    reader = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json_auto"}[file.suffix]
    return f"{reader}('{_quoted(file)}')"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
