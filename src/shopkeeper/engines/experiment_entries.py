"""What waits to be written to the experiment log, one row of a file each."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from shopkeeper.registry.ports import Alias


class Begin(Struct, frozen=True, tag=True):
    """A run began, `at` milliseconds since 1970; so in all other rows."""

    run: str
    system: str
    parameters: dict[str, Any]
    tags: dict[str, str]
    at: int


class Figures(Struct, frozen=True, tag=True):
    """Metrics of a run at a step; None stands for a value that is no number."""

    run: str
    values: dict[str, float | None]
    step: int
    at: int


class TrialEnded(Struct, frozen=True, tag=True):
    """One trial of tuning."""

    run: str
    number: int
    parameters: dict[str, Any]
    value: float | None
    state: str
    at: int


class Kept(Struct, frozen=True, tag=True):
    """A file or folder of a run."""

    run: str
    path: str
    folder: str


class Registered(Struct, frozen=True, tag=True):
    """A model version and where its bundle lies."""

    run: str
    system: str
    version: str
    model: str
    blessed: bool
    fingerprint: str
    bundle: str


class Pointed(Struct, frozen=True, tag=True):
    """An alias points to a version, or nowhere."""

    system: str
    alias: Alias
    version: str | None


class End(Struct, frozen=True, tag=True):
    """A run ended as `done`, `failed` or `cancelled`."""

    run: str
    state: str
    at: int


Entry = Begin | Figures | TrialEnded | Kept | Registered | Pointed | End

_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Return an entry as one line."""
    return msgspec.json.encode(entry, enc_hook=_plain) + b"\n"


def decode(line: bytes) -> Entry:
    """Return the entry of a line. Raises msgspec.MsgspecError for a line that is none."""
    return _DECODER.decode(line)


def _plain(value: Any) -> Any:  # noqa: ANN401 - parameters hold what a model put there
    """Return a numpy scalar or array as plain values, anything else in its own words."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
