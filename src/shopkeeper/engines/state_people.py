"""People and their roles in the state database; a password is kept as its hash, in a table no export takes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Column, Connection, Engine, Row, String, Table, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import (
    AUDIT,
    KEYED,
    METADATA,
    PEOPLE,
    PERSON_PASSWORDS,
    PERSON_ROLES,
    PERSON_SESSIONS,
    from_micros,
    to_micros,
)
from shopkeeper.errors import InputError
from shopkeeper.people.person import Person, checked_email, checked_name
from shopkeeper.people.roles import ALL, ROLES, Role, role_words

_ERASED = "(removed)"
_ALL_ADDRESS = "see `shopkeeper people list`"


class StatePeople:
    """Implements `people.ports.PeopleStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, email: str, roles: Mapping[str, Sequence[Role]], who: str) -> Person:
        """Add a person, without a password. Raises InputError where the address is taken or a field cannot be used."""
        person = Person(secrets.token_hex(4), checked_name(name), checked_email(email), {}, datetime.now(UTC))
        row = {
            "person_id": person.person_id,
            "name": person.name,
            "email": person.email,
            "active": True,
            "created_micros": to_micros(person.created_at),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(PEOPLE), row)
                _write_roles(connection, person.person_id, roles)
                detail = {"person": person.person_id, "name": person.name, "roles": role_words(roles)}
                write_audit(connection, who, "person.add", detail)
                return _one(connection, person.person_id)
        except IntegrityError as error:
            raise InputError(
                f"{person.email} is a person's address already, or that of one removed.",
                f"Give another, or erase the one removed: {_ALL_ADDRESS}.",
            ) from error

    def people(self) -> Sequence[Person]:
        """Return everyone, by name, those who were removed too."""
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            rows = reading.execute(select(PEOPLE).order_by(func.lower(PEOPLE.c.name), PEOPLE.c.person_id)).all()
            return people_of(reading, rows)

    def named(self, email: str) -> Person:
        """Return an active person. Raises InputError where nobody active has the address."""
        query = select(PEOPLE).where(PEOPLE.c.email == checked_email(email), PEOPLE.c.active)
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            found = people_of(reading, reading.execute(query).all())
        if not found:
            raise InputError(f"Nobody here has the address {email!r}.", "See `shopkeeper people list`.")
        return found[0]

    def configured(self) -> bool:
        """Say whether anybody can sign in here: whether there is an active person."""
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            return bool(reading.execute(select(exists().where(PEOPLE.c.active))).scalar())

    def set_roles(self, person_id: str, roles: Mapping[str, Sequence[Role]], who: str) -> None:
        """Replace a person's roles. Raises InputError where nobody could manage people any more."""
        with self._engine.begin() as connection:
            queue_up(connection, "people")
            before = _one(connection, person_id)
            connection.execute(delete(PERSON_ROLES).where(PERSON_ROLES.c.person_id == person_id))
            _write_roles(connection, person_id, roles)
            _check_someone_is_admin(connection, before)
            detail = {"person": person_id, "from": role_words(before.roles), "to": role_words(roles)}
            write_audit(connection, who, "person.role", detail)

    def password_hash(self, email: str) -> tuple[Person, str] | None:
        """Return an active person and the hash of their password; None where either is missing."""
        try:
            person = self.named(email)
        except InputError:
            return None
        query = select(PERSON_PASSWORDS.c.password_hash).where(PERSON_PASSWORDS.c.person_id == person.person_id)
        with self._engine.connect() as connection:
            kept = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).scalar()
        return (person, str(kept)) if kept is not None else None

    def set_password(self, person_id: str, password_hash: str, who: str) -> None:
        """Replace a password; every sign-in and invitation of the person ends."""
        with self._engine.begin() as connection:
            connection.execute(delete(PERSON_PASSWORDS).where(PERSON_PASSWORDS.c.person_id == person_id))
            now = to_micros(datetime.now(UTC))
            row = {"person_id": person_id, "password_hash": password_hash, "changed_micros": now}
            connection.execute(insert(PERSON_PASSWORDS), row)
            _end_sessions(connection, person_id)
            write_audit(connection, who, "person.password", {"person": person_id})

    def remove(self, person_id: str, who: str, *, erase: bool = False) -> None:
        """End a person's roles, password and sign-ins; with `erase` their name and address go from everywhere too.

        Raises:
            InputError: nobody could manage people any more.
        """
        with self._engine.begin() as connection:
            queue_up(connection, "people")
            before = _one(connection, person_id)
            connection.execute(update(PEOPLE).where(PEOPLE.c.person_id == person_id).values(active=False))
            for table in (PERSON_ROLES, PERSON_PASSWORDS):
                connection.execute(delete(table).where(table.c.person_id == person_id))
            _end_sessions(connection, person_id)
            _check_someone_is_admin(connection, before)
            write_audit(connection, who, "person.remove", {"person": person_id, "erased": erase})
            if erase:
                _erase(connection, before)


def people_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Person]:
    """Return people with their roles, in the order of their rows."""
    held: dict[str, dict[str, list[Role]]] = {}
    query = select(PERSON_ROLES).order_by(PERSON_ROLES.c.store)
    if len(rows) == 1:
        query = query.where(PERSON_ROLES.c.person_id == rows[0].person_id)
    for row in connection.execute(query).all():
        held.setdefault(row.person_id, {}).setdefault(row.store, []).append(cast("Role", row.role))
    return [
        Person(
            row.person_id,
            row.name,
            row.email,
            {
                store: tuple(role for role in ROLES if role in found)
                for store, found in held.get(row.person_id, {}).items()
            },
            from_micros(row.created_micros),
            None if row.signed_in_micros is None else from_micros(row.signed_in_micros),
            row.active,
        )
        for row in rows
    ]


def _one(connection: Connection, person_id: str) -> Person:
    rows = connection.execute(select(PEOPLE).where(PEOPLE.c.person_id == person_id)).all()
    if not rows:
        raise InputError(f"There is no person {person_id!r}.", "See `shopkeeper people list`.")
    return people_of(connection, rows)[0]


def _write_roles(connection: Connection, person_id: str, roles: Mapping[str, Iterable[Role]]) -> None:
    rows = [{"person_id": person_id, "store": store, "role": role} for store, found in roles.items() for role in found]
    if not rows:
        raise InputError("A person without a role could do nothing.", f"Give one of {', '.join(ROLES)}.")
    connection.execute(insert(PERSON_ROLES), rows)


def _check_someone_is_admin(connection: Connection, changed: Person) -> None:
    """Raise InputError where a change took the last admin of all stores; the caller's transaction is undone then."""
    if not changed.may("people"):
        return
    held = PERSON_ROLES.c
    query = (
        select(func.count())
        .select_from(PERSON_ROLES.join(PEOPLE, PEOPLE.c.person_id == held.person_id))
        .where(PEOPLE.c.active, held.store == ALL, held.role == "admin")
    )
    if not connection.execute(query).scalar_one():
        raise InputError(
            f"{changed.name} is the last admin of all stores, and nobody could manage people then.",
            "Make another first: `shopkeeper people role EMAIL --role admin`.",
        )


def _end_sessions(connection: Connection, person_id: str) -> None:
    of = update(PERSON_SESSIONS).where(
        PERSON_SESSIONS.c.person_id == person_id, PERSON_SESSIONS.c.revoked_micros.is_(None)
    )
    connection.execute(of.values(revoked_micros=to_micros(datetime.now(UTC))))


def _signed_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Yield the texts in which a signature may stand: of every table but rows of the shop and those of people."""
    own = {PEOPLE, PERSON_ROLES, PERSON_PASSWORDS, PERSON_SESSIONS, *KEYED.values()}
    for table in METADATA.sorted_tables:
        for column in table.columns if table not in own else ():
            if isinstance(column.type, String) and not column.primary_key and (column.type.length or 200) >= 200:
                yield table, column


def _erase(connection: Connection, person: Person) -> None:
    """Take name and address out; the number stays, so that what one person did stays one person's."""
    connection.execute(delete(PERSON_SESSIONS).where(PERSON_SESSIONS.c.person_id == person.person_id))
    signature, instead = f"{person.name} (person {person.person_id}", f"{_ERASED} (person {person.person_id}"
    for table, column in _signed_columns():
        found = update(table).where(column.contains(signature, autoescape=True))
        connection.execute(found.values({column: func.replace(column, signature, instead)}))
    gone = {"name": _ERASED, "email": f"{person.person_id}@removed"}
    connection.execute(update(PEOPLE).where(PEOPLE.c.person_id == person.person_id).values(**gone))
    about = update(AUDIT).where(AUDIT.c.action == "person.add", AUDIT.c.detail.contains(person.person_id))
    connection.execute(about.values(detail=func.replace(AUDIT.c.detail, f'"{person.name}"', f'"{_ERASED}"')))
