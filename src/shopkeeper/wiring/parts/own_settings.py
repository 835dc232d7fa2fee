"""The settings of a workspace that mean the same anywhere: all but where its engines are, and nothing secret."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from shopkeeper.errors import ConfigError
from shopkeeper.wiring.parts.own_files import put
from shopkeeper.wiring.parts.part import Counts, House
from shopkeeper.wiring.settings import CONFIG_FILE, Settings

_FILE: Final = "settings.json"
_PLACES: Final = frozenset({"workspace", "engines"})
"""Sections that say where things are, which is another question where they go."""
_SECRET: Final = re.compile(r"password|secret|token|api_?key|routing_key", re.IGNORECASE)
_PASSWORD: Final = re.compile(r"(://[^:/@\s]*:)(?!\$\{)[^@/\s]+@")


class OwnSettings:
    """What `shopkeeper.toml` says. Settings from the environment are the machine's and stay there."""

    name = "settings"

    def pack(self, house: House, folder: Path) -> Counts:
        """Write the sections, without secrets; a password inside a URL becomes the name of a variable."""
        said = {} if house.store is not None else _said(house.settings.workspace)
        kept = {name: _public(value) for name, value in said.items() if name not in _PLACES and value}
        if not kept:
            return {}
        (folder / _FILE).write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1))
        return {self.name: _leaves(kept)}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Write what the workspace's own file leaves open into it; what it says stays.

        Raises:
            ConfigError: with them the file cannot be read; it was left as it was.
        """
        if not (folder / _FILE).is_file():
            return {}
        packed = msgspec.json.decode((folder / _FILE).read_bytes(), type=dict[str, Any])
        path, own = house.settings.workspace / CONFIG_FILE, _said(house.settings.workspace)
        text = path.read_text("utf-8") if path.is_file() else ""
        mended = _filled(text, own, {name: value for name, value in packed.items() if name not in _PLACES})
        if mended != text:
            put(mended.encode(), path)
            try:
                Settings(workspace=house.settings.workspace)
            except ValueError as error:
                put(text.encode(), path)
                raise ConfigError(
                    f"The settings of the export do not fit this version: {str(error).splitlines()[0]}.",
                    f"Mend {folder / _FILE}, or use the version of Shopkeeper that wrote it.",
                ) from error
        return {self.name: _leaves(packed)}


def _said(workspace: Path) -> dict[str, Any]:
    path = workspace / CONFIG_FILE
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def _public(value: Any) -> Any:  # noqa: ANN401 - whatever TOML can say
    if isinstance(value, Mapping):
        return {name: _public(one) for name, one in value.items() if not _SECRET.search(name)}
    if isinstance(value, list):
        return [_public(one) for one in value]
    return _PASSWORD.sub(r"\1${PASSWORD}@", value) if isinstance(value, str) else value


def _leaves(value: Any) -> int:  # noqa: ANN401 - whatever TOML can say
    if isinstance(value, Mapping):
        return sum(_leaves(one) for one in value.values())
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return sum(_leaves(one) for one in value)
    return 1


def _filled(text: str, own: Mapping[str, Any], packed: Mapping[str, Any]) -> str:
    """Return the text of a file with what it leaves open: below the head of each section, else at the end."""
    for name, section in packed.items():
        if isinstance(section, list):
            if name not in own:
                text += "".join(f"\n[[{name}]]\n{_lines(one)}" for one in section)
        elif isinstance(section, Mapping):
            lines = _lines({key: value for key, value in section.items() if key not in own.get(name, {})})
            head = re.compile(rf"^\[{re.escape(name)}\][^\n]*\n", re.MULTILINE)
            if lines and head.search(text):
                text = head.sub(lambda found, lines=lines: found[0] + lines, text, count=1)  # type: ignore[misc]
            elif lines:
                text += f"\n[{name}]\n{lines}"
        elif name not in own:
            text = f"{name} = {_toml(section)}\n{text}"
    return text


def _lines(section: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in section.items())


def _toml(value: Any) -> str:  # noqa: ANN401 - whatever TOML can say
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return msgspec.json.encode(value).decode()  # texts, numbers and flags are written alike
