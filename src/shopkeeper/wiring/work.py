"""A worker of a workspace: what it can do, and how long it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shopkeeper.jobs.ports import Document, Scheduled, Work
from shopkeeper.wiring.content_job import CONTENT, content_work
from shopkeeper.wiring.content_report import tell_of_drift
from shopkeeper.wiring.content_watch import look_over
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.jobs import TAKE_UP_SECONDS, working
from shopkeeper.wiring.model_retention import tidy_models
from shopkeeper.wiring.price_runs.acts import publish_due
from shopkeeper.wiring.price_runs.confirming import confirm_prices
from shopkeeper.wiring.price_runs.handing_over import send_changes
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.jumping import JumpLooks
from shopkeeper.wiring.price_runs.ordering import PRICE_RUN
from shopkeeper.wiring.price_tests.turning import take_turns
from shopkeeper.wiring.retraining import check_retraining
from shopkeeper.wiring.rollouts.blessed import start_blessed
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.watch import watch_rollouts
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.training_job import SYSTEMS, TRAINING, training_work
from shopkeeper.wiring.workspace_state import open_workspace_state

LEAVE_SECONDS: Final = 20.0
"""How long a worker that stops waits for its runs to reach a step; Kubernetes gives 30."""
_ONCE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """How a worker stopped.

    Attributes:
        at_work: Runs that reported nothing for too long; they go on with the next worker.
    """

    name: str
    at_work: frozenset[str]


def works_of(settings: Settings) -> Mapping[str, Work]:
    """Return what a worker does for each kind of job."""
    return {
        TRAINING: training_work(settings),
        PRICE_RUN: price_run_work(settings),
        CONTENT: content_work(settings),
    }


def schedules_of(settings: Settings) -> tuple[Scheduled, ...]:
    """Return what workers do again and again: reasons to train, rollouts, prices to publish, texts, tidying."""

    looks = JumpLooks(settings)

    def retraining(due: datetime) -> Document:
        checked = [check_retraining(settings, system, due, who="schedule") for system in SYSTEMS]
        return {"checked": [one.document() for one in checked]}

    def rollouts(due: datetime) -> Document:
        watched = watch_rollouts(settings, due, MeasuredRollouts)
        return {"watched": watched, "begun": [one.id for one in start_blessed(settings, due, foresight_of(settings))]}

    def prices(due: datetime) -> Document:
        with open_workspace_state(settings) as state:
            return {
                "published": publish_due(settings, state, due),
                "turns": take_turns(settings, state, due),
                "handed_over": send_changes(settings, state),
            }

    def price_jumps(due: datetime) -> Document:
        with open_workspace_state(settings) as state:
            return {"runs": looks.look(state, due)}

    def shown_prices(due: datetime) -> Document:
        with open_workspace_state(settings) as state:
            return {"new": confirm_prices(settings, state, due).new}

    def tidying(_due: datetime) -> Document:
        tidy_models(settings)
        return {}

    def texts(due: datetime) -> Document:
        return {**look_over(settings, due).document(), "worse": tell_of_drift(settings, due)}

    return (
        Scheduled("retraining", "17 */6 * * *", retraining),
        Scheduled("rollouts", "* * * * *", rollouts),
        Scheduled("prices", "* * * * *", prices),
        Scheduled("price_jumps", "* * * * *", price_jumps),
        Scheduled("shown_prices", "*/10 * * * *", shown_prices),
        Scheduled("texts", "29 * * * *", texts),
        Scheduled("tidying", "43 2 * * *", tidying),
    )


def work_on(
    settings: Settings,
    number: int | None,
    *,
    once: bool,
    stopped: Callable[[float], bool],
    say: Callable[[str], None],
) -> Left:
    """Work until told to stop.

    Args:
        number: Which worker to be; None = the lowest free number.
        once: Stop when nothing waits and nothing is being done.
        stopped: Waits so many seconds and returns True as soon as the process shall stop.

    Raises:
        InputError: a living worker has that number.
        Unavailable: the database of jobs does not answer.
    """
    with working(
        settings,
        works_of(settings),
        "work",
        number,
        leave_seconds=LEAVE_SECONDS,
        schedules=() if once else schedules_of(settings),
    ) as worker:
        say(f"Worker {worker.name} works; Ctrl-C stops it.")
        pause = _ONCE_SECONDS if once else TAKE_UP_SECONDS
        while worker.look_after() and not stopped(pause):
            if once and not worker.rows.unfinished():
                break
    return Left(worker.name, frozenset(worker.at_work))
