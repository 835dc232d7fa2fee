"""Answers given lately: while nothing changed for them, and the last to each question for when a model is silent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from msgspec import Struct

AnswerT = TypeVar("AnswerT")
_AT_ONCE = 16
"""Forgotten answers whose memory is given back when one is kept."""
JITTER_SHARE = 0.1
"""Each life is shortened by up to this share, so answers made together do not expire together."""


class KeptAnswer(Struct, Generic[AnswerT], frozen=True, gc=False):
    """One answer of the model.

    Attributes:
        model: Version that gave it.
        expires_at: End of its life on the cache's clock, seconds.
    """

    answer: AnswerT
    model: str | None
    expires_at: float


class AnswerCache(Generic[AnswerT]):
    """The newest `entries` answers by key, the longest unread going first, and as many last ones by what was asked.

    An answer that is kept under both keys is there once. Used from one thread.

    Args:
        entries: Most answers kept by either key; 0 keeps none.
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
        self._last: OrderedDict[Hashable, KeptAnswer[AnswerT]] = OrderedDict()
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

    def last(self, asked: Hashable) -> KeptAnswer[AnswerT] | None:
        """Return the last answer to what is asked, however old, for when the model does not answer."""
        return self._last.get(asked)

    def put(self, key: Hashable, answer: AnswerT, model: str | None, asked: Hashable | None = None) -> None:
        """Keep an answer of the model.

        Args:
            asked: What it is the last answer to; None = it never stands in for another.
        """
        self.put_for(key, answer, model, self._ttl * (1 - JITTER_SHARE * self._chance()), asked)

    def put_for(
        self, key: Hashable, answer: AnswerT, model: str | None, seconds: float, asked: Hashable | None = None
    ) -> None:
        """Keep an answer of the model for some seconds; other arguments as in `put`."""
        if self._entries == 0:
            return
        if self._forgotten:
            self._give_back()
        kept = KeptAnswer(answer, model, self._clock() + seconds)
        self._keep(self._kept, key, kept)
        if asked is not None:
            self._keep(self._last, asked, kept)

    def _keep(
        self, kept: OrderedDict[Hashable, KeptAnswer[AnswerT]], key: Hashable, answer: KeptAnswer[AnswerT]
    ) -> None:
        kept[key] = answer
        kept.move_to_end(key)
        if len(kept) > self._entries:
            kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything.

        What it took is given back piece by piece as other answers come: 100,000 answers at once would stop the server
        for a third of a second.
        """
        self._forgotten += [kept for kept in (self._kept, self._last) if kept]
        self._kept, self._last = OrderedDict(), OrderedDict()

    def _give_back(self) -> None:
        oldest = self._forgotten[0]
        for _ in range(min(_AT_ONCE, len(oldest))):
            oldest.popitem()
        if not oldest:
            del self._forgotten[0]
