"""Category paths: `a > b > c` lies under `a`, `a > b` and itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

SEPARATOR = ">"


def normal(path: str) -> str:
    """Return a path with single spaces around its separators: `a>b ` -> `a > b`; empty parts are dropped."""
    return " > ".join(part for part in (piece.strip() for piece in path.split(SEPARATOR)) if part)


def prefixes(paths: Iterable[str]) -> tuple[str, ...]:
    """Return every category that contains one of `paths`, shortest first within a path, none twice."""
    return _prefixes(tuple(paths))


@lru_cache(maxsize=4096)  # a shop has few category combinations and many products
def _prefixes(paths: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in paths:
        parts = [part for part in (piece.strip() for piece in path.split(SEPARATOR)) if part]
        for depth in range(1, len(parts) + 1):
            found[" > ".join(parts[:depth])] = None
    return tuple(found)


def under(paths: Iterable[str], category: str) -> bool:
    """Say whether one of `paths` is `category` or lies under it; nothing lies under a path without a part."""
    wanted = normal(category)
    return wanted != "" and any(path == wanted or path.startswith(wanted + " > ") for path in map(normal, paths))
