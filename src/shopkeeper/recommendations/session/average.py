"""The mean of a network over its newest steps, which lies nearer to what they circle around than the last one does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

_EVERY = 10
"""Steps from one look to the next; a network hardly moves between two."""


class RunningMean:
    """A mean of the parameters of a network over its steps, a step counting less the older it is.

    Args:
        steps: After so many a step counts 1/e of the newest.

    Source:
        Polyak, Juditsky, Acceleration of Stochastic Approximation by Averaging (1992); fading as in Tarvainen,
        Valpola, Mean Teachers Are Better Role Models (2017).
    """

    def __init__(self, net: nn.Module, steps: float) -> None:
        self._now = list(net.parameters())
        self._mean = [one.detach().clone() for one in self._now]
        self._taken_in = 1.0 - math.exp(-_EVERY / steps)
        self._seen = 0

    def look(self) -> None:
        """Take in where the network stands; to be called after each step."""
        self._seen += 1
        if self._seen >= _EVERY and self._seen % _EVERY:
            return
        share = max(self._taken_in, _EVERY / max(self._seen, _EVERY))
        with torch.no_grad():
            for now, mean in zip(self._now, self._mean, strict=True):
                mean.lerp_(now, share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network be its mean for a while."""
        self._change_places()
        try:
            yield
        finally:
            self._change_places()

    def settle(self) -> None:
        """Let the network be its mean for good."""
        with torch.no_grad():
            for now, mean in zip(self._now, self._mean, strict=True):
                now.copy_(mean)

    def _change_places(self) -> None:
        with torch.no_grad():
            for now, mean in zip(self._now, self._mean, strict=True):
                kept = now.clone()
                now.copy_(mean)
                mean.copy_(kept)
