"""Answers given lately, kept for a while and for the bad minute in which the model does not answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

AnswerT = TypeVar("AnswerT")
_AT_ONCE = 16
"""Forgotten answers whose memory is given back when one is kept."""
JITTER_SHARE = 0.1
"""Each life is shortened by up to this share, so answers made together do not expire together."""


@dataclass(frozen=True, slots=True)
class KeptAnswer(Generic[AnswerT]):
    """One answer of the model.

    Attributes:
        model: Version that gave it.
        expires_at: End of its life on the cache's clock, seconds.
    """

    answer: AnswerT
    model: str | None
    expires_at: float


class AnswerCache(Generic[AnswerT]):
    """The newest `entries` answers by key, the longest unread going first. Used from one thread.

    Args:
        entries: Most answers kept; 0 keeps none.
        ttl_seconds: Life of an answer before jitter; 0 keeps answers only for the bad minute.
        clock: Seconds that never go back, such as `time.monotonic`.
        chance: Random number in [0, 1) behind the jitter.
    """

    def __init__(
        self, entries: int, ttl_seconds: float, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._entries = entries
        self._ttl = ttl_seconds
        self._clock = clock
        self._chance = chance
        self._kept: OrderedDict[Hashable, KeptAnswer[AnswerT]] = OrderedDict()
        self._forgotten: list[OrderedDict[Hashable, KeptAnswer[AnswerT]]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def fresh(self, key: Hashable) -> KeptAnswer[AnswerT] | None:
        """Return the answer of a key while it lives; None else."""
        kept = self._kept.get(key)
        if kept is None or kept.expires_at <= self._clock():
            return None
        self._kept.move_to_end(key)
        return kept

    def last(self, key: Hashable) -> KeptAnswer[AnswerT] | None:
        """Return the last answer of a key even after its life, for when the model does not answer."""
        return self._kept.get(key)

    def put(self, key: Hashable, answer: AnswerT, model: str | None) -> None:
        """Keep an answer of the model."""
        self.put_for(key, answer, model, self._ttl * (1 - JITTER_SHARE * self._chance()))

    def put_for(self, key: Hashable, answer: AnswerT, model: str | None, seconds: float) -> None:
        """Keep an answer of the model for some seconds."""
        if self._entries == 0:
            return
        if self._forgotten:
            self._give_back()
        self._kept[key] = KeptAnswer(answer, model, self._clock() + seconds)
        self._kept.move_to_end(key)
        if len(self._kept) > self._entries:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything.

        What it took is given back piece by piece as other answers come: 100,000 answers at once would stop the server
        for a third of a second.
        """
        if self._kept:
            self._forgotten.append(self._kept)
            self._kept = OrderedDict()

    def _give_back(self) -> None:
        oldest = self._forgotten[0]
        for _ in range(min(_AT_ONCE, len(oldest))):
            oldest.popitem()
        if not oldest:
            del self._forgotten[0]
