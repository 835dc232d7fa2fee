"""The words of a docstring, for descriptions that people read outside the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass

_ATTRIBUTES = re.compile(r"^ {4}(?P<names>\w+(?:, \w+)*): (?P<words>.*(?:\n {8}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Words:
    """What a docstring says.

    Attributes:
        head: Everything before `Attributes`.
        fields: Field -> its words, on one line.
    """

    head: str
    fields: Mapping[str, str]


def read_words(docstring: str) -> Words:
    """Return the head of a docstring and the words of its `Attributes` section; fields may share a line, by commas."""
    head, _, attributes = inspect.cleandoc(docstring).partition("\nAttributes:\n")
    found = {
        name: re.sub(r"\s+", " ", one["words"])
        for one in _ATTRIBUTES.finditer(attributes)
        for name in one["names"].split(", ")
    }
    return Words(head.strip(), found)


def words_of(kind: type) -> Words:
    """Return what the docstring of a type says."""
    return read_words(kind.__doc__ or "")
