"""The laws of `experiments.ports.ExperimentStore`, for any engine: subclass and give an `experiments` fixture."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from shopkeeper.errors import InputError
from shopkeeper.experiments.analysis_record import Analysis, Soundness
from shopkeeper.experiments.log_record import ExperimentRecord, Resolution
from shopkeeper.experiments.plan import Consequences, ExperimentPlan, Goal, Period, PlannedArm
from shopkeeper.experiments.ports import ExperimentStore
from shopkeeper.objectives.contract import Guardrail, Person

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def example_plan(name: str = "varied", **fields: object) -> ExperimentPlan:
    """Return a small plan of two equal arms."""
    plan = ExperimentPlan(
        version=1, name=name, title="A varied list", hypothesis="A varied list keeps shoppers longer.",
        owner=Person(name="Anna"), system="recommendations",
        period=Period(start=date(2026, 12, 1), end=date(2026, 12, 14)),
        arms=(PlannedArm(name="control", share=0.5), PlannedArm(name="varied", share=0.5, settings={"diversity": 0.3})),
        primary=Goal(metric="conversion", minimum_uplift=0.1), guardrails=(Guardrail(metric="aov", margin=0.05),),
        attribution_days=1, maturation_days=1,
        consequences=Consequences(wins="We keep it.", loses="We drop it.", flat="We drop it."),
    )  # fmt: skip
    return replace(plan, **fields)


def example_record(name: str = "varied", started: datetime = NOON) -> ExperimentRecord:
    """Return the record of a running experiment."""
    plan = example_plan(name)
    return ExperimentRecord(
        plan=plan, digest=plan.digest, units_per_arm=1_000, aa="No A/A test was made here.", started_at=started,
        started_by="anna",
    )  # fmt: skip


def example_analysis(name: str = "varied", units: int = 10) -> Analysis:
    """Return an analysis that says next to nothing."""
    sound = Soundness(valid=True, srm_p=(1.0,), srm_any_look=1.0, crossers=0, crosser_share=0.0)
    return Analysis(
        experiment=name, plan=example_plan(name).digest, at=NOON, simulated=False, soundness=sound,
        units={"control": units, "varied": units}, matured={"control": 0, "varied": 0}, effects=(), over_time=(),
        segments=(), answered={}, not_measured={"aov": "no orders"},
    )  # fmt: skip


def example_resolution(name: str = "varied", choice: str = "adopt") -> Resolution:
    """Return what a person decided."""
    return Resolution(
        experiment=name, at=NOON, person="anna", choice="adopt" if choice == "adopt" else "reject", why="It wins.",
        learning="Variety keeps them.", analysis=1, outcome="wins",
    )  # fmt: skip


class ExperimentStoreSuite:
    """Every engine of the port passes these."""

    def test_a_record_comes_back_as_it_went_in(self, experiments: ExperimentStore) -> None:
        experiments.begin(example_record())
        assert experiments.get("varied") == example_record()

    def test_a_name_is_never_used_again_even_when_it_is_over(self, experiments: ExperimentStore) -> None:
        experiments.begin(example_record())
        experiments.stop("varied", NOON, "anna", "the end")
        with pytest.raises(InputError, match="called 'varied' before"):
            experiments.begin(example_record(started=datetime(2027, 1, 1, tzinfo=UTC)))

    def test_the_first_who_stops_it_stops_it(self, experiments: ExperimentStore) -> None:
        experiments.begin(example_record())
        first = experiments.stop("varied", NOON, "anna", "planned end")
        assert experiments.stop("varied", datetime(2027, 1, 1, tzinfo=UTC), "ben", "again") == first
        assert (first.state, first.stopped_by, first.stop_reason) == ("stopped", "anna", "planned end")
        assert first.plan == example_plan()

    def test_all_come_newest_first(self, experiments: ExperimentStore) -> None:
        for day in (3, 1, 2):
            experiments.begin(example_record(f"test-{day}", datetime(2026, 12, day, tzinfo=UTC)))
        assert [one.name for one in experiments.all()] == ["test-3", "test-2", "test-1"]

    def test_analyses_are_added_and_come_newest_first(self, experiments: ExperimentStore) -> None:
        experiments.begin(example_record())
        experiments.begin(example_record("other"))
        numbers = [experiments.keep(example_analysis(units=units)) for units in (10, 20)]
        experiments.keep(example_analysis("other"))
        kept = experiments.analyses("varied")
        assert [one.number for one in kept] == sorted(numbers, reverse=True)
        assert [one.analysis for one in kept] == [example_analysis(units=20), example_analysis(units=10)]
        assert [one.number for one in experiments.analyses("varied", 1)] == [numbers[1]]

    def test_decisions_are_added_and_none_is_changed(self, experiments: ExperimentStore) -> None:
        experiments.begin(example_record())
        first, second = (
            experiments.resolve(example_resolution()),
            experiments.resolve(example_resolution(choice="reject")),
        )
        kept = experiments.resolutions("varied")
        assert [(one.number, one.choice) for one in kept] == [(second, "reject"), (first, "adopt")]
        assert replace(kept[1], number=0) == example_resolution()

    def test_nothing_is_kept_of_an_experiment_nobody_started(self, experiments: ExperimentStore) -> None:
        for attempt in (
            lambda: experiments.get("nobody"),
            lambda: experiments.stop("nobody", NOON, "anna", "why"),
            lambda: experiments.keep(example_analysis("nobody")),
            lambda: experiments.resolve(example_resolution("nobody")),
        ):
            with pytest.raises(InputError, match="no experiment called 'nobody'"):
                attempt()
        assert list(experiments.all()) == []
