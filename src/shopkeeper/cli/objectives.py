"""`shopkeeper objectives`: what each system is for, how it is measured, and when it is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from shopkeeper.wiring.objectives import HeldObjective

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
System = Annotated[str, typer.Argument(metavar="SYSTEM", help="recommendations, pricing or content.")]
_NEXT = {
    "written": "",
    "example": "the shipped example: put in your own figures",
    "missing": "trains by the built-in default and cannot go to shoppers: write the file",
    "broken": "cannot be used until it is mended: `shopkeeper objectives check` names the lines",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    objectives = typer.Typer(
        help="What each system is for, how it is measured, and when it is taken back: objectives/SYSTEM.yaml.",
        no_args_is_help=True,
    )
    objectives.command("list")(list_objectives)
    objectives.command("check")(check)
    objectives.command("show")(show)
    objectives.command("example")(example)
    objectives.command("metrics")(metrics)
    objectives.command("schema")(schema)
    app.add_typer(objectives, name="objectives")


def list_objectives(workspace: Workspace = Path(), json: Json = False) -> None:
    """List the objectives of the workspace, one line a system."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.objectives import held_objectives
    from shopkeeper.wiring.settings import load_settings

    held = held_objectives(load_settings(workspace))
    Output(json).result({"objectives": [one.as_dict() for one in held]}, "\n".join(map(_line, held)))


def check(workspace: Workspace = Path(), json: Json = False) -> None:
    """Check every objective file; exit 1 when one is broken. Each mistake names line, key, value and remedy."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.objectives import FOLDER, held_objectives
    from shopkeeper.wiring.settings import load_settings

    held = held_objectives(load_settings(workspace))
    lines = []
    for one in held:
        lines.append(_line(one))
        lines += [f"    {problem.field}: {problem.reason} {problem.remedy}" for problem in one.problems]
    broken = [one.system for one in held if one.status == "broken"]
    Output(json).result({"ok": not broken, "objectives": [one.as_dict() for one in held]}, "\n".join(lines))
    if broken:
        raise ContractNotMet(
            f"{len(broken)} of {len(held)} objectives cannot be used ({', '.join(broken)}).",
            f"Mend the lines named above in {FOLDER}/.",
        )


def show(system: System, workspace: Workspace = Path(), json: Json = False) -> None:
    """Show one objective in words."""
    from shopkeeper.cli.output import Output
    from shopkeeper.objectives.words import objective_words
    from shopkeeper.wiring.objectives import held_objective, usable
    from shopkeeper.wiring.settings import load_settings

    held = held_objective(load_settings(workspace), system)
    Output(json).result(held.as_dict(), objective_words(usable(held)))


def example(system: System) -> None:
    """Print the example that ships for a system, to start a file from."""
    from shopkeeper.wiring.objectives import example_objective

    print(example_objective(system), end="")


def metrics(json: Json = False) -> None:
    """List every metric an objective may name, with unit, better direction and definition."""
    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.objectives.catalogue import CATALOGUE

    lines = [
        f"{one.name:<21}{one.place:<10}{one.direction:<6}{one.unit:<41}{one.definition}" for one in CATALOGUE.values()
    ]
    Output(json).result({"metrics": [msgspec.to_builtins(one) for one in CATALOGUE.values()]}, "\n".join(lines))


def schema() -> None:
    """Print the form of an objective file as JSON Schema (draft 2020-12); editors complete and check by it."""
    import msgspec

    from shopkeeper.objectives.contract_file import json_schema

    print(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())


def _line(held: HeldObjective) -> str:
    from shopkeeper.objectives.words import shown_uplift

    objective = held.objective
    if objective is None:
        return f"{held.system:<17}{held.status:<10}{_NEXT[held.status]}"
    goal = f"{objective.primary.metric} {shown_uplift(objective)} by {objective.timeline.decide_by}"
    text = f"{held.system:<17}{held.status:<10}{goal}, {objective.digest[:12]}"
    return f"{text} ({_NEXT[held.status]})" if _NEXT[held.status] else text
