"""The prices that hold and every change of them, in the state database; money is kept in whole millionths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, bindparam, case, func, insert, literal, select, update

from shopkeeper.engines.state_counters import count, counted
from shopkeeper.engines.state_price_runs import prices_of, take_step
from shopkeeper.engines.state_schema import (
    COUNTERS,
    PRICE_CHANGES,
    PUBLISHED_PRICES,
    from_micros,
    to_micros,
)
from shopkeeper.pricing.proposal import PriceKey
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.runs.ports import HandedBy, HowFar, Seen
from shopkeeper.pricing.runs.price_run import Outcome, PriceChange, PriceRun, Publication, PublishedPrice, RunPrice

_COUNTER: Final = "prices"
_CAP_TIME: Final = timedelta(hours=24)
_AT_ONCE: Final = 500
"""Numbers in one statement; SQLite takes 32,766 variables."""


class StatePrices:
    """Implements `pricing.ports.Prices`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def publish(self, before: PriceRun, after: PriceRun, at: datetime) -> Publication:
        """Let the moved prices of a run hold."""
        with self._engine.begin() as connection:
            touched, last = _touch(connection), _newest(connection)
            query = select(PUBLISHED_PRICES).where(PUBLISHED_PRICES.c.store.in_(before.stores))
            held = {_key(row): row for row in connection.execute(query)}
            capped = _Caps(connection, before.stores, at)
            prices = prices_of(connection, before.id, moved=True)
            fresh = [price for price in prices if _untouched(price, held.get(price.key))]
            new = [price for price in fresh if capped.allows(price)]
            done = Publication(
                changed=len(new), overtaken=len(prices) - len(fresh), capped=len(fresh) - len(new),
                version=last + len(new),
            )  # fmt: skip
            take_step(connection, before, after, changed=done.changed, overtaken=done.overtaken, capped=done.capped)
            _write(connection, before.id, new, held, last, at, touched)
        return done

    def revert(self, before: PriceRun, after: PriceRun, at: datetime) -> Publication:
        """Let the prices from before a run hold again, of those that it still decides."""
        with self._engine.begin() as connection:
            touched, last = _touch(connection), _newest(connection)
            back = _taken_back(connection, before.id, last, at, touched)
            done = Publication(changed=back[0], overtaken=back[1] - back[0], version=last + back[0])
            take_step(connection, before, after, changed=done.changed, overtaken=done.overtaken, capped=0)
        return done

    def revision(self) -> int:
        """Return the number of the last change of anything here."""
        return counted(self._engine, _COUNTER)

    def published(self, since: int = 0) -> Sequence[PublishedPrice]:
        """Return the prices that hold, of which something changed after a revision."""
        query = select(PUBLISHED_PRICES).where(PUBLISHED_PRICES.c.touched > since)
        return [_published(row) for row in self._read(query)]

    def changes(
        self, since: int = 0, *, store: str = "", run: str = "", product: str = "", outcome: Outcome | None = None,
        limit: int = 1_000,
    ) -> Sequence[PriceChange]:  # fmt: skip
        """Return changes with a higher number, in order."""
        query = select(PRICE_CHANGES).where(PRICE_CHANGES.c.number > since)
        for column, wanted in (("store", store), ("run", run), ("product", product)):
            if wanted:
                query = query.where(PRICE_CHANGES.c[column] == wanted)
        if outcome is not None:
            query = query.where(PRICE_CHANGES.c.outcome == outcome)
        return [_change(row) for row in self._read(query.order_by(PRICE_CHANGES.c.number).limit(limit))]

    def made(self, run: str, products: Sequence[str]) -> Sequence[PriceChange]:
        """Return the changes a run made to some products, in order."""
        found: list[PriceChange] = []
        for start in range(0, len(products), _AT_ONCE):
            these = (PRICE_CHANGES.c.run == run, PRICE_CHANGES.c.product.in_(products[start : start + _AT_ONCE]))
            found += [_change(row) for row in self._read(select(PRICE_CHANGES).where(*these))]
        return sorted(found, key=lambda one: one.number)

    def how_far(self, runs: Sequence[str]) -> Mapping[str, HowFar]:
        """Return how far the changes of runs are with the shop."""
        outcomes = [
            func.sum(case((PRICE_CHANGES.c.outcome == name, 1), else_=0))
            for name in ("confirmed", "mismatch", "changed")
        ]
        counts = (func.count(), func.count(PRICE_CHANGES.c.handed_micros), *outcomes)
        by = PRICE_CHANGES.c.run, PRICE_CHANGES.c.kind
        query = select(*by, *counts).where(PRICE_CHANGES.c.run.in_(runs)).group_by(*by).order_by(*by)
        # "revert" comes after "publish" in the order of letters, so it stands where there is one.
        return {row[0]: HowFar(*map(int, row[2:])) for row in self._read(query)}

    def changed_since(self, at: datetime) -> Sequence[PriceChange]:
        """Return changes from a moment on, in order."""
        query = select(PRICE_CHANGES).where(PRICE_CHANGES.c.at_micros >= to_micros(at))
        return [_change(row) for row in self._read(query.order_by(PRICE_CHANGES.c.number))]

    def mismatches(self, stores: Sequence[str], since: datetime, until: datetime) -> Sequence[PriceChange]:
        """Return changes of some stores of which another price was first seen in `[since, until)`, in order."""
        seen = PRICE_CHANGES.c.mismatch_micros
        within = (PRICE_CHANGES.c.store.in_(stores), seen >= to_micros(since), seen < to_micros(until))
        return [
            _change(row) for row in self._read(select(PRICE_CHANGES).where(*within).order_by(PRICE_CHANGES.c.number))
        ]

    def not_handed(self, limit: int = 1_000) -> Sequence[PriceChange]:
        """Return changes that have not left the house and still hold, in order."""
        holds = PUBLISHED_PRICES.c.number == PRICE_CHANGES.c.number
        query = select(PRICE_CHANGES).join(PUBLISHED_PRICES, holds).where(PRICE_CHANGES.c.handed_micros.is_(None))
        return [_change(row) for row in self._read(query.order_by(PRICE_CHANGES.c.number).limit(limit))]

    def handed(self, numbers: Sequence[int], by: HandedBy, at: datetime) -> int:
        """Note that changes left the house, where that is not noted yet."""
        noted = 0
        with self._engine.begin() as connection:
            for start in range(0, len(numbers), _AT_ONCE):
                these = PRICE_CHANGES.c.number.in_(numbers[start : start + _AT_ONCE])
                left = update(PRICE_CHANGES).where(these, PRICE_CHANGES.c.handed_micros.is_(None))
                noted += connection.execute(left.values(handed_micros=to_micros(at), handed_by=by)).rowcount
        return noted

    def saw(self, seen: Sequence[Seen]) -> int:
        """Note what the shop made of prices that still hold."""
        if not seen:
            return 0
        with self._engine.begin() as connection:
            touched = _touch(connection)
            return sum(_note(connection, one, touched) for one in seen)

    def _read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()


class _Caps:
    """Keeps what a price moves within 24 hours, over all runs, at what its row allows."""

    def __init__(self, connection: Connection, stores: Sequence[str], at: datetime) -> None:
        recent = (PRICE_CHANGES.c.store.in_(stores), PRICE_CHANGES.c.at_micros > to_micros(at - _CAP_TIME))
        rows = connection.execute(select(PRICE_CHANGES).where(*recent).order_by(PRICE_CHANGES.c.number.desc()))
        self._day_ago = {_key(row): row.before_millionths for row in rows}  # the oldest of a key is put in last

    def allows(self, price: RunPrice) -> bool:
        base = self._day_ago.get(price.key, millionths(price.current)) / 1e6
        return bool(abs(price.price / base - 1) <= price.daily_move + SAME)


def millionths(price: float) -> int:
    """Return a price as it is kept, so that equal prices are equal numbers on every engine."""
    return round(price * 1_000_000)


def _untouched(price: RunPrice, held: Row[Any] | None) -> bool:
    """Say whether nobody changed a price since the run was computed, as far as is known."""
    return held is None or _standing(held) == millionths(price.current)


def _standing(held: Row[Any]) -> int:
    return int(held.price_millionths if held.observed_millionths is None else held.observed_millionths)


def _touch(connection: Connection) -> int:
    """Count a change of prices; who else wants to change any waits until this transaction ends."""
    count(connection, _COUNTER)
    return int(connection.execute(select(COUNTERS.c.value).where(COUNTERS.c.counter == _COUNTER)).scalar_one())


def _newest(connection: Connection) -> int:
    return int(connection.execute(select(func.max(PRICE_CHANGES.c.number))).scalar() or 0)


def _write(
    connection: Connection, run: str, new: Sequence[RunPrice], held: dict[PriceKey, Row[Any]], last: int, at: datetime,
    touched: int,
) -> None:  # fmt: skip
    changes, first, next_ = [], [], []
    for number, one in enumerate(new, start=last + 1):
        store, price_list, product = one.key
        named = {"store": store, "price_list": price_list, "product": product}
        old, before = held.get(one.key), millionths(one.current)
        now = {
            "run": run, "currency": one.proposal.currency, "price_millionths": millionths(one.price),
            "at_micros": to_micros(at),
        }  # fmt: skip
        changes.append(
            {
                **named, **now, "number": number, "previous": 0 if old is None else old.number, "kind": "publish",
                "before_millionths": before, "handed_by": "", "outcome": "",
            }
        )  # fmt: skip
        good = before if old is None else _good(old)
        held_now = {**now, "number": number, "good_millionths": good, "outcome": "", "observed_millionths": None,
                    "touched": touched}  # fmt: skip
        if old is None:
            first.append({**named, **held_now})
        else:
            next_.append({**held_now, **{f"of_{name}": value for name, value in named.items()}})
    if changes:
        connection.execute(insert(PRICE_CHANGES), changes)
    if first:
        connection.execute(insert(PUBLISHED_PRICES), first)
    if next_:
        same = [PUBLISHED_PRICES.c[name] == bindparam(f"of_{name}") for name in ("store", "price_list", "product")]
        columns: dict[str, Any] = {name: bindparam(name) for name in next_[0] if not name.startswith("of_")}
        connection.execute(update(PUBLISHED_PRICES).where(*same).values(columns), next_)


def _taken_back(connection: Connection, run: str, last: int, at: datetime, touched: int) -> tuple[int, int]:
    """Put the price from before each change of a run that still holds in its place, and return how many did, of all.

    The database does it by itself, row by row there: 80,000 prices are back in a tenth of what it takes to read them.
    """
    made, holds, back = PRICE_CHANGES.alias("made"), PUBLISHED_PRICES.alias("holds"), PRICE_CHANGES.alias("back")
    of_run = (made.c.run == run, made.c.kind == "publish")
    every = int(connection.execute(select(func.count()).select_from(made).where(*of_run)).scalar_one())
    number = func.row_number().over(order_by=made.c.number) + last
    fixed = {"run": run, "kind": "revert", "at_micros": to_micros(at), "handed_by": "", "outcome": ""}
    copied = ("store", "price_list", "product", "currency")
    rows = select(
        number, made.c.number, made.c.before_millionths, made.c.price_millionths, *(made.c[name] for name in copied),
        *(literal(value) for value in fixed.values()),
    ).join(holds, holds.c.number == made.c.number).where(*of_run)  # fmt: skip
    columns = ["number", "previous", "price_millionths", "before_millionths", *copied, *fixed]
    connection.execute(insert(PRICE_CHANGES).from_select(columns, rows))
    old = PUBLISHED_PRICES.c
    good = case(
        (old.outcome == "confirmed", old.price_millionths), (old.outcome == "changed", old.observed_millionths),
        else_=old.good_millionths,
    )  # fmt: skip
    values = {
        "number": back.c.number, "run": run, "price_millionths": back.c.price_millionths, "good_millionths": good,
        "at_micros": to_micros(at), "outcome": "", "observed_millionths": None, "touched": touched,
    }  # fmt: skip
    same = (back.c.previous == old.number, back.c.number > last)
    done = connection.execute(update(PUBLISHED_PRICES).where(*same).values(values))
    return int(done.rowcount), every


def _good(old: Row[Any]) -> int:
    """Return the last price known to be good: what the shop confirmed or set itself, else the one before."""
    if old.outcome == "confirmed":
        return int(old.price_millionths)
    return int(old.observed_millionths if old.outcome == "changed" else old.good_millionths)


def _note(connection: Connection, one: Seen, touched: int) -> int:
    observed = millionths(one.observed)
    other = None if one.outcome == "confirmed" else observed
    holds = update(PUBLISHED_PRICES).where(PUBLISHED_PRICES.c.number == one.number)
    said = holds.values(outcome=one.outcome, observed_millionths=other, touched=touched)
    if not connection.execute(said).rowcount:
        return 0
    noted = update(PRICE_CHANGES).where(PRICE_CHANGES.c.number == one.number)
    when = to_micros(one.at)
    connection.execute(noted.values(outcome=one.outcome, observed_millionths=observed, outcome_micros=when))
    if one.outcome == "mismatch":
        first = noted.where(PRICE_CHANGES.c.mismatch_micros.is_(None))
        connection.execute(first.values(mismatch_micros=when, mismatch_millionths=observed))
    return 1


def _key(row: Row[Any]) -> PriceKey:
    return row.store, row.price_list, row.product


def _money(kept: int | None) -> float | None:
    return None if kept is None else kept / 1_000_000


def _published(row: Row[Any]) -> PublishedPrice:
    return PublishedPrice(
        store=row.store, price_list=row.price_list, product=row.product, number=row.number, run=row.run,
        currency=row.currency, price=row.price_millionths / 1_000_000, good=row.good_millionths / 1_000_000,
        at=from_micros(row.at_micros), outcome=row.outcome, observed=_money(row.observed_millionths),
    )  # fmt: skip


def _change(row: Row[Any]) -> PriceChange:
    return PriceChange(
        number=row.number, previous=row.previous, run=row.run, kind=row.kind, store=row.store,
        price_list=row.price_list, product=row.product, currency=row.currency,
        price=row.price_millionths / 1_000_000, before=row.before_millionths / 1_000_000,
        at=from_micros(row.at_micros),
        handed_at=None if row.handed_micros is None else from_micros(row.handed_micros), handed_by=row.handed_by,
        outcome=row.outcome, observed=_money(row.observed_millionths),
        outcome_at=None if row.outcome_micros is None else from_micros(row.outcome_micros),
        mismatch_at=None if row.mismatch_micros is None else from_micros(row.mismatch_micros),
        mismatch=_money(row.mismatch_millionths),
    )  # fmt: skip
