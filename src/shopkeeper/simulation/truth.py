"""The file that says which market a workspace was made of, so that live shoppers and evaluations can make it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from shopkeeper.errors import InputError
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import FAST, FULL, Scale

TRUTH_FILE = "simulation.json"
ScaleName = Literal["fast", "full"]
SCALES: Mapping[ScaleName, Scale] = {"fast": FAST, "full": FULL}


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """Which market it is.

    Attributes:
        until: When the history ended.
        sold_out: Products of each store that were sold out then.
        robots: Machines among the shoppers of each store's history that say they are people: kind by visitor.
    """

    seed: int
    scale: ScaleName
    until: datetime
    sold_out: dict[str, list[str]] = {}
    robots: dict[str, dict[str, str]] = {}
    simulated: Literal[True] = True

    def market(self) -> Market:
        """Make the market again."""
        return make_market(self.seed, SCALES[self.scale])


def write_truth(folder: Path, truth: Truth) -> None:
    """Write `simulation.json` into a folder."""
    (folder / TRUTH_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(truth)) + b"\n")


def read_truth(folder: Path) -> Truth:
    """Return the truth of a folder.

    Raises:
        InputError: the folder has no simulated market, or the file is damaged.
    """
    path = folder / TRUTH_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Truth)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no {TRUTH_FILE} in {folder.resolve()}.",
            "Simulated shoppers only know a simulated retailer; make one with `shopkeeper demo --dir DIR`.",
        ) from error
    except msgspec.DecodeError as error:
        raise InputError(f"{path} cannot be read: {error}.", "Make it anew with `shopkeeper demo --fresh`.") from error
