"""`shopkeeper price export`: decided prices as a file for a shop's own importer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Form(StrEnum):
    """Formats of files."""

    csv = "csv"
    shopify = "shopify"
    woocommerce = "woocommerce"


def register(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("export")(export)


def export(
    store: Annotated[str, typer.Option(help="Store whose prices are written.")],
    form: Annotated[Form, typer.Option("--format", help="Whose importer reads it.")] = Form.csv,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Else prices-STORE.csv.")] = None,
    name: Annotated[str, typer.Option("--run", help="Only prices this run decided.")] = "",
    since: Annotated[int, typer.Option(min=0, help="Only prices of a higher number.")] = 0,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write the prices that hold as CSV; they count as handed over then. Price lists are in the plain format alone."""
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.who import who
    from shopkeeper.wiring.price_runs.handing_over import export_prices
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    file = out or Path(f"prices-{store}.csv")
    with open_workspace_state(settings) as state:
        written = export_prices(state, store, form.value, file, since, name)
        detail = {"store": store, "format": form.value, "prices": written, "run": name, "since": since}
        state.audit.write(who(settings), "prices.export", detail)
    Output(json).result(
        {"file": str(file), "prices": written, "format": form.value}, f"{written:,} prices of {store} in {file}."
    )
