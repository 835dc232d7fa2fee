"""Erasing a person from the state database, bytes and all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, Table, delete, func, select, text, update
from sqlalchemy.exc import OperationalError

from shopkeeper.commerce.tables import ORDERS, USERS
from shopkeeper.engines.state_live_tests import count_change
from shopkeeper.engines.state_schema import AUDIT, EXPERIMENT_DECISIONS, KEYED, LIVE_TESTS, REPORTS, ROLLOUTS

ERASED = "(erased)"


def forget_user(engine: Engine, stores: Sequence[str], user: str) -> dict[str, int]:
    """Erase a user's record, orders, arms as a tester, and mentions in reports and audit; return how many of each.

    Nothing is left that says the user ever was, so an old file that still has them would bring them back.
    """
    users, orders = KEYED[USERS.name], KEYED[ORDERS.name]
    erased: dict[str, int] = {}
    with engine.begin() as connection:
        # A users row without a store holds for all stores, so it is one of the person's too.
        own = delete(users).where(users.c.user == user, users.c.store.in_([*stores, ""]))
        erased["current_users"] = connection.execute(own).rowcount
        bodies = connection.execute(select(orders.c.store, orders.c.order_id, orders.c.body).where(
            orders.c.store.in_(stores), func.instr(orders.c.body, user) > 0 if engine.dialect.name == "sqlite"
            else func.strpos(orders.c.body, user) > 0))  # fmt: skip
        theirs = [row for row in bodies if msgspec.json.decode(row.body).get("user") == user]
        for row in theirs:
            connection.execute(delete(orders).where(orders.c.store == row.store, orders.c.order_id == row.order_id))
        erased["current_orders"] = len(theirs)
        erased["testers"] = _no_tester(connection, ROLLOUTS, user) + _no_tester(connection, LIVE_TESTS, user)
        if erased["testers"]:
            count_change(connection)
        for name, table, column in (
            ("reports", REPORTS, REPORTS.c.body),
            ("audit", AUDIT, AUDIT.c.detail),
            ("experiment_decisions", EXPERIMENT_DECISIONS, EXPERIMENT_DECISIONS.c.body),
        ):
            erased[name] = 0
            for said, instead in _mentions(user):
                found = update(table).where(column.contains(said, autoescape=True))
                erased[name] += connection.execute(found.values({column: func.replace(column, said, instead)})).rowcount
    return erased


def _no_tester(connection: Connection, table: Table, user: str) -> int:
    """Take a user out of the testers of rollouts or live tests; return out of how many."""
    (key,) = table.primary_key
    quoted = msgspec.json.encode(user).decode()
    found = connection.execute(select(key, table.c.body).where(table.c.body.contains(quoted, autoescape=True))).all()
    held = [(row[0], body) for row in found if user in (body := msgspec.json.decode(row.body)).get("forced", {})]
    for name, body in held:
        del body["forced"][user]
        changed = {}
        if "revision" in table.columns:  # whoever read it before must not write the user back
            body["revision"] = body.get("revision", 0) + 1
            changed["revision"] = body["revision"]
        without = msgspec.json.encode(body).decode()
        connection.execute(update(table).where(key == name).values(body=without, **changed))
    return len(held)


def compact_state(engine: Engine) -> bool:
    """Let SQLite write its file anew, so that no page keeps what was deleted; return whether it could.

    PostgreSQL does this by itself (autovacuum); its backups and write-ahead log follow their own retention.
    """
    if engine.dialect.name != "sqlite":
        return True
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            (busy, _, _) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            return not busy
    except OperationalError:
        return False  # another process is in the middle of a write


def _mentions(user: str) -> list[tuple[str, str]]:
    """Return how a JSON text quotes a user, and what stands there afterwards."""
    quoted = msgspec.json.encode(user).decode()
    return [(quoted, f'"{ERASED}"'), (f"'{quoted[1:-1]}'", f"'{ERASED}'")]
