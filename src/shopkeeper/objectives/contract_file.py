"""Reads an objective from its file and says everything that is wrong with it, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from shopkeeper.commerce.docstrings import read_words
from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.rules import broken_rules
from shopkeeper.objectives.shape import wrong_shape
from shopkeeper.objectives.wrong import Wrong
from shopkeeper.objectives.yaml_lines import Lined, read_yaml

SUFFIX: Final = ".yaml"
_GUIDE: Final = "docs/guides/objectives.md says what each key means; `shopkeeper objectives schema` prints the form."


def load_objective(folder: Path, system: str) -> Objective | None:
    """Return the objective of a system; None where the folder has none for it.

    Args:
        folder: Holds one `SYSTEM.yaml` a system.
    Raises:
        ConfigError: the file cannot be read or breaks the rules; names each line, key, value and remedy.
    """
    path = folder / f"{system}{SUFFIX}"
    if not path.is_file():
        return None
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 text file.") from error
    return read_objective(text, f"{folder.name}/{path.name}", system)


def read_objective(text: str, name: str, system: str | None = None) -> Objective:
    """Return the objective a YAML text holds.

    Args:
        name: Name of the file, for messages.
        system: The system it must be for; None = any.
    Raises:
        ConfigError: it breaks the rules; its `problems` hold one entry for each thing wrong.
    """
    lined = read_yaml(text, name)
    wrong = [Wrong(path, "stands twice in one place", "Keep one of them.") for path in lined.doubled]
    wrong += wrong_shape(Objective, lined.document)
    if wrong:
        raise _refusal(wrong, lined, name)
    objective = msgspec.convert(lined.document, Objective)
    wrong += broken_rules(objective)
    if system is not None and objective.system != system:
        remedy = f"Write `system: {system}`, or call the file {objective.system}{SUFFIX}."
        wrong.append(Wrong("system", f"is {objective.system!r} in a file for {system}", remedy))
    if wrong:
        raise _refusal(wrong, lined, name)
    return objective


def _refusal(wrong: Iterable[Wrong], lined: Lined, name: str) -> ConfigError:
    problems = []
    for one in sorted(wrong, key=lambda found: lined.line(found.path) or 0):
        line = lined.line(one.path)
        where = f"line {line}: " if line is not None else ""
        problems.append(FieldProblem(one.path, f"{where}{one.reason}.", one.remedy))
    return ConfigError(f"{name} has {len(problems)} mistake(s).", _GUIDE, tuple(problems))


def json_schema() -> dict[str, Any]:
    """Return the form of an objective as JSON Schema (draft 2020-12), with words at every key."""
    schema = msgspec.json.schema(Objective)
    for part in schema["$defs"].values():
        words = read_words(part.get("description", ""))
        part["description"] = words.head
        for name, held in part.get("properties", {}).items():
            if name in words.fields:
                part["properties"][name] = _described(held, re.sub(r"`", "", words.fields[name]))
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Objective of a system", **schema}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))
    return plain


def _described(held: dict[str, Any], words: str) -> dict[str, Any]:
    """Return a field's schema with its words, unless its type brought some of its own."""
    return {"description": words, **held} if "description" not in held else held
