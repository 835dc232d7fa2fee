"""How well texts are written, from what was kept."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from shopkeeper.content.kept import Act, Step, Version
from shopkeeper.content.report import Seen, Spread, content_report, share_of, spread_of
from shopkeeper.testing.piece_store_suite import ANNA, example_key, example_version

GOOD = replace(example_version(), reasons=(), cost=0.5)
MENDED = replace(example_version(), exit="repaired", cost=0.5)
REPLACED = replace(example_version(), cost=0.5)


def step(act: Act, version: Version = GOOD, *, person: bool = True, **fields: object) -> Seen:
    made = Step(at=ANNA.at, act=act, who="anna", person=person, version=1, writer=version.writer)
    return Seen(example_key(), replace(made, **fields), version)


def test_first_passes_repairs_and_fallbacks_are_shares_of_what_was_written() -> None:
    found = content_report([step("write", one, person=False) for one in (GOOD, GOOD, MENDED, REPLACED)])
    assert (found.written, found.dollars) == (4, 4 * 0.5)
    assert (found.first_pass.share, found.repaired.share, found.fallback.share) == (2 / 4, 1 / 4, 1 / 4)


def test_acceptance_is_what_people_took_as_it_was_and_time_and_money_are_by_accepted_text() -> None:
    steps = [
        step("write", person=False), step("approve", seconds=4.0), step("edit", edited=0.25, seconds=20.0),
        step("reject", seconds=6.0), step("approve", person=False),
    ]  # fmt: skip
    found = content_report(steps, typing_seconds=60.0)
    assert (found.acceptance.count, found.acceptance.of, found.edits, found.rejections) == (1, 3, 1, 1)
    assert found.seconds_per_accepted == (4 + 20 + 6) / 2
    assert found.time_saved is not None
    assert (found.time_saved.share, found.time_saved.reached) == (1 - 15 / 60, None)  # three judgements show nothing
    assert found.edited_words == 0.25
    assert found.dollars_per_accepted == 0.5 / 3  # approved, edited, and approved by a rule


@pytest.mark.parametrize(("typing", "reached"), [(60.0, True), (20.0, False), (33.5, None)])
def test_time_saved_reaches_its_goal_once_the_whole_interval_does(typing: float, reached: bool | None) -> None:
    steps = [step("approve", seconds=8.0 + 4.0 * (n % 2)) for n in range(40)]
    saved = content_report([*steps, step("approve")], typing, 0.7).time_saved  # one that was not timed counts nowhere
    assert saved is not None
    assert saved.low is not None
    error = 2.0 * math.sqrt(40 / 39) / math.sqrt(40) / typing  # 8 and 12 seconds spread by 2 around 10
    assert (saved.share, saved.low) == pytest.approx((1 - 10 / typing, 1 - 10 / typing - 1.96 * error), abs=1e-4)
    assert saved.reached is reached


def test_what_escaped_is_counted_among_what_a_rule_had_approved_and_was_looked_over() -> None:
    found = content_report([step("approve", audited=True), step("reject", audited=True), step("reject")])
    assert (found.escaped.count, found.escaped.of) == (1, 2)


def test_without_anything_counted_there_is_no_share() -> None:
    found = content_report([])
    assert (found.first_pass.share, found.seconds_per_accepted, found.dollars_per_accepted) == (None, None, None)
    assert share_of(0, 0).low is None
    assert spread_of([1.0]) == Spread(1, None, None, None)


def test_spread_is_by_text_and_locale() -> None:
    texts = [replace(GOOD, text="x" * n, ease=float(n)) for n in range(1, 12)]
    found = content_report([step("write", one, person=False) for one in texts])
    assert found.length["title en"] == Spread(11, 2, 6, 10)
    assert found.ease["title en"].middle == 6


def test_spread_is_also_within_each_category() -> None:
    lamps = [replace(GOOD, text="x" * n) for n in (10, 20)]
    pots = [replace(GOOD, text="x" * n) for n in (90, 90)]
    seen = [step("write", one, person=False)._replace(category="Lamps") for one in lamps]
    seen += [step("write", one, person=False)._replace(category="Pots") for one in pots]
    found = content_report(seen).by_category
    assert found["Lamps"]["title en"].length == Spread(2, 11, 15, 19)
    assert found["Pots"]["title en"].length == Spread(2, 90, 90, 90)


def test_words_of_another_language_are_no_change_of_the_way_of_writing() -> None:
    bad = replace(GOOD, passed=False, words="german words")
    english = [step("write", GOOD, person=False)] * 40
    german = [one._replace(key=one.key._replace(locale="de")) for one in [step("write", bad, person=False)] * 40]
    assert content_report([*english, *german]).drift == ()


@pytest.mark.parametrize(("well", "alert"), [(40, False), (20, True)])
def test_a_new_way_of_writing_that_does_worse_is_an_alert(well: int, alert: bool) -> None:
    bad = replace(GOOD, passed=False)
    old = [step("write", GOOD, person=False)] * 40
    new = [step("write", replace(GOOD if n < well else bad, words="v2"), person=False) for n in range(40)]
    (drift,) = content_report([*old, *new]).drift
    assert (drift.difference, drift.alert) == ((well - 40) / 40, alert)
    assert content_report([*old, *new[:29]]).drift == ()  # too few to compare
