"""`shopkeeper price`: a price run from proposals to the shop, step by step, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from shopkeeper.cli import price_explain, price_files, price_show, price_tried
from shopkeeper.cli.output import Output
from shopkeeper.cli.price_show import line_of, run_document
from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopkeeper.engines.state import State
    from shopkeeper.people.person import Actor
    from shopkeeper.people.roles import Right
    from shopkeeper.pricing.runs.price_run import PriceRun
    from shopkeeper.wiring.price_runs.acts import Published
    from shopkeeper.wiring.settings import Settings

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="Its id, as `shopkeeper price runs` shows it.")]
Why = Annotated[str, typer.Option("--why", metavar="REASON", help="Kept with the run and in the audit.")]
DoneT = TypeVar("DoneT")
_AT = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(
        help="Prices: proposed, judged by two gates, approved by risk, published, handed over, confirmed.\n\n"
        "`run` proposes; whoever began a run may not approve it; `revert` takes a run back at once. What prices may do"
        " is in price-policy.yaml.",
        no_args_is_help=True,
    )
    for verb in (run, approve, reject, publish, revert):
        group.command(verb.__name__)(verb)
    price_show.register(group)
    price_files.register(group)
    price_explain.register(group)
    price_tried.register(group)
    app.add_typer(group, name="price")


def run(
    store: Annotated[list[str] | None, typer.Option(help="Only this store; may be given again. Else all.")] = None,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV with store, product, price, price_list: prices you want.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Version of pricing; the one that serves by default. Others are for a rollout.")
    ] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Propose prices and ask both gates; nothing reaches a shopper before it is approved.

    The run is durable: whatever ends it, `shopkeeper work` goes on with it. A living worker does it and is followed;
    without one it is done here. Exit 1 where a gate blocked it.
    """
    from shopkeeper.cli.progress import Progress
    from shopkeeper.cli.who import say_who
    from shopkeeper.people.roles import ALL
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.price_runs.asked import read_asked
    from shopkeeper.wiring.price_runs.order import run_prices
    from shopkeeper.wiring.price_runs.ordering import order_of
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings, out = load_settings(workspace), Output(json)
    stores = store or []
    asked = read_asked(prices, stores[0] if len(stores) == 1 else "") if prices is not None else []
    named = sorted({one.store for one in asked} | set(stores))
    actor = signed_in(settings, "prices", named[0] if named else ALL)
    for one in named:
        actor.must("prices", one)
    say_who(out, actor)
    with open_workspace_state(settings) as state:
        order = order_of(state, stores, datetime.now(UTC), actor.who, asked, version)
    progress = Progress(out)
    found = run_prices(settings, order, progress.say, progress.watch)
    progress.close()
    out.result(run_document(found), f"{line_of(found)}\n{next_step(found)}")
    if found.status == "blocked":
        raise ContractNotMet(
            f"A gate blocked run {found.id}: {found.steps[-1].why}", "Mend the feed, or the policy, and run again."
        )


def approve(name: Run, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Approve a run; whoever began it may not. A run with large moves takes two people."""
    from shopkeeper.wiring.price_runs.acts import approve_run

    _act(name, workspace, json, lambda settings, state, actor: approve_run(settings, state, name, actor, why))


def reject(name: Run, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let the prices of a run never come to hold."""
    from shopkeeper.wiring.price_runs.acts import reject_run

    _act(name, workspace, json, lambda _, state, actor: reject_run(state, name, actor, why))


def publish(
    name: Run,
    why: Why,
    at: Annotated[
        datetime | None, typer.Option(formats=_AT, help="When, UTC; `shopkeeper work` does it then. Else now.")
    ] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Let the prices of an approved run hold, in every serving process within a second."""
    from shopkeeper.wiring.price_runs.acts import publish_run, schedule_run

    if at is not None:
        moment = at.replace(tzinfo=UTC)
        _act(
            name, workspace, json,
            lambda settings, state, actor: schedule_run(settings, state, name, actor, why, moment),
        )  # fmt: skip
        return
    _change(
        name, workspace, json, "prices", lambda settings, state, actor: publish_run(settings, state, name, actor, why)
    )


def revert(name: Run, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Take a run back: the prices before it hold again within a second, but those that were changed since."""
    from shopkeeper.wiring.price_runs.acts import revert_run

    _change(name, workspace, json, "rollback", lambda _, state, actor: revert_run(state, name, actor, why))


def next_step(run: PriceRun) -> str:
    """Return what to do next, in words."""
    words = {
        "waiting": f"See it: `shopkeeper price show {run.id}`; approve it: `shopkeeper price approve {run.id}`.",
        "approved": f"Let its prices hold: `shopkeeper price publish {run.id}`; one of a version that is rolled out is"
        " taken up by its rollout.",
        "scheduled": "`shopkeeper work` publishes it then.",
        "in_test": "Its prices hold by turns, in a test: `shopkeeper experiment list --system pricing`.",
        "published": f"Take it back: `shopkeeper price revert {run.id}`.",
    }
    return words.get(run.status, f"See why: `shopkeeper price show {run.id}`.")


def _act(
    name: str, workspace: Path, json: bool, do: Callable[[Settings, State, Actor], PriceRun]
) -> None:  # fmt: skip
    out = Output(json)
    found = _done(name, workspace, out, "prices", do)
    out.result(run_document(found), f"{line_of(found)}\n{next_step(found)}")


def _change(
    name: str, workspace: Path, json: bool, right: Right, do: Callable[[Settings, State, Actor], Published]
) -> None:  # fmt: skip
    out = Output(json)
    found = _done(name, workspace, out, right, do)
    done = found.done
    reasons = ((done.overtaken, "changed meanwhile"), (done.capped, "past a day's move"))
    left = [f"{n:,} {word}" for n, word in reasons if n]
    text = f"{done.changed:,} prices changed" + (f"; left alone: {', '.join(left)}" if left else "")
    counts: dict[str, Any] = {
        "changed": done.changed, "overtaken": done.overtaken, "capped": done.capped, "version": done.version,
    }  # fmt: skip
    out.result(run_document(found.run) | counts, f"{line_of(found.run)}\n{text}.")


def _done(
    name: str, workspace: Path, out: Output, right: Right, do: Callable[[Settings, State, Actor], DoneT]
) -> DoneT:  # fmt: skip
    from shopkeeper.cli.who import say_who
    from shopkeeper.people.roles import ALL
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        stores = state.price_runs.get(name).stores
        actor = signed_in(settings, right, stores[0] if stores else ALL)
        say_who(out, actor)
        return do(settings, state, actor)
