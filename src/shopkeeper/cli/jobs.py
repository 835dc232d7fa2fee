"""`shopkeeper jobs`: long work that was ordered, how far it is, and how to stop it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.cli.progress import duration, in_words
from shopkeeper.cli.who import who

if TYPE_CHECKING:
    from shopkeeper.wiring.jobs import SeenJob

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, as `shopkeeper jobs` lists it.")]


def register(app: typer.Typer) -> None:
    """Add the verb; called bare it lists."""
    group = typer.Typer(help=jobs.__doc__, invoke_without_command=True)
    group.callback()(jobs)
    group.command("show")(show)
    group.command("cancel")(cancel)
    app.add_typer(group, name="jobs")


def jobs(context: typer.Context, workspace: Workspace = Path(), json: Json = False) -> None:
    """List runs, newest first; or show or cancel one."""
    if context.invoked_subcommand is not None:
        return
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.jobs import see_jobs
    from shopkeeper.wiring.settings import load_settings

    seen = see_jobs(load_settings(workspace))
    Output(json).result({"jobs": [document(one) for one in seen]}, table(seen))


def show(run: Run, workspace: Workspace = Path(), json: Json = False) -> None:
    """Show how far one run is: its steps, the time left, its worker."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.jobs import see_job
    from shopkeeper.wiring.settings import load_settings

    seen = see_job(load_settings(workspace), run)
    Output(json).result(document(seen), page(seen))


def cancel(run: Run, workspace: Workspace = Path(), json: Json = False) -> None:
    """Stop a run for good; one that waits never starts, one under way stops at its next step or report."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.jobs import cancel_job
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    seen = cancel_job(settings, run, who(settings))
    Output(json).result(document(seen), f"Run {run} is {seen.status.state}.")


def document(seen: SeenJob) -> dict[str, Any]:
    """Return one run for machines."""
    one = seen.status
    return {
        "run": one.run,
        "kind": one.kind,
        "subject": one.subject,
        "state": one.state,
        "stranded": seen.stranded,
        "order": dict(one.order),
        "who": one.who,
        "created_at": one.created_at.isoformat(timespec="seconds"),
        "updated_at": one.updated_at.isoformat(timespec="seconds"),
        "worker": one.worker,
        "attempts": one.attempts,
        "share": one.share,
        "text": one.text,
        "seconds_left": one.seconds_left,
        "steps": [{"name": step.name, "seconds": step.seconds} for step in one.steps],
        "result": None if one.result is None else dict(one.result),
    }


def table(seen: list[SeenJob]) -> str:
    """Return all runs for people."""
    if not seen:
        return "Nothing was ordered yet; order something with `shopkeeper train recommendations`."
    lines = [f"{'run':<54}{'state':<11}{'done':>5}  {'left':<8}what"]
    for one in seen:
        status = one.status
        left = "" if status.seconds_left is None else duration(status.seconds_left)
        lines.append(f"{status.run:<54}{_state(one):<11}{status.share:>5.0%}  {left:<8}{status.text}")
    return "\n".join(lines)


def page(seen: SeenJob) -> str:
    """Return one run for people."""
    one = seen.status
    lines = [
        f"Run {one.run}: {_state(seen)}, ordered by {one.who} at {one.created_at:%Y-%m-%d %H:%M} UTC.",
        in_words(one),
        *(f"  {step.name:<16}{step.seconds:>9.2f} s" for step in one.steps),
    ]
    if one.attempts > 1:
        lines.append(f"It was begun {one.attempts} times; finished steps were not repeated.")
    if seen.stranded:
        lines.append("No living process works on it: start `shopkeeper work`, or order the same again.")
    return "\n".join(lines)


def _state(seen: SeenJob) -> str:
    return "left" if seen.stranded and seen.status.state == "running" else seen.status.state
