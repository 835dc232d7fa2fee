"""`shopkeeper import`: bring a retailer's own data in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopkeeper.cli.output import Output
    from shopkeeper.intake.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder of tables, or one file: .parquet, .csv, .jsonl.")
    ],
    store: Annotated[
        str | None, typer.Option(help="The store the rows belong to; leave it out when every row names its own.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that says which columns of your files are which of the contract.")
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Import products, users, events and more; bad rows go to quarantine, nothing comes in twice."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.importing import import_into
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    settings = load_settings(workspace)
    report = import_into(settings, path, store, mapping, _progress(out))
    _clear_line()
    folder = settings.folder(settings.engines.quarantine)
    where = f"\nThe rows and their reasons are in {folder}." if report.quarantined else ""
    out.result({**report.as_dict(), "quarantine": str(folder)}, report.as_text() + where)
    if not report.within_contract:
        raise ContractNotMet(
            f"{report.quarantine_share:.1%} of the rows were rejected, the limit is {report.quarantine_limit:.1%}.",
            "Mend the file or the mapping by the reasons above and import again; accepted rows will not be doubled.",
        )


def _progress(out: Output) -> Callable[[Progress], None]:
    """Return what shows progress: one line in place on a terminal, else one line a look."""
    if sys.stderr.isatty():
        return lambda look: print(f"\r\x1b[K{look}", end="", file=sys.stderr, flush=True)
    return lambda look: out.say(str(look))


def _clear_line() -> None:
    """Leave the progress line behind."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
