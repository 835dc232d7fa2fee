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
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Report the quality of the data, each figure beside its limit; exit 1 when one of the hard limits is not met."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.checking import check_workspace
    from shopkeeper.wiring.settings import load_settings

    report = check_workspace(load_settings(workspace), store)
    Output(json).result(report.as_dict(), report.as_text())
    if report.status == "fail":
        failed = ", ".join(
            f"{finding.store}: {finding.name}" for finding in report.findings if finding.status == "fail"
        )
        raise ContractNotMet(f"The data does not meet its limits ({failed}).", "Follow the remedies above.")
