"""`shopkeeper keys`: the secret is shown once, and every word of it works for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.errors import InputError
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.workspace_state import open_workspace_state


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "shopkeeper.toml").touch()
    return tmp_path


def call(workspace: Path, *arguments: str) -> str:
    result = CliRunner().invoke(build(), ["keys", *arguments, "--workspace", str(workspace)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_key_is_made_listed_without_its_secret_and_revoked(workspace: Path) -> None:
    made = json.loads(call(workspace, "create", "--store", "uk", "--scopes", "events,decide", "--json"))
    with open_workspace_state(load_settings(workspace)) as state:
        found = state.keys.find(made["key"])
    assert found is not None
    assert (found.store, found.scopes) == ("uk", ("events", "decide"))
    listed = call(workspace, "list", "--json")
    assert made["key"] not in listed
    assert json.loads(listed)["keys"][0]["key_id"] == made["key_id"]
    call(workspace, "revoke", made["key_id"])
    with open_workspace_state(load_settings(workspace)) as state:
        assert state.keys.find(made["key"]) is None


def test_an_unknown_scope_is_bad_input(workspace: Path) -> None:
    with pytest.raises(InputError, match="Scopes"):
        call(workspace, "create", "--store", "uk", "--scopes", "everything")
