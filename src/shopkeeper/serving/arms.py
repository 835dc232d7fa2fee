"""Which arm of an experiment or rollout answers a unit."""

from __future__ import annotations

from typing import Protocol

CHAMPION = "champion"


class Arms(Protocol):
    """Assignment. Laws: the same unit gets the same arm while an experiment runs; cheap and never raising."""

    def arm(self, system: str, store: str, unit: str | None) -> str:
        """Return the arm's name; `champion` where nothing is tested or the unit is not known."""
        ...


class ChampionOnly:
    """No experiment runs: the champion answers everyone."""

    def arm(self, system: str, store: str, unit: str | None) -> str:  # noqa: ARG002 - the port's signature
        """Return `champion`."""
        return CHAMPION
