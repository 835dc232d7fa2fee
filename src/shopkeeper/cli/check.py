"""`shopkeeper check`: is the data good enough?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.errors import ContractNotMet


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("check")(check)


def check(
    store: Annotated[str | None, typer.Option(help="Only this store; all by default.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as one HTML file that needs nothing else.")
    ] = None,
    inline_charts: Annotated[
        bool, typer.Option("--inline-charts", help="Put the chart script into the HTML file (extra [ui], about 5 MB).")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="First judge the rows in quarantine again, and take back what is fine now.")
    ] = False,
    mapping: Annotated[
        Path | None, typer.Option(help="With --replay: the mended mapping of the files the rows came from.")
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Report the quality of the data, each figure beside its limit; exit 1 when one of the hard limits is not met."""
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.quality.report_page import report_page
    from shopkeeper.wiring.checking import check_workspace
    from shopkeeper.wiring.replaying import replay as replay_rows
    from shopkeeper.wiring.settings import load_settings

    out, settings = Output(json), load_settings(workspace)
    if mapping is not None and not replay:
        raise InputError("--mapping says how rows are taken back.", "Give --replay with it.")
    replayed = replay_rows(settings, store, mapping) if replay else None
    if replayed is not None:
        out.say(replayed.as_text())
    report = check_workspace(settings, store)
    if html is not None:
        try:
            html.write_text(report_page(report, charts=inline_charts), "utf-8")
        except OSError as error:
            raise InputError(f"{html} cannot be written: {error.strerror}.", "Name a file you may write to.") from error
    document = report.as_dict() if replayed is None else {**report.as_dict(), "replay": replayed.as_dict()}
    out.result(document, report.as_text())
    if report.status == "fail":
        failed = ", ".join(
            f"{finding.store}: {finding.name}" for finding in report.findings if finding.status == "fail"
        )
        raise ContractNotMet(f"The data does not meet its limits ({failed}).", "Follow the remedies above.")
