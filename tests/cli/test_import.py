"""`shopkeeper import` on a real workspace: durable, idempotent, honest in its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import import_
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.state import open_state
from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import load_settings


def command() -> typer.Typer:
    app = typer.Typer()
    import_.register(app)
    return app


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [{"ts": 1_700_000_000 + n, "type": "view", "product": f"p{n % 5}", "user": "ann"} for n in range(40)]
    (folder / "events.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (folder / "products.csv").write_text("product,title\n" + "\n".join(f"p{n},Lamp {n}" for n in range(5)))
    return folder


def run(workspace: Path, data: Path, *arguments: str) -> dict[str, Any]:
    words = [str(data), "--workspace", str(workspace), "--json", *arguments]
    result = CliRunner().invoke(command(), words, catch_exceptions=False, standalone_mode=False)
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return document


def test_a_folder_comes_in_once_however_often_it_is_imported(workspace: Path, data: Path) -> None:
    first, again = run(workspace, data, "--store", "uk"), run(workspace, data, "--store", "uk")
    assert {t["table"]: (t["accepted"], t["duplicates"]) for t in first["tables"]} == {
        "products": (5, 0),
        "events": (40, 0),
    }
    assert {t["table"]: (t["accepted"], t["duplicates"]) for t in again["tables"]} == {
        "products": (0, 5),
        "events": (0, 40),
    }
    assert (first["created_store"], again["created_store"]) == (True, False)
    state = open_state(load_settings(workspace).state_url)
    try:
        assert (state.tables.count(STORES), state.tables.count(PRODUCTS, "uk")) == (1, 5)
        assert len(state.reports.latest("import", store="uk")) == 2
    finally:
        state.close()


def test_rows_in_quarantine_within_the_limit_are_no_failure(workspace: Path, data: Path) -> None:
    with (data / "events.jsonl").open("a") as file:
        file.write("\nnonsense")
    report = run(workspace, data, "--store", "uk")
    assert (report["quarantined"], report["within_contract"]) == (1, True)
    assert Path(report["quarantine"]).is_dir()


def test_more_rows_in_quarantine_than_the_limit_break_the_contract(workspace: Path, data: Path) -> None:
    with (data / "events.jsonl").open("a") as file:
        file.write("\nnonsense" * 5)
    with pytest.raises(ContractNotMet, match="limit"):
        run(workspace, data, "--store", "uk")


def test_people_read_the_report_in_words(workspace: Path, data: Path) -> None:
    words = [str(data), "--workspace", str(workspace), "--store", "uk"]
    result = CliRunner().invoke(command(), words, catch_exceptions=False, standalone_mode=False)
    assert "events: 40 read = 40 new + 0 duplicates + 0 rejected" in result.stdout


def test_what_cannot_be_imported_is_an_input_error(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run(workspace, tmp_path / "absent", "--store", "uk")
    with pytest.raises(ConfigError, match="init"):
        run(tmp_path, tmp_path, "--store", "uk")
