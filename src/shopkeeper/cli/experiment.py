"""`shopkeeper experiment`: plan a test, run it, read it, decide, and find again what was learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.cli import experiment_run, experiment_simulate
from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from shopkeeper.experiments.library import Entry
    from shopkeeper.wiring.experiments import CheckedPlan

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the plan: experiments/NAME.yaml.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(
        help="Test settings or versions against each other, by a plan that is written first: experiments/NAME.yaml.\n\n"
        "example > plan > start > analyze (as often as you like) > stop > decide > report; `list` finds them again.",
        no_args_is_help=True,
    )
    group.command("plan")(plan)
    group.command("list")(list_experiments)
    group.command("example")(example)
    group.command("schema")(schema)
    experiment_run.register(group)
    experiment_simulate.register(group)
    app.add_typer(group, name="experiment")


def plan(name: Name, workspace: Workspace = Path(), json: Json = False) -> None:
    """Check a plan, and foresee days, units and the chance to decide by day n; exit 1 when it cannot start so.

    It cannot start so when it has too few days for the uplift it looks for, or shares shoppers with a running test of
    the same layer. Of a test of prices it draws clusters and coins, and foresees what it can see from past sales.
    """
    from shopkeeper.cli import price_tests
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.experiments import checked_plan, read_plan_file
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    written = read_plan_file(settings, name)
    if written.prices is not None:
        price_tests.plan(settings, written, Output(json))
        return
    with open_workspace_state(settings) as state:
        checked = checked_plan(settings, state, name)
    Output(json).result(_document(checked), "\n".join(_lines(checked)))
    if checked.in_the_way:
        raise ContractNotMet(
            f"{name} would share shoppers: {'; '.join(checked.in_the_way)}.", "Give it a range of the layer of its own."
        )
    if checked.foreseen is not None and not checked.foreseen.enough:
        needed, planned = checked.foreseen.days, checked.foreseen.planned_days
        raise ContractNotMet(
            f"{name} needs {needed} days and has {planned}.", "Give it the days, or plan for a larger uplift."
        )


def list_experiments(
    text: Annotated[str | None, typer.Argument(help="Words that stand in title, hypothesis, learning, tags.")] = None,
    *,
    system: Annotated[str | None, typer.Option(help="Only of this system.")] = None,
    store: Annotated[str | None, typer.Option(help="Only what ran in this store.")] = None,
    metric: Annotated[str | None, typer.Option(help="Only with this metric.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only those that: wins, loses, flat, mixed, running, invalid.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Started on this day or later, such as 2026-11-01.")] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List the experiments of the house with what came out and what was learnt, newest first; words search them."""
    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.experiments.library import Search
    from shopkeeper.wiring.experiments import library, plan_names
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    asked = {"text": text or "", "system": system, "store": store, "metric": metric, "tag": tag, "outcome": outcome,
             "since": since}  # fmt: skip
    try:
        search = msgspec.convert(asked, Search)
    except msgspec.ValidationError as error:
        raise InputError(
            f"This cannot be searched for: {error}.", "See `shopkeeper experiment list --help`."
        ) from error
    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        entries = library(state, search)
        started = {one.name for one in library(state)}
    waiting = [name for name in plan_names(settings) if name not in started]
    lines = [line for one in entries for line in _entry(one)]
    if not entries:
        lines.append("No experiment fits." if started else "No experiment was started yet.")
    if waiting:
        lines.append(f"Planned, not started: {', '.join(waiting)}.")
    Output(json).result({"experiments": msgspec.to_builtins(entries), "planned": waiting}, "\n".join(lines))


def example(
    name: Annotated[str, typer.Argument(metavar="NAME", help="diversity, real-time or prices.")] = "diversity",
) -> None:
    """Print a plan that ships, to start a file from: save it as experiments/NAME.yaml."""
    from shopkeeper.wiring.experiments import example_plan

    print(example_plan(name), end="")


def schema() -> None:
    """Print the form of a plan as JSON Schema (draft 2020-12); editors complete and check by it."""
    import msgspec

    from shopkeeper.experiments.plan_file import json_schema

    print(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())


def _document(checked: CheckedPlan) -> dict[str, Any]:
    import msgspec

    return {
        "plan": msgspec.to_builtins(checked.plan),
        "digest": checked.plan.digest,
        "foreseen": msgspec.to_builtins(checked.foreseen),
        "in_the_way": list(checked.in_the_way),
        "beside": list(checked.beside),
        "aa": checked.aa,
        "simulated": checked.simulated,
    }


def _lines(checked: CheckedPlan) -> list[str]:
    from shopkeeper.experiments.plan_words import foreseen_words, plan_words

    lines = plan_words(checked.plan)
    if checked.foreseen is not None:
        lines += foreseen_words(checked.plan, checked.foreseen)
    else:
        lines.append("  it needs       nobody can say: the file has no `expected`")
    lines += [f"  in the way     {words}" for words in checked.in_the_way]
    if checked.beside:
        lines.append(f"  beside it      {', '.join(checked.beside)} (other layers: independent of it)")
    lines.append(f"  A/A            {checked.aa}")
    if checked.simulated:
        lines.append("  simulated      every store in it is made up")
    return lines


def _entry(one: Entry) -> list[str]:
    from shopkeeper.experiments.log_record import outcome_word

    effect = "no figure yet" if one.outcome else "not analysed yet"
    if one.relative is not None and one.low is not None and one.high is not None:
        effect = f"{one.metrics[0]} {one.relative:+.1%} ({one.low:+.1%} to {one.high:+.1%}), n = {one.n:,}"
    made_up = " [simulated]" if one.simulated else ""
    word = outcome_word(one.outcome, one.state) if one.outcome else "-"
    lines = [
        f"{one.name:<23} {one.state:<8} {word:<10} {one.started}  {effect}{made_up}",
        f"    {one.title} ({one.system}, {', '.join(one.stores) or 'all stores'}; {one.owner})",
    ]
    if one.learning:
        lines.append(f"    {one.choice}: {one.learning}")
    return lines
