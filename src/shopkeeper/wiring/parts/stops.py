"""Stop orders in the file of the workspace: what is stopped stays stopped where it goes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from shopkeeper.engines.stop_file import NAME, StopFile
from shopkeeper.wiring.parts.part import Counts, House


class Stops:
    """The orders of `stops.json`. A file that cannot be read stops everything, and is packed as the order to do so."""

    name = NAME

    def pack(self, house: House, folder: Path) -> Counts:
        """Write the orders; of one store its own and those for every store."""
        given = StopFile(house.settings.workspace).orders()
        orders = [one for one in given if house.store is None or one.store in ("", house.store)]
        if not orders:
            return {}
        (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode({"stops": orders}), indent=2) + b"\n")
        return {self.name: len(orders)}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Give the orders, beside those that hold in the workspace already."""
        orders, file = StopFile(folder).orders(), StopFile(house.settings.workspace)
        for order in orders:
            file.give(order)
        return {self.name: len(orders)} if orders else {}
