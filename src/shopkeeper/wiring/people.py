"""Who acts: the one place the command line asks. `web.signed_in` is its twin for requests."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime, timedelta

from shopkeeper.engines.state import State
from shopkeeper.errors import NotAuthenticated
from shopkeeper.people.person import Actor, shell_user, signed
from shopkeeper.people.roles import ALL, Right
from shopkeeper.people.sign_in import SignIn
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.sign_in_file import drop_token, keep_token, kept_token
from shopkeeper.wiring.workspace_state import open_workspace_state


def signed_in(settings: Settings, right: Right, store: str = ALL) -> Actor:
    """Return who acts at this terminal, after checking that they may.

    For everything that is an approval, an override, a rule, or steers a rollout: hand `Actor.who` to whatever writes
    it down, and `Actor.person.person_id` where the person is kept beside it. Where the workspace has people, it is the
    person whom `shopkeeper people sign-in` signed in; where it has none, the account of the shell, as `shell:NAME`,
    whose `person` is None: say so to the user (`cli.who.say_who` does).

    Args:
        right: What they are about to do; `people.roles.RIGHTS` says who may.
        store: Where; `*` = in all stores.

    Raises:
        NotAuthenticated: there are people here, and nobody is signed in at this terminal, or no longer.
        NotAllowed: the person lacks the right in the store; names the roles that have it.
    """
    with open_workspace_state(settings) as state:
        actor = at_terminal(settings, state)
        if actor.person is None and state.people.configured():
            raise NotAuthenticated(
                "Nobody is signed in at this terminal.", "Sign in with `shopkeeper people sign-in`, then repeat this."
            )
    actor.must(right, store)
    return actor


def at_terminal(settings: Settings, state: State) -> Actor:
    """Return who is at this terminal: the person signed in, else the account of the shell. Checks no right."""
    token = kept_token(settings)
    found = state.sessions.find(token, ("shell",), datetime.now(UTC), idle_time(settings)) if token else None
    return signed(*found) if found else shell_user(account())


def named_at_terminal(settings: Settings) -> Actor:
    """Return who is at this terminal, for verbs that anyone with the workspace's files may run."""
    with open_workspace_state(settings) as state:
        return at_terminal(settings, state)


def sign_in_at_terminal(settings: Settings, email: str, password: str) -> Actor:
    """Sign a person in at this terminal, in place of whoever was. Raises as `SignIn.sign_in` does."""
    with open_workspace_state(settings) as state:
        actor, token = signing_in(settings, state).sign_in(email, password, f"shell:{account()}", "shell")
        _end_here(settings, state)
    keep_token(settings, token)
    return actor


def sign_out_at_terminal(settings: Settings) -> Actor | None:
    """End the sign-in of this terminal; return whose it was."""
    with open_workspace_state(settings) as state:
        actor = _end_here(settings, state)
    drop_token(settings)
    return actor


def signing_in(settings: Settings, state: State) -> SignIn:
    """Return what signs people in to a workspace."""
    lifetime = timedelta(hours=settings.people.session_hours)
    return SignIn(state.people, state.sessions, state.tries, lambda: datetime.now(UTC), lifetime)


def idle_time(settings: Settings) -> timedelta:
    """Return how long a sign-in may be unused."""
    return timedelta(minutes=settings.people.idle_minutes)


def account() -> str:
    """Return the name of the account that runs this process, as the system knows it: no variable can change it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container user without a name
        return f"uid-{os.getuid()}"


def _end_here(settings: Settings, state: State) -> Actor | None:
    actor = at_terminal(settings, state)
    if actor.session is None:
        return None
    state.sessions.revoke(actor.session.session_id, actor.who)
    return actor
