"""The verbs of `shopkeeper content` by which people look at texts and decide about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.cli.who import merchandiser

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Store = Annotated[str | None, typer.Option(help="Only texts of this store alone; of every store by default.")]
OfProduct = Annotated[str, typer.Option("--product", help="Only texts of this product.")]
OfField = Annotated[str, typer.Option("--field", help="Only this text, such as bullets.")]
OfWording = Annotated[str | None, typer.Option("--wording", help="In this wording; empty = the house's own.")]
OfLocale = Annotated[str, typer.Option("--locale", help="Only this locale.")]


def register(group: typer.Typer) -> None:
    """Add the verbs."""
    group.command("list")(list_texts)
    group.command("show")(show)
    group.command("review")(review)
    group.command("approve")(approve)
    group.command("publish")(publish)


def list_texts(  # noqa: PLR0917 - each is an option by name
    state: Annotated[
        str,
        typer.Option(help="draft, checked, approved, published, stale, retired, or waiting: what asks for a person."),
    ] = "waiting",
    store: Store = None,
    product: OfProduct = "",
    field: OfField = "",
    locale: OfLocale = "",
    wording: OfWording = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most texts.")] = 50,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List texts with their ids and states; by default those that wait for a person."""
    from shopkeeper.cli.content_shown import list_words, piece_document
    from shopkeeper.cli.output import Output
    from shopkeeper.content.kept import Wanted
    from shopkeeper.wiring.content_review import wanted_states
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    states, audit = wanted_states(state)
    wanted = Wanted(store, states, product, field, locale, audit, limit=limit, wording=wording)
    with open_workspace_state(load_settings(workspace)) as opened:
        found = opened.pieces.find(wanted)
        versions = opened.pieces.read({piece.id: piece.version for piece in found})
        counts = opened.pieces.counts(store)
    document = {"counts": dict(counts), "texts": [piece_document(one, versions[one.id]) for one in found]}
    Output(json).result(document, list_words(found, versions, counts))


def show(
    piece: Annotated[str, typer.Argument(metavar="ID", help="Id of the text, as `content list` gives it.")],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Show one text: what it says and by which facts, its versions, and who did what with it."""
    from shopkeeper.cli.content_shown import piece_document, show_words, step_document, version_document
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as opened:
        kept = opened.pieces.get(piece)
        versions, steps = opened.pieces.versions(piece), opened.pieces.steps(piece)
    newest = next(one for one in versions if one.version == kept.version)
    document = piece_document(kept, newest) | {
        "versions": [version_document(one) for one in versions],
        "steps": [step_document(one) for one in steps],
    }
    Output(json).result(document, show_words(kept, newest, versions, steps))


def review(
    piece: Annotated[str, typer.Argument(metavar="ID", help="Id of the text, as `content list` gives it.")],
    do: Annotated[str, typer.Argument(metavar="DO", help="accept, edit, reject, publish, unlock or undo.")],
    why: Annotated[str, typer.Option(metavar="REASON", help="Kept with the step and in the audit.")] = "",
    text: Annotated[Path | None, typer.Option(help="With edit: file with the whole text; - = stdin.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="How long you looked, for the report.")] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Decide about one text: take it, put your own in its place, refuse it with a reason, or undo the last step.

    Your own text is verified like any other, and locked: no job writes over it until `unlock`.
    """
    from shopkeeper.cli.content_shown import did_words, piece_document
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.wiring.content_review import DOINGS, Asked, review_piece
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    doing = next((one for one in DOINGS if one == do), None)
    if doing is None:
        raise InputError(f"{do!r} cannot be done with a text.", f"Use one of {', '.join(DOINGS)}.")
    typed = "" if text is None else _read(text)
    out, settings = Output(json), load_settings(workspace)
    with open_workspace_state(settings) as opened:
        store = opened.pieces.get(piece).store
        actor = merchandiser(out, settings, store)
        asked = Asked(doing, why, typed, seconds=seconds)
        kept = review_piece(settings, opened, piece, asked, actor, datetime.now(UTC))
        version = opened.pieces.version(piece, kept.version)
    out.result(piece_document(kept, version), did_words(kept))


def approve(
    why: Annotated[str, typer.Option(metavar="REASON", help="Kept with each text and in the audit.")],
    store: Store = None,
    product: OfProduct = "",
    field: OfField = "",
    locale: OfLocale = "",
    wording: OfWording = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Approve all texts that wait and that you name; those with a warning are left for `content review`."""
    from shopkeeper.cli.output import Output
    from shopkeeper.content.kept import Wanted
    from shopkeeper.wiring.content_review import approve_all
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out, settings = Output(json), load_settings(workspace)
    actor = merchandiser(out, settings, store)
    with open_workspace_state(settings) as opened:
        wanted = Wanted(store, (), product, field, locale, wording=wording)
        approved = approve_all(settings, opened, wanted, why, actor, datetime.now(UTC))
        left = opened.pieces.counts(store).get("checked", 0)
    out.result({"approved": approved, "waiting": left}, f"{approved:,} texts approved; {left:,} still wait.")


def publish(
    store: Store = None,
    product: OfProduct = "",
    field: OfField = "",
    locale: OfLocale = "",
    wording: OfWording = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Publish all approved texts that you name; needed only where `publish_approved` of the settings is false."""
    from shopkeeper.cli.output import Output
    from shopkeeper.content.kept import Wanted
    from shopkeeper.wiring.content_review import publish_all
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out, settings = Output(json), load_settings(workspace)
    actor = merchandiser(out, settings, store)
    with open_workspace_state(settings) as opened:
        published = publish_all(
            opened, Wanted(store, (), product, field, locale, wording=wording), actor, datetime.now(UTC)
        )
    out.result({"published": published}, f"{published:,} texts published.")


def _read(path: Path) -> str:
    import sys

    from shopkeeper.errors import InputError

    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Give a text file in UTF-8.") from error
