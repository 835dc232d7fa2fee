"""Where model versions are known by name, and which of them serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

Alias = Literal["champion", "challenger", "previous"]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered model.

    Attributes:
        version: Unique within its system, sortable by time, such as `20261123-150000-a1b2c3`.
        model: Name of the model, such as `item-knn`.
        folder: Bundle folder relative to the workspace's model folder.
        metrics: Offline metrics on the time split, each with its interval.
        blessed: Better than, or not worse than, the baseline on the same split.
    """

    system: str
    version: str
    model: str
    folder: str
    created_at: datetime
    blessed: bool
    metrics: dict[str, Any]
    fingerprint: str


class ModelRegistry(Protocol):
    """Versions and aliases. Laws: versions are never changed; moving an alias is one transaction and is audited."""

    def register(self, version: ModelVersion) -> None:
        """Add a version. Raises InputError if the version is already there."""
        ...

    def versions(self, system: str | None = None) -> Sequence[ModelVersion]:
        """Return versions, newest first."""
        ...

    def get(self, system: str, version: str) -> ModelVersion:
        """Return one version. Raises UnknownModel."""
        ...

    def pointer(self, system: str, alias: Alias) -> str | None:
        """Return the version an alias points to; None when it points nowhere. Cheap enough to poll each second."""
        ...

    def point(self, system: str, alias: Alias, version: str, who: str, why: str) -> None:
        """Move an alias. Pointing `champion` elsewhere makes the old champion `previous`. Raises UnknownModel."""
        ...
