"""The texts of some products, written in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from shopkeeper.content.author import Author, Due, Manner, Subject
from shopkeeper.content.kept import REALISER
from shopkeeper.content.ports import Writer
from shopkeeper.content.review import Policy
from shopkeeper.content.verifier import Verifier
from shopkeeper.jobs.shards import Shared
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.writing import open_writer


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
    due: tuple[tuple[Subject, tuple[Due, ...]], ...]


def write_shard(shard: TextShard, _: Shared) -> bytes:
    """Return the changes that bring the texts, as MessagePack of `list[content.kept.Change]`.

    Done twice it pays once: a writer's answers are kept by what was asked.
    """
    writer = None if shard.manner.writer == REALISER else _writer(shard.workspace)
    author = Author(shard.manner, _verifier(shard.manner), writer, shard.policy, shard.at, shard.who, shard.run)
    return msgspec.msgpack.encode([change for subject, due in shard.due for change in author.write(subject, due)])


@lru_cache(maxsize=4)
def _verifier(manner: Manner) -> Verifier:
    return manner.verifier()


@lru_cache(maxsize=4)
def _writer(workspace: str) -> Writer | None:
    return open_writer(load_settings(Path(workspace)))
