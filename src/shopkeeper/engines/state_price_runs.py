"""Price runs and their rows in the state database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_schema import PRICE_RUN_ROWS, PRICE_RUNS, to_micros
from shopkeeper.errors import ChangedMeanwhile, UnknownPriceRun
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice
from shopkeeper.pricing.runs.run_rows import (
    RowsFound,
    RowsWanted,
    RunTally,
    between_bars,
    marks_of,
    size_of,
    tallied,
)


class StatePriceRuns:
    """Implements `pricing.ports.PriceRuns`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, run: PriceRun, prices: Sequence[RunPrice]) -> PriceRun:
        """Keep a run with its prices."""
        row = {"run": run.id, "created_micros": to_micros(run.at), **_columns(run)}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(PRICE_RUNS), row)
                if prices:
                    connection.execute(insert(PRICE_RUN_ROWS), _rows(run.id, prices))
                write_audit(connection, run.who, "price_run.begin", _named(run))
        except IntegrityError:
            return self.get(run.id)
        return run

    def get(self, run: str) -> PriceRun:
        """Return a run. Raises UnknownPriceRun."""
        found = next(iter(self._runs(select(PRICE_RUNS.c.body).where(PRICE_RUNS.c.run == run))), None)
        if found is None:
            raise UnknownPriceRun(f"There is no price run {run!r}.", "`shopkeeper price runs` lists them.")
        return found

    def newest(self, limit: int = 50) -> Sequence[PriceRun]:
        """Return runs, newest first."""
        order = PRICE_RUNS.c.created_micros.desc(), PRICE_RUNS.c.run
        return self._runs(select(PRICE_RUNS.c.body).order_by(*order).limit(limit))

    def due(self, at: datetime) -> Sequence[PriceRun]:
        """Return scheduled runs whose time has come."""
        waiting = (PRICE_RUNS.c.status == "scheduled", PRICE_RUNS.c.publish_micros <= to_micros(at))
        return self._runs(select(PRICE_RUNS.c.body).where(*waiting).order_by(PRICE_RUNS.c.publish_micros))

    def prices(self, run: str, *, moved: bool = False, skip: int = 0, limit: int | None = 1_000) -> Sequence[RunPrice]:
        """Return prices of a run."""
        with self._engine.connect() as connection:
            return prices_of(
                connection.execution_options(isolation_level="AUTOCOMMIT"), run, moved=moved, skip=skip, limit=limit
            )

    def largest(self, run: str, wanted: RowsWanted, skip: int = 0, limit: int = 100) -> RowsFound:
        """Return prices of a run that are asked for, the largest moves first."""
        asked = [PRICE_RUN_ROWS.c.run == run]
        if wanted.moving:
            asked.append(PRICE_RUN_ROWS.c.moved)
        if wanted.category:
            asked.append(PRICE_RUN_ROWS.c.category == wanted.category)
        if wanted.mark:
            asked.append(PRICE_RUN_ROWS.c.marks.contains(between_bars(wanted.mark), autoescape=True))
        order = PRICE_RUN_ROWS.c.size.desc(), PRICE_RUN_ROWS.c.place
        query = select(PRICE_RUN_ROWS.c.body).where(*asked).order_by(*order).offset(skip).limit(limit)
        counted = select(func.count()).select_from(PRICE_RUN_ROWS).where(*asked)
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            prices = [msgspec.json.decode(row.body, type=RunPrice) for row in reading.execute(query)]
            return RowsFound(prices=tuple(prices), of=int(reading.execute(counted).scalar_one()))

    def tally(self, run: str) -> RunTally:
        """Return what the prices of a run can be found by, with how many each finds."""
        by = PRICE_RUN_ROWS.c.category, PRICE_RUN_ROWS.c.marks
        query = select(*by, func.count().label("n")).where(PRICE_RUN_ROWS.c.run == run).group_by(*by)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return tallied((row.category, row.marks, row.n) for row in rows)

    def step(self, before: PriceRun, after: PriceRun) -> PriceRun:
        """Keep the next step of a run."""
        with self._engine.begin() as connection:
            return take_step(connection, before, after)

    def _runs(self, query: Select[Any]) -> list[PriceRun]:
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [msgspec.json.decode(row.body, type=PriceRun) for row in rows]


def prices_of(
    connection: Connection, run: str, *, moved: bool, skip: int = 0, limit: int | None = None
) -> list[RunPrice]:  # fmt: skip
    """Return prices of a run in their order, inside the caller's transaction."""
    query = select(PRICE_RUN_ROWS.c.body).where(PRICE_RUN_ROWS.c.run == run).order_by(PRICE_RUN_ROWS.c.place)
    if moved:
        query = query.where(PRICE_RUN_ROWS.c.moved)
    if skip:
        query = query.offset(skip)
    rows = connection.execute(query if limit is None else query.limit(limit)).all()
    return [msgspec.json.decode(row.body, type=RunPrice) for row in rows]


def take_step(connection: Connection, before: PriceRun, after: PriceRun, **noted: object) -> PriceRun:
    """Write the next step of a run over the revision that was read, inside the caller's transaction.

    Raises:
        ChangedMeanwhile: somebody took another step meanwhile.
    """
    kept = msgspec.structs.replace(after, revision=before.revision + 1)
    read = update(PRICE_RUNS).where(PRICE_RUNS.c.run == before.id, PRICE_RUNS.c.revision == before.revision)
    if not connection.execute(read.values(**_columns(kept))).rowcount:
        raise ChangedMeanwhile(
            f"Price run {before.id} was changed meanwhile; nothing was changed now.",
            "See where it is with `shopkeeper price show` and try again.",
        )
    for step in after.steps[len(before.steps) :]:
        write_audit(
            connection, step.who, "price_run.step", {**_named(kept), "to": step.status, "why": step.why, **noted}
        )
    return kept


def _columns(run: PriceRun) -> dict[str, Any]:
    return {
        "status": run.status, "revision": run.revision, "body": msgspec.json.encode(run).decode(),
        "publish_micros": None if run.publish_at is None else to_micros(run.publish_at),
    }  # fmt: skip


def _rows(run: str, prices: Sequence[RunPrice]) -> list[dict[str, Any]]:
    ordered = sorted(prices, key=lambda price: price.key)
    return [
        {
            "run": run, "place": place, "moved": price.moves, "body": msgspec.json.encode(price).decode(),
            "size": size_of(price), "category": price.proposal.category, "marks": between_bars(*marks_of(price)),
        }
        for place, price in enumerate(ordered)
    ]  # fmt: skip


def _named(run: PriceRun) -> dict[str, Any]:
    return {"run": run.id, "store": run.store, "prices": run.prices, "moved": run.moved}
