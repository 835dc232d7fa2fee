"""What training lowers: how surprising each next item is to the network, over all items or over sampled ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from shopkeeper.recommendations.session.net import SessionNet, Told
from shopkeeper.recommendations.session.windows import Windows

_FLATTENED = 0.75
"""Items are sampled by how often they are foretold, to this power."""
_HIT = -1e9


class AllItemsLoss(nn.Module):
    """Cross entropy over every item that was met in the data.

    Args:
        met: Which items were; the rest compete for nothing, so that records alone can speak for them later.
    """

    met: Tensor
    place: Tensor

    def __init__(self, net: SessionNet, met: npt.NDArray[np.bool_], smoothing: float) -> None:
        super().__init__()
        self.net = net
        self.smoothing = smoothing
        self.every = bool(met.all())
        self.register_buffer("met", torch.from_numpy(np.flatnonzero(met)))
        self.register_buffer("place", torch.from_numpy(np.cumsum(met) - 1))

    def forward(self, told: Told, targets: Tensor, draw: np.random.Generator) -> Tensor:  # noqa: ARG002 - nothing is drawn
        """Return the loss of one step."""
        there = targets >= 0
        vectors = self.net.vectors(None if self.every else self.met)
        within = told if self.every else replace(told, items=self.place[told.items])
        logits = self.net(within, vectors)[there] @ vectors.T
        return functional.cross_entropy(
            logits, self.place[targets[there]], reduction="sum", label_smoothing=self.smoothing
        )


class SampledItemsLoss(nn.Module):
    """Cross entropy over the target and sampled items, corrected so that its expected sum is the one over all items.

    Source:
        Yi et al., Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations (2019), section 3.
    """

    def __init__(self, net: SessionNet, windows: Windows, items: int, negatives: int) -> None:
        super().__init__()
        self.net = net
        self.negatives = negatives
        foretold = np.ones(len(windows.items), dtype=np.bool_)
        foretold[windows.starts[:-1]] = False
        counts = np.bincount(windows.items[foretold], minlength=items).astype(np.float64)
        chances = counts**_FLATTENED / (counts**_FLATTENED).sum()
        self._upto = np.cumsum(chances)
        self._expected = np.log(np.maximum(negatives * chances, 1e-30)).astype(np.float32)

    def forward(self, told: Told, targets: Tensor, draw: np.random.Generator) -> Tensor:
        """Return the loss of one step."""
        drawn = np.searchsorted(self._upto, draw.random(self.negatives) * self._upto[-1], side="right")
        drawn = np.sort(np.minimum(drawn, len(self._upto) - 1))
        device = targets.device
        sampled, expected = torch.from_numpy(drawn).to(device), torch.from_numpy(self._expected[drawn]).to(device)
        there = targets >= 0
        wanted = targets[there]
        together = torch.cat([told.items.flatten(), wanted, sampled])
        distinct, places = torch.unique(together, return_inverse=True)
        vectors = self.net.vectors(distinct)
        read, right, other = torch.split(places, [told.items.numel(), len(wanted), len(sampled)])
        states = self.net(replace(told, items=read.view(told.items.shape)), vectors)[there]
        own = (states * functional.embedding(right, vectors)).sum(dim=1)
        others = torch.addmm(-expected, states, functional.embedding(other, vectors).T)
        others.index_put_(_hits(sampled, wanted), others.new_tensor(_HIT))
        loss: Tensor = (torch.logaddexp(torch.logsumexp(others, dim=1), own) - own).sum()
        return loss


def _hits(sampled: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return (row of `wanted`, place in `sampled`) of all pairs that are equal; `sampled` is sorted."""
    first = torch.searchsorted(sampled, wanted)
    counts = torch.searchsorted(sampled, wanted, right=True) - first
    rows = torch.repeat_interleave(torch.arange(len(wanted), device=wanted.device), counts)
    within = torch.arange(len(rows), device=wanted.device) - (torch.cumsum(counts, 0) - counts)[rows]
    return rows, first[rows] + within
