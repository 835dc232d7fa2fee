"""Where model versions are known by name, and which of them serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Alias = Literal["champion", "challenger", "previous"]
ALIASES: tuple[Alias, ...] = ("champion", "challenger", "previous")
Status = Literal["ready", "pruned"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version comes from.

    Attributes:
        run: Id of the training run; None for versions trained before runs had one.
        objective: Hash of the objective it was judged against.
        code: Version of Shopkeeper that trained it.
        champion: Version that served when this one was made; None = there was none.
        facts: What else is known, as plain JSON: `data`, `dependencies`, `seeds`, `trial`, `quality`, `blessing`, ...
    """

    run: str | None = None
    objective: str | None = None
    code: str = ""
    champion: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered model.

    Attributes:
        version: Unique within its system, sortable by time, such as `20261123-150000-a1b2c3`.
        model: Name of the model, such as `item-knn`.
        folder: Bundle folder relative to the workspace's model folder.
        metrics: Offline metrics on the time split, each with its interval.
        blessed: Better than, or not worse than, the baseline on the same split.
        status: `ready`; `pruned` = its arrays are deleted, what is known of it stays.
        pinned: Kept whatever its age.
    """

    system: str
    version: str
    model: str
    folder: str
    created_at: datetime
    blessed: bool
    metrics: dict[str, Any]
    fingerprint: str
    lineage: Lineage = field(default_factory=Lineage)
    status: Status = "ready"
    pinned: bool = False


class ModelRegistry(Protocol):
    """Versions and aliases.

    Laws: what a version is never changes, only its status and pin; moving an alias, pinning and pruning are one
    transaction each and are audited; a version that an alias points to or that is pinned is never pruned, and no alias
    comes to point to a pruned one, in whatever order processes ask.
    """

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
        """Move an alias. Pointing `champion` elsewhere makes the old champion `previous`.

        Raises:
            UnknownModel: there is no such version.
            InputError: it is pruned.
        """
        ...

    def pin(self, system: str, version: str, pinned: bool, who: str, why: str) -> None:
        """Keep a version whatever its age, or no longer. Raises UnknownModel; InputError for a pruned one."""
        ...

    def prune(self, system: str, version: str, who: str, why: str) -> bool:
        """Mark a version's arrays as deleted, so that they may be; False = it is pointed to or pinned and stays.

        Raises UnknownModel. A pruned version stays pruned: True.
        """
        ...
