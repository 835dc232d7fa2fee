"""What price runs need of whatever keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from shopkeeper.pricing.runs.price_run import Outcome, PriceChange, PriceRun, Publication, PublishedPrice, RunPrice
from shopkeeper.pricing.runs.run_rows import RowsFound, RowsWanted, RunTally

HandedBy = Literal["changes", "webhook", "csv"]


class Seen(Struct, frozen=True):
    """What the shop was seen to make of a published price.

    Attributes:
        number: Of the change.
        outcome: What that means.
        observed: The price it shows.
    """

    number: int
    outcome: Outcome
    observed: float
    at: datetime


class HowFar(Struct, frozen=True):
    """How far the changes of one run are with the shop, in numbers of them.

    Attributes:
        decided: All of them.
        handed: Of these, those that left the house.
        confirmed, mismatch, changed: What the shop made of them; of the rest it has said nothing yet.
    """

    decided: int
    handed: int
    confirmed: int
    mismatch: int
    changed: int

    @property
    def unsure(self) -> int:
        """Changes of which the shop has said nothing yet."""
        return self.decided - self.confirmed - self.mismatch - self.changed


class PriceRuns(Protocol):
    """Price runs and their prices.

    Laws: `begin` of a run that is there already changes nothing. A step is taken from the revision that was read, else
    ChangedMeanwhile, and is audited with who took it and why.
    """

    def begin(self, run: PriceRun, prices: Sequence[RunPrice]) -> PriceRun:
        """Keep a run with its prices, and return it as it is kept."""
        ...

    def get(self, run: str) -> PriceRun:
        """Return a run. Raises UnknownPriceRun."""
        ...

    def newest(self, limit: int = 50) -> Sequence[PriceRun]:
        """Return runs, newest first."""
        ...

    def due(self, at: datetime) -> Sequence[PriceRun]:
        """Return scheduled runs whose time has come, the earliest first."""
        ...

    def prices(self, run: str, *, moved: bool = False, skip: int = 0, limit: int | None = 1_000) -> Sequence[RunPrice]:
        """Return prices of a run by store, price list and product; where `moved`, only prices that change.

        Args:
            limit: How many at most; None = all.
        """
        ...

    def largest(self, run: str, wanted: RowsWanted, skip: int = 0, limit: int = 100) -> RowsFound:
        """Return prices of a run that are asked for, the largest moves first."""
        ...

    def tally(self, run: str) -> RunTally:
        """Return what the prices of a run can be found by, with how many each finds."""
        ...

    def step(self, before: PriceRun, after: PriceRun) -> PriceRun:
        """Keep the next step of a run and return it as it is kept. Raises ChangedMeanwhile."""
        ...


class Prices(Protocol):
    """The prices that hold, every change of them kept.

    Laws: publishing and taking back are one transaction: all prices change or none does, and whoever repeats it after a
    crash is told ChangedMeanwhile. A product has one price in a store and price list at a time, by key. A price that
    another run or the shop changed since the run was computed is left alone; so is one that would have moved further
    within 24 hours than its row allows. Numbers of changes rise with time, without a gap.
    """

    def publish(self, before: PriceRun, after: PriceRun, at: datetime) -> Publication:
        """Let the moved prices of a run hold. Raises ChangedMeanwhile."""
        ...

    def revert(self, before: PriceRun, after: PriceRun, at: datetime) -> Publication:
        """Let the prices from before a run hold again, of those that it still decides. Raises ChangedMeanwhile."""
        ...

    def revision(self) -> int:
        """Return a number that rises with every change of a price or of what is known of it; one row by its key."""
        ...

    def published(self, since: int = 0) -> Sequence[PublishedPrice]:
        """Return the prices that hold, of which something changed after a revision."""
        ...

    def changes(
        self, since: int = 0, *, store: str = "", run: str = "", product: str = "", outcome: Outcome | None = None,
        limit: int = 1_000,
    ) -> Sequence[PriceChange]:  # fmt: skip
        """Return changes with a higher number, in order; of a store, run, product or outcome where one is named."""
        ...

    def made(self, run: str, products: Sequence[str]) -> Sequence[PriceChange]:
        """Return the changes a run made to some products, in order."""
        ...

    def how_far(self, runs: Sequence[str]) -> Mapping[str, HowFar]:
        """Return how far the changes of runs are with the shop: of one taken back those that took it back."""
        ...

    def changed_since(self, at: datetime) -> Sequence[PriceChange]:
        """Return changes from a moment on, in order."""
        ...

    def mismatches(self, stores: Sequence[str], since: datetime, until: datetime) -> Sequence[PriceChange]:
        """Return changes of some stores of which another price was first seen in `[since, until)`, in order.

        They stay so whatever the shop showed later.
        """
        ...

    def not_handed(self, limit: int = 1_000) -> Sequence[PriceChange]:
        """Return changes that have not left the house and still hold, in order."""
        ...

    def handed(self, numbers: Sequence[int], by: HandedBy, at: datetime) -> int:
        """Note that changes left the house, where that is not noted yet; return how many."""
        ...

    def saw(self, seen: Sequence[Seen]) -> int:
        """Note what the shop made of prices that still hold; return how many notes were new."""
        ...


class ChangesTaker(Protocol):
    """Whoever is told of prices that changed.

    Laws: once `take` returned, the other side has the changes; a change may come more than once, in the order of
    numbers. Taking them again changes nothing there.
    """

    def take(self, changes: Sequence[PriceChange]) -> None:
        """Hand changes over. Raises Unavailable: they were not taken, or nobody knows."""
        ...
