"""The figures of a test from the lake, day by day: what a day brought is added up once, and again when its rows change.

Looking again a minute later reads the new rows of the day that runs, and of all days before it a few figures a visit.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.tables import DECISIONS, EVENTS, PRODUCTS, SHADOW_ANSWERS, TRAFFIC_VERDICTS, TableSchema
from shopkeeper.engines.day_rows import (
    LOCK,
    DayFiles,
    day_mark,
    fingerprint,
    folder_of,
    keep_day_rows,
    parts_by_day,
    read_day_rows,
)
from shopkeeper.engines.duckdb_session import computing, files_literal, text_literal
from shopkeeper.engines.duckdb_warehouse import bound_value, fetched
from shopkeeper.engines.durable_files import held_lock, sync_files
from shopkeeper.engines.lake_columns import read_parts_sql, view_sql
from shopkeeper.engines.lake_manifest import Manifest, Part, files_by_columns, read_manifest
from shopkeeper.experiments.arm_service import newest_of, read_services, read_shadow
from shopkeeper.experiments.measuring import Asked, MeasuredTest, Shown, read_caps, read_shown
from shopkeeper.experiments.metric_sums import caps_query, sums_query
from shopkeeper.experiments.question import (
    NOT_KEPT,
    TestQuestion,
    day_relations,
    midnight,
    priced_lines,
    products_shown,
    service_relations,
    shown_relation,
)
from shopkeeper.experiments.relations import Parameters, Relation
from shopkeeper.experiments.unit_sums import read_sums

_FORMAT: Final = "FORMAT parquet, COMPRESSION snappy"
_READ: Final = (EVENTS, DECISIONS, TRAFFIC_VERDICTS, SHADOW_ANSWERS)


class LakeMeasuring:
    """Implements `experiments.measuring.UnitMeasuring` over a lake. Safe from any number of processes, one at a time.

    Args:
        lake_folder: The folder of the lake; days of tests lie in its folder `tests`.
        memory: Most memory DuckDB may use, such as `1GB`.
    """

    def __init__(self, lake_folder: Path, *, memory: str = "1GB", threads: int = 2) -> None:
        self._lake = lake_folder
        self._memory = memory
        self._threads = threads

    def measure(self, asked: Asked) -> MeasuredTest:
        """Return everything a test has measured.

        Raises:
            LogDamaged: the lake's manifest cannot be read.
            Unavailable: the lake changed under the look, or disk or memory does not suffice; days done stay done.
        """
        folder = folder_of(self._lake, asked.test)
        folder.mkdir(parents=True, exist_ok=True)
        what = f"The figures of a test in {self._lake}"
        with (
            held_lock(folder / LOCK, wait=True),
            computing(what, self._lake, self._memory, self._threads) as connection,
        ):
            return _Look(connection, read_manifest(self._lake), self._lake, folder, asked).measured()


class _Look:
    """One look at one test."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, lake: Manifest, lake_folder: Path, folder: Path, asked: Asked
    ) -> None:
        self._connection = connection
        self._lake = lake
        self._lake_folder = lake_folder
        self._folder = folder
        self._asked = asked
        self._today = asked.at.astimezone(UTC).date()
        self._parts = parts_by_day(lake.parts)
        plain = asked.question(self._today, {})
        texts = [one.text for one in self._relations(plain, self._today)]
        if asked.rates is not None:
            texts.append(asked.rates.reach)  # what is kept of caps is an amount
        self._kept = read_day_rows(folder, fingerprint(texts))

    def measured(self) -> MeasuredTest:
        """Return everything."""
        first = self._first_decision()
        since = self._asked.since.astimezone(UTC).date() if self._asked.since is not None else None
        start = first.date() if first is not None else since or self._today
        question = self._asked.question(start, {})
        before = question.before if first is not None else start
        self._add_up(question, before)
        self._relate(question, before)
        services = read_services(self._fetch("SELECT * FROM arm_service", {}))
        shadow = read_shadow(self._fetch("SELECT * FROM shadow_service", {}))
        if first is None:
            return MeasuredTest(None, services, shadow, {}, shadow.newest if shadow else None, ())
        caps = self._caps(question)
        question = replace(question, caps=caps)
        query, parameters = sums_query(question, over=(priced_lines(question),))
        sums = read_sums(question, self._fetch(query.text, parameters))
        newest = [one.newest for one in services if one.newest is not None]
        return MeasuredTest(sums, services, shadow, caps, self._newest(newest), self._shown(question))

    def _relations(self, question: TestQuestion, day: date) -> tuple[Relation, ...]:
        """Return every relation of one day, of the day that runs up to the moment asked about."""
        since, until = midnight(day), min(midnight(day + timedelta(days=1)), self._asked.at)
        shown = (shown_relation(question, since, until),) if self._asked.products_shown else ()
        return (
            *day_relations(question, since, until),
            *service_relations(question.test, self._asked.slow_ms, since, until),
            *shown,
        )

    def _first_decision(self) -> datetime | None:
        """Return when the test decided for the first time; days that did not change are not read again."""
        bound = self._asked.since
        first: dict[str, tuple[str, datetime | None]] = {}
        for day, parts in sorted(self._parts.items()):
            decided = [part for part in parts if part.table == DECISIONS.name]
            if not decided or (bound is not None and day < bound.astimezone(UTC).date().isoformat()):
                continue
            mark = fingerprint(part.path for part in decided)
            known = self._kept.first.get(day)
            if known is None or known[0] != mark:
                self._view(DECISIONS, decided)
                found = self._fetch(
                    "SELECT min(ts) AS ts FROM decisions WHERE test = $test", {"test": self._asked.test}
                )
                known = (mark, newest_of(found["ts"]))
            first[day] = known
        self._kept = msgspec.structs.replace(self._kept, first=first)
        moments = [moment for _, moment in first.values() if moment is not None and moment < self._asked.at]
        return min(moments, default=None)

    def _add_up(self, question: TestQuestion, before: date) -> None:
        """Bring every whole day up to date, and keep the state; each day done stays done."""
        days = {day: one for day, one in self._kept.days.items() if self._is_current(day, one)}
        self._kept = msgspec.structs.replace(self._kept, days=days)
        day = before
        while day < self._today:
            mark = day_mark(self._parts, day, question.attribution_days)
            if mark and day.isoformat() not in days:
                days[day.isoformat()] = DayFiles(mark, self._written(question, day))
                keep_day_rows(self._folder, self._kept)
            day += timedelta(days=1)
        keep_day_rows(self._folder, self._kept)

    def _is_current(self, day: str, kept: DayFiles) -> bool:
        mark = day_mark(self._parts, date.fromisoformat(day), self._asked.question(self._today, {}).attribution_days)
        return mark == kept.mark

    def _written(self, question: TestQuestion, day: date) -> dict[str, str]:
        self._day_views(question, day)
        files: dict[str, str] = {}
        for one in self._relations(question, day):
            self._make(one.name, one)
            if one.name in NOT_KEPT:
                continue
            files[one.name] = f"{one.name}-{day.isoformat()}-{secrets.token_hex(8)}.parquet"
            target = text_literal(str(self._folder / files[one.name]))
            self._connection.execute(f"COPY {one.name} TO {target} ({_FORMAT})")
        sync_files([self._folder / file for file in files.values()], self._folder)
        return files

    def _make(self, name: str, relation: Relation) -> None:
        """Make a relation of one day, in place of that of another."""
        bound = _bound(relation.text, relation.parameters)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {relation.text}", bound)

    def _day_views(self, question: TestQuestion, day: date) -> None:
        """Make the tables the lake has of a day; of decisions those before it too, as an event may name one of them."""
        own = self._parts.get(day.isoformat(), [])
        earlier = [(day - timedelta(days=back)).isoformat() for back in range(1, question.attribution_days + 1)]
        for table in _READ:
            days = (
                [*own, *(part for one in earlier for part in self._parts.get(one, ()))] if table is DECISIONS else own
            )
            self._view(table, [part for part in days if part.table == table.name])

    def _view(self, table: TableSchema, parts: Sequence[Part]) -> None:
        files = files_by_columns(parts, self._lake.layouts, self._lake_folder)
        self._connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS {read_parts_sql(table, files)}")

    def _relate(self, question: TestQuestion, before: date) -> None:
        """Make the relations of all days: those kept, and the day that runs."""
        self._day_views(question, self._today)
        kept = [one for day, one in self._kept.days.items() if before.isoformat() <= day < self._today.isoformat()]
        made = self._relations(question, self._today)
        for one in made:
            self._make(one.name, one)
        for one in (one for one in made if one.name not in NOT_KEPT):
            self._connection.execute(f"ALTER TABLE {one.name} RENAME TO today_{one.name}")
            files = files_literal([self._folder / day.files[one.name] for day in kept])
            past = f" UNION ALL BY NAME FROM read_parquet({files})" if kept else ""
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {one.name} AS FROM today_{one.name}{past}")
        for name, select in view_sql(PRODUCTS, read_parts_sql(PRODUCTS, self._lake.files(PRODUCTS, self._lake_folder))):
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")

    def _caps(self, question: TestQuestion) -> dict[tuple[str, str], float]:
        """Return where winsorised means are cut: found once, then never changed by what comes later."""
        if self._kept.caps is None:
            query, parameters = caps_query(question, over=(priced_lines(question),))
            found = read_caps(self._fetch(query.text, parameters))
            caps = tuple((store, figure, value) for (store, figure), value in sorted(found.items()))
            self._kept = msgspec.structs.replace(self._kept, caps=caps)
            keep_day_rows(self._folder, self._kept)
        return {(store, figure): value for store, figure, value in self._kept.caps or ()}

    def _shown(self, question: TestQuestion) -> tuple[Shown, ...]:
        if not self._asked.products_shown:
            return ()
        offered = products_shown(question)
        return read_shown(self._fetch(offered.text, offered.parameters))

    def _newest(self, decided: Sequence[datetime]) -> datetime | None:
        """Return the newest of the decisions and of the events of the last days that have any."""
        days = [day for day, parts in self._parts.items() if any(part.table == EVENTS.name for part in parts)]
        known = list(decided)
        for day in sorted(day for day in days if day <= self._today.isoformat())[-2:]:
            self._view(EVENTS, [part for part in self._parts[day] if part.table == EVENTS.name])
            found = self._fetch("SELECT max(ts) AS ts FROM events WHERE ts < $until", {"until": self._asked.at})
            newest = newest_of(found["ts"])
            known += [newest] if newest is not None else []
        return max(known, default=None)

    def _fetch(self, text: str, parameters: Parameters) -> dict[str, npt.NDArray[np.generic]]:
        return fetched(self._connection.execute(text, _bound(text, parameters) or None))


def _bound(text: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that a text names, as DuckDB takes them."""
    return {name: bound_value(value) for name, value in parameters.items() if f"${name}" in text}
