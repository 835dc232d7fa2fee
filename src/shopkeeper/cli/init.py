"""`shopkeeper init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make a workspace: settings with their defaults, an example objective a system, the folders, and next commands."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.experiment_log import prepare_experiment_log
    from shopkeeper.wiring.new_workspace import README, create_workspace
    from shopkeeper.wiring.settings import CONFIG_FILE

    settings = create_workspace(folder)
    prepare_experiment_log(settings)
    place = settings.workspace.resolve()
    text = (
        f"Made a workspace in {place}: settings in {CONFIG_FILE}, next commands in {README}.\n"
        f"Next: cd {folder} && shopkeeper import PATH --store NAME"
    )
    Output(json).result({"workspace": str(place), "settings": str(place / CONFIG_FILE)}, text)
