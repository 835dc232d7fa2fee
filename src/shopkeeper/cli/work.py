"""`shopkeeper work`: the process that does what was ordered, until it is told to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("work")(work)


def work(
    number: Annotated[
        int | None, typer.Option("--id", min=1, max=9_999, help="Be worker N; by default the lowest free number.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing waits and nothing is being done.")] = False,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Do queued runs, one of a kind and subject at a time, and take up what dead workers left.

    On SIGTERM or Ctrl-C each run is left at its next step, for another worker or the next start; nothing is lost.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.stopping import until_stopped
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.work import work_on

    out = Output(json)
    with until_stopped() as stop:
        left = work_on(load_settings(workspace), number, once=once, stopped=stop.wait, say=out.say)
    out.result({"worker": left.name, "left": sorted(left.at_work)}, f"Worker {left.name} stopped.")
    os._exit(0)  # a step that does not report would keep the process alive; its run goes on with the next worker
