"""Event ids seen lately, so that an event sent again touches nothing twice."""

from __future__ import annotations

from collections import OrderedDict


class RecentIds:
    """The newest `limit` (store, event id) pairs."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, key: tuple[str, str]) -> bool:
        """Remember a pair; say whether it is new."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return True
