"""Texts are read as sentences where a workspace says so, and what is missing for it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.wiring import sentences
from shopkeeper.wiring.settings import load_settings


def test_without_the_setting_nothing_is_read_as_sentences(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").write_text("")
    assert sentences.sentence_encoder(load_settings(tmp_path)) is None


def test_what_is_not_installed_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shopkeeper.toml").write_text("[training]\nsentences = true\n")
    monkeypatch.setattr(sentences, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="wordllama is not installed") as caught:
        sentences.sentence_encoder(load_settings(tmp_path))
    assert "shopkeeper[sentences]" in caught.value.remedy
