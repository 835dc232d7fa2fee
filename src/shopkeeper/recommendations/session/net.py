"""The network behind `session` while it is trained; what it learns leaves as plain arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn
from torch.nn import functional

from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.session.encoder_input import BANDS, GAPS
from shopkeeper.recommendations.session.encoder_weights import BlockWeights, EncoderWeights
from shopkeeper.recommendations.session.model import SessionParams

_SPREAD = 0.02
_CHANCE_LEFT = 0.1
"""What is left of the vectors drawn by chance where others are given."""
_HIDDEN = -1e9


@dataclass(frozen=True)
class Told:
    """A block of histories as tensors; see `session_windows.Step`."""

    items: Tensor
    kinds: Tensor
    gaps: Tensor
    bands: Tensor


class ItemVectors(nn.Module):
    """Vector of each item: one of its own, and the mean over the words that records say of it.

    Args:
        words: How much each word counts for each item, rows adding up to 1; shape (items, words).
        unit: True gives every vector length 1.
    """

    starts: Tensor
    words: Tensor
    amounts: Tensor

    def __init__(self, width: int, words: csr_array, *, unit: bool) -> None:
        super().__init__()
        items, count = words.shape
        self.own = nn.Embedding(items, width)
        self.spoken = nn.EmbeddingBag(count, width, mode="sum") if count else None
        self.unit = unit
        nn.init.normal_(self.own.weight, std=_SPREAD)
        if self.spoken is not None:
            nn.init.normal_(self.spoken.weight, std=_SPREAD)
        for name, values in (("starts", words.indptr), ("words", words.indices)):
            self.register_buffer(name, torch.from_numpy(values.astype(np.int64)))
        self.register_buffer("amounts", torch.from_numpy(words.data.astype(np.float32)))

    def forward(self, items: Tensor | None = None) -> Tensor:
        """Return the vectors of `items`, or of all; shape (items, width)."""
        return self._whole(self.own.weight if items is None else self.own(items), items)

    def cold(self, met: Tensor) -> Tensor:
        """Return all vectors, those of items that were never met made of their words alone."""
        return self._whole(self.own.weight * met[:, None], None)

    def _whole(self, own: Tensor, items: Tensor | None) -> Tensor:
        found = own if self.spoken is None else own + self._said(self.spoken, items)
        return functional.normalize(found, dim=1) if self.unit else found

    def _said(self, spoken: nn.EmbeddingBag, items: Tensor | None) -> Tensor:
        words, offsets, amounts = self.words, self.starts[:-1], self.amounts
        if items is not None:
            lengths = self.starts[items + 1] - self.starts[items]
            offsets = torch.cumsum(lengths, 0) - lengths
            count = int(lengths.sum())
            before = torch.repeat_interleave(self.starts[items] - offsets, lengths, output_size=count)
            places = before + torch.arange(count, device=items.device)
            words, amounts = words[places], amounts[places]
        said: Tensor = spoken(words, offsets, per_sample_weights=amounts)
        return said


class Drop(nn.Module):
    """Leaves out a share of the numbers at chance, in 256ths, while training.

    Chance is drawn eight bytes at a time: on processors `nn.Dropout` draws number by number, a tenth of a step's time.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.left_out = round(256 * share)

    def forward(self, values: Tensor) -> Tensor:
        """Return the values with some left out, the others raised so that the expected sum stays."""
        if not self.training or not self.left_out:
            return values
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64, device=values.device)
        chance = words.random_(torch.iinfo(torch.int64).min, None).view(torch.uint8)[: values.numel()]
        kept = (chance >= self.left_out).view(values.shape)
        return values * (kept * (256.0 / (256.0 - self.left_out)))


class Block(nn.Module):
    """Attention to what came before, then a feed-forward part, each after a layer norm and added to what came in."""

    def __init__(self, params: SessionParams) -> None:
        super().__init__()
        width, inner = params.width, params.inner * params.width
        self.heads = params.heads
        self.before_attention, self.before_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.distance = nn.Parameter(torch.zeros(params.heads, params.history))
        self.drop = Drop(params.dropout)

    def forward(self, entries: Tensor, between: Tensor) -> Tensor:
        """Return the entries after this block; `between` is how many lie between each two, below 0 = still to come."""
        count, length, width = entries.shape
        mixed = self.attention(self.before_attention(entries))
        queries, keys, values = mixed.view(count, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        products = queries @ keys.transpose(2, 3) * (width // self.heads) ** -0.5
        bias = self.distance[:, between.clamp(min=0)].masked_fill(between < 0, _HIDDEN)
        seen = (self.drop(torch.softmax(products + bias, dim=-1)) @ values).transpose(1, 2).reshape(entries.shape)
        after: Tensor = entries + self.drop(self.joined(seen))
        wide = self.drop(functional.relu(self.wide(self.before_forward(after))))
        return after.add(self.drop(self.narrow(wide)))

    def weights(self) -> BlockWeights:
        """Return what it learnt."""
        return BlockWeights(
            before_attention=_norm(self.before_attention),
            attention=_array(self.attention.weight.T),
            attention_bias=_array(self.attention.bias),
            distance=_array(self.distance),
            joined=_array(self.joined.weight.T),
            joined_bias=_array(self.joined.bias),
            before_forward=_norm(self.before_forward),
            wide=_array(self.wide.weight.T),
            wide_bias=_array(self.wide.bias),
            narrow=_array(self.narrow.weight.T),
            narrow_bias=_array(self.narrow.bias),
        )


class SessionNet(nn.Module):
    """A causal transformer over what a shopper did; the same vectors go in and are foretold.

    Args:
        words: What records say of the products of a customer group; shape (items, words).
    """

    def __init__(self, words: csr_array, params: SessionParams) -> None:
        super().__init__()
        self.params = params
        self.vectors = ItemVectors(params.width, words, unit=params.temperature > 0)
        self.kinds, self.gaps = nn.Embedding(len(KINDS), params.width), nn.Embedding(GAPS, params.width)
        self.bands = nn.Embedding(BANDS, params.width)
        for table in (self.kinds, self.gaps, self.bands):
            nn.init.normal_(table.weight, std=_SPREAD)
        self.blocks = nn.ModuleList(Block(params) for _ in range(params.blocks))
        self.last = nn.LayerNorm(params.width)
        self.sharpness = nn.Parameter(torch.tensor(-math.log(params.temperature))) if params.temperature > 0 else None
        self.drop = Drop(params.dropout)

    def begin_with(self, vectors: npt.NDArray[np.float32]) -> None:
        """Let each item's own vector begin near the one given, of length 1 or 0; shape (items, width)."""
        own = self.vectors.own.weight
        with torch.no_grad():
            own.mul_(_CHANCE_LEFT).add_(torch.from_numpy(vectors * np.float32(_SPREAD) * self._scale).to(own))

    def forward(self, told: Told, vectors: Tensor) -> Tensor:
        """Return the state after each entry, `told.items` being rows of `vectors`; shape (n, t, width)."""
        entries = functional.embedding(told.items, vectors) * self._scale
        entries = self.drop(entries + self.kinds(told.kinds) + self.gaps(told.gaps) + self.bands(told.bands))
        order = torch.arange(told.items.shape[1], device=told.items.device)
        between = order[:, None] - order[None, :]
        for block in self.blocks:
            entries = block(entries, between)
        states: Tensor = self.last(entries)
        if self.sharpness is None:
            return states
        return functional.normalize(states, dim=-1) * torch.exp(self.sharpness)

    def weights(self) -> EncoderWeights:
        """Return what it learnt, but for the vectors of the items."""
        return EncoderWeights(
            kinds=_array(self.kinds.weight),
            gaps=_array(self.gaps.weight),
            bands=_array(self.bands.weight),
            scale=self._scale,
            blocks=tuple(block.weights() for block in self.blocks if isinstance(block, Block)),
            last=_norm(self.last),
            temperature=0.0 if self.sharpness is None else math.exp(-float(self.sharpness.detach())),
        )

    def item_vectors(self, met: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Return the vectors of the items, those never met by their words alone; shape (items, width)."""
        return _array(self.vectors.cold(torch.from_numpy(met).to(self.last.weight.device)))

    @property
    def _scale(self) -> float:
        return float(self.params.width**0.5)


def _norm(norm: nn.LayerNorm) -> npt.NDArray[np.float32]:
    return np.stack([_array(norm.weight), _array(norm.bias)])


def _array(tensor: Tensor) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float32)
