"""The sums of a test are the same on ClickHouse as on DuckDB, each relation by itself and all in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import numpy.typing as npt
import pytest
from clickhouse_connect.driver.client import Client
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import ShopLog, shop_log
from tests.experiments.test_metric_sums import question

from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.currency_rates import CurrencyRates, Rate
from shopkeeper.experiments.daily_sums import Followed, daily_query
from shopkeeper.experiments.metric_file import shipped_metrics
from shopkeeper.experiments.metric_sums import caps_query, sums_query
from shopkeeper.experiments.ports import KeepingWarehouse
from shopkeeper.experiments.question import kept_relations, midnight, relations
from shopkeeper.quality.ports import NamedQuery

# The transport is other tests' matter; ClickHouse's own code in this process, or a server that is named, will do.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("clickhouse", ["in process", "server"], indirect=True, scope="session"),
]
AT = datetime(2026, 4, 6, 13, 30, tzinfo=UTC)
KNOWN = shipped_metrics()
RATES = CurrencyRates(
    version=1,
    reporting_currency="EUR",
    rates=(
        Rate(currency="GBP", since=date(2026, 1, 1), rate=1.17),
        Rate(currency="GBP", since=date(2026, 3, 25), rate=1.25),
    ),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same rows on both engines."""

    duckdb: KeepingWarehouse
    clickhouse: KeepingWarehouse


@pytest.fixture(scope="module", params=["many", "empty"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clickhouse: Callable[[], Client]
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("sums")
    lake = lake_of(folder, shop_log(3, 1_500, 400) if request.param == "many" else ShopLog((), (), ()))
    data = ClickHouseData(clickhouse(), folder / "lake")
    data.prepare()
    data.load()
    duckdb = lake.warehouse()
    yield Pair(duckdb, data.warehouse())
    duckdb.close()


def test_each_relation_has_the_same_rows(pair: Pair) -> None:
    asked = replace(question(AT), by_device=True, rates=RATES)
    before: list[str] = []
    parameters: dict[str, object] = {}
    for one in relations(asked, midnight(asked.before), asked.at):
        made = f"WITH {', '.join(before)} " if before else ""
        query = NamedQuery(one.name, f"{made}SELECT * FROM ({one.text}) AS made")  # noqa: S608 - our own texts
        parameters |= one.parameters
        assert_same(*(engine.fetch(query, **parameters) for engine in (pair.duckdb, pair.clickhouse)))
        before.append(f"{one.name} AS ({one.text})")


def test_what_is_kept_to_be_asked_about_gives_the_same_sums(pair: Pair) -> None:
    asked = replace(question(AT), by_device=True, rates=RATES)
    kept = kept_relations(asked, midnight(asked.before), asked.at)
    queries = (caps_query(asked), sums_query(asked))
    found = []
    for engine in (pair.duckdb, pair.clickhouse):
        with engine.keeping(kept) as asking:
            found.append([asking.fetch(query, **parameters) for query, parameters in queries])
        for one in kept:
            with pytest.raises((duckdb.CatalogException, Unavailable)):
                engine.fetch(NamedQuery("gone", f"SELECT * FROM {one.name}"))  # noqa: S608 - our own names
    for one, other in zip(*found, strict=True):
        assert_same(one, other)


def test_sums_by_day_since_exposure_are_the_same(pair: Pair) -> None:
    followed = Followed(6, AT.date() - timedelta(days=3), 2)
    kept = kept_relations(question(AT), midnight(question(AT).before), AT)
    with pair.duckdb.keeping(kept) as one, pair.clickhouse.keeping(kept) as other:
        for name in ("revenue_per_user", "aov", "return_visits"):
            query, parameters = daily_query(question(AT), KNOWN.metrics[name], followed)
            assert_same(one.fetch(query, **parameters), other.fetch(query, **parameters))


def assert_same(one: dict[str, npt.NDArray[np.generic]], other: dict[str, npt.NDArray[np.generic]]) -> None:
    assert list(one) == list(other)
    rows, others = _rows(one), _rows(other)
    assert len(rows) == len(others)
    for row, another in zip(rows, others, strict=True):
        assert row[0] == another[0]
        np.testing.assert_allclose(row[1], another[1], rtol=1e-9, atol=1e-9)


def _rows(columns: dict[str, npt.NDArray[np.generic]]) -> list[tuple[list[str], list[float]]]:
    """Return rows as (what names them, what was counted), in the order of the names."""
    numbers = [values for values in columns.values() if values.dtype.kind == "f"]
    names = [values for values in columns.values() if values.dtype.kind != "f"]
    found = [
        ([str(values[place]) for values in names], [float(values[place]) for values in numbers])
        for place in range(len(next(iter(columns.values()))))
    ]
    return sorted(found, key=lambda row: (row[0], [round(number, 6) for number in row[1]]))
