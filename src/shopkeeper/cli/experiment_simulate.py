"""`shopkeeper experiment simulate`: a ready experiment from its plan to its report, in a simulated shop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shopkeeper.cli.experiment_shop import Simulated


def register(group: typer.Typer) -> None:
    """Add the verb to `shopkeeper experiment`."""
    group.command("simulate")(simulate)


def simulate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="diversity or real-time.")],
    directory: Annotated[
        Path | None, typer.Option("--dir", help="New folder for the shop; SIMULATED-NAME by default.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=7, max=56, help="Days with shoppers, in whole weeks.")] = None,
    visits: Annotated[int | None, typer.Option(min=20, max=100_000, help="Visits a day.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market and shoppers.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run a ready experiment with simulated shoppers: real server, logs, metrics, analysis and report, made-up people.

    Weeks go by in minutes. What the shoppers are like is assumed and said in the hypothesis; the run shows that the
    machinery finds such an effect, and what it costs, not that your shoppers are like that.
    """
    from shopkeeper.cli.experiment_shop import TRIALS
    from shopkeeper.cli.experiment_shop import simulate as simulate_now
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.objectives.wrong import meant
    from shopkeeper.wiring.experiment_run import write_report

    out = Output(json)
    if name not in TRIALS:
        raise InputError(f"There is no ready experiment called {name!r}.", meant(name, TRIALS))
    if days is not None and days % 7:
        raise InputError(f"{days} days are no whole weeks.", "Give 7, 14, 21 or more of them.")
    folder = directory or Path(f"SIMULATED-{name}")
    found = simulate_now(name, folder, seed, days, visits, out.say)
    page = folder / "report.html"
    write_report(found.report, page)
    out.result(found.document(), _words(found, page))


def _words(found: Simulated, page: Path) -> str:
    from shopkeeper.experiments.report import answer

    lines = [f"[simulated] {answer(found.report)}"]
    for arm, cost in found.cost().items():
        text = f"  {arm:<12}{cost['answers']:,.0f} answers at {cost['seconds_per_1000_answers']:.2f} s for a thousand"
        if "lists_made" in cost:
            text += f", {cost['lists_made']:,.0f} lists of the night in {cost['seconds_for_lists']:.1f} CPU s"
        lines.append(text)
    lines.append(f"{page} is written; the shop is in {found.workspace}.")
    return "\n".join(lines)
