"""`shopkeeper models`: every trained version, what it was worth, and which one serves.

Moving an alias by hand is not here: what serves changes through the gate alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.cli import models_keep, models_show

if TYPE_CHECKING:
    from shopkeeper.wiring.model_list import ListedVersion

SHOWN = ("ndcg@10", "hr@10", "coverage")


def register(app: typer.Typer) -> None:
    """Add the verb; called bare it lists."""
    group = typer.Typer(help=models.__doc__, invoke_without_command=True)
    group.callback()(models)
    models_show.register(group)
    models_keep.register(group)
    app.add_typer(group, name="models")


def models(
    context: typer.Context,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List versions, newest first, with their aliases and figures; or show, pin and prune them."""
    if context.invoked_subcommand is not None:
        return
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.model_list import list_versions
    from shopkeeper.wiring.settings import load_settings

    listed = list_versions(load_settings(workspace))
    Output(json).result({"models": [document(one) for one in listed]}, table(listed))


def document(listed: ListedVersion) -> dict[str, Any]:
    """Return one version for machines."""
    one = listed.version
    return {
        "system": one.system,
        "version": one.version,
        "model": one.model,
        "aliases": list(listed.aliases),
        "status": one.status,
        "pinned": one.pinned,
        "blessed": one.blessed,
        "created_at": one.created_at.isoformat(timespec="seconds"),
        "fingerprint": one.fingerprint,
        "metrics": one.metrics,
    }


def table(listed: list[ListedVersion]) -> str:
    """Return all versions for people."""
    if not listed:
        return "No model is trained yet; train one with `shopkeeper train recommendations`."
    head = f"{'version':<24}{'system':<17}{'model':<11}{'alias':<22}{'blessed':<9}" + "".join(
        f"{name:>10}" for name in SHOWN
    )
    return "\n".join([f"{head}  created", *(_line(one) for one in listed)])


def _line(listed: ListedVersion) -> str:
    one = listed.version
    figures = "".join(f"{_figure(one.metrics, name):>10}" for name in SHOWN)
    blessed = "yes" if one.blessed else "no"
    names = [*listed.aliases, *(["pinned"] if one.pinned else []), *(["pruned"] if one.status == "pruned" else [])]
    return (
        f"{one.version:<24}{one.system:<17}{one.model:<11}{','.join(names) or '-':<22}{blessed:<9}{figures}"
        f"  {one.created_at:%Y-%m-%d %H:%M} UTC"
    )


def _figure(metrics: dict[str, Any], name: str) -> str:
    found = metrics.get(name)
    return f"{found['value']:.4f}" if isinstance(found, dict) and "value" in found else "-"
