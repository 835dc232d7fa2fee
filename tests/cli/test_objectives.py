"""`shopkeeper objectives` lists, checks and shows what each system is for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Verb

from shopkeeper.errors import ConfigError, ContractNotMet
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract_file import json_schema
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.objectives import SYSTEMS

VERB = Verb("objectives")
said, document = VERB.said, VERB.document


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "shop")
    return tmp_path / "shop"


def edit(workspace: Path, system: str, old: str, new: str) -> None:
    path = workspace / "objectives" / f"{system}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_new_workspace_has_three_examples_that_can_be_used(workspace: Path) -> None:
    listed = document(workspace, "list")["objectives"]
    assert [(one["system"], one["status"]) for one in listed] == [(system, "example") for system in SYSTEMS]
    assert document(workspace, "check")["ok"] is True


def test_an_example_with_own_figures_is_written(workspace: Path) -> None:
    edit(workspace, "pricing", "minimum_uplift: 0.02", "minimum_uplift: 0.03")
    found = {one["system"]: one["status"] for one in document(workspace, "list")["objectives"]}
    assert found == {"recommendations": "example", "pricing": "written", "content": "example"}


def test_a_broken_file_is_named_line_by_line_and_ends_the_check_with_a_contract_not_met(workspace: Path) -> None:
    edit(workspace, "content", "  uptime:", "  uptme:")
    with pytest.raises(ContractNotMet, match=r"1 of 3 objectives cannot be used \(content\)"):
        said(workspace, "check")
    with pytest.raises(ConfigError) as caught:
        said(workspace, "show", "content")
    (problem,) = caught.value.problems
    assert problem.field == "technical.uptme"
    assert problem.remedy == "Did you mean `uptime`?"


def test_a_missing_file_does_not_end_the_check_but_is_said(workspace: Path) -> None:
    (workspace / "objectives/content.yaml").unlink()
    assert "built-in default" in said(workspace, "check")
    with pytest.raises(ConfigError, match="content has no objective"):
        said(workspace, "show", "content")


def test_a_file_called_after_no_system_is_told_by_the_one_that_was_meant(workspace: Path) -> None:
    (workspace / "objectives/recommendation.yaml").write_text("version: 1")
    with pytest.raises(ContractNotMet, match="recommendation"):
        said(workspace, "check")
    with pytest.raises(ConfigError, match="Did you mean `pricing`"):
        said(workspace, "show", "prices")


def test_show_says_the_whole_objective_in_words(workspace: Path) -> None:
    words = said(workspace, "show", "pricing")
    assert "revenue +2% or better" in words
    assert "margin_rate: no more than 1.0% worse than the control and never below 0.32" in words
    assert "error_share above 0.005 (alpha 0.005)" in words
    shown = document(workspace, "show", "pricing")
    assert shown["objective"]["primary"]["minimum_uplift"] == 0.02
    assert shown["digest"] in words


def test_schema_example_and_metrics_are_printed() -> None:
    assert json.loads(said(None, "schema")) == json_schema()
    assert said(None, "example", "content").startswith("# The objective of the product texts")
    assert [one["name"] for one in document(None, "metrics")["metrics"]] == list(CATALOGUE)
