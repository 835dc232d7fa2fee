"""The model's answers as other processes may give them too: how they are named, packed and taken over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from shopkeeper.serving.decide import Decider, Decision
from shopkeeper.serving.lineup import Page
from shopkeeper.serving.ports import DecisionRequest

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")


class SharedAnswers(Generic[RequestT, AnswerT]):
    """Names and packs answers. Used from one event loop.

    Args:
        answer: Type of an answer, for msgspec.
        mark: Names what makes older answers worthless to every process that sees the same: the model's content, the
            newest import.
        clock: Epoch seconds, the same in every process.
        seconds: Life of an answer.
    """

    def __init__(
        self,
        decider: Decider[RequestT, AnswerT],
        answer: type[AnswerT],
        mark: Callable[[], str],
        clock: Callable[[], float],
        seconds: float,
    ) -> None:
        self._decider = decider
        self._mark = mark
        self._clock = clock
        self._seconds = seconds
        self._packed = msgspec.msgpack.Decoder(tuple[float, str, answer])  # type: ignore[valid-type]
        self.taken = 0
        """Answers taken over from other processes."""

    def name(self, request: RequestT, page: Page[RequestT, AnswerT] | None = None) -> str:
        """Return the name of the answer to a request whose profile is not known yet; empty = nobody need ask for it."""
        key = self._decider.key(request, page)
        if key is None or self._seconds <= 0 or self._decider.cache.fresh(key) is not None:
            return ""
        return hashlib.blake2b(msgspec.msgpack.encode((self._mark(), key)), digest_size=16).hexdigest()

    def take_over(self, request: RequestT, packed: bytes, page: Page[RequestT, AnswerT] | None = None) -> None:
        """Let another process's answer be in the cache for this request; what cannot be read is as if it were not."""
        try:
            until, model, answer = self._packed.decode(packed)
        except msgspec.DecodeError:  # another version of Shopkeeper wrote it
            return
        left = until - self._clock()
        if left > 0:
            self._decider.prime(request, answer, model, left, page)
            self.taken += 1

    def pack(self, decision: Decision[AnswerT]) -> tuple[bytes, float] | None:
        """Return a fresh answer of the model as it is kept, and for how many seconds; None for any other."""
        if decision.made is None or decision.model is None or decision.cached or decision.fallback is not None:
            return None
        packed = msgspec.msgpack.encode((self._clock() + self._seconds, decision.model, decision.made))
        return packed, self._seconds
