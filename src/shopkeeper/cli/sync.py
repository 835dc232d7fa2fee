"""`shopkeeper sync`: bring in what is new in the configured sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.errors import ContractNotMet


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("sync")(sync)


def sync(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One source; without it all of them, in their order.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first 20 rows of one source mapped; write nothing.")
    ] = False,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Import what is new in the sources of shopkeeper.toml: databases from their watermark on, files that changed."""
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.syncing import preview_source
    from shopkeeper.wiring.syncing import sync as sync_sources

    out = Output(json)
    settings = load_settings(workspace)
    if dry_run:
        if name is None:
            raise InputError("A dry run needs the name of a source.", "shopkeeper sync NAME --dry-run")
        preview = preview_source(settings, name)
        out.result(preview.as_dict(), preview.as_text())
        return
    synced = sync_sources(settings, name, lambda look: out.say(str(look)))
    out.result({"sources": [source.as_dict() for source in synced]}, "\n".join(source.as_text() for source in synced))
    broken = [source.source for source in synced if not source.within_contract]
    if broken:
        raise ContractNotMet(
            f"Too many rows of {', '.join(broken)} were rejected; they are in quarantine.",
            "Mend the source or its mapping by the reasons above; what was accepted will not be doubled.",
        )
