"""What others need of features: tables for training and batches, single reads for answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.features.kinds import EntityName

Columns = dict[str, npt.NDArray[np.generic]]
"""A table: one array a column, all of one length."""

FeatureValue = float | str | None
"""What a feature is worth; None = missing."""


@dataclass(frozen=True, slots=True)
class Example:
    """What a training row is about, and when: features know only what happened before `at`.

    Attributes:
        at: The moment, with an offset.
        user, session, product: Ids; an entity whose ids are not all there gives no features.
    """

    store: str
    at: datetime
    user: str | None = None
    session: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did.

    Attributes:
        at: The cutoff of the feature tables.
        days_done: UTC days whose sums were computed, new and reopened.
        days_reopened: Days among them that had been done before: late events or verdicts, erased people, merged files.
        days_dropped: Days that the lake no longer has.
        rows: Rows of each feature table.
    """

    at: datetime
    days_done: int
    days_reopened: int
    days_dropped: int
    rows: Mapping[EntityName, int]


class FeatureTables(Protocol):
    """Features over the full history.

    Laws: only events of people count, by what they say and by the verdicts on their day, whenever these come;
    refreshing twice without new events or verdicts changes nothing; a refresh computes only days that changed; no
    training row sees an event at or after its own moment; a read at `at` equals what `OnlineReads` says at `at` of the
    same events.
    """

    def refresh(self, at: datetime, *, tables: bool = True) -> Refreshed:
        """Compute the days that are new or changed before the day of `at`, and the feature tables as of `at`.

        Args:
            tables: False leaves out the tables of all entities, which only batches need.
        """
        ...

    def read(
        self, entity: EntityName, scope: str, ids: Sequence[str], at: datetime | None = None
    ) -> dict[str, FeatureValue] | None:
        """Return the features of one entity as of `at` (now by default); None where nothing is known of it."""
        ...

    def training_rows(self, entity: EntityName, examples: Sequence[Example]) -> Columns:
        """Return one row an example, in their order, with the features of one entity as of the example's moment."""
        ...


class OnlineReads(Protocol):
    """Features of now, kept up to date event by event, in bounded memory.

    Laws: a read equals the SQL of the same definitions over the same events to 1e-9; events may come in any order, each
    once; a read at `at` expects events before `at` only. A verdict holds for the events that come after it: sums forget
    whose they are, so those taken in before it stay until the state is made anew from events of people.
    """

    def observe(self, event: Event) -> None:
        """Take in one event."""
        ...

    def leave_out(self, verdict: TrafficVerdict) -> None:
        """Take in no more events that a verdict speaks about."""
        ...

    def read(
        self, entity: EntityName, scope: str, ids: Sequence[str], at: datetime, record: User | Product | None = None
    ) -> dict[str, FeatureValue]:
        """Return the features of one entity as of `at`.

        Args:
            record: The user or product as the catalogue has it now, for attributes.
        """
        ...
