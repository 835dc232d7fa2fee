"""`shopkeeper experiment` checks plans and finds past experiments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Verb

from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.experiments.plan_file import json_schema
from shopkeeper.testing.experiment_store_suite import example_analysis, example_record, example_resolution
from shopkeeper.wiring.experiments import EXAMPLES, example_plan
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.workspace_state import open_workspace_state

VERB = Verb("experiment")
said, document = VERB.said, VERB.document


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "shop")
    folder = tmp_path / "shop" / "experiments"
    folder.mkdir(exist_ok=True)
    for name in EXAMPLES:
        (folder / f"{name}.yaml").write_text(example_plan(name), "utf-8")
    return tmp_path / "shop"


def edit(workspace: Path, old: str, new: str) -> None:
    path = workspace / "experiments" / "diversity.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_plan_says_what_it_needs_and_that_no_a_a_test_was_made(workspace: Path) -> None:
    found = document(workspace, "plan", "diversity")
    assert found["foreseen"]["enough"] is True
    assert found["foreseen"]["days"] % 7 == 0
    assert found["aa"].startswith("No A/A test was made")
    assert len(found["digest"]) == 64
    assert "never spoilt   conversion, at most 5.0% worse" in said(workspace, "plan", "diversity")


def test_a_plan_with_too_few_days_exits_with_1(workspace: Path) -> None:
    edit(workspace, "units_per_day: 24000", "units_per_day: 200")
    with pytest.raises(ContractNotMet, match="needs 126 days and has 21"):
        said(workspace, "plan", "diversity")


def test_a_plan_that_is_missing_or_for_strangers_is_refused(workspace: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean `diversity`"):
        said(workspace, "plan", "diversty")
    edit(workspace, "unit: user", "stores: [moon]\nunit: user")
    edit(workspace, "settings: {diversity: 0.6}", "version: v-none")
    with pytest.raises(ConfigError) as caught:
        said(workspace, "plan", "diversity")
    assert [one.field for one in caught.value.problems] == ["stores[0]", "arms[1].version"]


def test_the_library_shows_what_was_learnt_and_what_is_only_planned(workspace: Path) -> None:
    assert "Planned, not started: diversity, prices, real-time, wording." in said(workspace, "list")
    with open_workspace_state(load_settings(workspace)) as state:
        state.experiments.begin(example_record())
        state.experiments.keep(example_analysis())
        state.experiments.resolve(example_resolution())
    assert "adopt: Variety keeps them." in said(workspace, "list")
    found = document(workspace, "list", "variety", "--system", "recommendations")
    assert [one["name"] for one in found["experiments"]] == ["varied"]
    assert document(workspace, "list", "elephants")["experiments"] == []
    with pytest.raises(InputError, match="cannot be searched for"):
        said(workspace, "list", "--outcome", "splendid")


def test_the_schema_and_the_examples_are_printed_as_they_are() -> None:
    assert json.loads(said(None, "schema")) == json_schema()
    assert said(None, "example", "real-time") == example_plan("real-time")
    with pytest.raises(ConfigError, match="Known: diversity, real-time"):
        said(None, "example", "zebra")
