"""Ids seen lately are known, and memory does not grow with what was seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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


@given(batches=st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=12), limit=st.integers(1, 30))
def test_batches_are_known_as_one_by_one(batches: list[list[int]], limit: int) -> None:
    together, single = RecentIds(limit), RecentIds(limit)
    for batch in batches:
        keys = [("uk", str(n)) for n in batch]
        places = together.unseen(keys)
        assert places == [n for n, key in enumerate(keys) if key not in single and key not in keys[:n]]
        fresh = [keys[n] for n in places]
        assert together.add_all(fresh) == list(range(len(fresh)))
        assert all(single.add(key) for key in fresh)
        assert together.add_all(fresh[-1:]) == []
        assert len(together) == len(single)


def test_an_id_two_batches_bring_at_once_is_new_in_the_first() -> None:
    recent, keys = RecentIds(10), [("uk", "1"), ("uk", "2")]
    assert recent.unseen(keys) == recent.unseen(keys) == [0, 1]
    assert (recent.add_all(keys), recent.add_all(keys)) == ([0, 1], [])
