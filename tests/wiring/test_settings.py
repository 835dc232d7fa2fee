"""Settings come from the file, the environment wins, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.wiring.settings import load_settings


def _workspace(folder: Path, text: str = "") -> Path:
    (folder / "shopkeeper.toml").write_text(text)
    return folder


def test_an_empty_file_means_the_embedded_defaults(tmp_path: Path) -> None:
    settings = load_settings(_workspace(tmp_path))
    assert settings.serving.port == 8000
    assert settings.state_url == f"sqlite:///{tmp_path / 'state.db'}"
    assert settings.folder(settings.engines.lake) == tmp_path / "lake"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_SERVING__PORT", "9000")
    assert load_settings(_workspace(tmp_path, "[serving]\nport = 7000\n")).serving.port == 9000


def test_an_absolute_or_remote_state_url_stays_as_it_is(tmp_path: Path) -> None:
    settings = load_settings(_workspace(tmp_path, '[engines]\nstate_url = "postgresql+psycopg://db/shop"\n'))
    assert settings.state_url == "postgresql+psycopg://db/shop"


def test_a_folder_without_a_file_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shopkeeper init"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[serving]\nprot = 1\n", "serving.prot"),
        ("[serving]\nport = 'high'\n", "serving.port"),
        ("[training]\ntest_share = 2\n", "training.test_share"),
        ("[sarving]\n", "sarving"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(_workspace(tmp_path, text))
    assert [problem.field for problem in caught.value.problems] == [named]


def test_text_that_is_no_toml_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(_workspace(tmp_path, "port: 1"))
