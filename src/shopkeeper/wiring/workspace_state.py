"""The state database of a workspace, for verbs that need nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from shopkeeper.engines.state import State, open_state
from shopkeeper.wiring.settings import Settings


@contextlib.contextmanager
def open_workspace_state(settings: Settings) -> Iterator[State]:
    """Open the state database and close it again."""
    state = open_state(settings.state_url)
    try:
        yield state
    finally:
        state.close()
