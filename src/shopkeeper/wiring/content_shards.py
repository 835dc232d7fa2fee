"""The texts of some products, written in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shopkeeper.content.author import About, Author, Due, Manner
from shopkeeper.content.kept import REALISER
from shopkeeper.content.review import Policy
from shopkeeper.content.verifier import Verifier
from shopkeeper.jobs.shards import Shared
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.writing import open_writer

if TYPE_CHECKING:
    from shopkeeper.engines.openai_writer import OpenAiWriter


@dataclass(frozen=True, slots=True)
class TextShard:
    """Some products with the texts that are due.

    Attributes:
        workspace: Folder whose settings name the writer.
        at: When the texts are written.
        run: The job.
    """

    workspace: str
    manner: Manner
    policy: Policy
    at: datetime
    who: str
    run: str
    due: tuple[tuple[About, tuple[Due, ...]], ...]


def write_shard(shard: TextShard, _: Shared) -> bytes:
    """Return the changes that bring the texts, as MessagePack of `list[content.kept.Change]`.

    Done twice it pays once: a writer's answers are kept by what was asked.
    """
    writer = None if shard.manner.writer == REALISER else _writer(shard.workspace)
    author = Author(shard.manner, _verifier(shard.manner), writer, shard.policy, shard.at, shard.who, shard.run)
    return msgspec.msgpack.encode([change for subject, due in shard.due for change in author.write(subject, due)])


def close_writer(workspace: str) -> None:
    """Let go of the writer of this process, and end the server of a model on this machine."""
    if _writer.cache_info().currsize and (writer := _writer(workspace)) is not None:
        writer.close()
    _writer.cache_clear()


@lru_cache(maxsize=4)
def _verifier(manner: Manner) -> Verifier:
    return manner.verifier()


@lru_cache(maxsize=1)
def _writer(workspace: str) -> OpenAiWriter | None:
    return open_writer(load_settings(Path(workspace)))
