"""`shopkeeper migrate`: bring the state database up to date, or move the workspace to servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shopkeeper.wiring.moving import Moved


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("migrate")(migrate)


def migrate(
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="Bring what belongs there to this engine; may be given once for each of postgresql:// (or sqlite://), "
            "clickhouse:// and valkey:// (or redis://).",
        ),
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Bring the state database to the newest revision; with --to move the workspace to servers.

    Counts and checksums of every table are compared; a move that was broken off goes on when run again. Stop the server
    first. Nothing is deleted here: until you set the new URL, the workspace works as before.
    """
    from dataclasses import asdict

    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.moving import move_to, upgrade_state
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    settings = load_settings(workspace)
    if not to:
        done = upgrade_state(settings)
        changed = done.before != done.after
        text = f"from {done.before or 'nothing'} to {done.after}" if changed else f"is at the newest, {done.after}"
        out.result({**asdict(done), "changed": changed}, f"State database {done.url}: revision {text}.")
        return
    moved = move_to(settings, to, out.say)
    out.result({"moved": [one.as_dict() for one in moved]}, "\n".join([*map(_told, moved), _next(moved)]))


def _told(moved: Moved) -> str:
    lines = []
    if moved.tables:
        rows, written = (sum(getattr(table, name) for table in moved.tables) for name in ("rows", "written"))
        lines.append(
            f"{moved.url}: {len(moved.tables)} tables with {rows:,} rows, {written:,} of them brought now; counts and "
            "checksums are equal."
        )
    if moved.note:
        lines.append(moved.note)
    return "\n".join(lines)


def _next(moved: list[Moved]) -> str:
    """Return what to set now."""
    lines = [f'{one.setting} = "{one.url}"' for one in moved]
    names = ", ".join(f"SHOPKEEPER_ENGINES__{one.setting.upper()}" for one in moved)
    return "\n".join(
        [
            "Next, in shopkeeper.toml (or, to keep passwords out of the file, as " + names + "):",
            "[engines]",
            *lines,
            "Then `shopkeeper doctor`, and start the server again. Log, lake, quarantine and models stay here.",
        ]
    )
