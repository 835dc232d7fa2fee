"""Flags are answered from what runs in a workspace, and a foreign provider assigns where the settings name one."""

from __future__ import annotations

from pathlib import Path

import pytest
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import Reason

from shopkeeper.engines.foreign_arms import ForeignArms
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import ConfigError
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.serving.arms import LiveArms
from shopkeeper.wiring.arms import arms_of
from shopkeeper.wiring.flags import open_flag_provider
from shopkeeper.wiring.settings import EngineSettings, Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

TEST = LiveTest(
    test="r7", kind="experiment", system="recommendations", seed="s", holdout=0.0,
    arms=(TestArm(name="control", share=0.0), TestArm(name="treatment", share=1.0, settings={"mmr": 0.3})),
)  # fmt: skip
ANN = EvaluationContext("ann", {"store": "uk"})


def settings(folder: Path, flag_provider: str | None = None) -> Settings:
    return Settings(workspace=folder, engines=EngineSettings(flag_provider=flag_provider))


def test_a_shops_code_is_told_what_runs_in_the_workspace_and_what_is_stopped(tmp_path: Path) -> None:
    held = settings(tmp_path)
    with open_workspace_state(held) as state:
        state.live_tests.put(TEST, "tester", "a test")
    with open_flag_provider(held) as provider:
        found = provider.resolve_float_details("r7.mmr", 0.0, ANN)
        assert (found.value, found.reason, found.variant) == (0.3, Reason.SPLIT, "treatment")
    StopFile(tmp_path).give(StopOrder(person="p", reason="r", at="2026-01-01T00:00:00Z"))
    with open_flag_provider(held) as provider:
        assert provider.resolve_float_details("r7.mmr", 0.0, ANN).reason == Reason.DISABLED


def test_our_own_hash_assigns_unless_a_provider_is_named(tmp_path: Path) -> None:
    assert type(arms_of(settings(tmp_path), MemorySticky())) is LiveArms
    named = settings(tmp_path, "openfeature.provider.no_op_provider:NoOpProvider")
    assert isinstance(arms_of(named, MemorySticky()), ForeignArms)
    with pytest.raises(ConfigError, match="flag_provider"):
        arms_of(settings(tmp_path, "nowhere"), MemorySticky())
