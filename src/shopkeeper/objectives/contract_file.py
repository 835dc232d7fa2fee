"""Reads an objective from its file and says everything that is wrong with it, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.document import SUFFIX, read_document, read_text, schema_of
from shopkeeper.objectives.rules import broken_rules
from shopkeeper.objectives.wrong import Wrong

_GUIDE: Final = "docs/guides/objectives.md says what each key means; `shopkeeper objectives schema` prints the form."


def load_objective(folder: Path, system: str) -> Objective | None:
    """Return the objective of a system; None where the folder has none for it.

    Args:
        folder: Holds one `SYSTEM.yaml` a system.
    Raises:
        ConfigError: the file cannot be read or breaks the rules; names each line, key, value and remedy.
    """
    path = folder / f"{system}{SUFFIX}"
    text = read_text(path)
    return None if text is None else read_objective(text, f"{folder.name}/{path.name}", system)


@lru_cache(maxsize=64)
def read_objective(text: str, name: str, system: str | None = None) -> Objective:
    """Return the objective a YAML text holds; a text read before costs nothing, as objectives never change.

    Args:
        name: Name of the file, for messages.
        system: The system it must be for; None = any.
    Raises:
        ConfigError: it breaks the rules; its `problems` hold one entry for each thing wrong.
    """

    def rules(objective: Objective) -> Iterator[Wrong]:
        yield from broken_rules(objective)
        if system is not None and objective.system != system:
            remedy = f"Write `system: {system}`, or call the file {objective.system}{SUFFIX}."
            yield Wrong("system", f"is {objective.system!r} in a file for {system}", remedy)

    return read_document(Objective, text, name, rules, _GUIDE)


def json_schema() -> dict[str, Any]:
    """Return the form of an objective as JSON Schema (draft 2020-12), with words at every key."""
    return schema_of(Objective, "Objective of a system")
