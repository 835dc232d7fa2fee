"""`shopkeeper export`: take everything along, or everybody's list of recommendations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.errors import InputError

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    exports = typer.Typer(invoke_without_command=True)
    exports.callback()(export)
    exports.command("recommendations")(recommendations)
    app.add_typer(exports, name="export")


def export(
    context: typer.Context,
    everything: Annotated[
        Path | None, typer.Option("--all", metavar="DIR", help="Write everything into this new folder.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Only this store; what holds all stores is left out.")] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write files for elsewhere.

    `--all DIR` takes everything along as plain files, but keys and passwords; `shopkeeper import DIR` moves it into a
    fresh workspace. `export recommendations` writes a list of products for every user.
    """
    if context.invoked_subcommand is not None:
        if everything is not None:
            raise InputError("--all DIR stands alone.", f"Run it without `{context.invoked_subcommand}`.")
        return
    if everything is None:
        raise InputError(
            "What is to be exported was not said.", "Say `--all DIR`, or `recommendations --store S`; see --help."
        )
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.exporting import MANIFEST_FILE, export_workspace
    from shopkeeper.wiring.settings import load_settings

    out = Output(json)
    done = export_workspace(load_settings(workspace), everything, store, out.say)
    listed = "\n".join(f"{kind:<24} {n:>12,}" for counts in done.parts.values() for kind, n in counts.items())
    size = sum(file.bytes for file in done.files) / 1e6
    out.result(
        done.as_dict(),
        f"{listed}\n{len(done.files)} files, {size:,.1f} MB in {everything}; counts and checksums: {MANIFEST_FILE}.\n"
        f"To come back: shopkeeper init NEW && shopkeeper import {everything} --workspace NEW",
    )


def recommendations(
    store: Annotated[str, typer.Option(help="Store whose users get lists.")],
    k: Annotated[int, typer.Option("--k", help="Products in each list.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Ends in .parquet, .csv or .jsonl; recommendations-STORE.parquet."),
    ] = None,
    surface: Annotated[
        str, typer.Option(help="Where they are shown; `email` asks for leave to write as well.")
    ] = "home",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write a list of products for every user of a store: what serving answers each of them right now.

    One row is store, user, rank, product, score. The rules of the shop hold for the surface. Users who do not allow
    personalisation get no list, on the surface `email` nor those who do not allow e-mail. The work is cut
    into shards; `engines.shards` in shopkeeper.toml says whether processes here or a Ray cluster compute them.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.batch_recommendations import export_recommendations
    from shopkeeper.wiring.settings import load_settings

    output = Output(json)
    file = out or Path(f"recommendations-{store}.parquet")
    done = export_recommendations(load_settings(workspace), store, k, file, say=output.say, surface=surface)
    output.result(
        done.as_dict(),
        f"{done.rows:,} products for {done.users:,} users in {done.file}, by {done.model} {done.version}, "
        f"in {done.seconds:,.1f} s.\n"
        f"{done.one_by_one:,} lists were made one by one, others in blocks; {done.refused:,} users do not allow it.",
    )
