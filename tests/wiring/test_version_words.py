"""A card says what drift is judged against, and by which objective a version was judged."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.objectives.contract_file import load_objective
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.version_words import drift_words, objective_words


def test_the_objective_is_told_in_words_while_it_is_the_one_the_version_was_judged_by(tmp_path: Path) -> None:
    (tmp_path / "recommendations.yaml").write_text(example_objective("recommendations"))
    held = load_objective(tmp_path, "recommendations")
    assert held is not None
    words = objective_words(tmp_path, "recommendations", held.digest)
    assert words["primary KPI"] == f"{held.primary.metric}, up by at least {held.primary.minimum_uplift:.0%}"
    assert "conversion no worse than 5%" in words["guardrails"]
    assert objective_words(tmp_path, "recommendations", "another") == {}
    assert objective_words(tmp_path, "pricing", held.digest) == {}


def test_a_version_without_a_drift_reference_says_nothing_of_it(tmp_path: Path) -> None:
    assert drift_words(tmp_path) == {}
    (tmp_path / "drift_reference.json").write_text("{")
    assert drift_words(tmp_path) == {}
