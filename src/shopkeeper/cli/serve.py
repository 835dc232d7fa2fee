"""`shopkeeper serve`: the HTTP server."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

_SWITCH_SECONDS = 0.001
"""How long a thread that works in Python, such as one that opens a model, may keep answers waiting; else 5 ms."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve")(serve)


def serve(
    port: Annotated[int | None, typer.Option(help="Port; 0 = any free one. Default: serving.port.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: serving.host.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes behind the port, one per core; above 1 they need engines.cache_url.")
    ] = 1,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document when ready.")] = False,
) -> None:
    """Serve recommendations and take events until SIGTERM or SIGINT; then finish what came and exit 0.

    With several workers a parent process serves nothing: it says ready once all of them are warmed, starts one that
    dies again (after 1, 2, 4 ... 30 seconds where it keeps dying), and ends them together.
    """
    for name in _ONE_THREAD:  # before numpy is imported: one process per core, single-threaded numerics
        os.environ.setdefault(name, "1")
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.disable()  # all that is loaded until requests are answered stays; `wiring.settled_memory` turns it on again
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    out = Output(json)

    def ready(url: str) -> None:
        out.result({"url": url, "pid": os.getpid()}, f"Shopkeeper serves at {url} (stop with Ctrl-C).")

    host, port = host or settings.serving.host, settings.serving.port if port is None else port
    if workers == 1:
        from shopkeeper.web.server import run

        run(settings, host, port, ready)
        return
    from shopkeeper.web.supervisor import run_workers

    if not run_workers(settings, host, port, workers, ready):
        raise typer.Exit(1)
