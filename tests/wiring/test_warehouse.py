"""Analytical reads go where they can be answered, and say when that was not where the settings say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.lake import Lake
from shopkeeper.errors import ConfigError, Unavailable
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import EngineSettings, Settings
from shopkeeper.wiring.warehouse import Analytics, MirroredWarehouse
from shopkeeper.wiring.workspace_lake import lake_of

QUERY = NamedQuery("test", "SELECT 1 AS n")


class Answers:
    """A warehouse that gives one number, or breaks off after some reads."""

    def __init__(self, number: int, reads: int = 1_000) -> None:
        self.number = number
        self.left = reads
        self.kept: list[str] = []

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        if not self.left:
            raise Unavailable("Gone.", "Wait.")
        self.left -= 1
        return {"n": np.array([self.number])}

    @contextmanager
    def keeping(self, relations: Sequence[Relation]) -> Iterator[Answers]:
        self.kept = [one.name for one in relations]
        yield self
        self.kept = []


def test_a_mirror_that_breaks_off_is_replaced_by_the_lake_for_the_rest_of_the_reading() -> None:
    told: list[str] = []
    opened: list[Answers] = []

    def open_lake() -> Answers:
        opened.append(Answers(2))
        return opened[-1]

    warehouse = MirroredWarehouse(Answers(1, reads=1), open_lake, lambda error: told.append(error.reason))
    assert [int(warehouse.fetch(QUERY)["n"][0]) for _ in range(3)] == [1, 2, 2]
    assert (told, len(opened)) == (["Gone."], 1)


def test_relations_kept_on_a_mirror_that_breaks_off_are_made_again_over_the_lake() -> None:
    mirror, lake = Answers(1, reads=1), Answers(2)
    warehouse = MirroredWarehouse(mirror, lambda: lake, lambda _: None)
    with warehouse.keeping([Relation("made", "SELECT 1", {})]) as kept:
        assert [int(kept.fetch(QUERY)["n"][0]) for _ in range(3)] == [1, 2, 2]
        assert (mirror.kept, lake.kept) == (["made"], ["made"])
    assert (mirror.kept, lake.kept) == ([], [])
    assert int(warehouse.fetch(QUERY)["n"][0]) == 2


def workspace(folder: Path, url: str | None) -> tuple[Settings, Lake]:
    settings = create_workspace(folder)
    chosen = settings.model_copy(update={"engines": EngineSettings(warehouse_url=url)})
    return chosen, lake_of(chosen)


def test_nothing_set_is_the_lake(tmp_path: Path) -> None:
    analytics = Analytics(*workspace(tmp_path / "shop", None))
    with analytics.reading() as warehouse:
        assert isinstance(warehouse, DuckDbWarehouse)
    assert analytics.load() == {}


def test_a_url_that_names_no_clickhouse_is_an_error_and_no_reason_to_read_elsewhere(tmp_path: Path) -> None:
    analytics = Analytics(*workspace(tmp_path / "shop", "mysql://host/x"))
    with pytest.raises(ConfigError, match="does not name a ClickHouse database"), analytics.reading():
        pass
    assert analytics.figures.fallbacks == 0
