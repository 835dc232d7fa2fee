"""Taking persons out of the lists of the night, so that none comes back by an export that was under way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.engines.duckdb_session import open_duckdb, text_literal
from shopkeeper.engines.durable_files import held_lock, sync_files, sync_folder
from shopkeeper.engines.list_file import FORMATS, unfinished, unfinished_name
from shopkeeper.errors import Unavailable

ENDING: Final = ".parquet"
"""Lists of the night are `STORE.parquet`."""


@contextmanager
def being_made(file: Path) -> Iterator[None]:
    """Keep erasures from a file until the context closes: from before users are read to when their lists are there."""
    with held_lock(file.with_name(f".{file.name}.lock"), wait=True):
        yield


def erase_from_lists(folder: Path, stores: Sequence[str], users: Sequence[str]) -> int:
    """Write the files of some stores again without the lists of some users, and return how many lists went.

    Waits for exports of these stores that are under way; what exports that were killed left behind goes whole.

    Raises:
        Unavailable: a file cannot be read or written; lists in others are erased.
    """
    if not folder.is_dir():
        return 0
    erased, failed = 0, []
    for store in stores:
        file = folder / f"{store}{ENDING}"
        with being_made(file):
            _sweep(file)
            try:
                erased += _erase(file, users) if file.is_file() else 0
            except (duckdb.Error, OSError) as error:
                failed.append(f"{file}: {str(error).splitlines()[0]}")
    if failed:
        raise Unavailable(
            f"Lists of the night may still hold the person: {'; '.join(failed)}.",
            "Delete the file or export its lists again, then erase the person again.",
        )
    return erased


def _sweep(file: Path) -> None:
    """Delete what nobody is writing any more."""
    for left in unfinished(file):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _erase(file: Path, users: Sequence[str]) -> int:
    spill, draft = unfinished_name(file), unfinished_name(file)
    theirs = f'"user" IN ({", ".join(text_literal(user) for user in users)})'
    lists = f"read_parquet({text_literal(str(file))})"
    connection = open_duckdb(spill)
    try:
        found = connection.execute(f'SELECT count(DISTINCT "user") FROM {lists} WHERE {theirs}').fetchall()  # noqa: S608 - literals
        erased = int(found[0][0])
        if erased:
            kept = f"SELECT * FROM {lists} WHERE NOT ({theirs})"  # noqa: S608 - literals
            connection.execute(f"COPY ({kept}) TO {text_literal(str(draft))} ({FORMATS[ENDING]})")
            sync_files([draft], file.parent)
            draft.replace(file)
            sync_folder(file.parent)
        return erased
    finally:
        connection.close()
        draft.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)
