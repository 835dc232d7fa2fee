"""`shopkeeper features`: refresh, list and show what is known of shoppers and products."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
At = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="As of this moment, UTC: only events before it count."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    features = typer.Typer(help="What is known of shoppers, products and sessions.", no_args_is_help=True)
    features.command("refresh")(refresh)
    features.command("list")(list_features)
    features.command("show")(show)
    app.add_typer(features, name="features")


def refresh(
    tables: Annotated[bool, typer.Option(help="Also write the tables of all users and products.")] = True,
    at: At = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Sum the days that are new or changed; the first time all of them. Doing it twice changes nothing."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.features import refresh_features
    from shopkeeper.wiring.settings import load_settings

    done = refresh_features(load_settings(workspace), _utc(at), tables=tables)
    document = {
        "at": done.at.isoformat(timespec="seconds"),
        "days_done": done.days_done,
        "days_reopened": done.days_reopened,
        "days_dropped": done.days_dropped,
        "rows": dict(done.rows),
    }
    listed = ", ".join(f"{rows:,} {entity}" for entity, rows in done.rows.items())
    text = f"{done.days_done} days summed, {done.days_reopened} of them again, {done.days_dropped} gone."
    Output(json).result(document, f"{text} Features of {listed}." if listed else text)


def list_features(
    entity: Annotated[str | None, typer.Option(help="Only features of this kind of entity.")] = None,
    json: Json = False,
) -> None:
    """List every feature with its unit and formula."""
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.features.definitions import FEATURES
    from shopkeeper.features.kinds import ENTITIES

    if entity is not None and entity not in ENTITIES:
        raise InputError(f"{entity!r} is no kind of entity.", f"Use one of: {', '.join(ENTITIES)}.")
    chosen = [feature for feature in FEATURES if entity in (None, feature.entity)]
    rows = [{"name": one.name, "entity": one.entity, "unit": one.unit, "formula": one.formula} for one in chosen]
    lines = [f"{row['name']:<44}{row['unit']:<17}{row['formula']}" for row in rows]
    Output(json).result({"features": rows}, "\n".join(lines))


def show(
    entity: Annotated[str, typer.Argument(help="user, product, user_product, session or store_product.")],
    ids: Annotated[list[str], typer.Argument(help="Its id; user_product takes the user, then the product.")],
    store: Annotated[str, typer.Option(help="Store it belongs to.")],
    at: At = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Show every feature of one user, product or session."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.features import show_features
    from shopkeeper.wiring.settings import load_settings

    shown = show_features(load_settings(workspace), entity, ids, store, _utc(at))
    document = {
        "entity": shown.entity,
        "scope": shown.scope,
        "ids": list(shown.ids),
        "at": shown.at.isoformat(timespec="seconds"),
        "features": shown.values,
    }
    Output(json).result(document, "\n".join(f"{name:<44}{_text(value)}" for name, value in shown.values.items()))


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None else None


def _text(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:,.6g}"
