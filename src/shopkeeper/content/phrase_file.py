"""Phrases a model wrote for the realiser, as a folder of words keeps them: who wrote each, who took or refused it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from shopkeeper.errors import ConfigError

FILE: Final = "phrases.json"
PhraseState = Literal["waiting", "approved", "rejected"]


class Phrase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One frame of a section and voice.

    Attributes:
        text: The frame, as in a language's table.
        writer: The model, as its server names it.
        who: Who took or refused it; empty while it waits.
        at: When it came to stand as it does.
    """

    language: str
    section: str
    voice: str
    text: str
    writer: str
    state: PhraseState = "waiting"
    who: str = ""
    why: str = ""
    at: datetime

    @property
    def id(self) -> str:
        """Its name, eight hexadecimal digits."""
        said = "\0".join((self.language, self.section, self.voice, self.text))
        return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()


def read_phrases(folder: Path) -> list[Phrase]:
    """Return the phrases of a folder of words; none where it has none.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=list[Phrase])
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise ConfigError(f"{folder / FILE} cannot be read: {error}.", "Mend it, or take it away.") from error


def phrases_written(phrases: Sequence[Phrase]) -> bytes:
    """Return what the file is to hold."""
    return msgspec.json.format(msgspec.json.encode(phrases), indent=2) + b"\n"
