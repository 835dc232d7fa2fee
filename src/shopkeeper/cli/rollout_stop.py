"""`shopkeeper rollout stop|lift`: rules, last good prices and published texts at once, whatever else is dead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shopkeeper.wiring.rollouts.stop import Stopped
    from shopkeeper.wiring.settings import Settings

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Why = Annotated[str, typer.Option("--why", metavar="REASON", help="Kept with the order and in the audit.")]
System = Annotated[str, typer.Option("--system", help="Only this system; else every one.")]
Store = Annotated[str, typer.Option("--store", help="Only this store; else every one.")]


def register(group: typer.Typer) -> None:
    """Add the verbs."""
    group.command("stop")(stop)
    group.command("lift")(lift)


def stop(why: Why, system: System = "", store: Store = "", workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a system answer by its fallback alone, on every process within a second and also after a restart.

    Writes stops.json beside shopkeeper.toml, so it works with the database, the cache and the worker dead, and tells
    the state database for processes on other machines. No rollout moves on meanwhile. `rollout lift` ends it.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.rollouts import stop as stopping
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    done = stopping.stop(settings, system, store, _who(settings, store), why)
    Output(json).result(_document(done), _text(f"Stopped: {_scope(system, store)}.", done))


def lift(why: Why, system: System = "", store: Store = "", workspace: Workspace = Path(), json: Json = False) -> None:
    """End a stop order, named as it was given."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.rollouts.stop import lift_stop
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    actor = signed_in(settings, "advance", store or "*")
    done = lift_stop(settings, system, store, actor.who, why)
    Output(json).result(_document(done), _text(f"Lifted: {_scope(system, store)}.", done))


def _who(settings: Settings, store: str) -> str:
    """Return who gives the order: the person signed in; the account of the shell where nothing can tell who that is."""
    from shopkeeper.errors import Unavailable
    from shopkeeper.people.person import shell_user
    from shopkeeper.wiring.people import account, signed_in

    try:
        return signed_in(settings, "stop", store or "*").who
    except Unavailable:  # whoever writes this folder could write the file by hand
        return shell_user(account()).who


def _scope(system: str, store: str) -> str:
    return f"{system or 'every system'} in {store or 'every store'}"


def _document(done: Stopped) -> dict[str, object]:
    return {"stops": list(done.orders), "not_in_state": done.not_in_state}


def _text(said: str, done: Stopped) -> str:
    lines = [said, *(f"  holds: {_scope(one.system, one.store)}, {one.person}: {one.reason}" for one in done.orders)]
    if done.not_in_state is not None:
        lines.append(f"The state database does not know of it: {done.not_in_state} Processes that see this folder do.")
    return "\n".join(lines)
