"""Writing files so that a crash leaves the old or the new, never half of one."""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_SYNC_ONE_BY_ONE = 32  # above this many files one syncfs is cheaper than an fsync each
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: files created, renamed or deleted before this call stay so."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_files(paths: Sequence[Path], root: Path) -> None:
    """Make files below `root` durable together with every folder between them and `root`."""
    if len(paths) > _SYNC_ONE_BY_ONE:
        _sync_filesystem(root)
        return
    for path in paths:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    folders = {folder for path in paths for folder in path.parents if folder == root or root in folder.parents}
    for folder in sorted(folders):
        sync_folder(folder)


def _sync_filesystem(root: Path) -> None:
    """Make everything on the file system of `root` durable."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # only Linux has it
        os.sync()
        return
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(root))
    finally:
        os.close(handle)


def write_all(handle: int, content: bytes | memoryview) -> None:
    """Write everything to an open file, going on after a short write."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path` atomically; when this returns it is durable."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, _NEW_FILE, 0o644)
    try:
        write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
    sync_folder(path.parent)


@contextmanager
def held_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold an exclusive lock on `path` among all processes and threads; or give False without `wait`.

    The lock goes with the process, so a killed one leaves nothing behind.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield try_lock(handle, wait=wait)
    finally:
        os.close(handle)


def try_lock(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file for this open alone; False when another open of it holds the lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
