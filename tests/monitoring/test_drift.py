"""Drift is large, sure, lasting and matters; seasons, sales, broken feeds and few rows are called what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from shopkeeper.commerce.calendar import Calendar, read_calendar
from shopkeeper.errors import BundleDamaged, NotEnoughData
from shopkeeper.monitoring.drift import judge
from shopkeeper.monitoring.reference import DriftReference, make_reference
from shopkeeper.monitoring.report import DriftReport, Found
from shopkeeper.monitoring.rows import FilledDay, Rows, Week
from shopkeeper.objectives.contract import DriftLimits

START = date(2026, 3, 2)
AT = datetime(2026, 4, 13, tzinfo=UTC)
LONG_AGO = date(2025, 1, 1)
TASTES = ("home", "garden", "toys", "books")
EVEN = (0.4, 0.3, 0.2, 0.1)
PRICE, VIEWS, TASTE = "demand_price", "user_views_7d", "demand_category"
LIMITS = DriftLimits()


class World:
    """Weeks of rows of one store, drawn from one seed; what is said of a week changes it."""

    def __init__(self, seed: int = 1, rows: int = 1_500, store: str = "uk") -> None:
        self._draw = np.random.default_rng(seed)
        self._rows = rows
        self._store = store

    def week(
        self,
        number: int,
        *,
        tastes: Sequence[float] = EVEN,
        names: Sequence[str] = TASTES,
        price: float = 3.0,
        weekend: float = 0.0,
        views: float | None = 4.0,
        rows: int | None = None,
        by_day: Mapping[date, float] | None = None,
    ) -> Week:
        first = START + timedelta(weeks=number)
        size = self._rows if rows is None else rows
        days = [first + timedelta(days=int(n)) for n in self._draw.integers(0, 7, size)]
        level = np.array([price + weekend * (day.weekday() >= 5) + (by_day or {}).get(day, 0.0) for day in days])
        demand = {
            PRICE: np.exp(level + self._draw.normal(0, 0.5, size)),
            TASTE: np.array(self._draw.choice(list(names), size, p=list(tastes)), dtype=object),
        }
        counts = np.full(size, np.nan) if views is None else self._draw.poisson(views, size).astype(np.float64)
        return Week(
            first,
            first + timedelta(days=6),
            (self._of("demand", number, days, demand), self._of("user", number, days, {VIEWS: counts})),
        )

    def _of(self, kind: str, number: int, days: list[date], columns: dict[str, Any]) -> Rows:
        ids = np.array([f"{kind}-{number}-{at}" for at in range(len(days))], dtype=object)
        return Rows(kind, ids, np.array([self._store] * len(days), dtype=object), days, columns)


def filled(until: int, broken: Mapping[date, str] | None = None, days_before: int = 90) -> list[FilledDay]:
    """Return feeds as they should be up to a week, but for the days and fields named."""
    found = []
    for n in range(-days_before, 7 * (until + 1)):
        day = START + timedelta(days=n)
        fields = {"product": 500, "user": 400, "session": 500, "price": 500}
        if broken and day in broken:
            fields[broken[day]] = 0
        found.append(FilledDay("uk", day, "view", 500, fields))
    return found


def reference(
    weeks: Sequence[Week], calendar: Calendar | None = None, importance: Mapping[str, float] | None = None
) -> DriftReference:
    calendars = {"uk": calendar or Calendar()}
    return make_reference("recommendations", weeks, filled(3), calendars, LONG_AGO, AT, importance)


def look(
    known: DriftReference,
    newest_first: Sequence[Week],
    *,
    calendar: Calendar | None = None,
    limits: DriftLimits = LIMITS,
    broken: Mapping[date, str] | None = None,
) -> DriftReport:
    feeds = filled(6, broken)
    return judge(known, "v1", newest_first, feeds, {"uk": calendar or Calendar()}, limits, AT)


def of(report: DriftReport, name: str) -> Found:
    return next(one for one in report.found if one.name == name)


def four(world: World, **said: Any) -> list[Week]:  # noqa: ANN401 - what `week` takes
    return [world.week(n, **said) for n in range(4)]


def test_the_same_world_does_not_drift() -> None:
    world = World()
    report = look(reference(four(world)), [world.week(5), world.week(4)])
    assert report.verdict == "no drift"
    assert {one.verdict for one in report.found} == {"same"}


def test_tastes_that_turn_for_two_weeks_are_drift_and_for_one_week_only_moved() -> None:
    world = World()
    known, turned = reference(four(world)), {"tastes": (0.1, 0.2, 0.3, 0.4)}
    once = look(known, [world.week(5, **turned), world.week(4)])  # type: ignore[arg-type]
    assert (of(once, TASTE).verdict, once.verdict) == ("moved", "no drift")
    twice = look(known, [world.week(5, **turned), world.week(4, **turned)])  # type: ignore[arg-type]
    assert (of(twice, TASTE).verdict, twice.verdict) == ("drift", "drift")
    assert [one.name for one in twice.drifted] == [TASTE]
    assert of(twice, PRICE).verdict == "same"


def test_a_change_that_is_sure_but_small_is_none() -> None:
    world = World(rows=20_000)
    slightly = {"price": 3.1}
    found = of(look(reference(four(world)), [world.week(5, **slightly), world.week(4, **slightly)]), PRICE)  # type: ignore[arg-type]
    assert (found.verdict, found.reason) == ("same", "not large")
    assert found.p is not None
    assert found.p < 1e-6


def test_a_change_that_is_large_but_not_sure_is_none() -> None:
    world = World(rows=60)
    limits = DriftLimits(psi=0.02, minimum_rows=20)
    found = of(look(reference(four(world)), [world.week(5), world.week(4)], limits=limits), PRICE)
    assert found.psi is not None
    assert found.psi > limits.psi
    assert (found.verdict, found.reason) == ("same", "not sure")


def test_few_rows_are_no_evidence_and_never_no_drift() -> None:
    world = World()
    report = look(reference(four(world)), [world.week(5, rows=50), world.week(4, rows=50)])
    assert report.verdict == "insufficient data"
    assert {one.verdict for one in report.found} == {"insufficient data"}
    assert "200 are needed" in of(report, PRICE).reason


@pytest.mark.parametrize(("products", "factor", "verdict"), [(40, 1.0, "insufficient data"), (900, 3.0, "drift")])
def test_a_number_that_many_rows_share_has_as_many_rows_as_there_are_products(
    products: int, factor: float, verdict: str
) -> None:
    draw = np.random.default_rng(5)

    def week(number: int, by_product: Any) -> Week:  # noqa: ANN401 - an array
        days = [START + timedelta(days=7 * number + int(n)) for n in draw.integers(0, 7, 1_500)]
        looked = draw.integers(0, products, 1_500)
        columns = {"demand_views": by_product[looked], "demand_product": looked.astype(str).astype(object)}
        ids = np.array([f"{number}-{at}" for at in range(1_500)], dtype=object)
        stores = np.array(["uk"] * 1_500, dtype=object)
        return Week(days[0], days[0] + timedelta(days=6), (Rows("demand", ids, stores, days, columns),))

    then, now = (draw.poisson(40.0 * more, products).astype(np.float64) for more in (1.0, factor))
    report = look(reference([week(n, then) for n in range(4)]), [week(5, now), week(4, now)])
    assert of(report, "demand_views").verdict == verdict


def test_a_model_without_importances_is_named_since_every_figure_matters_then() -> None:
    weeks = four(World())[:2]
    told = "the model tells no importances, so every figure matters"
    assert told in look(reference(four(World())), weeks).notes
    assert told not in look(reference(four(World()), importance={VIEWS: 1.0}), weeks).notes


def test_a_feature_without_importance_does_not_ask_for_a_training() -> None:
    world = World()
    many = {"views": 9.0}
    weeks = [world.week(5, **many), world.week(4, **many)]  # type: ignore[arg-type]
    for importance, verdict in (
        ({VIEWS: 1.0, "user_carts_7d": 99.0}, "moved"), ({VIEWS: 5.0, "user_carts_7d": 95.0}, "drift"), (None, "drift"),
    ):  # fmt: skip
        assert of(look(reference(four(World()), importance=importance), weeks), VIEWS).verdict == verdict


def test_what_shoppers_do_matters_whatever_a_model_reads() -> None:
    world = World()
    turned = {"tastes": (0.1, 0.2, 0.3, 0.4)}
    known = reference(four(world), importance={VIEWS: 1.0})
    weeks = [world.week(5, **turned), world.week(4, **turned)]  # type: ignore[arg-type]
    assert of(look(known, weeks), TASTE).verdict == "drift"


def test_a_weekend_is_compared_with_weekends() -> None:
    """Rows of a window that has almost only weekends look unlike the week, and are like its weekends."""
    world = World()
    known = reference(four(world, weekend=1.5))

    def weekends(number: int) -> Week:
        week = world.week(number, weekend=1.5, rows=4_000)
        kept = []
        for rows in week.rows:
            at = [n for n, day in enumerate(rows.days) if day.weekday() >= 5 or n % 20 == 0]
            columns = {name: column[at] for name, column in rows.columns.items()}
            kept.append(Rows(rows.kind, rows.ids[at], rows.stores[at], [rows.days[n] for n in at], columns))
        return replace(week, rows=tuple(kept))

    assert of(look(known, [weekends(5), weekends(4)]), PRICE).verdict == "same"


def test_a_sale_is_compared_with_sales_of_its_name_and_else_left_out() -> None:
    world = World()
    sale = {"name": "spring", "from": "2026-03-30", "to": "2026-04-12"}
    past = {"name": "spring", "from": "2026-03-09", "to": "2026-03-15"}
    cheap = {"price": 1.0}
    weeks = [world.week(5, **cheap), world.week(4, **cheap)]  # type: ignore[arg-type]
    ordinary = [world.week(n) for n in range(4)]
    assert of(look(reference(ordinary), weeks), PRICE).verdict == "drift"
    alone = of(look(reference(ordinary), weeks, calendar=read_calendar({"sales": [sale]})), PRICE)
    assert alone.verdict == "insufficient data"
    assert "sale spring" in alone.reason
    both = read_calendar({"sales": [sale, past]})
    with_sale = [world.week(n, **(cheap if n == 1 else {})) for n in range(4)]  # type: ignore[arg-type]
    assert of(look(reference(with_sale, both), weeks, calendar=both), PRICE).verdict == "same"


def test_an_ended_season_is_no_drift() -> None:
    world = World()
    calendar = read_calendar({"season_ends": [{"name": "winter", "on": "2026-03-29"}]})
    summer = {"tastes": (0.1, 0.2, 0.3, 0.4), "price": 2.0}
    weeks = [world.week(5, **summer), world.week(4, **summer)]  # type: ignore[arg-type]
    assert look(reference(four(world)), weeks).verdict == "drift"
    report = look(reference(four(world), calendar), weeks, calendar=calendar)
    assert report.verdict == "insufficient data"
    assert not report.drifted


def test_a_category_nobody_had_before_is_named_and_is_no_taste() -> None:
    world = World()
    known = reference(four(world))
    more = {"names": (*TASTES, "pets"), "tastes": (0.32, 0.24, 0.16, 0.08, 0.2)}
    found = of(look(known, [world.week(5, **more), world.week(4, **more)]), TASTE)  # type: ignore[arg-type]
    assert found.verdict == "new category"
    assert "'pets'" in found.reason
    turned = {"names": (*TASTES, "pets"), "tastes": (0.02, 0.08, 0.2, 0.5, 0.2)}
    assert of(look(known, [world.week(5, **turned), world.week(4, **turned)]), TASTE).verdict == "drift"  # type: ignore[arg-type]


def test_a_value_that_few_have_is_not_kept_and_not_told_as_new() -> None:
    world = World()
    lone = {
        "names": (*TASTES, *(f"lone {n}" for n in range(150))),
        "tastes": (0.4, 0.3, 0.15, 0.05, *[0.1 / 150] * 150),
    }
    known = reference(four(world, **lone))
    cells = known.figures[TASTE].cells
    assert cells.names == TASTES
    assert 0.02 < cells.rare < 0.1
    again = look(known, [world.week(5, **lone), world.week(4, **lone)])  # type: ignore[arg-type]
    assert of(again, TASTE).verdict == "same"


def test_a_feature_that_went_missing_or_constant_is_a_broken_feed() -> None:
    world = World()
    known = reference(four(world))
    gone = look(known, [world.week(5, views=None), world.week(4, views=None)])
    assert (of(gone, VIEWS).verdict, gone.verdict) == ("broken feed", "broken feed")
    assert "went missing" in of(gone, VIEWS).reason
    stuck = look(known, [world.week(5, views=0.0), world.week(4, views=0.0)])
    assert of(stuck, VIEWS).verdict == "broken feed"
    assert "became constant: '0.0'" in of(stuck, VIEWS).reason


def test_what_rests_on_a_broken_field_is_not_judged_as_taste() -> None:
    world = World()
    broken = {START + timedelta(days=n): "product" for n in range(35, 42)}
    turned = {"tastes": (0.1, 0.2, 0.3, 0.4)}
    report = look(reference(four(world)), [world.week(5, **turned), world.week(4)], broken=broken)  # type: ignore[arg-type]
    assert report.verdict == "broken feed"
    assert [(one.source, one.days) for one in report.feeds] == [("view.product", 7)]
    assert of(report, TASTE).verdict == "broken feed"
    assert "view.product" in of(report, TASTE).reason


def test_a_feed_that_was_mended_leaves_figures_that_look_back_on_it_without_evidence() -> None:
    world = World()
    broken = {START + timedelta(days=n): "user" for n in range(31, 35)}
    report = look(reference(four(world)), [world.week(5), world.week(4)], broken=broken)
    assert report.feeds == ()
    assert report.verdict == "no drift"


def test_a_history_shorter_than_a_figure_looks_back_is_no_evidence() -> None:
    world = World()
    known = make_reference(
        "recommendations", four(world), filled(3), {"uk": Calendar()}, START - timedelta(days=3), AT
    )  # fmt: skip
    report = look(known, [world.week(5, views=9.0), world.week(4, views=9.0)])
    assert of(report, VIEWS).verdict == "insufficient data"
    assert of(report, PRICE).verdict == "same"


def test_a_figure_that_moves_by_itself_must_move_more() -> None:
    """Four weeks of the reference already differ among themselves; a fifth level between them is no news."""
    world = World()
    restless = [world.week(n, price=3.0 + 0.6 * (n % 2)) for n in range(4)]
    same = {"price": 3.8}
    weeks = [world.week(5, **same), world.week(4, **same)]  # type: ignore[arg-type]
    assert of(look(reference(restless), weeks), PRICE).verdict == "same"
    assert of(look(reference(four(world, price=3.3)), weeks), PRICE).verdict == "drift"


def test_a_reference_is_small_and_comes_back_as_it_was() -> None:
    known = reference(four(World(rows=4_000)), importance={VIEWS: 3.0, "user_carts_7d": 1.0})
    assert DriftReference.decode(known.encode()) == known
    assert DriftReference.from_document(known.document()) == known
    assert known.importance == {VIEWS: 0.75, "user_carts_7d": 0.25}
    assert len(known.encode()) < 10_000
    with pytest.raises(BundleDamaged, match="drift reference"):
        DriftReference.decode(b'{"format": 1}')
    with pytest.raises(BundleDamaged, match="format 9"):
        DriftReference.from_document(known.document() | {"format": 9})
    with pytest.raises(NotEnoughData, match="drift reference"):
        reference([World(rows=0).week(0)])


def test_a_report_says_all_of_it_to_people_and_machines() -> None:
    world = World()
    turned = {"tastes": (0.1, 0.2, 0.3, 0.4)}
    report = look(reference(four(world)), [world.week(5, **turned), world.week(4, **turned)])  # type: ignore[arg-type]
    text, document = report.text(), report.document()
    assert "demand_category" in text.splitlines()[3]
    assert text.endswith("Verdict: drift.")
    assert document["counts"]["drift"] == 1
    assert document["features"][0]["name"] == TASTE
    assert document["window"] == {"first": "2026-03-30", "last": "2026-04-12"}


def test_a_calendar_entry_that_says_no_days_is_told() -> None:
    world = World()
    report = look(reference(four(world)), [world.week(5), world.week(4)], calendar=read_calendar({"sales": ["soon"]}))
    assert "sales: soon" in report.notes[0]


def test_of_worlds_that_do_not_change_at_most_one_in_a_hundred_is_called_drift() -> None:
    """The whole rule on 80 seeded worlds, in one window, any effect being large enough: the rest must hold."""
    called = 0
    limits = DriftLimits(psi=1e-6, significance=0.01, windows=1)
    for seed in range(80):
        world = World(seed, rows=300)
        called += look(reference(four(world)), [world.week(4)], limits=limits).verdict == "drift"
    assert called <= 0.01 * 80
