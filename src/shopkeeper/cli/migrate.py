"""`shopkeeper migrate`: bring the state database up to date, or move it to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("migrate")(migrate)


def migrate(
    to_state: Annotated[
        str | None, typer.Option(metavar="URL", help="Copy the state database into this one (SQLite or PostgreSQL).")
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Bring the state database to the newest revision; with --to-state copy it, counts and checksums compared.

    Stop the server first. A copy that was broken off goes on when run again. Events and the lake stay where they are.
    """
    from dataclasses import asdict

    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.moving import move_state, upgrade_state
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    settings = load_settings(workspace)
    if to_state is None:
        done = upgrade_state(settings)
        changed = done.before != done.after
        text = f"from {done.before or 'nothing'} to {done.after}" if changed else f"is at the newest, {done.after}"
        out.result({**asdict(done), "changed": changed}, f"State database {done.url}: revision {text}.")
        return
    moved = move_state(settings, to_state, out.say)
    rows = sum(table.digest.rows for table in moved.tables)
    out.result(
        moved.as_dict(),
        f"Copied {len(moved.tables)} tables with {rows:,} rows to {moved.target}; counts and checksums are equal.\n"
        "Next: set engines.state_url in shopkeeper.toml to it, and start the server again.\n"
        "Events, lake, quarantine and models stay in the workspace.",
    )
