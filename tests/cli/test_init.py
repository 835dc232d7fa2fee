"""`shopkeeper init` makes a workspace whose settings file shows every default, and touches nothing that is there."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import init
from shopkeeper.errors import ConfigError
from shopkeeper.wiring.settings import CONFIG_FILE, Settings, load_settings


def command() -> typer.Typer:
    app = typer.Typer()
    init.register(app)
    return app


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command(), list(arguments), catch_exceptions=False, standalone_mode=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_workspace_has_settings_folders_state_and_next_commands(tmp_path: Path) -> None:
    said = json.loads(run(str(tmp_path / "shop"), "--json").splitlines()[-1])
    assert said["workspace"] == str(tmp_path / "shop")
    made = {path.name for path in (tmp_path / "shop").iterdir()}
    assert made >= {CONFIG_FILE, "README.md", "log", "lake", "models", "quarantine", "state.db"}
    assert load_settings(tmp_path / "shop").intake == Settings().intake


def test_the_settings_file_shows_every_setting_with_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOPKEEPER_ENGINES__MLFLOW_URL")
    monkeypatch.delenv("SHOPKEEPER_TRAINING__TIMED_ANSWERS")
    run(str(tmp_path / "shop"))
    lines = (tmp_path / "shop" / CONFIG_FILE).read_text().splitlines()
    assignments = [line.removeprefix("# ") for line in lines if " = " in line or line.startswith("[")]
    defaults = Settings().model_dump(mode="json", exclude={"workspace", "sources"}, exclude_none=True)
    assert tomllib.loads("\n".join(assignments)) == defaults


@pytest.mark.parametrize("there", [CONFIG_FILE, "orders.csv"])
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(ConfigError) as caught:
        run(str(tmp_path))
    assert caught.value.remedy
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {there: "mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine")
    with pytest.raises(ConfigError, match="is a file"):
        run(str(tmp_path / "shop"))
