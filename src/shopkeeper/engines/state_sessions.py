"""Sign-ins, invitations and tries in the state database: of each token only a hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_people import people_of
from shopkeeper.engines.state_schema import PEOPLE, PERSON_SESSIONS, SIGN_IN_TRIES, from_micros, to_micros
from shopkeeper.errors import InputError
from shopkeeper.people.person import Person, Session, SessionKind, signed

PREFIX: Final = "ss_"
"""Begins every token, so that it is told from an API key, and found where it was leaked."""
KEPT: Final = timedelta(days=30)
"""How long a session that is over is kept, to say where it came from."""
_TRIES_KEPT: Final = timedelta(days=1)
_SEEN_EVERY: Final = timedelta(minutes=1)


class StateSessions:
    """Implements `people.ports.PersonSessions`.

    A token holds 256 random bits, so a plain SHA-256 resists guessing, and looking it up by its hash tells nothing by
    the time it takes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self, person_id: str, kind: SessionKind, address: str, ends_at: datetime, who: str | None = None
    ) -> tuple[Session, str]:
        """Begin a session and return it with its token.

        Args:
            who: Who does, for the audit; None = the person.
        """
        now, token = datetime.now(UTC), PREFIX + secrets.token_urlsafe(32)
        session = Session(secrets.token_hex(4), person_id, kind, address[:200], now, now, ends_at)
        with self._engine.begin() as connection:
            old = PERSON_SESSIONS.c.ends_micros < to_micros(now - KEPT)
            connection.execute(delete(PERSON_SESSIONS).where(old))
            connection.execute(
                insert(PERSON_SESSIONS),
                {
                    "session_id": session.session_id,
                    "token_hash": _hash(token),
                    "person_id": person_id,
                    "kind": kind,
                    "address": session.address,
                    "created_micros": to_micros(now),
                    "seen_micros": to_micros(now),
                    "ends_micros": to_micros(ends_at),
                },
            )
            if kind != "invite":
                seen = update(PEOPLE).where(PEOPLE.c.person_id == person_id)
                connection.execute(seen.values(signed_in_micros=to_micros(now)))
            [person] = people_of(connection, _rows_of(connection, person_id))
            action = "person.invite" if kind == "invite" else "person.sign_in"
            detail = {"person": person_id, "session": session.session_id, "kind": kind, "from": session.address}
            write_audit(connection, who or signed(person, session).who, action, detail)
        return session, token

    def find(
        self, token: str, kinds: Iterable[SessionKind], now: datetime, idle: timedelta | None = None
    ) -> tuple[Person, Session] | None:
        """Return whose token it is, and note that it was used; None where it is not valid.

        Args:
            idle: How long it may have been unused; None = any time.
        """
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            found = _valid(reading, token, kinds, now)
            if found is None or (idle is not None and now - found[1].seen_at > idle):
                return None
            if now - found[1].seen_at >= _SEEN_EVERY:
                of = update(PERSON_SESSIONS).where(PERSON_SESSIONS.c.session_id == found[1].session_id)
                reading.execute(of.values(seen_micros=to_micros(now)))
        return found

    def spend(self, token: str, now: datetime) -> tuple[Person, Session] | None:
        """Use up an invitation; None where it is not valid or was used."""
        with self._engine.begin() as connection:
            found = _valid(connection, token, ("invite",), now)
            if found is None:
                return None
            of = update(PERSON_SESSIONS).where(
                PERSON_SESSIONS.c.session_id == found[1].session_id, PERSON_SESSIONS.c.revoked_micros.is_(None)
            )
            # The row lock lets one of two at a time change it; the other changes nothing.
            return found if connection.execute(of.values(revoked_micros=to_micros(now))).rowcount else None

    def sessions(self, now: datetime) -> Sequence[Session]:
        """Return what is valid now, newest first."""
        live = PERSON_SESSIONS.c
        query = select(PERSON_SESSIONS).where(live.revoked_micros.is_(None), live.ends_micros > to_micros(now))
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            return [_session(row) for row in reading.execute(query.order_by(live.created_micros.desc())).all()]

    def revoke(self, session_id: str, who: str) -> None:
        """End a session. Raises InputError where there is no valid one."""
        with self._engine.begin() as connection:
            of = update(PERSON_SESSIONS).where(
                PERSON_SESSIONS.c.session_id == session_id, PERSON_SESSIONS.c.revoked_micros.is_(None)
            )
            if connection.execute(of.values(revoked_micros=to_micros(datetime.now(UTC)))).rowcount == 0:
                raise InputError(
                    f"There is no valid sign-in {session_id!r}.",
                    "See them: `shopkeeper people sessions`.",
                )
            write_audit(connection, who, "person.sign_out", {"session": session_id})


class StateTries:
    """Implements `people.ports.SignInTries`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, subjects: Iterable[str], now: datetime, since: datetime) -> dict[str, list[datetime]]:
        """Note a try under each subject; return the tries of each since `since`, oldest first."""
        named, tries = list(subjects), SIGN_IN_TRIES.c
        with self._engine.begin() as connection:
            connection.execute(delete(SIGN_IN_TRIES).where(tries.at_micros < to_micros(now - _TRIES_KEPT)))
            rows = [{"subject": subject, "at_micros": to_micros(now)} for subject in named]
            connection.execute(insert(SIGN_IN_TRIES), rows)
        # Read after the commit, so that of tries made at once each sees the others.
        query = select(SIGN_IN_TRIES).where(tries.subject.in_(named), tries.at_micros > to_micros(since))
        found: dict[str, list[datetime]] = {subject: [] for subject in named}
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            for row in reading.execute(query.order_by(tries.at_micros)).all():
                found[row.subject].append(from_micros(row.at_micros))
        return found

    def forgive(self, pair: str, subjects: Iterable[str], at: datetime) -> None:
        """After a success: forget every try of one subject, and of the others the try of this moment alone."""
        tries = SIGN_IN_TRIES.c
        with self._engine.begin() as connection:
            connection.execute(delete(SIGN_IN_TRIES).where(tries.subject == pair))
            here = tries.subject.in_(list(subjects))
            connection.execute(delete(SIGN_IN_TRIES).where(here, tries.at_micros == to_micros(at)))


def _valid(
    connection: Connection, token: str, kinds: Iterable[SessionKind], now: datetime
) -> tuple[Person, Session] | None:
    live = PERSON_SESSIONS.c
    query = select(PERSON_SESSIONS).where(
        live.token_hash == _hash(token),
        live.kind.in_(list(kinds)),
        live.revoked_micros.is_(None),
        live.ends_micros > to_micros(now),
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    active = [person for person in people_of(connection, _rows_of(connection, row.person_id)) if person.active]
    return (active[0], _session(row)) if active else None


def _rows_of(connection: Connection, person_id: str) -> Sequence[Row[Any]]:
    return connection.execute(select(PEOPLE).where(PEOPLE.c.person_id == person_id)).all()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _session(row: Row[Any]) -> Session:
    return Session(
        row.session_id,
        row.person_id,
        cast("SessionKind", row.kind),
        row.address,
        from_micros(row.created_micros),
        from_micros(row.seen_micros),
        from_micros(row.ends_micros),
        None if row.revoked_micros is None else from_micros(row.revoked_micros),
    )
