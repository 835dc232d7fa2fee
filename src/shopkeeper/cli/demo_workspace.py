"""Makes the workspace of a demo: a simulated retailer's history written, imported, checked and learned from."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper.cli.output import Output
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import InputError
from shopkeeper.serving.ports import Scope
from shopkeeper.simulation.history import StoreHistory, write_history
from shopkeeper.simulation.truth import SCALES, TRUTH_FILE, ScaleName, Truth, read_truth, write_truth
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import CONFIG_FILE, Settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_state import open_workspace_state

RECORD_FILE = "demo.json"
KEYS_FILE = "storefront-keys.json"
HISTORY = "history"
BROWSER_SCOPES: tuple[Scope, ...] = ("events", "decide")
WHO = "shopkeeper demo"


class Watch:
    """Tells people what is being done, and how long each step took."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._started = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """Time one step."""
        self._out.say(f"[{self.total:5.1f} s] {text}")
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 2)

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the preparation of a demo came to; kept, so that the next start of the same demo is quick."""

    stores: list[str]
    products: int
    shoppers: int
    sessions: int
    events: int
    events_imported: int
    duplicates: int
    rejected: int
    check: dict[str, Any]
    model: dict[str, Any]
    until: datetime
    simulated: bool = True


def prepare(folder: Path, scale: ScaleName, seed: int, watch: Watch, out: Output, *, fresh: bool) -> Record:
    """Return the record of a demo workspace, made now or found ready.

    Raises:
        InputError: the folder is somebody's own workspace, or holds a demo of another seed or scale.
    """
    if fresh:
        _remove(folder)
    truth = _agreed(folder, scale, seed)
    if truth is not None:
        if (found := _found(folder)) is not None:
            out.say(f"Found the demo of {truth.until:%Y-%m-%d %H:%M} UTC in {folder}; `--fresh` makes a new one.")
            return found
        out.say(f"The demo in {folder} was never finished; it is made anew.")
        _remove(folder)
    settings = create_workspace(folder)
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    truth = Truth(seed=seed, scale=scale, until=until)
    write_truth(folder, truth)  # first, so that a half-made demo is known to be one
    with watch.step("simulate", f"Simulating {SCALES[scale].days} days of a retailer with 3 stores ..."):
        histories = write_history(truth.market(), folder / HISTORY, until)
        sold_out = {history.store: sorted(history.sold_out) for history in histories}
        planted = {history.store: history.planted.robots for history in histories}
        write_truth(folder, msgspec.structs.replace(truth, sold_out=sold_out, robots=planted))
    record = _take_in(settings, histories, until, watch, out)
    with watch.step("keys", "Making a key for each store's pages ..."):
        _write_keys(settings, folder, record.stores)
    (folder / RECORD_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    return record


def _agreed(folder: Path, scale: ScaleName, seed: int) -> Truth | None:
    """Return the truth of a demo that is there; None for a folder that is still free."""
    if not (folder / TRUTH_FILE).exists():
        if (folder / CONFIG_FILE).exists():
            raise InputError(
                f"{folder} is a workspace of your own; a demo would mix simulated data into it.",
                "Name another folder with `--dir DIR`.",
            )
        return None
    truth = read_truth(folder)
    if (truth.seed, truth.scale) != (seed, scale):
        raise InputError(
            f"{folder} holds a demo of seed {truth.seed}, {truth.scale}; asked for is seed {seed}, {scale}.",
            "Name another folder with `--dir DIR`, or make it anew with `--fresh`.",
        )
    return truth


def _remove(folder: Path) -> None:
    """Remove a demo, and only a demo."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / TRUTH_FILE).is_file():
        raise InputError(
            f"{folder} is not empty and holds no demo ({TRUTH_FILE} is missing), so it is not removed.",
            "Name another folder with `--dir DIR`.",
        )
    shutil.rmtree(folder)


def _found(folder: Path) -> Record | None:
    try:
        return msgspec.json.decode((folder / RECORD_FILE).read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _take_in(
    settings: Settings, histories: tuple[StoreHistory, ...], until: datetime, watch: Watch, out: Output
) -> Record:
    """Import every store, check what came in, and train on it."""
    imported = []
    for history in histories:
        with watch.step("import", f"Importing {history.store}: {history.events:,} simulated events ..."):
            imported.append(import_into(settings, history.folder, history.store))
    tables = [table for report in imported for table in report.tables]
    with watch.step("check", "Checking the data ..."):
        check = _check(settings, out)
    with watch.step("train", "Training recommendations ..."):
        model = _train(settings, out)
    return Record(
        stores=[history.store for history in histories],
        products=sum(history.products for history in histories),
        shoppers=sum(history.shoppers for history in histories),
        sessions=sum(history.sessions for history in histories),
        events=sum(history.events for history in histories),
        events_imported=sum(table.accepted for table in tables if table.table == EVENTS.name),
        duplicates=sum(table.duplicates for table in tables if table.table == EVENTS.name),
        rejected=sum(table.rejected for table in tables if table.table == EVENTS.name),
        check=check,
        model=model,
        until=until,
    )


def _check(settings: Settings, out: Output) -> dict[str, Any]:
    """Return the verdict on the data, and every finding that is not a pass."""
    document = check_workspace(settings).as_dict()
    noted = [finding for finding in document["findings"] if finding["status"] != "pass"]
    for finding in noted:
        out.say(f"          {finding['status']} {finding['store']}, {finding['name']}: {finding['detail']}")
    return {"status": document["status"], "counts": document["counts"], "noted": noted}


def _train(settings: Settings, out: Output) -> dict[str, Any]:
    """Return what a training run ended with."""
    asked = Asked(trials=0, folds=0)  # whoever opens a demo waits for its first page
    result = train_system(settings, "recommendations", asked, who=WHO, say=lambda text: out.say(f"          {text}"))
    return {
        "model": result.model,
        "version": result.version,
        "blessed": result.blessed,
        "champion": result.champion,
        "interactions": result.interactions,
        "metrics": result.metrics,
        "overhead_seconds": result.overhead_seconds,
    }


def _write_keys(settings: Settings, folder: Path, stores: list[str]) -> None:
    """Make one key a store that a browser may hold, and write them where only the owner reads them."""
    with open_workspace_state(settings) as state:
        keys = {store: state.keys.create(store, BROWSER_SCOPES, WHO)[1] for store in stores}
    written = os.open(folder / KEYS_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(written, "wb") as file:
        file.write(msgspec.json.encode(keys))
