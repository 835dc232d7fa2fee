"""The laws of `recommendations.ports.RuleStore`, for any engine: subclass and give a `rules` fixture."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from shopkeeper.errors import ChangedMeanwhile, InputError
from shopkeeper.recommendations.ports import RuleStore
from shopkeeper.recommendations.rules.merchandising import Pin, RuleSet, read_rules

_NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def example_set(store: str = "uk") -> RuleSet:
    """Return a set of two rules that was never written."""
    rules = read_rules(
        [
            {"do": "exclude", "name": "no toys", "where": {"categories": ["Play"]}, "from": "2026-11-27T00:00:00"},
            {"do": "pin", "name": "the lamp", "product": "lamp", "position": 2},
        ]
    )
    return RuleSet(store=store, rules=rules, who="anna", why="the sale", at=_NOON)


class RuleStoreSuite:
    """Every engine passes these."""

    def test_where_nothing_was_written_there_are_no_rules_at_version_0(self, rules: RuleStore) -> None:
        assert rules.get("uk") == RuleSet(store="uk")
        assert (list(rules.current()), list(rules.versions("uk"))) == ([], [])

    def test_every_version_stays_as_it_was_written(self, rules: RuleStore) -> None:
        first = rules.put(example_set())
        second = rules.put(replace(first, rules=(), why="over"))
        assert (first.version, second.version) == (1, 2)
        assert rules.get("uk") == second
        assert rules.get("uk", 1) == first == replace(example_set(), version=1)
        assert list(rules.versions("uk")) == [second, first]
        with pytest.raises(InputError, match="no version 3"):
            rules.get("uk", 3)

    def test_of_two_who_change_one_version_one_is_refused(self, rules: RuleStore) -> None:
        first = rules.put(example_set())
        rules.put(replace(first, why="ben was faster"))
        with pytest.raises(ChangedMeanwhile, match="at version 2, not 1"):
            rules.put(replace(first, why="too late"))
        with pytest.raises(ChangedMeanwhile, match="at version 2, not 0"):
            rules.put(example_set())
        assert [one.why for one in rules.versions("uk")] == ["ben was faster", "the sale"]

    def test_the_newest_set_of_each_store_holds_and_its_number_moves_with_every_change(self, rules: RuleStore) -> None:
        before = rules.revision()
        first = rules.put(example_set())
        rules.put(example_set(""))
        between = rules.revision()
        second = rules.put(replace(first, rules=(Pin(name="the lamp", product="lamp", position=1),)))
        assert [(one.store, one.version) for one in rules.current()] == [("", 1), ("uk", 2)]
        assert rules.current()[1] == second
        assert before < between < rules.revision()
