"""Ids seen lately are known, and memory does not grow with what was seen."""

from __future__ import annotations

from shopkeeper.serving.recent_ids import RecentIds


def test_an_id_is_new_once_in_each_store() -> None:
    recent = RecentIds(10)
    assert [recent.add(("uk", "1")), recent.add(("uk", "1")), recent.add(("nl", "1"))] == [True, False, True]
    assert ("uk", "1") in recent
    assert ("uk", "2") not in recent


def test_the_newest_are_known_and_of_the_others_no_more_than_as_many() -> None:
    recent = RecentIds(1_000)
    seen = [("uk", str(n)) for n in range(10_500)]
    assert all(recent.add(key) for key in seen)
    assert all(key in recent for key in seen[-1_000:])
    assert len(recent) == 500 + 1_000
    assert not any(key in recent for key in seen[:9_000])
    assert not any(recent.add(key) for key in seen[-1_000:])
