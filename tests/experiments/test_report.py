"""A report says the answer first, shows the figures behind it, and lets nothing of the data become markup."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace

from shopkeeper.experiments.analysis import analysed
from shopkeeper.experiments.figures import DailyFigures
from shopkeeper.experiments.log_record import ExperimentRecord, Resolution
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.outcome import judged
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.report import Report, answer, report_page
from shopkeeper.objectives.contract import Person
from shopkeeper.testing.experiment_store_suite import example_plan, example_record, example_resolution
from shopkeeper.testing.planted_experiment import planted_figures

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def reported(
    plan: ExperimentPlan | None = None, decided: tuple[Resolution, ...] = (), simulated: bool = False
) -> Report:
    plan = plan or example_plan(segments=("store",))
    figures = replace(planted_figures(plan, 0.3, units=2_000), simulated=simulated)
    found = analysed(plan, figures, 14_000)
    found = replace(found, verdict=judged(plan, found, 14_000, (), over=True))
    record: ExperimentRecord = replace(example_record(), plan=plan, digest=plan.digest, simulated=simulated)
    return Report(record, 7, found, decided)


def test_the_answer_stands_first_with_its_interval_n_and_what_the_plan_says_is_done() -> None:
    report = reported(decided=(example_resolution(),))
    words = answer(report)
    assert words.startswith("A varied list: varied: conversion +")
    assert "n = 28,000" in words
    assert "What the plan says is done then: We keep it." in words
    assert words.endswith("anna decided on 2026-12-01: adopt.")
    page = report_page(report)
    assert page.index(words[:40]) < page.index("Who was in it") < page.index("The machinery")


def test_every_metric_group_and_decision_is_on_the_page() -> None:
    page = report_page(reported(decided=(example_resolution(),)))
    for shown in (
        "conversion",
        "aov",
        "store=nl",
        "store=uk",
        "shown to hold",
        "Variety keeps them.",
        "analysis 7",
        "polygon",
    ):
        assert shown in page
    assert "simulated" not in page
    assert '<span class="chip bad">simulated</span>' in report_page(reported(simulated=True))


def test_whether_the_effect_lasts_is_a_sentence_with_its_interval_and_a_drawing_of_the_days() -> None:
    rng = np.random.default_rng(2)
    daily = []
    for arm, lifts in (("control", np.zeros(6)), ("varied", np.linspace(0.5, 0.0, 6))):
        sums = Sums.of_rows((rng.random((9_000, 6)) < 0.2 * (1 + lifts)).astype(float))
        products = tuple(tuple(row) for row in sums.products.tolist())
        daily.append(DailyFigures(arm=arm, n=sums.n, totals=tuple(sums.totals.tolist()), products=products))
    plan = example_plan()
    found = analysed(plan, replace(planted_figures(plan, 0.3), daily=tuple(daily)), 14_000)
    (one,) = found.novelty
    assert (one.trend, one.n, len(one.days)) == ("fades", 18_000, 6)
    assert one.words.startswith("varied: the effect fades over the first 6 days a unit is in the test, -")
    page = report_page(Report(replace(example_record(), plan=plan), 1, found, ()))
    assert page.index("The effect over time") < page.index(one.words) < page.index("Every metric")
    assert page.count(">day 5<") == 1


def test_before_units_were_followed_for_days_nothing_is_said_of_lasting_and_why() -> None:
    assert "whether the effect lasts cannot be said: no unit was followed" in report_page(reported())


def test_an_experiment_without_analysis_says_the_next_command() -> None:
    report = Report(example_record(), 0, None, ())
    assert "shopkeeper experiment analyze varied" in answer(report)
    assert "Nobody has been counted yet." in report_page(report)


def test_words_of_people_never_become_markup() -> None:
    evil = '<script>alert("x")</script> & more'
    plan = example_plan(segments=("store",), title=evil, hypothesis=evil * 2, owner=Person(name=evil, role=evil))
    page = report_page(reported(plan, (replace(example_resolution(), why=evil, learning=evil, person=evil),)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
