"""`shopkeeper doctor`: is everything where it should be, and what to do where it is not?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.errors import ContractNotMet


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at settings, folders, disk, clock, packages, engines, log, lake, models and keys; exit 1 when one fails."""
    from shopkeeper.cli.output import Output
    from shopkeeper.web.storefront_keys import browser_keys
    from shopkeeper.wiring.doctor.examine import examine

    diagnosis = examine(workspace, lambda folder, keys: browser_keys(folder, keys)[1])
    Output(json).result(diagnosis.as_dict(), diagnosis.as_text())
    if diagnosis.status == "fail":
        failed = ", ".join(finding.name for finding in diagnosis.findings if finding.status == "fail")
        raise ContractNotMet(f"Not everything is well ({failed}).", "Follow the remedies above.")
