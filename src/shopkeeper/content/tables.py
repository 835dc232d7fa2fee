"""The tables of words that ship with the package, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from shopkeeper.objectives.yaml_lines import read_document


@cache
def table(name: str, folder: str = "words") -> Any:  # noqa: ANN401 - as YAML has it; who reads it knows its shape
    """One table by name: of `words`, what is written (concepts, nouns, a language); of `lexica`, what is read."""
    text = files("shopkeeper.content").joinpath(folder, f"{name}.yaml").read_text("utf-8")
    return read_document(text, f"{name}.yaml")
