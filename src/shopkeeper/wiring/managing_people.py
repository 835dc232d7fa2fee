"""What an admin does with people: add, change, invite, remove; and what everyone may do with their own sign-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shopkeeper.engines.state import State
from shopkeeper.errors import InputError, NotAuthenticated
from shopkeeper.people.passwords import check_password, hashed
from shopkeeper.people.person import Actor, Person, Session, checked_email, shell_user
from shopkeeper.people.roles import Role
from shopkeeper.wiring.people import account, at_terminal
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

Roles = Mapping[str, Sequence[Role]]


@dataclass(frozen=True, slots=True)
class Invited:
    """A person and their invitation, good until `ends_at`."""

    person: Person
    token: str
    ends_at: datetime

    @property
    def path(self) -> str:
        """Page on which they choose a password, on whatever address the server is reached at."""
        return f"/control-room/invitation?token={self.token}"


def add_person(settings: Settings, name: str, email: str, roles: Roles, *, as_shell: bool) -> Invited:
    """Add a person and invite them to choose a password.

    Args:
        as_shell: The account of the shell acts, whoever is signed in: for where no admin can sign in. It is audited as
            such; whoever can open the state database could write to it anyway.

    Raises:
        NotAuthenticated: there are people here, and no one is signed in.
        NotAllowed: the person signed in is no admin of all stores.
        InputError: the address is taken, or a field cannot be used.
    """
    with _managing(settings, as_shell=as_shell) as (state, actor):
        person = state.people.add(name, email, roles, actor.who)
        return _invited(settings, state, person, actor)


def invite_person(settings: Settings, email: str, *, as_shell: bool) -> Invited:
    """Invite a person to choose a new password; the old one stays good until they do. Raises as `add_person`."""
    with _managing(settings, as_shell=as_shell) as (state, actor):
        return _invited(settings, state, state.people.named(email), actor)


def change_roles(settings: Settings, email: str, roles: Roles, *, as_shell: bool) -> Person:
    """Replace a person's roles. Raises as `add_person`, and InputError for the last admin of all stores."""
    with _managing(settings, as_shell=as_shell) as (state, actor):
        state.people.set_roles(state.people.named(email).person_id, roles, actor.who)
        return state.people.named(email)


def remove_person(settings: Settings, email: str, *, erase: bool, as_shell: bool) -> Person:
    """End a person's roles, password and sign-ins; with `erase` their name and address go too, also of one removed.

    Raises as `add_person`, and InputError for the last admin of all stores.
    """
    with _managing(settings, as_shell=as_shell) as (state, actor):
        address = checked_email(email)
        found = [person for person in state.people.people() if person.email == address]
        if not found or not (found[0].active or erase):
            raise InputError(f"Nobody here has the address {email!r}.", "See `shopkeeper people list`.")
        state.people.remove(found[0].person_id, actor.who, erase=erase)
        return found[0]


def set_password(settings: Settings, email: str, password: str, *, as_shell: bool) -> Person:
    """Replace a person's password, their own or as an admin; all their sign-ins end.

    Raises:
        InputError: the password is not taken, or nobody has the address.
    """
    with open_workspace_state(settings) as state:
        person = state.people.named(email)
        actor = _acting(settings, state, as_shell=as_shell)
        if actor.person is None or actor.person.person_id != person.person_id:
            actor.must("people")
        check_password(password, person.name, person.email)
        state.people.set_password(person.person_id, hashed(password), actor.who)
        return person


def all_people(settings: Settings) -> Sequence[Person]:
    """Return everyone, by name, those who were removed too."""
    with open_workspace_state(settings) as state:
        return state.people.people()


def live_sessions(settings: Settings, *, as_shell: bool) -> Sequence[tuple[Person, Session]]:
    """Return the valid sign-ins and invitations, newest first: an admin's view of all, else one's own."""
    with open_workspace_state(settings) as state:
        actor = _acting(settings, state, as_shell=as_shell)
        people = {person.person_id: person for person in state.people.people()}
        return [
            (people[session.person_id], session)
            for session in state.sessions.sessions(datetime.now(UTC))
            if actor.may("people") or (actor.person is not None and actor.person.person_id == session.person_id)
        ]


def end_session(settings: Settings, session_id: str, *, as_shell: bool) -> None:
    """End a sign-in or an invitation, one's own or as an admin. Raises InputError where there is no such one."""
    mine = {session.session_id for _, session in live_sessions(settings, as_shell=as_shell)}
    if session_id not in mine:
        raise InputError(f"There is no valid sign-in {session_id!r}.", "See them: `shopkeeper people sessions`.")
    with open_workspace_state(settings) as state:
        state.sessions.revoke(session_id, _acting(settings, state, as_shell=as_shell).who)


@contextmanager
def _managing(settings: Settings, *, as_shell: bool) -> Iterator[tuple[State, Actor]]:
    with open_workspace_state(settings) as state:
        actor = _acting(settings, state, as_shell=as_shell)
        actor.must("people")
        yield state, actor


def _acting(settings: Settings, state: State, *, as_shell: bool) -> Actor:
    if as_shell:
        return shell_user(account())
    actor = at_terminal(settings, state)
    if actor.person is None and state.people.configured():
        raise NotAuthenticated(
            "Nobody is signed in at this terminal.",
            "Sign in with `shopkeeper people sign-in`; where no admin can, `--as-shell` lets this account act.",
        )
    return actor


def _invited(settings: Settings, state: State, person: Person, actor: Actor) -> Invited:
    ends_at = datetime.now(UTC) + timedelta(hours=settings.people.invitation_hours)
    _, token = state.sessions.begin(person.person_id, "invite", "command line", ends_at, actor.who)
    return Invited(person, token, ends_at)
