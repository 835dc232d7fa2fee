"""A flag service the shop has already may say which arm a unit is in; the rest stays as it is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from openfeature.provider import FeatureProvider
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from shopkeeper.engines.foreign_arms import ForeignArms, named_provider
from shopkeeper.errors import ConfigError
from shopkeeper.experiments.live_assignment import HELD_OUT, UNASSIGNED
from shopkeeper.experiments.live_test import LiveTest, TestArm
from shopkeeper.experiments.sticky import MemorySticky

TEST = LiveTest(
    test="r7", kind="rollout", system="recommendations", stores=("uk",), seed="s7", epoch=1, holdout=0.0,
    arms=(TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, version="v2")),
    forced={"tess": "control"},
)  # fmt: skip


def theirs() -> FeatureProvider:
    """Return a provider that puts everybody into the treatment; nobody knows r8."""
    return InMemoryProvider({"r7": InMemoryFlag("on", {"on": "treatment", "off": "control"})})


def arms(test: LiveTest = TEST, provider: FeatureProvider | None = None) -> ForeignArms:
    found = ForeignArms(MemorySticky(), provider or theirs())
    found.run([test])
    return found


def assigned(found: ForeignArms, unit: str, store: str = "uk") -> str:
    return found.assign("recommendations", store, [("user", unit)]).variant


def test_the_foreign_provider_decides_the_arm_and_its_version_answers() -> None:
    found = arms()
    assert {assigned(found, str(unit)) for unit in range(50)} == {"treatment"}
    one = found.assign("recommendations", "uk", [("user", "ann")])
    assert (one.test, one.epoch, one.version) == ("r7", 1, "v2")


def test_holdout_testers_and_stores_stay_shopkeepers() -> None:
    whole = replace(TEST, holdout=1.0)
    assert arms(whole).assign("recommendations", "uk", [("user", "ann")]) == HELD_OUT
    found = arms()
    assert assigned(found, "tess") == "control"
    assert assigned(found, "ann", "de") == "champion"
    assert found.assign("recommendations", "uk", []) == UNASSIGNED


def test_a_unit_keeps_the_arm_it_was_given_first_whatever_the_provider_says_later() -> None:
    sticky = MemorySticky()
    for variant in ("on", "off"):
        found = ForeignArms(
            sticky, InMemoryProvider({"r7": InMemoryFlag(variant, {"on": "treatment", "off": "control"})})
        )
        found.run([TEST])
        assert assigned(found, "ann") == "treatment"
    assert assigned(found, "bob") == "control"


def test_an_empty_name_says_that_the_unit_takes_no_part() -> None:
    found = arms(provider=InMemoryProvider({"r7": InMemoryFlag("none", {"none": ""})}))
    assert assigned(found, "ann") == "champion"
    assert found.unanswered == 0


def test_a_provider_that_fails_or_names_no_arm_leaves_the_unit_in_no_test_and_is_counted() -> None:
    other = replace(TEST, test="r8")
    found = arms(other)
    assert assigned(found, "ann") == "champion"
    assert found.unanswered == 1
    odd = arms(provider=InMemoryProvider({"r7": InMemoryFlag("x", {"x": "purple"})}))
    assert assigned(odd, "ann") == "champion"
    assert odd.unanswered == 1


def test_a_provider_is_made_by_the_name_of_its_function() -> None:
    with pytest.raises(ConfigError, match="no_such_package"):
        named_provider("no_such_package:make")
    with pytest.raises(ConfigError, match="resolves no flags"):
        named_provider("builtins:dict")
    assert named_provider("openfeature.provider.no_op_provider:NoOpProvider").get_metadata().name
