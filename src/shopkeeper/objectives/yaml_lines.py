"""YAML as people mean it, with the line of every key, so that an error can point at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml

from shopkeeper.errors import ConfigError

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML was built without libyaml: the same documents, eight times as slow
    from yaml import SafeLoader  # type: ignore[assignment]


class _Loader(SafeLoader):
    """Reads `22:00` and `no` as text and `1e-3` as a number, as YAML 1.2 does; the default of PyYAML is 1.1."""

    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {}  # type: ignore[misc]  # the stub has no ClassVar


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("timestamp", r"\d{4}-\d{2}-\d{2}", list("0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


@dataclass(frozen=True, slots=True)
class Lined:
    """A YAML document.

    Attributes:
        lines: Path such as `rollback[0].alpha` -> line it stands in, counted from 1.
        doubled: Paths of keys that stand twice in one place.
    """

    document: object
    lines: Mapping[str, int]
    doubled: tuple[str, ...]

    def line(self, path: str) -> int | None:
        """Return the line of a path, or of the nearest thing around it that is there."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", path)
        return None


def read_yaml(text: str, name: str) -> Lined:
    """Return the document a YAML text holds.

    Args:
        name: Name of the file, for messages.
    Raises:
        ConfigError: it is not valid YAML; names the line.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            document = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:  # a character that no text file has
        raise ConfigError(f"{name}: this is not valid YAML: {error}.", "Take the character out.") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or error
        raise ConfigError(f"{name}{where}: this is not valid YAML: {what}.", "Mend the line it names.") from error
    lines: dict[str, int] = {}
    doubled: list[str] = []
    for path, line in _keys(node, "") if node is not None else ():
        if path in lines:
            doubled.append(path)
        lines[path] = line
    return Lined(document, lines, tuple(doubled))


def read_document(text: str, name: str) -> object:
    """Return what a YAML text holds, for files whose reader names keys and not lines.

    Args:
        name: Name of the file, for messages.
    Raises:
        ConfigError: it is not valid YAML, or a key stands twice in one place, of which YAML would keep the last.
    """
    lined = read_yaml(text, name)
    if lined.doubled:
        path = lined.doubled[0]
        raise ConfigError(f"{name}, line {lined.line(path)}: {path} stands twice in one place.", "Keep one of them.")
    return lined.document


def _keys(node: yaml.Node, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, key.start_mark.line + 1
            yield from _keys(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            inner = f"{path}[{place}]"
            yield inner, value.start_mark.line + 1
            yield from _keys(value, inner)
