"""Who serves a workspace, and who of them has read what was logged."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.engines.running_marks import marked_as_running, note_read, running_processes, unread_by


def test_marks_are_counted_while_their_processes_run(tmp_path: Path) -> None:
    with marked_as_running(tmp_path), marked_as_running(tmp_path):
        assert running_processes(tmp_path) == 2
    (tmp_path / "serve-1-of-a-killed.running").touch()
    assert running_processes(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_nobody_waits_for_who_starts_is_killed_or_has_read_as_far(tmp_path: Path) -> None:
    with marked_as_running(tmp_path) as own, marked_as_running(tmp_path) as other:
        assert unread_by(tmp_path, own, 10**18) == []
        note_read(other, 5_000)
        assert (unread_by(tmp_path, own, 5_000), unread_by(tmp_path, own, 5_001)) == ([], [other])
        assert unread_by(tmp_path, other, 5_001) == []
    note_read_of_a_killed = tmp_path / "serve-1-of-a-killed.running"
    note_read_of_a_killed.touch()
    note_read(note_read_of_a_killed, 1)
    assert unread_by(tmp_path, own, 5_001) == []
