"""Where the shop's rules are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shopkeeper.recommendations.rules.merchandising import RuleSet


class RuleStore(Protocol):
    """Rule sets by store, every version of each.

    Laws: a version is kept as it was written and never changed; of two who change the same version one is refused;
    `revision` changes with every change of `current` and is cheap to ask for; what one process wrote is what every
    other reads; all raise Unavailable when the engine does not answer.
    """

    def revision(self) -> int:
        """Return the number of the last change."""
        ...

    def current(self) -> Sequence[RuleSet]:
        """Return the newest set of each store, by name of the store."""
        ...

    def get(self, store: str, version: int | None = None) -> RuleSet:
        """Return a store's set, the newest where no version is named; version 0 where there never was one.

        Raises InputError where the version is not there.
        """
        ...

    def versions(self, store: str, limit: int = 100) -> Sequence[RuleSet]:
        """Return the sets of a store, newest first."""
        ...

    def put(self, changed: RuleSet) -> RuleSet:
        """Keep a set as the next version after `changed.version` and return it so. Audited.

        Raises ChangedMeanwhile where that is not the newest version.
        """
        ...
