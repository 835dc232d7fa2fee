"""`shopkeeper content`: write texts for the catalogue, verify them, and let people approve them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.cli import content_files, content_people, content_phrases
from shopkeeper.cli.who import who

if TYPE_CHECKING:
    from shopkeeper.content.subjects import ContentOrder

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, as `shopkeeper jobs` lists it.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help=__doc__, no_args_is_help=True)
    group.command("generate")(generate)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("verify")(verify)
    group.command("report")(report)
    content_people.register(group)
    content_files.register(group)
    content_phrases.register(group)
    app.add_typer(group, name="content")


def generate(  # noqa: PLR0917 - each is an option by name
    store: Annotated[str | None, typer.Option(help="Only what this store sells.")] = None,
    locale: Annotated[list[str] | None, typer.Option(help="Only this locale of the stores; may be repeated.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Only this text, such as bullets or category_intro; repeatable.")
    ] = None,
    category: Annotated[str, typer.Option(help="Only products under this path, such as `Home > Lamps`.")] = "",
    product: Annotated[list[str] | None, typer.Option(help="Only this product; may be repeated.")] = None,
    budget: Annotated[float | None, typer.Option(min=0.0, help="Stop after so many US dollars.")] = None,
    wording: Annotated[str, typer.Option(help="In this wording of [content.wordings], to be compared.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is due and what it would cost.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Leave it to `shopkeeper work` and return at once.")] = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write what is due: texts that are missing, whose facts, words or rules changed, or that were rejected.

    Every text is verified before it is kept. Texts a person typed are never written over. The job is durable: whatever
    ends it (Ctrl-C, kill, a power cut), the same command goes on and pays for nothing twice. Without `writer_url` in
    the settings no model is asked and nothing costs anything.
    """
    from shopkeeper.cli.content_shown import due_words, written_words
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.progress import Progress
    from shopkeeper.wiring.content_orders import estimate, order_texts, write_texts
    from shopkeeper.wiring.settings import load_settings

    out, settings = Output(json), load_settings(workspace)
    order = _order(store, locale or [], field or [], category, product or [], budget, wording)
    if dry_run:
        found = estimate(settings, order)
        out.result(found.document(), due_words(found))
        return
    if queue:
        run = order_texts(settings, order, who(settings))
        out.result({"run": run}, f"Run {run} is queued; `shopkeeper work` does it, `shopkeeper jobs show` tells of it.")
        return
    progress = Progress(out)
    try:
        run, document = write_texts(settings, order, who(settings), progress.say, progress.watch)
    except KeyboardInterrupt:
        progress.close()
        out.say(f"Stopped. What is written is kept: `{' '.join(['shopkeeper', *sys.argv[1:]])}` goes on from here.")
        sys.stderr.flush()
        os._exit(130)  # a batch that is under way would keep the process alive until its end
    progress.close()
    out.result({"run": run, **document}, written_words(document))


def _order(
    store: str | None, locales: list[str], fields: list[str], category: str, products: list[str],
    budget: float | None, wording: str,
) -> ContentOrder:  # fmt: skip
    import msgspec

    from shopkeeper.content.fields import FIELDS, PRODUCT_FIELDS
    from shopkeeper.content.subjects import ContentOrder
    from shopkeeper.errors import InputError

    if strange := [name for name in fields if name not in FIELDS]:
        raise InputError(f"There is no text {strange[0]!r}.", f"Use some of {', '.join(FIELDS)}.")
    said = {"store": store, "locales": locales, "category": category, "products": products, "budget": budget}
    said["wording"] = wording
    return msgspec.convert({**said, "fields": fields or PRODUCT_FIELDS}, ContentOrder)


def pause(run: Run, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a job wait after the batch it is at; what is written stays written."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.content_orders import pause as pause_run
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    pause_run(settings, run, who(settings))
    Output(json).result({"run": run, "paused": True}, f"Run {run} waits; `shopkeeper content resume {run}`.")


def resume(run: Run, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a paused job go on. To end one for good: `shopkeeper jobs cancel`."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.content_orders import resume as resume_run
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    resume_run(settings, run, who(settings))
    Output(json).result({"run": run, "paused": False}, f"Run {run} goes on.")


def verify(workspace: Workspace = Path(), json: Json = False) -> None:
    """Judge every kept text by the facts and rules of now; take down what is not true any more, and say what.

    Texts whose facts changed become stale until `content generate` writes them anew; of those, what is published stays
    so only where it is true of the new facts too. Texts of products that are gone are retired. `shopkeeper work` does
    this every hour. Exit 1 where a published text had to be taken down.
    """
    from shopkeeper.cli.content_shown import looked_over_words
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import ContractNotMet
    from shopkeeper.wiring.content_watch import look_over
    from shopkeeper.wiring.settings import load_settings

    found = look_over(load_settings(workspace), datetime.now(UTC))
    Output(json).result(found.document(), looked_over_words(found))
    if found.taken_down:
        raise ContractNotMet(
            f"{len(found.taken_down)} published texts were not true any more and were taken down.",
            "Write them anew with `shopkeeper content generate`.",
        )


def report(
    days: Annotated[float, typer.Option(min=0.01, help="How far back.")] = 30.0,
    by_category: Annotated[
        bool, typer.Option("--by-category", help="Also how even texts are in each category.")
    ] = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Report how well texts are written: first passes, what people made of them, what escaped, time and money.

    Exit 1 where the newest way of writing (model, prompt, words or rules) does worse than the one before it.
    """
    from shopkeeper.cli.content_shown import category_words, report_words
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import ContractNotMet
    from shopkeeper.wiring.content_report import report_texts
    from shopkeeper.wiring.settings import load_settings

    found = report_texts(load_settings(workspace), datetime.now(UTC) - timedelta(days=days))
    words = report_words(found, days)
    if by_category and found.written:
        words += f"\n\n{category_words(found)}"
    Output(json).result({"days": days, **found.document()}, words)
    if found.alerts:
        worse = "; ".join(
            f"{one.what} of {one.writer} in {one.locale} fell by {-one.difference:.1%}" for one in found.alerts
        )
        raise ContractNotMet(f"Texts drifted: {worse}.", "Look at what changed: model, prompt, words or rules.")
