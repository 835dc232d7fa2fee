"""Runs a demo from top to bottom: prepare, serve, let simulated shoppers browse, say what came of it."""

from __future__ import annotations

import contextlib
import signal
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from shopkeeper.cli.demo_processes import Child, check_port, start_server, start_shoppers
from shopkeeper.cli.demo_workspace import KEYS_FILE, Record, Watch, prepare
from shopkeeper.cli.output import Output
from shopkeeper.cli.simulate import in_words
from shopkeeper.errors import ContractNotMet, Unavailable
from shopkeeper.simulation.truth import ScaleName

LIVE_SECONDS = 10.0
"""How long simulated shoppers browse where nobody watches."""
STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """What was asked for; `serve` keeps the server until somebody stops it."""

    folder: Path
    scale: ScaleName
    seed: int
    port: int
    serve: bool
    fresh: bool
    open_page: bool


def run_demo(order: DemoOrder, out: Output) -> None:
    """Make or find the demo, serve it, and print what there is to see.

    Raises:
        InputError: folder or port cannot be used.
        Unavailable: a process of the demo did not start, or ended by itself.
        ContractNotMet: a request failed, or something was shown that cannot be bought.
    """
    watch = Watch(out)
    port = order.port if order.serve else 0
    check_port(port)
    record = prepare(order.folder, order.scale, order.seed, watch, out, fresh=order.fresh)
    with _interruptible(), contextlib.ExitStack() as processes:
        with watch.step("serve", "Starting the server ..."):
            server, url = start_server(order.folder, port)
            processes.callback(server.close)
        if order.serve:
            _stay(order, record, watch, out, server, url, processes)
            return
        live = _brief_visit(order, watch, url)
        stopped = server.stop()
    document = summary(record, watch) | {"live": live, "server_exit": stopped}
    document |= {name: live[name] for name in ("decisions", "fallbacks", "events_accepted", "failed_requests")}
    out.result(document, _report(record, document))
    judge(document)


def summary(record: Record, watch: Watch) -> dict[str, Any]:
    """Return what the preparation came to, as JSON holds it."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    model = document["model"]
    seconds = {**watch.seconds, "total": round(watch.total, 2)}
    return document | {"metrics": model.pop("metrics"), "elapsed_seconds": seconds}


def _brief_visit(order: DemoOrder, watch: Watch, url: str) -> dict[str, Any]:
    with watch.step("live", f"Simulated shoppers browse {url} for {LIVE_SECONDS:.0f} s ..."):
        shoppers = start_shoppers(order.folder, order.folder / KEYS_FILE, url, LIVE_SECONDS, quick=True)
        try:
            return shoppers.document(LIVE_SECONDS + 60)
        finally:
            shoppers.close()


def _stay(
    order: DemoOrder, record: Record, watch: Watch, out: Output, server: Child, url: str,
    processes: contextlib.ExitStack,
) -> None:  # fmt: skip
    """Serve with shoppers in the shop until somebody stops it."""
    shoppers = start_shoppers(order.folder, order.folder / KEYS_FILE, url, 0.0, quick=False)
    processes.callback(shoppers.close)
    out.result(summary(record, watch) | {"url": url}, _welcome(record, watch, url, order.folder))
    if order.open_page:
        webbrowser.open(url)
    told = False
    try:
        while server.running:
            time.sleep(0.2)
            if not shoppers.running and not told:
                told = True
                out.say(f"The simulated shoppers left; their log is {shoppers.log}. The shop stays open.")
    except KeyboardInterrupt:
        out.say("Closing the shop ...")
        return
    raise Unavailable(f"The server ended by itself (exit code {server.stop()}).", f"Its log is {server.log}.")


def judge(document: dict[str, Any]) -> None:
    """Raise ContractNotMet where something went wrong that a summary alone would hide."""
    live, wrong = document["live"], []
    if live["failed_requests"] or live["refused_requests"]:
        wrong.append(f"{live['failed_requests']} requests failed and {live['refused_requests']} were refused")
    if live["unavailable_shown"] or live["unknown_shown"]:
        wrong.append(f"{live['unavailable_shown'] + live['unknown_shown']} products shown cannot be bought")
    if not live["decisions"] or not live["events_accepted"]:
        wrong.append("no list was shown or no event was taken")
    if document["check"]["status"] == "fail":
        wrong.append("the data does not meet its limits")
    if document["server_exit"]:
        wrong.append(f"the server ended with exit code {document['server_exit']}")
    if wrong:
        raise ContractNotMet(f"The demo ran, but {'; '.join(wrong)}.", "Its logs are in demo-logs in its folder.")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the demo in order; while it ends, further ones change nothing."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for name in STOPS:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(name, stop) for name in STOPS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _report(record: Record, document: dict[str, Any]) -> str:
    seconds = document["elapsed_seconds"]
    steps = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    return "\n".join([_made(record), in_words(document["live"]), f"Seconds: {steps}."])


def _made(record: Record) -> str:
    model, found = record.model, record.model["metrics"]["ndcg@10"]
    popular = model["metrics"].get("baseline", {}).get("ndcg@10")
    judged = "blessed" if model["blessed"] else "not blessed"
    check = record.check["counts"]
    return (
        f"SIMULATED retailer: {len(record.stores)} stores, {record.products:,} products, "
        f"{record.events_imported:,} events imported; left out {record.duplicates:,} duplicates and "
        f"{record.rejected:,} rejected rows.\n"
        f"Data check: {check['pass']} findings pass, {check['warn']} warn, {check['fail']} fail.\n"
        f"Model {model['model']} {model['version']}: {judged}; NDCG@10 {_interval(found)} on later time"
        f"{f', popularity {_interval(popular)}' if popular else ''}."
    )


def _interval(found: dict[str, float]) -> str:
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _welcome(record: Record, watch: Watch, url: str, folder: Path) -> str:
    return "\n".join(
        [
            "",
            _made(record),
            f"The shop is open after {watch.total:.0f} s, with simulated shoppers in it:",
            "",
            f"  Storefront    {url}/",
            f"  Control room  {url}/control-room",
            f"  HTTP API      {url}/docs",
            "",
            "Open a product, then another: the recommendations and their reasons follow what you look at.",
            f"The workspace is {folder}; Ctrl-C closes the shop.",
        ]
    )
