"""Profiles and answers of the serving process: its own, and where `engines.cache_url` is set, shared with others."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.serving.decide import Decider
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.session_state import SessionState
from shopkeeper.serving.shared_answers import SharedAnswers
from shopkeeper.serving.shared_sessions import SharedSessions
from shopkeeper.wiring.settings import Settings

FOLLOW_SECONDS = 0.25
"""How often a cache that is away is asked whether it is back."""

RecommendationAnswers = SharedAnswers[RecommendationRequest, RecommendationAnswer]


def open_profiles(settings: Settings, stack: AsyncExitStack, heard: Callable[[], Awaitable[object]]) -> Profiles:
    """Return the profiles of this process; the connection is given back when the stack closes.

    Args:
        heard: Returns when what other processes took counts in this one as well.

    Raises:
        ConfigError: the URL names no Valkey or Redis.
    """
    local = SessionState(settings.serving.sessions)
    if settings.engines.cache_url is None:
        return Profiles(local)
    # Loaded where there is a cache: a server that has none starts so much sooner.
    from shopkeeper.engines.valkey_sessions import ValkeySessions  # noqa: PLC0415

    store = ValkeySessions(settings.engines.cache_url, wait_seconds=settings.serving.cache_wait_ms / 1000)
    stack.push_async_callback(store.close)
    return Profiles(local, SharedSessions(store, local), heard)


def shared_answers(
    settings: Settings, decider: Decider[RecommendationRequest, RecommendationAnswer], mark: Callable[[], str]
) -> RecommendationAnswers | None:
    """Return how answers are shared; None where there is no cache to share them on."""
    if settings.engines.cache_url is None:
        return None
    return SharedAnswers(decider, RecommendationAnswer, mark, time.time, settings.serving.cache_hours * 3600)
