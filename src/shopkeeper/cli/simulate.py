"""`shopkeeper simulate`: simulated shoppers browse a running server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from shopkeeper.cli.output import Output
    from shopkeeper.simulation.live import LivePlan
    from shopkeeper.simulation.market import Market
    from shopkeeper.simulation.tally import Tally

PROGRESS_SECONDS = 10.0
FOREVER_SECONDS = 10 * 365 * 86_400.0


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("simulate")(simulate)


def simulate(
    *,
    url: Annotated[str, typer.Option(help="Server, such as http://127.0.0.1:8000.")],
    keys: Annotated[Path, typer.Option(help='File {"store": "key"}; simulation.json lies beside it.')],
    shoppers: Annotated[int, typer.Option(min=1, max=1_000, help="Shoppers at the same time.")] = 24,
    seconds: Annotated[float, typer.Option(min=0, help="How long; 0 = until stopped.")] = 60.0,
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Most requests a second, all together.")] = 40.0,
    think: Annotated[float, typer.Option(min=0, help="Mean seconds on a page.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of these shoppers.")] = 1,
    allow_remote: Annotated[bool, typer.Option(help="Let the server be on another machine.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Let simulated shoppers browse a running server through its public API, and say what they met."""
    import asyncio

    from shopkeeper.cli.output import Output
    from shopkeeper.simulation.live import LivePlan
    from shopkeeper.simulation.tally import Tally
    from shopkeeper.simulation.truth import read_truth

    check_address(url, allow_remote)
    out = Output(json)
    truth = read_truth(keys.parent)
    plan = LivePlan(
        shoppers=shoppers,
        seconds=seconds or FOREVER_SECONDS,
        seed=seed,
        rate=rate,
        think_seconds=think,
        sold_out={store: frozenset(products) for store, products in truth.sold_out.items()},
    )
    tally = Tally()
    asyncio.run(_run(truth.market(), url, read_keys(keys), plan, tally, out))
    document = tally.document()
    out.result(document, in_words(document))


def check_address(url: str, allow_remote: bool) -> None:
    """Raise InputError unless a URL names this machine, or another one on purpose."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    from shopkeeper.errors import FieldProblem, InputError

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host:
        problem = FieldProblem("url", f"{url!r} is no address of a server", "Write http://127.0.0.1:8000.")
        raise InputError(f"--url {problem.reason}.", problem.remedy, (problem,))
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and not allow_remote:
        problem = FieldProblem("url", f"{host!r} is not this machine", "Add --allow-remote if it is your own server.")
        raise InputError(f"--url {problem.reason}; simulated shoppers write events.", problem.remedy, (problem,))


def read_keys(path: Path) -> dict[str, str]:
    """Return the API key of each store. Raises InputError when the file is missing or of another shape."""
    import msgspec

    from shopkeeper.errors import InputError

    try:
        keys = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        remedy = 'Write one JSON object, {"store": "key"}; make keys with `shopkeeper keys create`.'
        raise InputError(f"The keys file {path} cannot be read: {error}.", remedy) from error
    if not keys:
        raise InputError(f"The keys file {path} names no store.", "Make a key with `shopkeeper keys create`.")
    return keys


async def _run(market: Market, url: str, keys: Mapping[str, str], plan: LivePlan, tally: Tally, out: Output) -> None:
    """Run until the time is over or a signal comes; either way the tally has what was met so far."""
    import asyncio
    import contextlib
    import signal

    from shopkeeper.simulation.client import open_client
    from shopkeeper.simulation.live import browse_live

    async with open_client(url) as http:
        browsing = asyncio.create_task(browse_live(market, http, keys, plan, tally))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, browsing.cancel)
        telling = asyncio.create_task(_tell(tally, out))
        with contextlib.suppress(asyncio.CancelledError):
            await browsing
        await _stop(telling)


async def _tell(tally: Tally, out: Output) -> None:
    """Say every now and then how it goes."""
    import asyncio

    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        out.say(
            f"simulated shoppers: {tally.decisions:,} lists shown, {tally.fallbacks:,} by the rules, "
            f"{tally.events_accepted:,} events taken, {tally.failed:,} failed requests"
        )


async def _stop(task: asyncio.Task[None]) -> None:
    import asyncio
    import contextlib

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def in_words(document: dict[str, Any]) -> str:
    """Return a live summary for people, marked as simulated."""
    ctr = document["ctr"]
    rate = "no impressions" if ctr["value"] is None else f"{100 * ctr['value']:.1f}% of impressions clicked"
    if ctr["low"] is not None:
        rate += f" (95%: {100 * ctr['low']:.1f} to {100 * ctr['high']:.1f}%)"
    return (
        f"SIMULATED shoppers: {document['sessions']:,} sessions, {document['decisions']:,} lists "
        f"({document['fallbacks']:,} by the rules), {rate}, {document['purchases']:,} products bought, "
        f"{document['events_accepted']:,} events taken, {document['failed_requests']:,} failed requests."
    )
