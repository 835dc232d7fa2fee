"""`shopkeeper import`: bring a retailer's own data in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.errors import ContractNotMet, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopkeeper.cli.output import Output
    from shopkeeper.intake.detection import Said
    from shopkeeper.intake.progress import Progress
    from shopkeeper.wiring.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(  # noqa: PLR0917 - typer reads options from the signature
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A folder of tables, one file (.parquet, .csv, .jsonl), or sql:NAME."),
    ],
    store: Annotated[
        str | None, typer.Option(help="The store the rows belong to; leave it out when every row names its own.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that says which columns of your files are which of the contract.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Read the files as this: shopify, woocommerce, magento, ga4, segment, or one of "
            "their kinds such as shopify-orders; without it the columns decide.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what was detected and 20 mapped rows a file; write nothing.")
    ] = False,
    encoding: Annotated[str | None, typer.Option(help="Such as cp1252, where it is not to be detected.")] = None,
    separator: Annotated[str | None, typer.Option(help="comma, semicolon, tab or bar.")] = None,
    decimal: Annotated[str | None, typer.Option(help="comma or point.")] = None,
    dates: Annotated[str | None, typer.Option(help="dmy (31/01/2026) or mdy (01/31/2026).")] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Import products, users, events and more; bad rows go to quarantine, nothing comes in twice.

    A folder that `shopkeeper export --all` wrote moves in whole: models, reports, contracts and settings too.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.importing import import_into, preview_of
    from shopkeeper.wiring.returning import is_export
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    settings = load_settings(workspace)
    if str(path).startswith("sql:"):
        _import_source(out, settings, str(path).removeprefix("sql:"), dry_run=dry_run)
        return
    if is_export(path):
        _import_export(out, settings, path, dry_run=dry_run, alone=not (store or mapping or format_))
        return
    said = _said(encoding=encoding, separator=separator, decimal=decimal, dates=dates)
    if dry_run:
        preview = preview_of(settings, path, store, mapping, said, format_)
        out.result(preview.as_dict(), preview.as_text())
        return
    report = import_into(settings, path, store, mapping, _progress(out), said, format_)
    _clear_line()
    folder = settings.folder(settings.engines.quarantine)
    where = f"\nThe rows and their reasons are in {folder}." if report.quarantined else ""
    out.result({**report.as_dict(), "quarantine": str(folder)}, report.as_text() + where)
    if not report.within_contract:
        raise ContractNotMet(
            f"{report.quarantine_share:.1%} of the rows were rejected, the limit is {report.quarantine_limit:.1%}.",
            "Mend the file or the mapping by the reasons above and import again; accepted rows will not be doubled.",
        )


def _import_export(out: Output, settings: Settings, folder: Path, *, dry_run: bool, alone: bool) -> None:
    """Move an export into this workspace, or with --dry-run only check it."""
    from shopkeeper.wiring.returning import bring_back

    if not alone:
        raise InputError(
            f"{folder} is an export, which says itself what its rows are.",
            "Leave --store, --mapping and --format out; or name one of its tables, such as its folder events.",
        )
    returned = bring_back(settings, folder, out.say, only_check=dry_run)
    out.result(returned.as_dict(), returned.as_text())


def _import_source(out: Output, settings: Settings, name: str, *, dry_run: bool) -> None:
    """Read one configured source from where it was left, as `sync NAME` does."""
    from shopkeeper.wiring.syncing import preview_source, sync

    if dry_run:
        preview = preview_source(settings, name)
        out.result(preview.as_dict(), preview.as_text())
        return
    (synced,) = sync(settings, name, _progress(out))
    _clear_line()
    out.result(synced.as_dict(), synced.as_text())
    if not synced.within_contract:
        raise ContractNotMet(
            f"Too many rows of {name} were rejected.", "Mend the source or its mapping and import again."
        )


def _said(**flags: str | None) -> Said:
    """Return what the flags say about how files are written."""
    from shopkeeper.intake.detection import parse_said

    said, wrong = parse_said(dict(flags))
    if wrong is not None:
        raise InputError(f"--{wrong} is {flags[wrong]!r}.", f"`shopkeeper import --help` lists what --{wrong} may be.")
    return said


def _progress(out: Output) -> Callable[[Progress], None]:
    """Return what shows progress: one line in place on a terminal, else one line a look."""
    if sys.stderr.isatty():
        return lambda look: print(f"\r\x1b[K{look}", end="", file=sys.stderr, flush=True)
    return lambda look: out.say(str(look))


def _clear_line() -> None:
    """Leave the progress line behind."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
