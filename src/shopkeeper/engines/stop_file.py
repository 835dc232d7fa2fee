"""Stop orders in a file of the workspace: they work with database, cache and worker dead, and outlive a restart.

    {"stops": [{"system": "recommendations", "store": "", "person": "ann", "reason": "odd lists",
                "at": "2026-11-26T09:00:00Z"}]}

A person may write it by hand. What cannot be read stops everything: whoever reached for the brake did not mean to go
on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shopkeeper.engines.durable_files import held_lock, replace_file
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.live_test import StopOrder

NAME: Final = "stops.json"


class _Orders(Struct, forbid_unknown_fields=True):
    stops: tuple[StopOrder, ...] = ()


class StopFile:
    """Implements `experiments.live_test.StopOrders` on one file, which need not be there.

    Args:
        workspace: Folder the file lies in.
    """

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / NAME
        self._mark: tuple[int, int, int] | None = None
        self._orders: tuple[StopOrder, ...] = ()

    def orders(self) -> tuple[StopOrder, ...]:
        """Return the orders that hold; a file that has not changed since the last call costs one look at its name."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            return (_everything(str(error)),)
        mark = (about.st_ino, about.st_mtime_ns, about.st_size)
        if mark != self._mark:
            self._orders = _read(self.path)
            self._mark = mark
        return self._orders

    def give(self, order: StopOrder) -> None:
        """Let an order hold from now on.

        Raises:
            Unavailable: the disk is full or fails.
        """
        with held_lock(self._lock, wait=True):
            others = [one for one in _read(self.path) if (one.system, one.store) != (order.system, order.store)]
            self._write((*others, order))

    def lift(self, system: str, store: str) -> bool:
        """Let an order hold no more; say whether there was one. A file that cannot be read is an order for everything.

        Raises:
            Unavailable: the disk is full or fails.
        """
        with held_lock(self._lock, wait=True):
            before = _read(self.path)
            after = tuple(one for one in before if (one.system, one.store) != (system, store))
            if len(after) < len(before):
                self._write(after)
            return len(after) < len(before)

    @property
    def _lock(self) -> Path:
        return self.path.with_name(NAME + ".lock")

    def _write(self, orders: Sequence[StopOrder]) -> None:
        text = msgspec.json.format(msgspec.json.encode(_Orders(tuple(orders))), indent=2)
        try:
            replace_file(self.path, text + b"\n")
        except OSError as error:
            raise Unavailable(
                f"{self.path} cannot be written: {error}.", "Make room there and give the order again."
            ) from error


def _read(path: Path) -> tuple[StopOrder, ...]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Orders).stops
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        return (_everything(str(error)),)


def _everything(error: str) -> StopOrder:
    return StopOrder(person="nobody", reason=f"{NAME} cannot be read: {error}", at="")
