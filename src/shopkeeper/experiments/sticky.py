"""A unit keeps its first arm: through changes of weights, and through a login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class StickyAssignments(Protocol):
    """First arms by unit.

    Laws: what was kept is returned to every process from then on; keeping the same arm again changes nothing; an arm
    that was kept for an experiment and version is never replaced by another.
    """

    def of(self, attribute: str, unit: str) -> Mapping[str, str]:
        """Return the kept arms of a unit: `experiment__version` -> key of the arm.

        Args:
            attribute: What the unit is named by, such as `user` or `visitor`.
        """
        ...

    def keep(self, attribute: str, unit: str, experiment: str, version: int, arm: str) -> None:
        """Keep an arm."""
        ...


class MemorySticky:
    """Implements `StickyAssignments` for one process."""

    def __init__(self, kept: Mapping[tuple[str, str], Mapping[str, str]] | None = None) -> None:
        self.kept: dict[tuple[str, str], dict[str, str]] = {unit: dict(arms) for unit, arms in (kept or {}).items()}

    def of(self, attribute: str, unit: str) -> Mapping[str, str]:
        """Return the kept arms of a unit."""
        return self.kept.get((attribute, unit), {})

    def keep(self, attribute: str, unit: str, experiment: str, version: int, arm: str) -> None:
        """Keep an arm."""
        self.kept.setdefault((attribute, unit), {}).setdefault(f"{experiment}__{version}", arm)
