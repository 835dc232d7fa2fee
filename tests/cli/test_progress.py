"""Progress of a run: plain lines where nobody sees a terminal, none twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shopkeeper.cli.output import Output
from shopkeeper.cli.progress import Progress, duration, in_words
from shopkeeper.jobs.ports import JobStatus

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUN = JobStatus(
    "r", "training", "shop", "running", {}, "anna", NOW, NOW, "work-1", 1, 0.5, "Fitting ...", (), None, 120.0
)


def test_what_was_read_from_the_run_is_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Output())
    progress.watch(RUN)
    progress.say("Fitting ...")
    progress.watch(RUN)
    progress.say("Judging ...")
    progress.watch(replace(RUN, state="queued", text="waits"))
    assert capsys.readouterr().err.splitlines() == ["Fitting ...", "Judging ..."]


def test_a_line_says_share_time_left_and_what() -> None:
    assert in_words(RUN) == "[############............]  50%, about 2 min left  Fitting ..."


@pytest.mark.parametrize(("seconds", "words"), [(12.4, "12 s"), (600.0, "10 min"), (9_000.0, "2.5 h")])
def test_times_are_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
