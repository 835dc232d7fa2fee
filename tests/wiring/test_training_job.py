"""A training run learns as the settings of the workspace say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND
from shopkeeper.recommendations.learn import NoWarehouse
from shopkeeper.recommendations.models.together import FEWEST_BUYERS
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.wiring.settings import PrivacySettings, load_settings
from shopkeeper.wiring.training_job import learning_system


def pairs(folder: Path, text: str) -> int:
    """Return how many pairs a bundle trained under some settings holds; all events are purchases a second apart."""
    (folder / "shopkeeper.toml").write_text(text)
    data = planted_interactions()
    times = np.arange(len(data), dtype=np.int64) * SECOND
    data = replace(data, kinds=np.full(len(data), PURCHASE, dtype=np.int8), times=times)
    system = learning_system(load_settings(folder), "recommendations", NoWarehouse())
    return len(system.arrays(system.fit("popular", data, {}, 1), data)["together.items"])


def test_pairs_need_as_many_different_buyers_as_the_workspace_says(tmp_path: Path) -> None:
    shipped, bold, strict = (
        pairs(tmp_path, f"[privacy]\n{line}\n") for line in ("", "fewest_buyers = 1", "fewest_buyers = 100000")
    )
    assert bold > shipped > strict == 0
    assert PrivacySettings().fewest_buyers == FEWEST_BUYERS  # type: ignore[call-arg]  # all have defaults


def test_a_pair_has_one_buyer_at_least(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").write_text("[privacy]\nfewest_buyers = 0\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert [problem.field for problem in caught.value.problems] == ["privacy.fewest_buyers"]
