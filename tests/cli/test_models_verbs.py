"""`shopkeeper models`: bare it lists; show, pin, prune and card are verbs below it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.cli.models_show import text
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.model_lineage import FoundDecision, show_version
from shopkeeper.wiring.settings import Settings, load_settings


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shopkeeper.toml").touch()
    state = open_state(f"sqlite:///{tmp_path}/state.db")
    for version in ("a", "b"):
        made = example_version(version)
        shares = {"order": 0.25, "history": 0.75}
        state.registry.register(replace(made, metrics={**made.metrics, "importance": shares}))
    state.registry.point("recommendations", "champion", "a", "ann", "it won")
    state.reports.save("training", {"version": "a", "metric": "ndcg@10", "baseline": "popular"})
    state.close()
    return tmp_path


def call(shop: Path, *arguments: str) -> str:
    result = CliRunner().invoke(build(), ["models", *arguments, "--workspace", str(shop)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def machine(shop: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(shop, *arguments, "--json").splitlines()[-1])
    return found


def test_the_bare_verb_lists(shop: Path) -> None:
    assert [one["version"] for one in machine(shop)["models"]] == ["b", "a"]
    assert "champion" in call(shop)


def test_show_goes_from_a_version_to_its_run_and_who_made_it_champion(shop: Path) -> None:
    found = machine(shop, "show", "a")
    assert found["lineage"]["run"] == "run-1"
    assert found["history"][0]["who"] == "ann"
    said = call(shop, "show", "a")
    for words in (
        "run-1",
        "ann: champion: none -> a (it won)",
        "ndcg@10",
        "Decisions it answered: 0",
        "objective oooo",
    ):
        assert words in said
    assert said.index("history                      75.0%") < said.index("order                        25.0%")


def test_show_wants_a_version_or_a_decision(shop: Path) -> None:
    with pytest.raises(InputError, match="version or a decision"):
        call(shop, "show")


def test_a_decision_of_the_rules_is_shown_without_a_model(shop: Path) -> None:
    settings: Settings = load_settings(shop)
    made = show_version(settings, "a").version.created_at
    decision = FoundDecision("d1", made, "uk", "recommendations", "home", None, "champion", "no_model")
    assert list(text(None, decision)) == [
        "Decision d1: recommendations for uk, home, 2026-01-01 00:00:00 UTC, arm champion.",
        "The rules answered it (no_model); there is no model behind it.",
    ]


def test_pin_and_prune_say_what_they_did(shop: Path) -> None:
    (shop / "shopkeeper.toml").write_text("[models]\nkeep_newest = 1\nkeep_days = 0\n")
    assert machine(shop, "prune", "--dry-run") == {"dry_run": True, "pruned": []}, "b is the newest, a serves"
    state = open_state(f"sqlite:///{shop}/state.db")
    state.registry.register(example_version("c", hours=1))
    state.close()
    assert machine(shop, "pin", "b", "--why", "audit")["pinned"]
    assert machine(shop, "prune")["pruned"] == []
    assert not machine(shop, "unpin", "b", "--why", "done")["pinned"]
    assert [one["version"] for one in machine(shop, "prune")["pruned"]] == ["b"]
    assert "pruned" in call(shop)


def test_a_card_is_written_and_said_where(shop: Path) -> None:
    path = Path(machine(shop, "card", "a")["card"])
    assert "item-knn, version a" in path.read_text()
    assert machine(shop, "show", "a")["card"] == str(path)
