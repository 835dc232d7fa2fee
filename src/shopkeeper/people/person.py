"""A person of the house's staff, a sign-in of theirs, and whoever acts, as it is written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shopkeeper.errors import FieldProblem, InputError, NotAllowed
from shopkeeper.people.roles import ALL, LOOKING, MACHINE, RIGHTS, ROLES, WORDS, Right, Role, may

SessionKind = Literal["browser", "shell", "invite"]
"""What a token is good for: the control room, the command line and the API, or to set a password once."""

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,130}")
_SIGNED: Final = re.compile(r"\(person ([0-9a-f]{8}), session ([0-9a-f]{8})\)")
NAME_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class Person:
    """One of the house's staff.

    Attributes:
        roles: By store; `*` = all stores.
        signed_in_at: Last time they did; None = never.
    """

    person_id: str
    name: str
    email: str
    roles: Mapping[str, tuple[Role, ...]]
    created_at: datetime
    signed_in_at: datetime | None = None
    active: bool = True

    def may(self, right: Right, store: str = ALL) -> bool:
        """Say whether they hold a right in a store, in all stores where it is `*`."""
        return self.active and may(self.roles, right, store)

    def anywhere(self, right: Right) -> bool:
        """Say whether they hold a right in some store or in all."""
        return any(self.may(right, store) for store in self.roles)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in, or one invitation to make a password.

    Attributes:
        address: Where it began: a network address, or `shell:NAME`.
        seen_at: Last use, to the minute.
        ends_at: After it the token is worth nothing, used or not.
    """

    session_id: str
    person_id: str
    kind: SessionKind
    address: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        who: As it is written down in audit, verdicts and rules: `Anna Lee (person 1f2e3d4c, session 9a8b7c6d)` for
            somebody signed in, `key:ID` for a machine, `shell:NAME` or `loopback` where nobody signs in.
        person: None where it is no person who signed in.
        rights: What they hold where they are no person.
        shop: Store in which they hold those; `*` = all.
    """

    who: str
    person: Person | None = None
    session: Session | None = None
    rights: frozenset[Right] = frozenset()
    shop: str = ALL

    def may(self, right: Right, store: str = ALL) -> bool:
        """Say whether they hold a right in a store, in all stores where it is `*`."""
        if self.person is not None:
            return self.person.may(right, store)
        return right in self.rights and self.shop in (ALL, store)

    def anywhere(self, right: Right) -> bool:
        """Say whether they hold a right in some store or in all."""
        return self.person.anywhere(right) if self.person is not None else right in self.rights

    def must(self, right: Right, store: str = ALL) -> None:
        """Raise NotAllowed, with the way out, unless they hold a right in a store."""
        if self.may(right, store):
            return
        place = "all stores" if store in (ALL, "") else f"store {store!r}"
        if self.person is None and right in self.rights:
            raise NotAllowed(f"This key ({self.who}) is for store {self.shop!r}, not for {place}.", "Use another key.")
        if self.person is None:
            raise NotAllowed(
                f"To {WORDS[right]} takes a person who signed in; this is {self.who}.",
                "Sign in (`shopkeeper people sign-in`), and send the session's token in place of an API key; where "
                "nobody can sign in yet, make the first person: `shopkeeper people add`.",
            )
        roles = ", ".join(role for role in ROLES if role in RIGHTS[right])
        raise NotAllowed(
            f"{self.person.name} may not {WORDS[right]} in {place}.",
            f"It takes one of the roles {roles}: an admin gives it with `shopkeeper people role {self.person.email}`.",
        )


def signed(person: Person, session: Session) -> Actor:
    """Return a signed-in person as an actor."""
    return Actor(f"{person.name} (person {person.person_id}, session {session.session_id})", person, session)


def machine(key_id: str, shop: str) -> Actor:
    """Return an API key with the scope `manage` as an actor."""
    return Actor(f"key:{key_id}", rights=MACHINE, shop=shop)


def at_the_machine(*, only_look: bool) -> Actor:
    """Return a reader on the machine itself, whom nobody can name; they may do no more than a machine may."""
    return Actor("loopback", rights=LOOKING if only_look else LOOKING | MACHINE)


def shell_user(account: str) -> Actor:
    """Return an account of a shell as an actor. It may do all: whoever reaches the state database can anyway."""
    name = re.sub(r"[^A-Za-z0-9._@-]", "", account)[:60] or "unknown"
    return Actor(f"shell:{name}", rights=frozenset(RIGHTS))


def read_signature(who: str) -> tuple[str, str] | tuple[None, None]:
    """Return person and session of `Actor.who`; nothing where nobody signed in."""
    found = None if who.startswith(("shell:", "key:")) else _SIGNED.search(who)
    return (found[1], found[2]) if found else (None, None)


def checked_name(name: str) -> str:
    """Return a name as it is kept. Raises InputError where it is empty, long, or could pass for a signature."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    if not clean or len(clean) > NAME_LENGTH or not clean.isprintable() or set(clean) & set('()<>:"\\'):
        raise _wrong("name", name, f'Give 1 to {NAME_LENGTH} letters without ( ) < > : " and \\.')
    return clean


def checked_email(email: str) -> str:
    """Return an address as it is kept and compared, in small letters. Raises InputError where it is none."""
    clean = unicodedata.normalize("NFC", email.strip()).casefold()
    if not _EMAIL.fullmatch(clean) or not clean.isprintable():
        raise _wrong("email", email, "Give an address such as anna@shop.example.")
    return clean


def _wrong(field_name: str, value: str, remedy: str) -> InputError:
    reason = f"{value[:100]!r} cannot be used as {field_name}"
    return InputError(f"{reason}.", remedy, (FieldProblem(field_name, reason, remedy),))
