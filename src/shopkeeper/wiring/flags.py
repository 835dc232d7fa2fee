"""Flags by OpenFeature: a provider for a shop's own code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from shopkeeper.engines.open_feature import FlagProvider
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.experiments.flag_answers import Conversions
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

UNITS = 200_000
"""Units of which a provider holds the first arm."""


@contextlib.contextmanager
def open_flag_provider(
    settings: Settings, conversions: Conversions | None = None, features: Mapping[str, Any] | None = None
) -> Iterator[FlagProvider]:
    """Open an OpenFeature provider over what runs in a workspace.

    Args:
        conversions: Where `track` sends events, such as `engines.http_conversions.HttpConversions`.
        features: Flags in GrowthBook's form, answered beside the tests.
    """
    stop_file = StopFile(settings.workspace)
    with open_workspace_state(settings) as state:
        yield FlagProvider(
            state.live_tests,
            lambda: (*stop_file.orders(), *state.stops.orders()),
            MemorySticky(most=UNITS),
            conversions,
            features,
        )
