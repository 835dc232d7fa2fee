"""`shopkeeper retrain`: does a model have to be trained again, and if so, do it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.cli.who import who
from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from shopkeeper.wiring.retraining import Checked


def register(app: typer.Typer) -> None:
    """Add the verb."""
    retrain = typer.Typer(help="Does a model have to be trained again?", no_args_is_help=True)
    retrain.command("check")(check)
    retrain.command("run")(run)
    app.add_typer(retrain, name="retrain")


def check(
    system: Annotated[str, typer.Argument(metavar="[SYSTEM]", help="What to look at.")] = "recommendations",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="As of this moment, UTC."),
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at the four reasons to train again, and start a run where one holds and nothing stands against it.

    Reasons: the matured metric is below the objective's bound, the data drifted, the schedule, a feature that came.
    Against it: broken data, a run under way, the least distance, the month's budget, quiet hours; all from
    `retraining` of objectives/SYSTEM.yaml. `shopkeeper work` does what is started and looks every six hours by itself;
    without a worker run this from cron. Exit 1 when a reason holds and the data are broken.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.retraining import check_retraining
    from shopkeeper.wiring.settings import load_settings

    moment = at.replace(tzinfo=UTC) if at is not None else None
    settings = load_settings(workspace)
    checked = check_retraining(settings, system, moment, who=who(settings), start=not dry_run)
    Output(json).result(checked.document(), table(checked))
    if checked.decision.action == "blocked":
        raise ContractNotMet(checked.decision.reason, "Mend the data; `shopkeeper check` and `monitor drift` say what.")


def run(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="What to train: recommendations.")],
    why: Annotated[str, typer.Option(metavar="REASON", help="Kept with the decision and in the audit.")],
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Start a retraining run now, whatever the triggers say; it ends at the same gate as every other.

    `shopkeeper work` does it; `shopkeeper train SYSTEM` follows or does it here.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.retraining import retrain_now
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    started = retrain_now(settings, system, why, who=who(settings))
    Output(json).result({"system": system, "run": started}, f"Run {started} is queued.")


def table(checked: Checked) -> str:
    """Return what was found, for people."""
    decision = checked.decision
    lines = [f"{decision.system} at {decision.at:%Y-%m-%d %H:%M} UTC", ""]
    lines += [f"{one.kind:<14}{one.state:<13}{one.reason}" for one in decision.triggers]
    lines += [f"{'blocked':<14}{one.name:<13}{one.reason}" for one in decision.blocks]
    lines += ["", f"{decision.action}: {decision.reason}"]
    if checked.run is not None:
        then = (
            "goes on to the gate by itself" if checked.approval == "automatic" else "waits for a person as challenger"
        )
        lines.append(f"Run {checked.run} is queued; a blessed version {then}.")
    return "\n".join(lines)
