"""The writer a workspace names is opened as it says, or what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.settings_content import ContentSettings
from shopkeeper.wiring.writing import open_writer


def settings(workspace: Path, **content: object) -> Settings:
    return Settings(workspace=workspace, content=ContentSettings.model_validate(content))


def test_without_an_address_the_realiser_writes(tmp_path: Path) -> None:
    assert open_writer(settings(tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"writer_url": "http://127.0.0.1:1/v1"}, "writer_model"),
        ({"writer_url": "http://127.0.0.1:1/v1", "writer_model": "m"}, "writer_input_price"),
        (
            {"writer_url": "http://127.0.0.1:1/v1", "writer_model": "m", "writer_api_key": "${NO_SUCH_KEY}"},
            "NO_SUCH_KEY",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, content: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        open_writer(settings(tmp_path, **content))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"writer_gguf": "no.gguf"}, r"no\.gguf cannot be read"),
        ({"writer_gguf": "text.gguf"}, "is no GGUF file"),
        ({"writer_gguf": "text.gguf", "writer_url": "http://127.0.0.1:1/v1"}, "both set"),
    ],
)
def test_a_models_file_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, object], named: str
) -> None:
    monkeypatch.setattr("shopkeeper.wiring.writing.find_spec", lambda name: name)  # as if the extras were there
    (tmp_path / "text.gguf").write_text("GGU?")
    with pytest.raises(ConfigError, match=named):
        open_writer(settings(tmp_path, **content))


def test_the_extra_of_a_local_model_is_named_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.wiring.writing.find_spec", lambda name: None if name == "xllamacpp" else name)
    with pytest.raises(ConfigError, match=r"xllamacpp is not installed.*shopkeeper\[llm,local-llm\]"):
        open_writer(settings(tmp_path, writer_gguf="model.gguf"))


def test_a_key_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_KEY", "s3cret")
    writer = open_writer(
        settings(
            tmp_path,
            writer_url="http://127.0.0.1:1/v1",
            writer_model="m",
            writer_api_key="${MODEL_KEY}",
            writer_input_price=0,
            writer_output_price=0,
        )
    )
    assert writer is not None
    writer.close()
