"""`shopkeeper content phrases`: phrases a model writes once for the realiser, and who takes them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.cli.who import merchandiser

if TYPE_CHECKING:
    from shopkeeper.content.phrase_file import Phrase, PhraseState

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, as `content phrases list` gives them.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help=__doc__, no_args_is_help=True)
    group.command("write")(write)
    group.command("list")(list_phrases)
    group.command("approve")(approve)
    group.command("reject")(reject)
    app.add_typer(group, name="phrases")


def write(
    section: Annotated[str, typer.Argument(help="openers, meta_calls, subject, ad or intro.")],
    locale: Annotated[str, typer.Option(help="Language they are in.")] = "en",
    voice: Annotated[str, typer.Option(help="any, neutral, warm or expert.")] = "any",
    count: Annotated[int, typer.Option(min=1, max=40, help="How many are asked for.")] = 10,
    seed: Annotated[int, typer.Option(help="Another one asks anew; the same is answered from what was kept.")] = 0,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Ask the model of the settings for phrases; those whose words carry no fact wait to be approved.

    One call writes for a whole catalogue: the realiser uses an approved phrase like those that ship, so nothing is paid
    by product, and nothing can be claimed that is not in a record.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.content.phrases import PhraseBrief
    from shopkeeper.wiring.content_phrases import write_phrases
    from shopkeeper.wiring.settings import load_settings

    brief = PhraseBrief(locale, section, voice, count, seed)
    found = write_phrases(load_settings(workspace), brief, datetime.now(UTC))
    document = {
        "waiting": [_document(one) for one in found.waiting],
        "refused": [{"text": text, "why": why} for text, why in found.refused], "dollars": found.dollars,
    }  # fmt: skip
    lines = [f"{len(found.waiting)} phrases wait to be approved, {len(found.refused)} were refused."]
    lines += [f"  {one.id}  {one.text}" for one in found.waiting]
    lines += [f"  refused   {text}  {why}" for text, why in found.refused]
    Output(json).result(document, "\n".join(lines))


def list_phrases(
    state: Annotated[str, typer.Option(help="waiting, approved or rejected; empty = all.")] = "",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List phrases with their ids and states."""
    from typing import get_args

    from shopkeeper.cli.output import Output
    from shopkeeper.content.phrase_file import PhraseState
    from shopkeeper.errors import InputError
    from shopkeeper.wiring.content_phrases import list_phrases as listed
    from shopkeeper.wiring.settings import load_settings

    known: tuple[PhraseState, ...] = get_args(PhraseState)
    chosen = next((one for one in known if one == state), None)
    if state and chosen is None:
        raise InputError(f"No phrase is ever {state!r}.", f"Use one of {', '.join(known)}.")
    found = listed(load_settings(workspace), chosen)
    lines = [f"  {one.id}  {one.state:<9}{one.language} {one.section} {one.voice}: {one.text}" for one in found]
    Output(json).result({"phrases": [_document(one) for one in found]}, "\n".join(lines) or "There are none.")


def approve(
    ids: Ids,
    why: Annotated[str, typer.Option(metavar="REASON", help="Kept in the audit.")] = "",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Let the realiser use phrases; texts are written anew with the next job, as with any other words."""
    _decide(ids, "approved", why, workspace, json)


def reject(
    ids: Ids,
    why: Annotated[str, typer.Option(metavar="REASON", help="What is wrong with them.")],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Refuse phrases for good, or take approved ones back."""
    _decide(ids, "rejected", why, workspace, json)


def _decide(ids: list[str], taken: PhraseState, why: str, workspace: Path, json: bool) -> None:
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.content_phrases import decide_phrases
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out, settings = Output(json), load_settings(workspace)
    actor = merchandiser(out, settings, None)
    with open_workspace_state(settings) as state:
        done = decide_phrases(settings, state, ids, taken, why, actor, datetime.now(UTC))
    out.result({"phrases": [_document(one) for one in done]}, f"{len(done)} phrases {taken}.")


def _document(phrase: Phrase) -> dict[str, Any]:
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(phrase)
    return {"id": phrase.id, **document}
