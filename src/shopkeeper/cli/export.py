"""`shopkeeper export`: take everything along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(export)


def export(
    everything: Annotated[Path, typer.Option("--all", metavar="DIR", help="Write everything into this new folder.")],
    store: Annotated[str | None, typer.Option(help="Only this store; models are left out then.")] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write everything as files that `shopkeeper import` reads; decisions, models, reports and quarantine beside."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.exporting import MANIFEST_FILE, export_workspace
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    done = export_workspace(load_settings(workspace), everything, store, out.say)
    listed = "\n".join(f"{name:<18} {rows:>12,}" for name, rows in {**done.rows, **done.beside}.items())
    size = sum(file.bytes for file in done.files) / 1e6
    out.result(
        done.as_dict(),
        f"{listed}\n{len(done.files)} files, {size:,.1f} MB in {everything}; counts and checksums: {MANIFEST_FILE}.\n"
        f"To come back: shopkeeper init NEW && shopkeeper import {everything} --workspace NEW",
    )
