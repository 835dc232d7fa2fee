"""The experiment log shows the aliases the state database has, whatever was missed before."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.engines.state import State, open_state
from shopkeeper.registry.ports import Alias, ModelVersion
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.training.experiment_log import NoExperimentLog
from shopkeeper.training.mirror import mirror_aliases


class Written(NoExperimentLog):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Path]] = {}
        self.pointers: dict[str, str | None] = {}

    def register(self, run: str, version: ModelVersion, bundle: Path) -> None:
        self.known[version.version] = (run, bundle)

    def alias(self, system: str, alias: Alias, version: str | None) -> None:  # noqa: ARG002
        assert version is None or version in self.known, "a version is known before an alias points to it"
        self.pointers[alias] = version


@pytest.fixture
def state(tmp_path: Path) -> State:
    return open_state(f"sqlite:///{tmp_path}/state.db")


def test_every_alias_is_what_the_state_database_says(state: State) -> None:
    for version in ("a", "b"):
        state.registry.register(example_version(version))
        state.registry.point("recommendations", "champion", version, "test", "try")
    log = Written()
    mirror_aliases(state.registry, log, Path("models"), ["recommendations"])
    assert log.pointers == {"champion": "b", "previous": "a", "challenger": None}
    assert log.known["a"] == ("run-1", Path("models/recommendations/a"))
