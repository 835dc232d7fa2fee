"""Feature tables in the lake folder, summed day by day by DuckDB.

    lake/features/days/TABLE-...parquet      sums of some UTC days, computed once and again when their events change
    lake/features/ENTITY-...parquet          features of every entity at the last refresh
    lake/features/manifest.json              what there is; replaced atomically

The tables hold persons. They follow the lake: after an erasure there the next refresh sums the days of the person
again without them, and `purge` deletes the replaced files at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES, TRAFFIC_VERDICTS, USERS, TableSchema
from shopkeeper.engines.duckdb_session import computing, files_literal, open_duckdb, text_literal
from shopkeeper.engines.durable_files import held_lock, sync_files
from shopkeeper.engines.feature_columns import as_columns, asked, plain, with_moment
from shopkeeper.engines.feature_manifest import (
    FOLDER,
    LOCK,
    FeatureManifest,
    Plan,
    SourceDay,
    Stretch,
    plan,
    publish_features,
    read_feature_manifest,
    source_days,
)
from shopkeeper.engines.lake_columns import read_parts_sql, view_sql
from shopkeeper.engines.lake_manifest import Manifest, Part, files_by_columns, read_manifest
from shopkeeper.errors import InputError
from shopkeeper.features.definitions import FEATURES
from shopkeeper.features.kinds import ENTITIES, HORIZON_DAYS, EntityName, Feature
from shopkeeper.features.partials import BOUGHT
from shopkeeper.features.ports import Columns, Example, FeatureValue, Refreshed
from shopkeeper.features.sql import as_of_sql
from shopkeeper.features.sql_sums import among, seen_sql, sums_of, sums_sql
from shopkeeper.features.sql_training import training_sql
from shopkeeper.quality.views import VIEWS

TABLES: Final[tuple[EntityName, ...]] = ("user", "product", "store_product")
"""Entities with a table of all of them; the others are too many and are read where they are asked for."""
_FORMAT: Final = "FORMAT parquet, COMPRESSION snappy"  # written more often than read


class FeatureStore:
    """Implements `features.ports.FeatureTables` over a lake. Safe from any number of processes, one at a time.

    Args:
        lake_folder: The folder of the lake; features lie in its folder `features`.
        memory: Most memory DuckDB may use, such as `1GB`.
    """

    def __init__(
        self,
        lake_folder: Path,
        features: Sequence[Feature] = FEATURES,
        *,
        memory: str = "1GB",
        threads: int = 2,
        entities: Sequence[EntityName] = tuple(ENTITIES),
    ) -> None:
        self._lake = lake_folder
        self._folder = lake_folder / FOLDER
        self._features = tuple(features)
        self._memory = memory
        self._threads = threads
        self._entities = tuple(entities)
        self._tables = tuple(table for entity in entities for table in sums_of(entity, self._features))
        (self._folder / "days").mkdir(parents=True, exist_ok=True)

    def refresh(self, at: datetime, *, tables: bool = True, purge: bool = False) -> Refreshed:
        """Sum the days that are new or changed and write the feature tables as of `at`. Twice is as good as once.

        Args:
            tables: False sums the days alone, which is all that reads and training rows need, and drops the tables.
            purge: Delete replaced files at once, also under readers, as after an erasure; else the next refresh does.
        Raises:
            Unavailable: the lake changed under the refresh, or disk or memory does not suffice; days done stay done.
        """
        moment = at.astimezone(UTC)
        with self._session() as connection:
            manifest, done = self._sums(connection, moment.date())
            self._relations(connection, manifest, [moment.date()])
            self._today(connection, moment)
            written, rows = self._written(connection, moment) if tables else ({}, {})
            retired = tuple(sorted(set(manifest.tables.values())))
            manifest = msgspec.structs.replace(
                manifest, at=moment, tables=written, rows=rows, retired=(*manifest.retired, *retired)
            )
            publish_features(self._folder, manifest)
            if purge:
                self._purge(manifest)
        summed = sum(len(batch) for batch in done.batches)
        return Refreshed(
            moment, summed, done.reopened, done.dropped, {name: rows[name] for name in TABLES if name in rows}
        )

    def read(
        self, entity: EntityName, scope: str, ids: Sequence[str], at: datetime | None = None
    ) -> dict[str, FeatureValue] | None:
        """Return the features of one entity as of `at` (now by default); None where it has no event in the horizon.

        Raises:
            InputError: too many or too few ids for the entity.
        """
        who = ENTITIES[entity]
        if len(ids) != len(who.ids):
            raise InputError(f"{entity} is named by {' and '.join(who.ids)}; {len(ids)} id(s) were given.", "Give all.")
        moment = (at or datetime.now(UTC)).astimezone(UTC)
        named = {key: f"k{number}" for number, key in enumerate(who.keys)}
        condition = " AND ".join(f"{key} = ${mark}" for key, mark in named.items())
        values = dict(zip(named.values(), (scope, *ids), strict=True))
        with self._session() as connection:
            manifest, _ = self._sums(connection, moment.date())
            self._relations(connection, manifest, [moment.date()])
            self._today(connection, moment)
            sql = with_moment(as_of_sql(entity, self._features, condition=condition), moment)
            found = as_columns(connection.execute(sql, values))
        if not len(found["scope"]):
            return None
        return {name: plain(column[0]) for name, column in found.items() if name not in who.keys}

    def training_rows(self, entity: EntityName, examples: Sequence[Example]) -> Columns:
        """Return one row an example, in their order, with the features of one entity as of the example's moment.

        Numbers are float64 with NaN for missing, texts objects with None.

        Raises:
            InputError: an example lacks an id of the entity.
        """
        who = ENTITIES[entity]
        given = asked(examples)
        for column in who.ids:
            missing = [number for number, value in enumerate(given[column]) if not value]
            if missing:
                raise InputError(
                    f"Example {missing[0]} has no {column}, which features of {entity} need.",
                    "Fill it, or leave the example out.",
                )
        days = sorted({example.at.astimezone(UTC).date() for example in examples})
        with self._session() as connection:
            manifest, _ = self._sums(connection, max(days, default=date.min))
            self._relations(connection, manifest, days)
            connection.execute(
                "CREATE TABLE examples (example BIGINT, store VARCHAR, user_id VARCHAR, session_id VARCHAR, "
                "product VARCHAR, moment TIMESTAMP)"
            )
            if examples:
                connection.execute("INSERT INTO examples SELECT * FROM given")
            result = connection.execute(f"{training_sql(entity, self._features)} ORDER BY example")
            return {name: column for name, column in as_columns(result).items() if name != "example"}

    def table(self, entity: EntityName) -> Columns:
        """Return keys and features of every entity of a kind at the last refresh.

        Raises:
            InputError: there is no such table yet, or never is one of this kind.
        """
        manifest = read_feature_manifest(self._folder)
        if entity not in manifest.tables:
            raise InputError(
                f"There is no feature table of {entity}.", f"Run `shopkeeper features refresh`; kinds: {TABLES}."
            )
        connection = open_duckdb(self._lake, self._memory, self._threads)
        try:
            file = self._folder / manifest.tables[entity]
            return as_columns(connection.execute(f"FROM read_parquet({files_literal([file])})"))
        finally:
            connection.close()

    def manifest(self) -> FeatureManifest:
        """Return what there is: days summed, cutoff, rows."""
        return read_feature_manifest(self._folder)

    @contextmanager
    def _session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Hold the features alone, with a database to compute them in."""
        what = f"Features in {self._folder}"
        with (
            held_lock(self._folder / LOCK, wait=True),
            computing(what, self._lake, self._memory, self._threads) as connection,
        ):
            yield connection

    def _sums(self, connection: duckdb.DuckDBPyConnection, until: date) -> tuple[FeatureManifest, Plan]:
        """Sum every day before `until` that is not, and return the state then."""
        lake = read_manifest(self._lake)
        manifest = read_feature_manifest(self._folder)
        self._purge(manifest)
        manifest = msgspec.structs.replace(manifest, retired=())
        self._view(connection, lake, STORES)
        definitions = self._definitions(connection)
        todo = plan(manifest, source_days(lake.parts), definitions, until)
        gone = {path for stretch in manifest.stretches if stretch not in todo.kept for path in stretch.files.values()}
        if gone or manifest.definitions != definitions:
            manifest = msgspec.structs.replace(
                manifest, definitions=definitions, stretches=todo.kept, retired=(*manifest.retired, *sorted(gone))
            )
        for batch in todo.batches:
            stretch = self._summed(connection, lake, batch)
            manifest = msgspec.structs.replace(manifest, stretches=(*manifest.stretches, stretch))
            publish_features(self._folder, manifest)
        if gone and not todo.batches:
            publish_features(self._folder, manifest)
        return manifest, todo

    def _summed(self, connection: duckdb.DuckDBPyConnection, lake: Manifest, batch: tuple[SourceDay, ...]) -> Stretch:
        """Write the sums of some days."""
        self._people(connection, lake, [part for day in batch for part in day.parts])
        few = tuple(sorted(BOUGHT))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE bought AS SELECT * FROM seen WHERE {among(few)}")
        written: dict[str, str] = {}
        for table in self._tables:
            written[table.name] = f"days/{table.name}-{secrets.token_hex(8)}.parquet"
            sql = sums_sql(table, "bought" if table.bought else "seen")
            file = text_literal(str(self._folder / written[table.name]))
            connection.execute(f"COPY ({sql}) TO {file} ({_FORMAT})")
        sync_files([self._folder / path for path in written.values()], self._folder)
        return Stretch({day.day: day.mark for day in batch}, written, sum(day.events for day in batch))

    def _people(self, connection: duckdb.DuckDBPyConnection, lake: Manifest, parts: Sequence[Part]) -> None:
        """Make `seen` the events of people in some parts of the lake, by the verdicts among them."""
        for table in (EVENTS, TRAFFIC_VERDICTS):
            files = files_by_columns((part for part in parts if part.table == table.name), lake.layouts, self._lake)
            connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS {read_parts_sql(table, files)}")
        connection.execute(f"CREATE OR REPLACE VIEW human_events AS {VIEWS['human_events']}")
        connection.execute(f"CREATE OR REPLACE VIEW seen AS {seen_sql()}")

    def _definitions(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Return the fingerprint of what sums depend on besides events: their SQL, and groups and consent of stores."""
        stores = connection.execute(
            "SELECT store, customer_group, consent_default FROM stores ORDER BY store"
        ).fetchall()
        tables = sorted((table.name, sums_sql(table)) for table in self._tables)
        said = repr((tables, seen_sql(), VIEWS["human_events"], stores))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def _relations(
        self, connection: duckdb.DuckDBPyConnection, manifest: FeatureManifest, days: Sequence[date]
    ) -> None:
        """Make the relations that features of these days are computed from."""
        lake = read_manifest(self._lake)
        for table in (STORES, USERS, PRODUCTS):
            self._view(connection, lake, table)
        texts = {day.isoformat() for day in days}
        self._people(connection, lake, [part for part in lake.parts if part.day in texts])
        first = (min(days) - timedelta(days=HORIZON_DAYS)).isoformat() if days else "9999"
        last = max(days).isoformat() if days else ""
        read = [one for one in manifest.stretches if any(first <= day < last for day in one.days)]
        for sums in self._tables:
            stored = [self._folder / stretch.files[sums.name] for stretch in read]
            source = f"FROM read_parquet({files_literal(stored)})"
            sql = source if stored else f"SELECT * FROM ({sums_sql(sums)}) WHERE false"
            connection.execute(f"CREATE OR REPLACE VIEW {sums.name} AS {sql}")

    def _today(self, connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
        """Make `seen` the events of the day of `at` before it."""
        condition = with_moment("e.ts >= CAST(CAST($at AS DATE) AS TIMESTAMP) AND e.ts < $at", at)
        connection.execute(f"CREATE OR REPLACE VIEW seen AS {seen_sql(condition)}")

    def _written(self, connection: duckdb.DuckDBPyConnection, at: datetime) -> tuple[dict[str, str], dict[str, int]]:
        """Write the feature table of each kind of entity that has one."""
        tables: dict[str, str] = {}
        rows: dict[str, int] = {}
        for entity in (name for name in TABLES if name in self._entities):
            tables[entity] = f"{entity}-{secrets.token_hex(8)}.parquet"
            file = text_literal(str(self._folder / tables[entity]))
            sql = with_moment(as_of_sql(entity, self._features), at)
            (counted,) = connection.execute(f"COPY ({sql}) TO {file} ({_FORMAT})").fetchall()
            rows[entity] = int(counted[0])
        sync_files([self._folder / path for path in tables.values()], self._folder)
        return tables, rows

    def _view(self, connection: duckdb.DuckDBPyConnection, lake: Manifest, table: TableSchema) -> None:
        for name, select in view_sql(table, read_parts_sql(table, lake.files(table, self._lake))):
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")

    def _purge(self, manifest: FeatureManifest) -> None:
        """Delete files that were replaced, and those a killed refresh left."""
        named = manifest.paths - set(manifest.retired)
        for path in (*self._folder.glob("*.parquet"), *self._folder.glob("days/*.parquet")):
            if str(path.relative_to(self._folder)) not in named:
                path.unlink(missing_ok=True)
