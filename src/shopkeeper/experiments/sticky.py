"""A unit keeps its first arm: through changes of weights, and through a login."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol


class StickyAssignments(Protocol):
    """First arms by unit.

    Laws: what was kept is returned to every process from then on, as long as the store holds the unit; keeping the same
    arm again changes nothing; an arm that was kept for an experiment and version is never replaced by another.
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


def kept_name(experiment: str, version: int = 0) -> str:
    """Return the name under which an arm of an experiment is kept."""
    return f"{experiment}__{version}"


class MemorySticky:
    """Implements `StickyAssignments` for one process; the unit unseen for longest goes first.

    Units with the same arms share one mapping, so a unit costs about 200 bytes.

    Args:
        kept: What was kept before.
        most: Most units held; None = all.
    """

    def __init__(
        self, kept: Mapping[tuple[str, str], Mapping[str, str]] | None = None, most: int | None = None
    ) -> None:
        self.kept: OrderedDict[tuple[str, str], Mapping[str, str]] = OrderedDict(kept or {})
        self._most = most
        self._shared: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def of(self, attribute: str, unit: str) -> Mapping[str, str]:
        """Return the kept arms of a unit."""
        return self.kept.get((attribute, unit), _NOTHING)

    def keep(self, attribute: str, unit: str, experiment: str, version: int, arm: str) -> None:
        """Keep an arm."""
        key, name = (attribute, unit), kept_name(experiment, version)
        before = self.kept.get(key, _NOTHING)
        if name not in before:
            arms = (*before.items(), (name, arm))
            self.kept[key] = self._shared.setdefault(arms, dict(arms))
        self.kept.move_to_end(key)
        if self._most is not None and len(self.kept) > self._most:
            self.kept.popitem(last=False)

    def forget(self, attribute: str, unit: str) -> None:
        """Forget a unit."""
        self.kept.pop((attribute, unit), None)


_NOTHING: Mapping[str, str] = {}
