"""Draws the rows that drift is judged on from events and feature tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.features.kinds import HORIZON_DAYS, EntityName
from shopkeeper.features.ports import Columns, Example, FeatureTables
from shopkeeper.monitoring.rows import FilledDay, Rows, Week
from shopkeeper.monitoring.subjects import DEMAND, VISIT, subjects
from shopkeeper.quality.local_days import zone_of
from shopkeeper.quality.ports import NamedQuery, Warehouse

ROWS: Final = 4_000
"""Most rows of one kind in one week: a PSI of 0.2 needs no more, and the effect decides beyond that."""
WEEK: Final = timedelta(days=7)
_FIELDS: Final = {"product": "product", "user": "users", "session": "session", "price": "price"}
_FLAGS: Final = ("searched", "carted", "bought", "refunded")


@dataclass(frozen=True)
class _Drawn:
    """Examples of one kind over all weeks, with the week each belongs to."""

    examples: list[Example]
    ids: list[str]
    weeks: list[int]
    extra: dict[str, npt.NDArray[np.int64]]


class DriftRows:
    """Where rows come from.

    Args:
        zones: Store -> its time zone.
        rows: Most rows of one kind in one week.
    """

    def __init__(
        self, warehouse: Warehouse, features: FeatureTables, zones: Mapping[str, str], *, rows: int = ROWS
    ) -> None:
        self._warehouse = warehouse
        self._features = features
        self._zones = {store: zone_of(name) for store, name in zones.items()}
        self._rows = rows

    def weeks(self, until: datetime, count: int) -> tuple[Week, ...]:
        """Return the whole weeks before the UTC day of `until`, the newest first."""
        end = datetime.combine(until.astimezone(UTC).date(), datetime.min.time(), UTC)
        spans = [(end - WEEK * (place + 1), end - WEEK * place) for place in range(count)]
        shoppers = self._drawn("drift_shoppers", spans, "shopper")
        visits = self._drawn("drift_visits", spans, "session")
        products = self._drawn("drift_products", spans, "product")
        kinds = [
            *self._split("demand", shoppers, self._demand(shoppers), count),
            *self._split("user", *self._of_users(shoppers), count),
            *self._split("session", visits, self._wanted("session", visits.examples), count),
            *self._split("visit", visits, _flags(visits), count),
            *self._split("store_product", products, self._wanted("store_product", products.examples), count),
        ]
        return tuple(
            Week(begin.date(), (end - timedelta(days=1)).date(), tuple(rows for week, rows in kinds if week == place))
            for place, (begin, end) in enumerate(spans)
        )

    def filled_days(self, first: date, last: date) -> list[FilledDay]:
        """Return how well events were filled, from as far before `first` as any feature looks back."""
        since = datetime.combine(first - timedelta(days=HORIZON_DAYS), datetime.min.time(), UTC)
        until = datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC)
        found = self._fetch("drift_feeds", since=since, until=until)
        return [
            FilledDay(
                str(found["store"][at]),
                found["day"][at].astype("datetime64[D]").item(),
                str(found["type"][at]),
                int(found["events"][at]),
                {field: int(found[column][at]) for field, column in _FIELDS.items()},
            )
            for at in range(len(found["store"]))
        ]

    def history_from(self) -> date | None:
        """Return the UTC day of the first event there is."""
        first = self._fetch("drift_history")["first"]
        return None if not len(first) or np.isnat(first[0]) else first[0].astype("datetime64[D]").item()

    def _drawn(self, query: str, spans: Sequence[tuple[datetime, datetime]], name: str) -> _Drawn:
        drawn = _Drawn([], [], [], {})
        extra: dict[str, list[Any]] = {flag: [] for flag in _FLAGS}
        for week, (since, until) in enumerate(spans):
            found = self._fetch(query, since=since, until=until, rows=float(self._rows))
            for at in range(len(found["store"])):
                texts = {key: str(found[key][at]) for key in ("user_id", "session", "product") if key in found}
                moment = found["ts"][at].astype("datetime64[us]").item().replace(tzinfo=UTC)
                drawn.examples.append(
                    Example(
                        str(found["store"][at]), moment, texts.get("user_id") or None, texts.get("session"),
                        texts.get("product"),
                    )
                )  # fmt: skip
                drawn.ids.append(str(found[name][at]))
                drawn.weeks.append(week)
            for flag in (flag for flag in _FLAGS if flag in found):
                extra[flag] += found[flag].tolist()
        drawn.extra.update({flag: np.array(held, dtype=np.int64) for flag, held in extra.items() if held})
        return drawn

    def _demand(self, shoppers: _Drawn) -> Columns:
        features = self._wanted("store_product", shoppers.examples)
        looked = np.array([example.product for example in shoppers.examples], dtype=object)
        return {name: features[source] for name, source in DEMAND.items()} | {"demand_product": looked}

    def _of_users(self, shoppers: _Drawn) -> tuple[_Drawn, Columns]:
        known = [at for at, example in enumerate(shoppers.examples) if example.user]
        users = _Drawn(
            [shoppers.examples[at] for at in known],
            [shoppers.ids[at] for at in known],
            [shoppers.weeks[at] for at in known],
            {},
        )
        return users, self._wanted("user", users.examples)

    def _wanted(self, entity: EntityName, examples: Sequence[Example]) -> Columns:
        """Return the features of examples that are looked at, and those that say what shoppers looked at."""
        wanted = set(subjects()) | set(DEMAND.values())
        found = self._features.training_rows(entity, examples)
        return {name: held for name, held in found.items() if name in wanted}

    def _split(self, kind: str, drawn: _Drawn, columns: Columns, count: int) -> list[tuple[int, Rows]]:
        stores = np.array([example.store for example in drawn.examples], dtype=object)
        days = [self._local_day(example) for example in drawn.examples]
        ids, weeks = np.array(drawn.ids, dtype=object), np.array(drawn.weeks, dtype=np.int64)
        found = []
        for week in range(count):
            chosen = np.flatnonzero(weeks == week)
            held = {name: column[chosen] for name, column in columns.items()}
            found.append((week, Rows(kind, ids[chosen], stores[chosen], [days[at] for at in chosen], held)))
        return found

    def _local_day(self, example: Example) -> date:
        zone = self._zones.get(example.store, zone_of("UTC"))
        return example.at.astimezone(zone).date()

    def _fetch(self, name: str, **parameters: object) -> dict[str, npt.NDArray[Any]]:
        return self._warehouse.fetch(NamedQuery.load("shopkeeper.monitoring", name), **parameters)


def _flags(visits: _Drawn) -> Columns:
    """Return what was done in each visit as yes and no."""
    return {
        name: np.where(visits.extra.get(flag, np.zeros(0, dtype=np.int64)) > 0, "yes", "no").astype(object)
        for name, flag in zip(VISIT, _FLAGS, strict=True)
    }
