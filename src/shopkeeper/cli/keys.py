"""`shopkeeper keys`: make, list and revoke API keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from shopkeeper.cli.who import who

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    keys = typer.Typer(help="API keys of the stores.", no_args_is_help=True)
    keys.command("create")(create)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke)
    app.add_typer(keys, name="keys")


def create(
    store: Annotated[str, typer.Option(help="Store the key is for; * = all stores.")],
    scopes: Annotated[str, typer.Option(help="Of events, decide, manage, with commas; or beacon.")] = "events,decide",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Make a key. Its secret is shown once; only a hash of it is kept.

    A key with the scope `beacon` is no secret: it stands in web pages, which send events with it by
    `navigator.sendBeacon`, and opens nothing else. Name the pages in `serving.store_origins`.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.commerce.tables import STORES
    from shopkeeper.serving.ports import Scope
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out = Output(json)
    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        if store != "*" and state.tables.get(STORES, (store,)) is None:
            out.say(f"Store {store!r} is not declared yet; import its data or `PUT /v1/stores` with this key.")
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        key, secret = state.keys.create(store, cast("list[Scope]", wanted), who(settings))
    out.say("Keep the key now: only a hash of it is stored, so it cannot be shown again.")
    out.result({"key": secret, "key_id": key.key_id, "store": key.store, "scopes": list(key.scopes)}, secret)


def list_keys(workspace: Workspace = Path(), json: Json = False) -> None:
    """List keys, newest first, without their secrets."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as state:
        keys = state.keys.keys()
    rows = [
        {
            "key_id": key.key_id,
            "store": key.store,
            "scopes": list(key.scopes),
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        }
        for key in keys
    ]
    lines = [
        f"{row['key_id']}  {row['store']!s:<20} {','.join(cast('list[str]', row['scopes'])):<22} {row['created_at']}"
        + (f"  revoked {row['revoked_at']}" if row["revoked_at"] else "")
        for row in rows
    ]
    Output(json).result({"keys": rows}, "\n".join(lines) or "There are no keys; make one: shopkeeper keys create.")


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `shopkeeper keys list` shows it.")],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Revoke a key; running servers refuse it within a second."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        state.keys.revoke(key_id, who(settings))
    Output(json).result({"revoked": key_id}, f"Revoked {key_id}.")
