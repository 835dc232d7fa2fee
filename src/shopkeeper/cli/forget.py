"""`shopkeeper forget`: erase a person everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("forget")(forget)


def forget(
    user: Annotated[str, typer.Option(help="Customer number.")],
    store: Annotated[str, typer.Option(help="A store of theirs; those of its customer group follow.")],
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase a person from log, lake, quarantine, state, features, models and lists; exit 1 where that fails."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.forgetting import forget_person
    from shopkeeper.wiring.settings import load_settings

    erased = forget_person(load_settings(workspace), store, user)
    rows = ", ".join(f"{count:,} {place.replace('_', ' ')}" for place, count in erased.items() if count)
    Output(json).result(
        {"status": "done", "erased": erased},
        f"Erased: {rows or 'nothing; nobody of that number was known'}.\n"
        "Erase the person at the source as well: a file that still has them would bring them back.",
    )
