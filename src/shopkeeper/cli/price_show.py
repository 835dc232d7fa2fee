"""`shopkeeper price runs|show|status|history`: which runs there are, what one would change, and how prices stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

if TYPE_CHECKING:
    from shopkeeper.pricing.runs.price_run import PriceChange, PriceRun, RunPrice

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(group: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (runs, show, status, history):
        group.command(verb.__name__)(verb)


def runs(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many, newest first.")] = 20,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List price runs, newest first."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as state:
        found = state.price_runs.newest(limit)
    text = "\n".join(map(line_of, found)) or "There is no price run yet. Begin one: `shopkeeper price run`."
    Output(json).result({"runs": [run_document(one) for one in found]}, text)


def show(
    name: Annotated[str, typer.Argument(metavar="RUN")],
    limit: Annotated[int, typer.Option(min=0, max=100_000, help="How many prices.")] = 20,
    skip: Annotated[int, typer.Option(min=0, help="Begin after so many.")] = 0,
    all_prices: Annotated[bool, typer.Option("--all", help="Also prices that do not change.")] = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Show one run: its steps, what the gates found, and the prices it changes."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as state:
        run = state.price_runs.get(name)
        prices = state.price_runs.prices(name, moved=not all_prices, skip=skip, limit=limit)
    document = run_document(run) | {"rows": msgspec.to_builtins(prices)}
    Output(json).result(document, "\n".join(_lines(run, prices, skip)))


def status(workspace: Workspace = Path(), json: Json = False) -> None:
    """Compare the prices that hold with the shop's own feed now: confirmed, mismatch, changed by the shop, unsure."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from shopkeeper.cli.output import Output
    from shopkeeper.errors import ContractNotMet
    from shopkeeper.wiring.price_runs.confirming import confirm_prices
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        found = confirm_prices(settings, state, datetime.now(UTC))
        waiting = len(state.prices.not_handed(1_000_000))
    text = (
        f"{found.confirmed:,} confirmed, {found.changed:,} changed by the shop since, {found.unsure:,} not yet"
        f" confirmed ({found.overdue:,} overdue), {found.mismatch:,} mismatch; {waiting:,} wait to be handed over."
    )
    Output(json).result(asdict(found) | {"not_handed_over": waiting}, text)
    if found.mismatch or found.overdue:
        raise ContractNotMet(
            f"The shop does not show {found.mismatch + found.overdue:,} of the prices that were decided.",
            "Look at them with `shopkeeper price history --mismatch`; is its importer running?",
        )


def history(
    product: Annotated[str, typer.Option(help="Only this product.")] = "",
    store: Annotated[str, typer.Option(help="Only this store.")] = "",
    name: Annotated[str, typer.Option("--run", help="Only of this run.")] = "",
    mismatch: Annotated[bool, typer.Option("--mismatch", help="Only what the shop shows otherwise.")] = False,
    since: Annotated[int, typer.Option(min=0, help="Only changes of a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 100,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List changes of prices in order: decided, handed over, and what the shop made of it."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as state:
        found = state.prices.changes(
            since, store=store, run=name, product=product, outcome="mismatch" if mismatch else None, limit=limit
        )
    text = "\n".join(map(_change_line, found)) or "No price was changed."
    Output(json).result({"changes": msgspec.to_builtins(found)}, text)


def run_document(run: PriceRun) -> dict[str, Any]:
    """Return a run for machines, without its prices."""
    found: dict[str, Any] = msgspec.to_builtins(run)
    return {"run": found.pop("id"), **found}


def line_of(run: PriceRun) -> str:
    """Return a run in one line."""
    when = f" at {run.publish_at:%Y-%m-%d %H:%M} UTC" if run.status == "scheduled" and run.publish_at else ""
    return (
        f"{run.id}  {run.status}{when}  {', '.join(run.stores)}: {run.moved:,} of {run.prices:,} prices move, at most"
        f" {run.largest:.1%}, {run.share:.0%} of the money; risk {run.risk}, {run.held:,} held back"
    )


def _lines(run: PriceRun, prices: Iterable[RunPrice], skip: int) -> Iterable[str]:
    yield line_of(run)
    for currency, lift in run.lifts.items():
        yield f"Expected {run.objective} in {currency}: {lift.expected:+.1%} ({lift.low:+.1%} to {lift.high:+.1%})."
        if (margin := run.margin_changes.get(currency)) is not None:
            points = [100 * one for one in (margin.expected, margin.low, margin.high)]
            yield "Expected margin in {}: {:+.1f} points ({:+.1f} to {:+.1f}).".format(currency, *points)
    for currency, tried in run.explored.items():
        yield (
            f"{tried.tried:,} prices are tried out to learn how demand answers (seed {tried.seed}): expected to give up"
            f" {tried.cost:,.2f} {currency} a week, {tried.share:.2%} of revenue; {tried.budget:,.2f} may be."
        )
    yield from run.notes
    for step in run.steps:
        yield f"{step.at:%Y-%m-%d %H:%M} UTC  {step.status:<10} {step.who}: {step.why}"
    for found in run.findings:
        yield f"{'BLOCKS' if found.blocks else 'held'}  {found.gate}: {found.text}"
    for number, price in enumerate(prices, start=skip + 1):
        yield _price_line(number, price)


def _price_line(number: int, price: RunPrice) -> str:
    one = price.proposal
    why = ", ".join((*price.held_back, *one.hold, *(f"binding {rule}" for rule in one.binding))) or one.why
    place = f"{one.store}/{one.price_list}" if one.price_list else one.store
    move = f"{price.current:.2f} -> {price.price:.2f} {one.currency} ({price.move:+.1%})"
    return f"{number:>6}  {place}  {one.product}  {move}  {why}"


def _change_line(change: PriceChange) -> str:
    handed = f"handed over by {change.handed_by}" if change.handed_at else "not handed over"
    shown = f", shop shows {change.observed:.2f}" if change.observed is not None else ""
    place = f"{change.store}/{change.price_list}" if change.price_list else change.store
    return (
        f"{change.number:>8}  {change.at:%Y-%m-%d %H:%M} UTC  {change.kind:<7} {place}  {change.product}"
        f"  {change.before:.2f} -> {change.price:.2f} {change.currency}  {handed}; {change.outcome or 'unsure'}{shown}"
    )
