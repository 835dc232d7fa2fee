"""Which arm a unit is in: the published hash, ranges that keep their units, conditions, flags and first arms."""

from __future__ import annotations

from typing import Any

import pytest

from shopkeeper.experiments.assignment import arm_at, fnv1a32, hash_unit, in_layer, ranges_of
from shopkeeper.experiments.conditions import meets, padded_version
from shopkeeper.experiments.flags import FlagContext, evaluate, run_experiment
from shopkeeper.experiments.sticky import MemorySticky

UNITS = [str(unit) for unit in range(2_000)]


def test_the_hash_is_fnv1a_whose_vectors_are_published() -> None:
    """http://www.isthe.com/chongo/tech/comp/fnv: of nothing, of `a` and of `foobar`."""
    assert [fnv1a32(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]
    assert hash_unit("seed", "unit") == fnv1a32(str(fnv1a32("seedunit"))) % 10_000 / 10_000
    assert hash_unit("seed", "unit", 1) == fnv1a32("unitseed") % 1_000 / 1_000
    assert hash_unit("seed", "unit", 9) is None


def test_units_spread_evenly_and_two_seeds_shuffle_them_apart() -> None:
    one = [(hash_unit("one", unit) or 0) < 0.5 for unit in UNITS]
    other = [(hash_unit("other", unit) or 0) < 0.5 for unit in UNITS]
    both = sum(a and b for a, b in zip(one, other, strict=True))
    assert sum(one) == pytest.approx(1_000, abs=3 * 500**0.5)
    assert both == pytest.approx(500, abs=3 * (2_000 * 0.25 * 0.75) ** 0.5)


def test_raising_the_coverage_moves_no_unit_into_another_arm() -> None:
    small, large = ranges_of(2, 0.3), ranges_of(2, 1.0)
    for unit in UNITS[:300]:
        place = hash_unit("s", unit) or 0.0
        assert arm_at(place, small) in (-1, arm_at(place, large))
    assert ranges_of(2, 1.0, [0.9]) == ranges_of(2)
    assert ranges_of(0) == []


def test_parts_of_a_layer_that_do_not_overlap_share_no_unit() -> None:
    assert not any(in_layer("l", unit, (0.0, 0.4)) and in_layer("l", unit, (0.4, 1.0)) for unit in UNITS)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"country": "uk"}, True),
        ({"age": {"$gt": 30, "$lt": 40}}, True),
        ({"$or": [{"country": "de"}, {"vip": True}]}, True),
        ({"$not": {"country": "uk"}}, False),
        ({"tags": {"$elemMatch": {"$eq": "new"}}}, True),
        ({"tags": {"$size": 2}}, True),
        ({"tags": {"$all": ["new", "x"]}}, False),
        ({"app": {"$vgte": "2.10.0"}}, False),
        ({"email": {"$regex": "@shop"}}, True),
        ({"email": {"$regex": "("}}, False),
        ({"cart.items": {"$exists": True}}, True),
        ({"country": {"$in": ["de", "uk"]}}, True),
        ({"id": {"$inGroup": "testers"}}, True),
        ({"age": {"$unknown": 1}}, False),
        ({"nothing": None}, True),
    ],
)
def test_a_condition_holds_or_not(condition: dict[str, Any], holds: bool) -> None:
    ann = {
        "id": "7", "country": "uk", "age": 35, "vip": True, "tags": ["new", "sale"], "app": "2.9.1",
        "email": "ann@shop", "cart": {"items": 2},
    }  # fmt: skip
    assert meets(condition, ann, {"testers": ["7"]}) == holds


def test_versions_compare_by_their_numbers_and_a_release_follows_its_candidates() -> None:
    assert padded_version("2.9.0") < padded_version("2.10.0")
    assert padded_version("1.0.0-rc.1") < padded_version("v1.0.0")


def test_rules_are_read_in_order_and_the_first_that_fits_decides() -> None:
    rules = [{"condition": {"country": "de"}, "force": "first"}, {"force": "second"}]
    features = {"f": {"defaultValue": "none", "rules": rules}}
    german = evaluate("f", FlagContext({"id": "1", "country": "de"}, features))
    other = evaluate("f", FlagContext({"id": "1", "country": "uk"}, features))
    assert (german.value, other.value, german.source) == ("first", "second", "force")
    assert evaluate("g", FlagContext()).source == "unknownFeature"
    assert evaluate("e", FlagContext(features={"e": {"defaultValue": 0}})).on is False


def test_an_experiment_keeps_the_first_arm_when_weights_change() -> None:
    sticky = MemorySticky()
    test = {"key": "t", "variations": ["a", "b"], "weights": [0.5, 0.5], "hashVersion": 2, "hashAttribute": "id"}
    first, later = (
        [run_experiment(one, FlagContext({"id": unit}, sticky=sticky)).value for unit in UNITS[:100]]
        for one in (test, {**test, "weights": [0.0, 1.0]})
    )
    assert first == later
    assert {"a", "b"} == set(first)


def test_who_takes_no_part_sees_the_first_arm_and_a_tester_the_forced_one() -> None:
    test = {"key": "t", "variations": ["a", "b"], "coverage": 0.0, "hashVersion": 2}
    outside = run_experiment(test, FlagContext({"id": "1"}))
    assert (outside.inside, outside.value) == (False, "a")
    forced = run_experiment(test, FlagContext({"id": "1"}, forced={"t": 1}))
    assert (forced.inside, forced.value, forced.hashed) == (True, "b", False)
    assert run_experiment(test, FlagContext({"id": "1"}, url="http://shop/?t=1")).value == "b"
    assert not run_experiment({**test, "coverage": 1.0}, FlagContext({"id": "1"}, enabled=False)).inside


def test_of_many_units_the_one_unseen_for_longest_is_forgotten() -> None:
    sticky = MemorySticky(most=2)
    for unit in ("a", "b", "c"):
        sticky.keep("user", unit, "t", 0, "control")
    assert not sticky.of("user", "a")
    assert sticky.of("user", "c") == {"t__0": "control"}
    sticky.keep("user", "c", "t", 0, "treatment")
    assert sticky.of("user", "c") == {"t__0": "control"}
