"""The laws of `registry.ports.ModelRegistry`, for any engine: subclass and give a `registry` fixture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.registry.ports import ALIASES, Lineage, ModelRegistry, ModelVersion


def example_version(name: str, hours: float = 0, system: str = "recommendations") -> ModelVersion:
    """Return a version made `hours` after 2026-01-01."""
    return ModelVersion(
        system=system,
        version=name,
        model="item-knn",
        folder=f"{system}/{name}",
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours),
        blessed=True,
        metrics={"ndcg@10": {"value": 0.05, "low": 0.04, "high": 0.06}},
        fingerprint="f" * 8,
        lineage=Lineage("run-1", "o" * 8, "0.1.0", "champion-then", {"seeds": {"training": 7}}),
    )


class RegistrySuite:
    """Every engine of the port passes these."""

    def test_versions_come_newest_first(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        registry.register(example_version("b", hours=1))
        assert [v.version for v in registry.versions("recommendations")] == ["b", "a"]

    def test_a_version_comes_back_as_it_went_in(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        assert registry.get("recommendations", "a") == example_version("a")

    def test_versions_never_change(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        with pytest.raises(InputError, match="already registered"):
            registry.register(example_version("a", hours=1))

    def test_an_alias_nobody_set_points_nowhere(self, registry: ModelRegistry) -> None:
        assert registry.pointer("recommendations", "champion") is None

    def test_an_alias_cannot_point_at_an_unknown_version(self, registry: ModelRegistry) -> None:
        with pytest.raises(UnknownModel, match="nowhere"):
            registry.point("recommendations", "champion", "nowhere", "test", "try")

    def test_the_old_champion_becomes_previous(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        registry.register(example_version("b", hours=1))
        registry.point("recommendations", "champion", "a", "test", "first")
        registry.point("recommendations", "champion", "b", "test", "better")
        assert registry.pointer("recommendations", "champion") == "b"
        assert registry.pointer("recommendations", "previous") == "a"

    def test_systems_do_not_share_versions_or_aliases(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        registry.register(example_version("a", system="pricing"))
        registry.point("pricing", "champion", "a", "test", "first")
        assert registry.pointer("recommendations", "champion") is None
        assert len(registry.versions()) == 2

    def test_a_version_no_alias_points_to_can_be_pruned_and_stays_known(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        assert registry.prune("recommendations", "a", "test", "old")
        assert registry.prune("recommendations", "a", "test", "again")
        assert registry.get("recommendations", "a").status == "pruned"

    def test_a_version_an_alias_points_to_is_not_pruned(self, registry: ModelRegistry) -> None:
        for alias in ALIASES:
            registry.register(example_version(alias))
            registry.point("recommendations", alias, alias, "test", "try")
        assert not any(registry.prune("recommendations", alias, "test", "old") for alias in ALIASES)

    def test_a_pinned_version_is_not_pruned_until_it_is_unpinned(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        registry.pin("recommendations", "a", True, "test", "the auditors want it")
        assert registry.get("recommendations", "a").pinned
        assert not registry.prune("recommendations", "a", "test", "old")
        registry.pin("recommendations", "a", False, "test", "done")
        assert registry.prune("recommendations", "a", "test", "old")

    def test_no_alias_comes_to_point_to_a_pruned_version(self, registry: ModelRegistry) -> None:
        registry.register(example_version("a"))
        registry.prune("recommendations", "a", "test", "old")
        with pytest.raises(InputError, match="pruned"):
            registry.point("recommendations", "champion", "a", "test", "try")
        with pytest.raises(InputError, match="pruned"):
            registry.pin("recommendations", "a", True, "test", "too late")

    def test_what_is_unknown_is_neither_pinned_nor_pruned(self, registry: ModelRegistry) -> None:
        with pytest.raises(UnknownModel, match="nowhere"):
            registry.prune("recommendations", "nowhere", "test", "old")
        with pytest.raises(UnknownModel, match="nowhere"):
            registry.pin("recommendations", "nowhere", True, "test", "try")
