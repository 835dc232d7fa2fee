"""A document people write in YAML, read into its struct, with everything that is wrong with it line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from shopkeeper.commerce.docstrings import read_words
from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.objectives.shape import wrong_shape
from shopkeeper.objectives.wrong import Wrong
from shopkeeper.objectives.yaml_lines import Lined, read_yaml

SUFFIX: Final = ".yaml"
StructT = TypeVar("StructT", bound=Struct)


def read_text(path: Path) -> str | None:
    """Return the text of a file; None where there is none. Raises ConfigError for one that cannot be read."""
    if not path.is_file():
        return None
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 text file.") from error


def read_document(
    kind: type[StructT], text: str, name: str, rules: Callable[[StructT], Iterable[Wrong]], guide: str
) -> StructT:
    """Return what a YAML text holds.

    Args:
        kind: What it should be.
        name: Name of the file, for messages.
        rules: What it must hold beyond its form.
        guide: Where its keys are explained.
    Raises:
        ConfigError: it breaks its form or the rules; `problems` hold line, key, value and remedy of each mistake.
    """
    return _held(kind, read_yaml(text, name), name, rules, guide)


def take_document(
    kind: type[StructT], document: object, name: str, rules: Callable[[StructT], Iterable[Wrong]], guide: str
) -> StructT:
    """Return what JSON holds, as `read_document` does what YAML holds; mistakes have no line."""
    return _held(kind, Lined(document, {}, ()), name, rules, guide)


def _held(
    kind: type[StructT], lined: Lined, name: str, rules: Callable[[StructT], Iterable[Wrong]], guide: str
) -> StructT:
    wrong = [Wrong(path, "stands twice in one place", "Keep one of them.") for path in lined.doubled]
    wrong += wrong_shape(kind, lined.document)
    if wrong:
        raise _refusal(wrong, lined, name, guide)
    document = msgspec.convert(lined.document, kind)
    wrong += rules(document)
    if wrong:
        raise _refusal(wrong, lined, name, guide)
    return document


def _refusal(wrong: Iterable[Wrong], lined: Lined, name: str, guide: str) -> ConfigError:
    problems = []
    for one in sorted(wrong, key=lambda found: lined.line(found.path) or 0):
        line = lined.line(one.path)
        where = f"line {line}: " if line is not None else ""
        problems.append(FieldProblem(one.path, f"{where}{one.reason}.", one.remedy))
    return ConfigError(f"{name} has {len(problems)} mistake(s).", guide, tuple(problems))


def schema_of(kind: type[Struct], title: str) -> dict[str, Any]:
    """Return the form of a document as JSON Schema (draft 2020-12), with words at every key."""
    schema = msgspec.json.schema(kind)
    for part in schema["$defs"].values():
        words = read_words(part.get("description", ""))
        part["description"] = words.head
        for name, held in part.get("properties", {}).items():
            if name in words.fields:
                part["properties"][name] = _described(held, re.sub(r"`", "", words.fields[name]))
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))
    return plain


def _described(held: dict[str, Any], words: str) -> dict[str, Any]:
    """Return a field's schema with its words, unless its type brought some of its own."""
    return {"description": words, **held} if "description" not in held else held


def digest_of(document: Struct) -> str:
    """Return the SHA-256 over what a document says; a key left at its default counts as not written."""
    return sha256(msgspec.json.encode(_canonical(document), order="deterministic")).hexdigest()


def _canonical(value: object) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, Struct):
        fields = ((field, getattr(value, field.name)) for field in msgspec.structs.fields(value))
        return {field.name: _canonical(held) for field, held in fields if held != field.default}
    if isinstance(value, dict):
        return {name: _canonical(held) for name, held in value.items()}
    if isinstance(value, tuple | list):
        return [_canonical(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
