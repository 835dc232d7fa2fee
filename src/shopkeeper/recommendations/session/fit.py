"""Trains `session`: on processors, on a GPU, or on several processes that share each step.

The same data, parameters, seed and number of threads give the same arrays bit for bit on processors; on CUDA sums are
added in an order of their own, so figures agree to about four digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.item_words import item_words, no_words, rows_of
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.session.average import RunningMean
from shopkeeper.recommendations.session.encoder_input import price_bands
from shopkeeper.recommendations.session.encoder_weights import encoder_onnx
from shopkeeper.recommendations.session.loss import AllItemsLoss, SampledItemsLoss
from shopkeeper.recommendations.session.model import Session, SessionParams, SessionWeights
from shopkeeper.recommendations.session.nearest_fit import with_nearest
from shopkeeper.recommendations.session.net import SessionNet, Told
from shopkeeper.recommendations.session.processes import fit_in_processes
from shopkeeper.recommendations.session.start import start_vectors
from shopkeeper.recommendations.session.windows import Windows, step_of, steps, windows_of

_HELD_OUT, _MOST_HELD_OUT = 0.1, 5_000
_LEAST_WINDOWS = 20
_RISE = 0.05
_ASKED_AT_ONCE = 256


@dataclass(frozen=True)
class Round:
    """One round over all sequences.

    Attributes:
        loss: Mean over the entries foretold, nats.
        held_out: Mean reciprocal rank, at most 20, of the last entries of the newest sequences; None where none are.
    """

    loss: float
    held_out: float | None = None


@dataclass(frozen=True)
class Share:
    """Which part of each step this process works on, and on what.

    Attributes:
        rank, of: The place of this process among all; with several, `torch.distributed` is set up already.
        device: `cpu`, `cuda` or one of several, such as `cuda:1`.
        told: Told each round.
    """

    rank: int = 0
    of: int = 1
    device: str = "cpu"
    told: Callable[[Round], None] = lambda _: None


def usual_share() -> Share:
    """Return the whole of the work, on a GPU where there is one."""
    return Share(device="cuda" if torch.cuda.is_available() else "cpu")


def fit_session(
    data: Interactions,
    params: SessionParams,
    seed: int,
    popular_params: PopularParams | None = None,
    share: Share | None = None,
) -> Session:
    """Train the encoders of each customer group by themselves; a group of hardly any sequences has none.

    Args:
        share: What this process does of each step; None = all of it, or where the parameters ask for several processes
            their work is waited for.
    """
    if share is None and params.processes > 1:
        return fit_in_processes(data, params, seed, popular_params or PopularParams())
    spans, items = data.index.spans(), len(data.index)
    bands = price_bands(data.facts.filled(items).prices, spans)
    met = np.bincount(data.items, minlength=items) > 0
    words = item_words(data) if params.content else no_words(items)
    vectors = np.zeros((items, params.width * params.members), dtype=np.float32)
    models = []
    for start, end in spans:
        windows = windows_of(data.sequences, start, end, bands, params.history)
        group = Group(windows, rows_of(words, start, end), met[start:end])
        nets = [] if len(windows) < _LEAST_WINDOWS else _members(group, params, seed, share or usual_share())
        if nets:
            vectors[start:end] = np.concatenate([net.item_vectors(group.met) for net in nets], axis=1)
        models.append(encoder_onnx(tuple(net.weights() for net in nets)) if nets else b"")
    weights = SessionWeights(tuple(models), vectors, met | (np.diff(words.indptr) > 0), bands)
    model = Session(weights, Popular.fit(data, popular_params or PopularParams(), seed), params)
    return with_nearest(model, data, seed)


@dataclass(frozen=True)
class Group:
    """What the encoder of one customer group learns from.

    Attributes:
        words: See `item_words`; shape (items, words).
        met: Which items occur in the data; shape (items,).
    """

    windows: Windows
    words: csr_array
    met: npt.NDArray[np.bool_]


def _members(group: Group, params: SessionParams, seed: int, share: Share) -> list[SessionNet]:
    return [trained(group, params, seed + 7_919 * member, share) for member in range(params.members)]


def trained(group: Group, params: SessionParams, seed: int, share: Share) -> SessionNet:
    """Return a trained network.

    With patience, the newest sequences are held out first to learn for how many rounds training gains; then all
    sequences are trained on for so many.
    """
    everything = np.arange(len(group.windows))
    rounds = params.epochs
    if params.patience:
        held_out = np.argsort(group.windows.ended, kind="stable")[-_held_out(len(everything)) :]
        first = Training(group, np.setdiff1d(everything, held_out), params, seed, share)
        rounds = first.run(rounds, held_out)
    training = Training(group, everything, params, seed, share)
    training.run(rounds)
    return training.net


def _held_out(windows: int) -> int:
    return min(max(int(_HELD_OUT * windows), 1), _MOST_HELD_OUT)


class Training:
    """One network while it learns from the windows at `rows`."""

    def __init__(
        self, group: Group, rows: npt.NDArray[np.int64], params: SessionParams, seed: int, share: Share
    ) -> None:
        self._windows, self._rows, self._params, self._share = group.windows, rows, params, share
        self._draw = np.random.default_rng(seed)
        items = len(group.met)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.net = SessionNet(group.words, params)
            if params.pairs_first:
                self.net.begin_with(start_vectors(group.windows, items, params.width, seed))
            self.net.to(share.device)
            torch.manual_seed(seed + share.rank)
            self._chance = torch.get_rng_state()
        loss: nn.Module = SampledItemsLoss(self.net, group.windows, items, params.negatives)
        if items <= params.full_products:
            loss = AllItemsLoss(self.net, group.met, params.smoothing)
        self._loss = loss.to(share.device)
        if share.of > 1:
            self._loss = nn.parallel.DistributedDataParallel(self._loss)
        self._optimizer = torch.optim.Adam(self.net.parameters(), lr=params.rate, fused=True)
        self._chances = read_chances(group.windows.ended[rows], params.recency)
        expected = float(group.windows.lengths[rows] @ self._chances)
        self._steps, self._done = params.epochs * max(int(expected) // params.tokens, 1), 0
        self._mean = RunningMean(self.net, params.averaged * self._steps / params.epochs) if params.averaged else None

    def run(self, rounds: int, held_out: npt.NDArray[np.int64] | None = None) -> int:
        """Train for so many rounds and return after which of them `held_out` was foretold best.

        With windows held out, training stops after `params.patience` rounds without a gain.
        """
        best, best_at = -1.0, rounds
        for number in range(1, rounds + 1):
            loss = self._round()
            value = None if held_out is None else self._worth(held_out)
            self._share.told(Round(loss, value))
            if value is None:
                continue
            if value > best:
                best, best_at = value, number
            if number - best_at >= self._params.patience:
                break
        if self._mean is not None:
            self._mean.settle()
        self.net.eval()
        return best_at

    def _worth(self, held_out: npt.NDArray[np.int64]) -> float:
        """Return the quality of what training would leave now."""
        if self._mean is None:
            return self.quality(held_out)
        with self._mean.in_place():
            return self.quality(held_out)

    def quality(self, rows: npt.NDArray[np.int64]) -> float:
        """Return the mean reciprocal rank, at most 20, of the last entry of the windows at `rows`."""
        self.net.eval()
        total = 0.0
        with torch.no_grad():
            vectors = self.net.vectors()
            for low in range(0, len(rows), _ASKED_AT_ONCE):
                told, targets = self._tensors(rows[low : low + _ASKED_AT_ONCE])
                last = (targets >= 0).sum(dim=1) - 1
                row = torch.arange(len(last), device=last.device)
                scores = self.net(told, vectors)[row, last] @ vectors.T
                wanted = targets[row, last]
                ranks = 1 + (scores > scores[row, wanted][:, None]).sum(dim=1)
                total += float((1.0 / ranks)[ranks <= 20].sum())
        return total / len(rows)

    def _round(self) -> float:
        self.net.train()
        total, counted = 0.0, 0
        with torch.random.fork_rng():
            torch.set_rng_state(self._chance)
            read = self._rows[self._draw.random(len(self._rows)) < self._chances]
            for part in steps(self._windows, read, self._params.tokens, self._draw):
                count = int(self._windows.lengths[part].sum())
                total += self._step(part, count)
                counted += count
            self._chance = torch.get_rng_state()
        return total / max(counted, 1)

    def _step(self, part: npt.NDArray[np.int64], count: int) -> float:
        """Learn from the windows of one step; return their loss, added up over all processes."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._params.rate * _height(self._done / self._steps)
        self._done += 1
        own = part[self._share.rank :: self._share.of]
        told, targets = self._tensors(own if len(own) else part[:1])
        if not len(own):
            targets = torch.full_like(targets, -1)
        loss = self._loss(told, targets, self._draw)
        self._optimizer.zero_grad(set_to_none=True)
        (loss * (self._share.of / count)).backward()
        self._optimizer.step()
        if self._mean is not None:
            self._mean.look()
        if self._share.of > 1:
            torch.distributed.all_reduce(loss.detach())
        return float(loss.detach())

    def _tensors(self, rows: npt.NDArray[np.int64]) -> tuple[Told, Tensor]:
        step = step_of(self._windows, rows)
        columns = (step.items, step.kinds, step.gaps, step.bands, step.targets)
        items, kinds, gaps, bands, targets = (torch.from_numpy(one).to(self._share.device) for one in columns)
        return Told(items, kinds, gaps, bands), targets


def read_chances(ended: npt.NDArray[np.int64], recency: float) -> npt.NDArray[np.float64]:
    """Return by which chance each window is read in a round, see `SessionParams.recency`; shape (windows,)."""
    newer = np.empty(len(ended))
    newer[np.argsort(-ended, kind="stable")] = np.arange(len(ended)) / max(len(ended), 1)
    chances: npt.NDArray[np.float64] = np.exp(-recency * newer)
    return chances


def _height(done: float) -> float:
    """Return the learning rate over its highest when this share of the steps is done."""
    return min(done / _RISE + 0.01, 1.0) if done < _RISE else max((1.0 - done) / (1.0 - _RISE), 0.02)
