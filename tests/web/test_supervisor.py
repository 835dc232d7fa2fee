"""Workers are let go together, started again when they die, given up when none lives, and ended together.

The workers here are real processes that serve nothing; real ones are in tests/integration/test_workers.py.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.web import supervisor
from shopkeeper.web.supervisor import FALLS, Supervisor
from shopkeeper.web.worker import GO, LISTENS, WARMED


def listens(parent: socket.socket) -> None:
    """Do what a worker does before it serves."""
    parent.sendall(WARMED)
    assert parent.recv(1) == GO
    parent.sendall(LISTENS)


def until_told(parent: socket.socket) -> bool:
    """Serve until SIGTERM or the end of the parent's line."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    listens(parent)
    return parent.recv(1) == b""


def stop_this_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_all_are_warmed_before_one_is_let_go_and_all_end_well_with_the_parent(tmp_path: Path) -> None:
    def serve(number: int, parent: socket.socket) -> bool:
        signal.signal(signal.SIGTERM, lambda *_: None)
        (tmp_path / f"warmed {number}").touch()
        parent.sendall(WARMED)
        assert parent.recv(1) == GO
        (tmp_path / f"let go {number} beside {len(list(tmp_path.glob('warmed *')))}").touch()
        parent.sendall(LISTENS)
        return parent.recv(1) == b""

    assert Supervisor(serve, 3).run(stop_this_process)
    assert {path.name for path in tmp_path.glob("let go *")} == {f"let go {number} beside 3" for number in (1, 2, 3)}


def test_a_worker_that_dies_is_started_again_and_the_others_are_not(tmp_path: Path) -> None:
    parent_pid = os.getpid()

    def serve(number: int, parent: socket.socket) -> bool:
        starts = len(list(tmp_path.glob(f"{number}-*")))
        (tmp_path / f"{number}-{starts}").touch()
        if number == 2 and starts == 0:
            listens(parent)
            while not (tmp_path / "ready").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 2:  # it came again: that is enough
            os.kill(parent_pid, signal.SIGTERM)
        return until_told(parent)

    assert Supervisor(serve, 2).run((tmp_path / "ready").touch)
    assert sorted(path.name for path in tmp_path.glob("*-*")) == ["1-0", "2-0", "2-1"]


def test_a_worker_that_cannot_start_is_told_before_anything_is_ready() -> None:
    def serve(number: int, parent: socket.socket) -> bool:
        return until_told(parent) if number == 1 else False

    with pytest.raises(ConfigError, match="Worker 2 ended with code 1 before it was ready"):
        Supervisor(serve, 2).run(lambda: pytest.fail("it is not ready"))


def test_a_server_whose_workers_keep_dying_gives_up_with_the_reason() -> None:
    waited: list[int] = []

    def serve(number: int, parent: socket.socket) -> bool:
        listens(parent)
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def wait(falls: int) -> float:
        waited.append(falls)
        return 0.0

    with pytest.raises(ConfigError, match=f"each died {FALLS} times or more, the last one as it was ended by signal 9"):
        Supervisor(serve, 1, wait).run(lambda: None)
    assert waited == list(range(1, FALLS))


def test_a_worker_that_lives_and_is_not_heard_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.02)
    parent_pid = os.getpid()

    def serve(number: int, parent: socket.socket) -> bool:
        if (tmp_path / "was stuck").exists():
            os.kill(parent_pid, signal.SIGTERM)
            return until_told(parent)
        (tmp_path / "was stuck").touch()
        listens(parent)
        signal.pause()
        return True

    assert Supervisor(serve, 1).run(lambda: None)


def test_a_worker_that_does_not_end_as_it_should_is_told_at_the_end() -> None:
    def serve(number: int, parent: socket.socket) -> bool:
        return until_told(parent) and number == 1

    assert not Supervisor(serve, 2).run(stop_this_process)
