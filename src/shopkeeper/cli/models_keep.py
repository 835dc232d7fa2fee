"""`shopkeeper models prune|pin|unpin|card`: which bundles are kept, and the page about each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.cli.who import who

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="As `shopkeeper models` shows it.")]
System = Annotated[str | None, typer.Option(help="System, where several have a version of that name.")]
Why = Annotated[str, typer.Option(help="Reason, kept in the audit.")]


def register(group: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (prune, pin, unpin, card):
        group.command(verb.__name__)(verb)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Delete bundles that are old and not among the newest, as `[models]` in the settings says.

    What an alias points to or is pinned is never deleted. A pruned version stays in the list, with its card.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.model_retention import prune_models
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    done = prune_models(settings, who(settings), dry_run=dry_run)
    rows = [{"system": one.system, "version": one.version, "bytes": one.bytes} for one in done]
    lines = [f"{one.version}  {one.system:<17}{one.bytes / 1e6:>10.1f} MB" for one in done]
    total = sum(one.bytes for one in done) / 1e6
    said = f"{len(done)} version(s), {total:.1f} MB {'would go' if dry_run else 'deleted'}."
    Output(json).result({"dry_run": dry_run, "pruned": rows}, "\n".join([*lines, said]))


def pin(version: Version, why: Why, system: System = None, workspace: Workspace = Path(), json: Json = False) -> None:
    """Keep a version's files whatever their age."""
    _pin(version, True, why, system, workspace, json)


def unpin(version: Version, why: Why, system: System = None, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a version's age decide again."""
    _pin(version, False, why, system, workspace, json)


def card(version: Version, system: System = None, workspace: Workspace = Path(), json: Json = False) -> None:
    """Write the card of a version again, from what is known of it now, and say where it is."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.model_lineage import write_version_card
    from shopkeeper.wiring.settings import load_settings

    path = write_version_card(load_settings(workspace), version, system)
    Output(json).result({"version": version, "card": str(path)}, str(path))


def _pin(version: str, pinned: bool, why: str, system: str | None, workspace: Path, json: bool) -> None:
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.model_lineage import pin_version
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    of = pin_version(settings, version, pinned, who(settings), why, system)
    document = {"system": of, "version": version, "pinned": pinned}
    Output(json).result(document, f"{version} of {of} is {'pinned' if pinned else 'not pinned any more'}.")
