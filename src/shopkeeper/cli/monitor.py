"""`shopkeeper monitor`: is what serves still right for what happens now?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.errors import ContractNotMet


def register(app: typer.Typer) -> None:
    """Add the verb."""
    monitor = typer.Typer(help="Is what serves still right for what happens now?", no_args_is_help=True)
    monitor.callback()(_group)
    monitor.command("drift")(drift)
    app.add_typer(monitor, name="monitor")


def _group() -> None:
    """Is what serves still right for what happens now?"""


def drift(
    system: Annotated[str, typer.Option(help="What to look at: recommendations, pricing or content.")] = (
        "recommendations"
    ),
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="As of this moment, UTC: the weeks before it."),
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare the newest weeks with those the serving version was trained on; exit 1 on drift or a broken feed.

    A figure drifted when its change is large, sure, lasts for consecutive weeks, and matters. Weekdays are compared
    with the same weekdays, sales and seasons of the store's calendar with their like. Limits: the objective's
    `retraining.drift`.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.drift import look_for_drift
    from shopkeeper.wiring.objectives import known_system
    from shopkeeper.wiring.settings import load_settings

    moment = at.replace(tzinfo=UTC) if at is not None else None
    report = look_for_drift(load_settings(workspace), known_system(system), moment)
    Output(json).result(report.document(), report.text())
    if report.verdict == "broken feed":
        listed = ", ".join([str(one) for one in report.feeds] + [one.name for one in report.of("broken feed")])
        raise ContractNotMet(f"A feed is broken: {listed}.", "Mend it before anything is learnt from these days.")
    if report.verdict == "drift":
        listed = ", ".join(one.name for one in report.drifted)
        raise ContractNotMet(f"The data drifted: {listed}.", f"Train again with `shopkeeper train {report.system}`.")
