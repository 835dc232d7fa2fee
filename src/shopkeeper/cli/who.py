"""Who runs a verb, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shopkeeper.cli.output import Output
    from shopkeeper.people.person import Actor
    from shopkeeper.wiring.settings import Settings


def who(settings: Settings) -> str:
    """Return the person signed in at this terminal, else the account of the shell, as the audit has them.

    For what anyone with the workspace's files may do. An approval, an override or a rule asks
    `wiring.people.signed_in` instead, which needs a person where there are people.
    """
    from shopkeeper.wiring.people import named_at_terminal

    return named_at_terminal(settings).who


def merchandiser(out: Output, settings: Settings, store: str | None) -> Actor:
    """Return who decides about texts of a store (None = of all), who was told under which name.

    Raises:
        NotAllowed: nobody is signed in who may.
    """
    from shopkeeper.people.roles import ALL
    from shopkeeper.wiring.people import signed_in

    actor = signed_in(settings, "content", store or ALL)
    say_who(out, actor)
    return actor


def say_who(out: Output, actor: Actor) -> None:
    """Tell a user under which name what they did is written down, where nobody signed in."""
    if actor.person is None:
        out.say(f"Nobody signs in here, so this is written down as {actor.who}. For names: `shopkeeper people add`.")
