"""The fast lane of an import: rows an engine can tell are fine without anyone looking at them one by one.

The validator of rows stays the only judge. The lane takes a row only where the judge surely takes it exactly as the
lane writes it; every other row, good or bad, goes the judge's way. A property test holds both to the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol, runtime_checkable

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.intake.ports import SourcedRow, SourceFile, SourceRow


@dataclass(frozen=True, slots=True)
class SureSaid:
    """What the judge makes of the columns of an event that hold few different values.

    Attributes:
        consent: As JSON; None = nobody said anything.
        user_agent: What is kept of it.
    """

    consent: str | None
    user_agent: str | None
    traffic: str
    traffic_rule: str | None


@dataclass(frozen=True, slots=True)
class SureRules:
    """What makes an event sure, beside the types and bounds of the contract.

    Attributes:
        store: The only store rows may belong to, taken where a row names none; None = each names its own.
        zones: Stores whose shoppers are measured unless someone says otherwise -> their time zone.
        users_who_said: Users whose records say anything about consent, in any store.
        latest: No time may lie after it.
        received_at: When the import began.
        bounds: Numbers that lie outside are looked at, beside the bounds of the contract's types: what stores ask.
        said: Judges values of `FEW_VALUED` columns that came together, whatever else the event holds; None where the
            event has to be looked at.
    """

    store: str | None
    zones: Mapping[str, tzinfo]
    users_who_said: frozenset[str]
    latest: datetime
    received_at: datetime
    bounds: Mapping[str, tuple[float, float]]
    said: Callable[[Mapping[str, Any]], SureSaid | None]


FEW_VALUED = ("user_agent", "traffic", "consent", "consent_measure", "consent_personalise", "consent_email")
"""Columns that hold few different values, each of which is judged once."""

KeyedJudge = Callable[[SourceRow], SourcedRow | None]
"""Returns the row of a keyed table for one of a file, read without its source time; None where it is rejected."""


@dataclass(frozen=True, slots=True)
class SureFilling:
    """How one table is filled from a file.

    Attributes:
        expressions: Alias -> SQL over the columns of the file.
        fields: Column of the table -> alias.
        inner: Name inside the attributes column -> alias.
        kept: Columns of the file that are kept in the attributes column.
        where: Alias of the condition a row must meet; None = every row.
        source_ts: Alias of the time the source wrote a row of a keyed table.
        identity: What the table is called inside the identity of an event.
        judge: For a keyed table.
    """

    table: TableSchema
    expressions: Mapping[str, str]
    fields: Mapping[str, str]
    inner: Mapping[str, str]
    kept: tuple[str, ...]
    where: str | None
    source_ts: str | None
    identity: str
    judge: KeyedJudge | None = None


@dataclass(frozen=True, slots=True)
class SureTally:
    """What the sure events of a batch hold, as `import_tally` counts it.

    Attributes:
        names: Custom events by their name.
    """

    first: datetime | None
    last: datetime | None
    types: Mapping[str, int]
    names: Mapping[str, int]
    without_user: int
    guests: int
    free: int
    unpriced: int
    bought: float
    returned: float


@dataclass(frozen=True, slots=True)
class SureRow:
    """Rows of a keyed table that differ in their source time at most.

    Attributes:
        row: The newest of them.
        number: Its number in the file.
        rows: How many there are.
    """

    row: SourcedRow
    number: int
    rows: int


class SureBatch(Protocol):
    """Some rows of a file, in order.

    Attributes:
        count: Rows, sure and doubtful.
        events: Sure events.
        keyed: Sure rows of each keyed table the file fills, by the place of its filling.
        doubtful: Rows for the validator, ascending.
        products: Store, product and number of sure events about it.
    """

    count: int
    events: int
    tally: SureTally
    doubtful: Sequence[SourceRow]
    keyed: Mapping[int, Sequence[SureRow]]
    products: Sequence[tuple[str, str, int]]

    def keep(self, judged: Sequence[tuple[int, bytes]]) -> None:
        """Bring the sure events into the history, with doubtful ones that were taken, durably and each once.

        Args:
            judged: Number and event as the log would keep it, of doubtful rows that were taken.
        """
        ...


@runtime_checkable
class SureReader(Protocol):
    """A reader with a fast lane."""

    def read_sure(
        self, source: SourceFile, fillings: Sequence[SureFilling], rules: SureRules
    ) -> Iterator[SureBatch] | None:
        """Return the batches of a file; None where the file does not suit the lane.

        Raises:
            InputError: the file cannot be read to its end.
        """
        ...
