"""Ids of decisions: unique for ever, and nobody can guess the next."""

from __future__ import annotations

from collections.abc import Iterator
from os import urandom
from typing import Final

_BYTES: Final = 12
_DRAWN: Final = 256
"""Ids that one question to the system gives; a question for each costs more than all else about an id."""


def decision_ids() -> Iterator[str]:
    """Yield ids of 24 hexadecimal digits without end. Used in one process, from one thread."""
    while True:
        drawn = urandom(_BYTES * _DRAWN).hex()
        for start in range(0, len(drawn), 2 * _BYTES):
            yield drawn[start : start + 2 * _BYTES]
