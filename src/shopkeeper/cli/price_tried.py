"""`shopkeeper price tried`: what the tries of a published run cost in fact."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shopkeeper.pricing.exploration.realised import RealisedCost

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("tried")(tried)


def tried(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A published run that tried prices out.")],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Say what a run's tries cost: the first week of sales, beside the run's prices that were not tried.

    `exploration` in price-policy.yaml lets prices be tried out; docs/guides/price-policy.md says how.
    """
    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.price_runs.tried import tried_cost
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        found = tried_cost(settings, state, name)
    Output(json).result({"run": name, "tried": msgspec.to_builtins(found)}, "\n".join(_lines(found)))


def _lines(found: Iterable[RealisedCost]) -> Iterable[str]:
    for one in found:
        yield (
            f"{one.tried:,} prices tried, {one.beside:,} beside them, {one.days} days: {one.cost:,.2f} {one.currency}"
            f" of revenue given up (90%: {one.low:,.2f} to {one.high:,.2f}), {one.share:.2%} of it;"
            f" expected {one.expected:,.2f}."
        )
