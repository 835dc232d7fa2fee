"""Old bundles go; what serves, is tested, is the way back, is pinned or is in use never does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError
from shopkeeper.registry.ports import ALIASES, ModelVersion
from shopkeeper.registry.retention import KeepRule, prunable
from shopkeeper.testing.registry_suite import example_version

START = datetime(2026, 1, 1, tzinfo=UTC)
OLD = START + timedelta(days=365)
DAY = 24.0
NAMES = tuple("abc")


def versions(*names: str) -> list[ModelVersion]:
    """Return versions, one a day, the first the oldest."""
    return [example_version(name, hours=day * DAY) for day, name in enumerate(names)]


def names(found: list[ModelVersion]) -> str:
    return "".join(one.version for one in found)


def test_the_newest_stay_whatever_their_age() -> None:
    assert names(prunable(versions(*"abcd"), KeepRule(2, 0), OLD, pointed=())) == "ab"


def test_the_young_stay_however_many_they_are() -> None:
    now = START + timedelta(days=3)
    assert names(prunable(versions(*"abcd"), KeepRule(1, 2), now, pointed=())) == "a", "b is two days old, not older"


def test_each_system_has_its_newest() -> None:
    other = [example_version(name, hours=-day * DAY, system="pricing") for day, name in enumerate("xy")]
    assert names(prunable([*versions(*"ab"), *other], KeepRule(1, 0), OLD, pointed=())) == "ya"


def test_what_is_pointed_to_pinned_or_in_use_stays() -> None:
    a, b, c, d = versions(*"abcd")
    found = prunable(
        [a, replace(b, pinned=True), c, d],
        KeepRule(0, 0),
        OLD,
        pointed=[("recommendations", "a")],
        in_use=[("recommendations", "c")],
    )
    assert names(found) == "d"


def test_a_pruned_version_takes_no_place_among_the_newest() -> None:
    a, b, c = versions(*"abc")
    assert names(prunable([a, b, replace(c, status="pruned")], KeepRule(1, 0), OLD, pointed=())) == "a"


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    opened = open_state("sqlite://")
    yield opened
    opened.close()


SYSTEMS = count()
ACTS = st.one_of(
    st.tuples(st.just("register"), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(ALIASES), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(("pin", "unpin")), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(("look", "delete")), st.just("")),
)


class House:
    """Releases and retention at work on one registry; what to delete may have been decided long before it is done."""

    def __init__(self, state: State) -> None:
        self.registry = state.registry
        self.system = f"system-{next(SYSTEMS)}"
        self.decided: list[ModelVersion] = []
        self.deleted: set[str] = set()

    def act(self, verb: str, name: str) -> None:
        if verb == "register":
            self.registry.register(example_version(name, hours=NAMES.index(name) * DAY, system=self.system))
        elif verb in ("pin", "unpin"):
            self.registry.pin(self.system, name, verb == "pin", "test", "try")
        elif verb == "look":
            pointed = [(self.system, v) for a in ALIASES if (v := self.registry.pointer(self.system, a)) is not None]
            found = self.registry.versions(self.system)
            self.decided = prunable(found, KeepRule(0, 0), OLD, pointed=pointed)
        elif verb == "delete":
            self.deleted |= {v.version for v in self.decided if self.registry.prune(self.system, v.version, "t", "old")}
        else:
            self.registry.point(self.system, next(a for a in ALIASES if a == verb), name, "test", "try")

    def needed(self) -> set[str]:
        found = {self.registry.pointer(self.system, alias) for alias in ALIASES}
        return {v for v in found if v} | {v.version for v in self.registry.versions(self.system) if v.pinned}


@example([("register", "a"), ("look", ""), ("champion", "a"), ("delete", "")])
@example([("register", "a"), ("look", ""), ("pin", "a"), ("delete", "")])
@example([("register", "a"), ("look", ""), ("delete", ""), ("champion", "a")])
@example([("register", "a"), ("look", ""), ("delete", ""), ("pin", "a")])
@given(st.lists(ACTS, min_size=5, max_size=40))
@settings(max_examples=60, deadline=None)
def test_nothing_that_serves_or_is_pinned_is_ever_deleted_in_whatever_order_things_happen(
    state: State, acts: list[tuple[str, str]]
) -> None:
    house = House(state)
    for verb, name in acts:
        try:
            house.act(verb, name)
        except InputError:
            continue  # registered twice, not registered, or pruned: refused, which is the point
        finally:
            assert not house.deleted & house.needed(), (verb, name)
