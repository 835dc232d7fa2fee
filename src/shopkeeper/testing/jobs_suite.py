"""What every engine of jobs must do; a subclass gives `jobs` and `working`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.jobs.failure import as_error
from shopkeeper.jobs.ports import Document, Jobs, JobStatus, Steps, Work

Working = Callable[[Mapping[str, Work]], AbstractContextManager[None]]
"""Lets a worker do these works while the context is open; on closing it stops in order."""

PATIENCE_SECONDS = 30.0


def ended(jobs: Jobs, run: str) -> JobStatus:
    """Return a run once it has ended."""
    return awaited(jobs, run, lambda status: not status.unfinished)


def awaited(jobs: Jobs, run: str, there: Callable[[JobStatus], bool]) -> JobStatus:
    """Return a run once something is true of it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not there(status := jobs.status(run)):
        assert time.monotonic() < until, f"waited {PATIENCE_SECONDS:.0f} s: {status}"
        time.sleep(0.01)
    return status


class Counting:
    """Work in three steps that notes each call; `gate` holds it back between the first and the second."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.began = threading.Event()
        self.gate = threading.Event()
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def __call__(self, steps: Steps, subject: str, order: Document) -> Document:
        """Do the three steps."""
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            first = steps.step("first", lambda: self._called("first", order["n"]))
            self.began.set()
            while not self.gate.wait(0.01):
                steps.progress(0.4, "waits at the gate")
            second = steps.step("second", lambda: self._called("second", first["n"] + 1))
            third = steps.step("third", lambda: self._called("third", second["n"] + 1))
            return {"n": third["n"], "subject": subject, "exact": third["exact"]}
        finally:
            with self._lock:
                self.at_once -= 1

    def _called(self, name: str, n: int) -> Document:
        self.calls.append(name)
        return {"n": n, "exact": 0.1 + 0.2, "pair": (1, 2)}


def _open() -> Counting:
    work = Counting()
    work.gate.set()
    return work


class JobsSuite:
    """The laws of `jobs.ports`."""

    def test_a_run_ends_with_its_document(self, jobs: Jobs, working: Working) -> None:
        work = _open()
        run = jobs.enqueue("counting", "shop", {"n": 7}, "anna")
        with working({"counting": work}):
            found = ended(jobs, run)
        assert (found.state, found.who, found.order) == ("done", "anna", {"n": 7})
        assert found.result == {"n": 7 + 1 + 1, "subject": "shop", "exact": 0.1 + 0.2}
        assert work.calls == ["first", "second", "third"]
        assert [step.name for step in found.steps] == ["first", "second", "third"]
        assert found.share == 1.0

    def test_a_step_that_is_done_is_not_done_again_by_the_next_worker(self, jobs: Jobs, working: Working) -> None:
        before, after = Counting(), _open()
        run = jobs.enqueue("counting", "shop", {"n": 1}, "anna")
        with working({"counting": before}):
            assert before.began.wait(PATIENCE_SECONDS)
        assert jobs.status(run).unfinished
        with working({"counting": after}):
            found = ended(jobs, run)
        assert before.calls == ["first"]
        assert after.calls == ["second", "third"]
        assert found.result == {"n": 3, "subject": "shop", "exact": 0.1 + 0.2}
        assert found.attempts == 2

    def test_a_step_returns_what_it_will_return_after_a_restart(self, jobs: Jobs, working: Working) -> None:
        def work(steps: Steps, _subject: str, _order: Document) -> Document:
            return {"first": steps.step("pair", lambda: {"pair": (1, 2)})["pair"] == [1, 2]}

        run = jobs.enqueue("pairing", "shop", {}, "anna")
        with working({"pairing": work}):
            assert ended(jobs, run).result == {"first": True}

    def test_an_error_ends_the_run_and_keeps_its_reason_and_remedy(self, jobs: Jobs, working: Working) -> None:
        def work(steps: Steps, _subject: str, _order: Document) -> Document:
            def fail() -> Document:
                raise NotEnoughData("There are 3 rows.", "Import more.")

            return steps.step("fail", fail)

        run = jobs.enqueue("failing", "shop", {}, "anna")
        with working({"failing": work}):
            found = ended(jobs, run)
        assert (found.state, found.text) == ("failed", "There are 3 rows.")
        error = as_error(found.result or {})
        assert isinstance(error, NotEnoughData)
        assert (error.reason, error.remedy) == ("There are 3 rows.", "Import more.")

    def test_two_runs_of_one_subject_never_work_at_once_and_keep_their_order(
        self, jobs: Jobs, working: Working
    ) -> None:
        work = Counting()
        first, second = (jobs.enqueue("counting", "shop", {"n": n}, "anna") for n in (1, 10))
        with working({"counting": work}):
            awaited(jobs, first, lambda status: status.text == "waits at the gate")
            assert jobs.status(second).state == "queued"
            work.gate.set()
            assert [ended(jobs, run).result["n"] for run in (first, second)] == [3, 12]  # type: ignore[index]
        assert work.most_at_once == 1

    def test_two_subjects_do_not_wait_for_each_other(self, jobs: Jobs, working: Working) -> None:
        work = Counting()
        runs = [jobs.enqueue("counting", subject, {"n": 1}, "anna") for subject in ("shop", "market")]
        with working({"counting": work}):
            for run in runs:
                awaited(jobs, run, lambda status: status.text == "waits at the gate")
            work.gate.set()
            for run in runs:
                ended(jobs, run)
        assert work.most_at_once == 2

    def test_a_run_tells_how_far_it_is(self, jobs: Jobs, working: Working) -> None:
        work = Counting()
        run = jobs.enqueue("counting", "shop", {"n": 1}, "anna")
        assert (jobs.status(run).state, jobs.status(run).worker) == ("queued", "")
        with working({"counting": work}):
            found = awaited(jobs, run, lambda status: status.text == "waits at the gate")
            assert (found.state, found.share) == ("running", 0.4)
            assert found.worker
            assert [step.name for step in found.steps] == ["first"]
            work.gate.set()
            ended(jobs, run)

    def test_a_cancelled_run_stops_at_its_next_report(self, jobs: Jobs, working: Working) -> None:
        work = Counting()
        run = jobs.enqueue("counting", "shop", {"n": 1}, "anna")
        following = jobs.enqueue("counting", "shop", {"n": 5}, "anna")
        with working({"counting": work}):
            awaited(jobs, run, lambda status: status.text == "waits at the gate")
            jobs.cancel(run, "ben")
            assert jobs.status(run).state == "cancelled"
            awaited(jobs, following, lambda status: status.state == "running")
            work.gate.set()
            assert ended(jobs, following).state == "done"
        assert work.calls == ["first", "first", "second", "third"]
        assert work.most_at_once == 1
        assert "ben" in jobs.status(run).text

    def test_a_cancelled_queued_run_never_starts(self, jobs: Jobs, working: Working) -> None:
        work = _open()
        cancelled, kept = (jobs.enqueue("counting", "shop", {"n": n}, "anna") for n in (1, 2))
        jobs.cancel(cancelled, "ben")
        with working({"counting": work}):
            ended(jobs, kept)
        assert jobs.status(cancelled).state == "cancelled"
        assert work.calls == ["first", "second", "third"]

    def test_to_cancel_a_run_that_ended_changes_nothing(self, jobs: Jobs, working: Working) -> None:
        run = jobs.enqueue("counting", "shop", {"n": 1}, "anna")
        with working({"counting": _open()}):
            before = ended(jobs, run)
        jobs.cancel(run, "ben")
        assert jobs.status(run) == before

    def test_runs_are_listed_newest_first_and_by_kind_and_subject(self, jobs: Jobs) -> None:
        first = jobs.enqueue("counting", "shop", {}, "anna")
        second = jobs.enqueue("counting", "market", {}, "anna")
        third = jobs.enqueue("pairing", "shop", {}, "anna")
        assert [one.run for one in jobs.recent()] == [third, second, first]
        assert [one.run for one in jobs.recent(kind="counting")] == [second, first]
        assert [one.run for one in jobs.recent(subject="shop", limit=1)] == [third]

    def test_a_run_nobody_knows_is_an_input_error(self, jobs: Jobs) -> None:
        for ask in (jobs.status, lambda run: jobs.cancel(run, "ben")):
            with pytest.raises(InputError, match="nowhere"):
                ask("nowhere")
