"""The tables of words that ship with the package, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(name: str) -> Any:  # noqa: ANN401 - as YAML has it; who reads it knows its shape
    """One table of `words/`, by name: concepts, nouns, values, or a language."""
    text = files("shopkeeper.content").joinpath("words", f"{name}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - the safe one, in C
