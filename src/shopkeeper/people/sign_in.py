"""Signing in: the password against its hash, limited by person and place, without a word about who exists."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopkeeper.errors import NotAuthenticated, TooManyTries
from shopkeeper.people.limits import WINDOW, pair, subjects, waits
from shopkeeper.people.passwords import check_password, hashed, matches, outdated
from shopkeeper.people.person import Actor, Person, SessionKind, signed
from shopkeeper.people.ports import PeopleStore, PersonSessions, SignInTries

NO_MATCH = "E-mail address and password do not match."


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signs people in. Slow on purpose (0.3 s of CPU): call it off the event loop.

    Attributes:
        clock: Time now, UTC.
        lifetime: How long a sign-in lasts.
    """

    people: PeopleStore
    sessions: PersonSessions
    tries: SignInTries
    clock: Callable[[], datetime]
    lifetime: timedelta

    def sign_in(self, email: str, password: str, address: str, kind: SessionKind) -> tuple[Actor, str]:
        """Return who signed in and their token.

        Args:
            address: Where from: a network address, or `shell:NAME`.

        Raises:
            NotAuthenticated: the two do not match; the same words whatever is wrong with them.
            TooManyTries: too many tries for this person or from this place.
        """
        now = self.clock()
        limits = subjects(email, address)
        tries = self.tries.note(limits, now, now - WINDOW)
        wait = waits(limits, tries, now)
        if wait > timedelta():
            raise TooManyTries(f"There were too many tries to sign in. {_words(wait)}", wait.total_seconds())
        found = self.people.password_hash(email)
        if not matches(password, found[1] if found else None) or found is None:
            raise NotAuthenticated(NO_MATCH, "Try again; an admin can send a new invitation.")
        person, kept = found
        self.tries.forgive(pair(email, address), limits, now)
        if outdated(kept):
            self.people.set_password(person.person_id, hashed(password), "sign-in (newer hash)")
        session, token = self.sessions.begin(person.person_id, kind, address, now + self.lifetime)
        return signed(person, session), token

    def accept(self, token: str, password: str, address: str) -> Person:
        """Let an invited person choose a password; the invitation is used up.

        An invitation holds 256 random bits, so guessing it needs no limit.

        Raises:
            NotAuthenticated: the invitation is unknown, over or used.
            InputError: the password is not taken; the invitation stays good.
        """
        now = self.clock()
        found = self.sessions.find(token, ("invite",), now)
        if found is not None:
            check_password(password, found[0].name, found[0].email)
            found = self.sessions.spend(token, now)
        if found is None:
            raise NotAuthenticated(
                "This invitation is not valid: it was used, is over, or was never made.", "Ask an admin for a new one."
            )
        person, session = found
        self.people.set_password(person.person_id, hashed(password), signed(person, session).who)
        self.tries.forgive(pair(person.email, address), (), now)
        return person


def _words(wait: timedelta) -> str:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    return f"Wait {minutes} minute{'s' if minutes != 1 else ''} and try again."
