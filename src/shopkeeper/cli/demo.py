"""`shopkeeper demo`: a simulated retailer, from its history to shoppers in its storefront."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    *,
    folder: Annotated[Path, typer.Option("--dir", help="Folder of the demo's workspace.")] = Path("demo-shop"),
    fast: Annotated[bool, typer.Option("--fast", help="A smaller retailer: about a tenth of the events.")] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Let shoppers browse a free port for some seconds, then stop it all.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the server; 0 = any free one.")] = 8000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated retailer.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the demo in the folder first.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the storefront in a browser.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make a simulated retailer with three stores, import its history, train, serve, and let shoppers browse."""
    from shopkeeper.cli.demo_run import DemoOrder, run_demo
    from shopkeeper.cli.output import Output

    order = DemoOrder(
        folder=folder,
        scale="fast" if fast else "full",
        seed=seed,
        port=port,
        serve=not no_serve,
        fresh=fresh,
        open_page=open_page,
    )
    run_demo(order, Output(json))
