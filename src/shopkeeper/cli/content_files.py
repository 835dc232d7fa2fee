"""`shopkeeper content export`: published texts as a file for a shop, a feed, or pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shopkeeper.wiring.content_files import TextFile

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SHOWN = 10


class ChannelName(StrEnum):
    """Channels by name."""

    shopify = "shopify"
    woocommerce = "woocommerce"
    google_merchant = "google-merchant"
    json_ld = "json-ld"
    meta_tags = "meta-tags"
    csv = "csv"
    jsonl = "jsonl"


def register(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("export")(export)


def export(
    store: Annotated[str, typer.Option(help="Store whose texts are written.")],
    locale: Annotated[str, typer.Option(help="One of the store's locales, such as en-GB.")],
    channel: Annotated[ChannelName, typer.Option(help="Who reads the file.")] = ChannelName.csv,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Else texts-STORE-LOCALE-CHANNEL with its ending.")
    ] = None,
    site: Annotated[
        str, typer.Option(help="Address of the shop, such as https://shop.example/, where the record has paths alone.")
    ] = "",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write published texts as a file of a channel.

    Only what is published and fit to go out is written. What is left out (a text that waits, one that a person made too
    long, a product without the price Google asks for) is listed with its reason in FILE.refused.jsonl.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.who import who
    from shopkeeper.wiring.content_files import Asked, default_name, export_texts
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings, asked = load_settings(workspace), Asked(store, locale, channel.value, site)
    file = out or default_name(asked)
    with open_workspace_state(settings) as state:
        done = export_texts(settings, state, asked, file, datetime.now(UTC))
        detail = {"store": store, "locale": locale, "channel": channel.value, "products": done.products}
        state.audit.write(who(settings), "content.export", detail)
    found = {"file": str(file), **detail, "refused": len(done.refused)}
    if done.refused:
        found["refused_file"] = str(done.refused_file)
    Output(json).result(found, _words(done))


def _words(done: TextFile) -> str:
    said = f"{done.products:,} products in {done.file}."
    if not done.refused:
        return said
    reasons = Counter((one.field, one.reason) for one in done.refused).most_common(_SHOWN)
    rows = "\n".join(f"{count:>8,}  {field}: {reason}" for (field, reason), count in reasons)
    return f"{said}\n{len(done.refused):,} left out, all listed in {done.refused_file}:\n{rows}"
