"""What sign-in needs of a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shopkeeper.people.person import Person, Session, SessionKind
from shopkeeper.people.roles import Role


class PeopleStore(Protocol):
    """The house's staff.

    Laws: an e-mail address is one person's, whatever its capitals; every change is audited in the same transaction; a
    password is kept as its hash alone and leaves by `password_hash` only; of the people who may manage people in all
    stores one always stays.
    """

    def add(self, name: str, email: str, roles: Mapping[str, Sequence[Role]], who: str) -> Person:
        """Add a person, without a password. Raises InputError where the address is taken or a field cannot be used."""
        ...

    def people(self) -> Sequence[Person]:
        """Return everyone, by name, those who were removed too."""
        ...

    def named(self, email: str) -> Person:
        """Return an active person. Raises InputError where nobody active has the address."""
        ...

    def configured(self) -> bool:
        """Say whether anybody can sign in here: whether there is an active person."""
        ...

    def set_roles(self, person_id: str, roles: Mapping[str, Sequence[Role]], who: str) -> None:
        """Replace a person's roles. Raises InputError where nobody could manage people any more."""
        ...

    def password_hash(self, email: str) -> tuple[Person, str] | None:
        """Return an active person and the hash of their password; None where either is missing."""
        ...

    def set_password(self, person_id: str, password_hash: str, who: str) -> None:
        """Replace a password; every sign-in and invitation of the person ends."""
        ...

    def remove(self, person_id: str, who: str, *, erase: bool = False) -> None:
        """End a person's roles, password and sign-ins; with `erase` their name and address go from everywhere too.

        Raises:
            InputError: nobody could manage people any more.
        """
        ...


class PersonSessions(Protocol):
    """Sign-ins and invitations.

    Laws: only a hash of a token is kept; a token of one kind is worth nothing as another; what is over, unused for too
    long, revoked or of somebody removed is not found; an invitation is spent once, also by two at a time.
    """

    def begin(
        self, person_id: str, kind: SessionKind, address: str, ends_at: datetime, who: str | None = None
    ) -> tuple[Session, str]:
        """Begin a session and return it with its token.

        Args:
            who: Who does, for the audit; None = the person.
        """
        ...

    def find(
        self, token: str, kinds: Iterable[SessionKind], now: datetime, idle: timedelta | None = None
    ) -> tuple[Person, Session] | None:
        """Return whose token it is, and note that it was used; None where it is not valid.

        Args:
            idle: How long it may have been unused; None = any time.
        """
        ...

    def spend(self, token: str, now: datetime) -> tuple[Person, Session] | None:
        """Use up an invitation; None where it is not valid or was used."""
        ...

    def sessions(self, now: datetime) -> Sequence[Session]:
        """Return what is valid now, newest first."""
        ...

    def revoke(self, session_id: str, who: str) -> None:
        """End a session. Raises InputError where there is no valid one."""
        ...


class SignInTries(Protocol):
    """Tries to sign in, by subject, for as long as they count.

    Law: a try is on record before the counts are read, so of many at once no more pass than the limit.
    """

    def note(self, subjects: Iterable[str], now: datetime, since: datetime) -> dict[str, list[datetime]]:
        """Note a try under each subject; return the tries of each since `since`, oldest first."""
        ...

    def forgive(self, pair: str, subjects: Iterable[str], at: datetime) -> None:
        """After a success: forget every try of one subject, and of the others the try of this moment alone."""
        ...
