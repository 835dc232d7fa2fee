"""Who users are by their newest records, so that what a shop says of a user counts at their next request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import reduce

from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import ALL_STORES
from shopkeeper.commerce.traits import UNKNOWN_TRAITS, Traits, joined, traits_of
from shopkeeper.intake.ports import SourcedRow

MOST_USERS = 200_000
"""Users remembered, those of the newest records; who was there when a model was trained is in its bundle."""


class UserTraits:
    """What user records say, the newest ones.

    Args:
        group: Customer group of a store; what a record of one group says counts in no other.
        most: Users remembered; above it those with the oldest records go, an eighth at a time.
    """

    def __init__(self, group: Callable[[str], str], most: int = MOST_USERS) -> None:
        self._group = group
        self._most = most
        self._said: dict[str, dict[str, tuple[datetime, Traits]]] = {}
        """User -> store of the record -> (source time, what it says); a deleted record says nothing."""

    def apply(self, rows: Iterable[SourcedRow]) -> None:
        """Take in user records; older ones change nothing, rows of other tables are ignored."""
        for sourced in rows:
            row = sourced.row
            if not isinstance(row, User):
                continue
            said = UNKNOWN_TRAITS if sourced.deleted else traits_of(row)
            records = self._said.setdefault(row.user, {})
            old = records.get(row.store)
            if old is None or sourced.source_ts >= old[0]:
                records[row.store] = (sourced.source_ts, said)
            if len(self._said) > self._most:
                self._forget_oldest()

    def of(self, store: str, user: str | None) -> Traits | None:
        """Return what the records of a user say in the customer group of a store; None where none is remembered."""
        records = self._said.get(user) if user is not None else None
        if records is None:
            return None
        group = self._group(store)
        here = [said for name, (_, said) in records.items() if name == ALL_STORES or self._group(name) == group]
        return reduce(joined, here) if here else None

    def _forget_oldest(self) -> None:
        newest = {user: max(at for at, _ in records.values()) for user, records in self._said.items()}
        for user in sorted(newest, key=lambda name: newest[name])[: max(self._most // 8, 1)]:
            del self._said[user]
