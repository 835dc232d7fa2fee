"""`shopkeeper serve` says in words what it cannot do; what it does is in tests/integration/test_server.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.errors import ConfigError


def test_workers_that_share_no_cache_are_refused_with_the_setting_they_need(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").touch()
    with pytest.raises(ConfigError, match=r"2 workers .*`engines.cache_url` is not set"):
        CliRunner().invoke(build(), ["serve", "--workers", "2", "--workspace", str(tmp_path)], catch_exceptions=False)


def test_a_folder_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shopkeeper init"):
        CliRunner().invoke(build(), ["serve", "--workspace", str(tmp_path)], catch_exceptions=False)
