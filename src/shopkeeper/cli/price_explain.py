"""`shopkeeper price explain` and `whatif`: why a price is what it is, and what other margin targets would bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.errors import InputError

if TYPE_CHECKING:
    from shopkeeper.pricing.explanation import Evidence, Explained, Frontier, Point, Reached
    from shopkeeper.pricing.proposal import Tried

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Store = Annotated[str, typer.Option("--store", help="The store.")]
At = Annotated[
    str | None,
    typer.Option("--at", help="Look at nothing from this time on, ISO 8601, UTC if not said; now by default."),
]
Version = Annotated[str | None, typer.Option("--version", help="Version of pricing; the one that serves by default.")]
SHOWN_WEEKS = 8
"""Weeks of the history that people are shown; `--json` has more."""


def register(group: typer.Typer) -> None:
    """Add the verbs of looking to `shopkeeper price`."""
    group.command("explain")(explain)
    group.command("whatif")(whatif)


def explain(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Id of the product.")],
    store: Store,
    price_list: Annotated[
        str | None, typer.Option("--price-list", help="Price list; that of ordinary shoppers by default.")
    ] = None,
    at: At = None,
    version: Version = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Say why a price is what it is: its curve, the rule that binds, its elasticity and what that rests on."""
    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.pricing.explain import explain_price
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    found = explain_price(settings, product, store, price_list=price_list, at=moment(at), version=version)
    Output(json).result(msgspec.to_builtins(found), "\n".join(_explained(found)))


def whatif(
    store: Store,
    margin_target: Annotated[
        list[float] | None,
        typer.Option(help="Least margin of all prices together, a share of revenue such as 0.32; may be repeated."),
    ] = None,
    at: At = None,
    version: Version = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Show the frontier of revenue against margin: what prices chosen for other margin targets would bring in a week.

    Without `--margin-target` some margins around today's are looked at.
    """
    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.pricing.explain import margin_frontier
    from shopkeeper.wiring.settings import load_settings

    found = margin_frontier(load_settings(workspace), store, tuple(margin_target or ()), at=moment(at), version=version)
    Output(json).result(msgspec.to_builtins(found), "\n".join(_frontier(found)))


def moment(text: str | None) -> datetime | None:
    """Return a time as a person wrote it. Raises InputError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--at {text!r} is not a time.", "Write it as 2026-11-23 or 2026-11-23T15:00.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _explained(found: Explained) -> Iterator[str]:
    one = found.proposal
    where = f"{one.product} in {one.store}" + (f" on price list {one.price_list}" if one.price_list else "")
    yield f"{where}: {one.current:.2f} {one.currency} now, {one.proposed:.2f} proposed ({_WHY[one.why]})."
    if one.tried is not None:
        yield _tried(one.tried, one.currency)
    if one.hold:
        yield f"It is held by: {', '.join(one.hold)}."
    if one.relaxation:
        yield f"The cheapest rule to relax: {one.relaxation}."
    if one.binding:
        yield f"A better price is kept out by: {', '.join(one.binding)}."
    cost = "nobody said what it costs" if one.cost is None else f"it costs {one.cost:.2f} without tax"
    yield f"Category {one.category}; tax in the price {one.tax:.1%}; {cost}."
    if found.rivals is not None:
        yield f"Rivals: lowest {found.rivals[0]:.2f}, median {found.rivals[1]:.2f}."
    if one.elasticity is not None:
        slope = one.elasticity
        yield (
            f"1% of price is {slope.expected:+.2f}% of units (90%: {slope.low:+.2f} to {slope.high:+.2f}),"
            f" by the word of {'its own sales' if one.support == 'own' else 'its category'}."
        )
    if found.evidence is not None:
        yield from _evidence(found.evidence)
    if found.why is not None:
        yield ""
        yield f"{'price':>10}{'units':>26}{'revenue':>30}{'profit':>30}{'margin':>8}  in a week, 90% intervals"
        yield from (_point(point, found.why.current, found.why.chosen) for point in found.why.curve)
    if found.history:
        yield ""
        yield f"{'week of':>10}{'units':>10}{'price':>10}{'on offer':>10}{'promo':>8}  price without tax"
        for week in found.history[-SHOWN_WEEKS:]:
            yield f"{week.monday!s:>10}{week.units:>10.0f}{week.price:>10.2f}{week.exposure:>10.0%}{week.promo:>8.0%}"
    yield ""
    yield "Feeds: " + "; ".join(
        f"{feed.feed} {'none' if feed.hours is None else f'{feed.hours:.0f} h old'}" for feed in found.feeds
    )


def _tried(tried: Tried, currency: str) -> str:
    kinds = {
        "wobble": "a small move by design, balanced over stores and weeks",
        "draw": "the best price for a drawn slope",
    }
    return (
        f"It is tried out: {kinds[tried.kind]} (seed {tried.seed}). Else it would be {tried.instead:.2f}. Expected to"
        f" give up {tried.cost:,.2f} {currency} a week, {tried.risk:,.2f} at risk; what it teaches is worth"
        f" {tried.gain:,.2f} {currency} in each later week."
    )


_WHY = {
    "hold": "held",
    "best_as_is": "best as it is",
    "objective": "brings more",
    "target": "a margin target asks for it",
    "explore": "tried out to learn how demand answers",
    "asked": "asked for",
}


def _evidence(found: Evidence) -> Iterator[str]:
    source = (
        "shown prices" if found.price_source == "shown" else "prices paid, as no history of shown prices was imported"
    )
    yield f"Seen in {found.weeks} weeks at {found.prices_seen} prices; {source}."
    if found.own is not None and found.own_error is not None:
        alone = f"{found.own:+.2f} (standard error {found.own_error:.2f})"
        yield f"Its own sales alone: {alone}; settled by them: {found.settled:.0%}."
    if found.category is not None:
        bias = f"bias taken out: {found.reaction:+.2f}"
        yield f"Its category: {found.category:+.2f} (standard deviation {found.category_sd:.2f}); {bias}."


def _point(point: Point, current: float, chosen: float) -> str:
    mark = " <- proposed" if point.price == chosen else " <- now" if point.price == current else ""
    out = f"  not: {', '.join(point.broken)}" if point.broken else ""
    cells = "".join(
        f"{f'{middle:,.1f} ({low:,.1f}..{high:,.1f})':>{width}}"
        for (low, middle, high), width in ((point.units, 26), (point.revenue, 30), (point.profit, 30))
    )
    return f"{point.price:>10.2f}{cells}{point.margin:>8.1%}{mark}{out}"


def _frontier(found: Frontier) -> Iterator[str]:
    yield f"{found.store}, the coming week, money in {found.currency} without tax, by version {found.model}."
    yield f"{'target':>8}{'revenue':>14}{'profit':>14}{'margin':>9}{'chance':>8}{'moved':>7}{'lift (90%)':>28}"
    yield _row("today", found.today)
    for point in found.points:
        yield _row(f"{point.target:.1%}", point) + (
            "" if point.reachable else "  cannot be met so surely under the rules"
        )


def _row(name: str, one: Reached) -> str:
    chance = "" if one.chance is None else f"{one.chance:.0%}"
    lift = one.lift
    told = "" if lift is None else f"{lift.expected:+.2%} ({lift.low:+.2%}..{lift.high:+.2%})"
    return f"{name:>8}{one.revenue:>14,.2f}{one.profit:>14,.2f}{one.margin:>9.2%}{chance:>8}{one.moved:>7}{told:>28}"
