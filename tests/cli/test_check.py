"""`shopkeeper check` measures a workspace, keeps the report, and ends with 1 when a hard limit is not met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import check
from shopkeeper.engines.state import open_state
from shopkeeper.errors import ContractNotMet, NotEnoughData, UnknownStore
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import load_settings


def command() -> typer.Typer:
    app = typer.Typer()
    check.register(app)
    return app


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "shop")
    return tmp_path / "shop"


def bring(workspace: Path, store: str, **fields: object) -> None:
    folder = workspace.parent / store
    folder.mkdir()
    row = {"ts": 1_700_000_000, "type": "purchase", "product": "lamp", "user": "ann", "price": 2, **fields}
    (folder / "events.jsonl").write_text(json.dumps(row))
    import_into(load_settings(workspace), folder, store)


def run(workspace: Path, *arguments: str) -> dict[str, Any]:
    words = ["--workspace", str(workspace), "--json", *arguments]
    result = CliRunner().invoke(command(), words, catch_exceptions=False, standalone_mode=False)
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return document


def test_the_report_names_figures_limits_and_remedies_and_is_kept(workspace: Path) -> None:
    bring(workspace, "uk")
    report = run(workspace)
    assert report["status"] == "warn"
    assert all({"figure", "limit", "remedy", "status"} <= found.keys() for found in report["findings"])
    state = open_state(load_settings(workspace).state_url)
    try:
        (kept,) = state.reports.latest("check", store="uk")
    finally:
        state.close()
    assert kept.body == report


def test_a_hard_limit_that_is_not_met_fails_only_its_store(workspace: Path) -> None:
    bring(workspace, "uk")
    bring(workspace, "de", price=None)
    with pytest.raises(ContractNotMet, match="purchases with a price"):
        run(workspace)
    assert run(workspace, "--store", "uk")["status"] == "warn"


def test_an_unknown_store_and_an_empty_workspace_are_said(workspace: Path) -> None:
    with pytest.raises(NotEnoughData, match="no store"):
        run(workspace)
    bring(workspace, "uk")
    with pytest.raises(UnknownStore, match="de"):
        run(workspace, "--store", "de")
