"""`shopkeeper models`: every trained version, what it was worth, and which one serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shopkeeper.wiring.train import ListedVersion

SHOWN = ("ndcg@10", "hr@10", "coverage")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("models")(models)


def models(
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List versions, newest first, with their aliases and figures."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.train import list_versions

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
    return (
        f"{one.version:<24}{one.system:<17}{one.model:<11}{','.join(listed.aliases) or '-':<22}{blessed:<9}{figures}"
        f"  {one.created_at:%Y-%m-%d %H:%M} UTC"
    )


def _figure(metrics: dict[str, Any], name: str) -> str:
    found = metrics.get(name)
    return f"{found['value']:.4f}" if isinstance(found, dict) and "value" in found else "-"
