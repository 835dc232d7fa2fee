"""What was loaded before the first request is no garbage: looking through it again and again would cost requests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 20_000
"""Objects made before the young ones are looked through; a request makes a few hundred, and nearly all die by count."""


@contextmanager
def settled_memory() -> Iterator[None]:
    """Turn the garbage collector on, and keep it away from all that is there now, for as long as the context is open.

    What is garbage by now is 2 MB, which stay; to look for them would take a twelfth of a start.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, *before[1:])
    gc.enable()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
