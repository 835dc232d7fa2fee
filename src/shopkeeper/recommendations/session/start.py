"""Vectors that training can begin with: products met near each other lie near each other before the first step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from shopkeeper.recommendations.session.windows import Windows

_NEAR = 5
"""Entries apart at most for a pair to count."""
_FADE = 0.8
"""Each further entry between two multiplies what the pair counts."""
_SHRINK = 5.0
_SPARE = 16
_PASSES = 4

Floats = npt.NDArray[np.float32]


def start_vectors(windows: Windows, items: int, width: int, seed: int) -> Floats:
    """Return vectors of length 1, or 0 for items of no pair, whose products follow the items' cosine of co-occurrence.

    They span the strongest directions of `S[a, b] = C[a, b] / (sqrt(n_a * n_b) + 5)`, C counting pairs up to five
    entries apart, each direction weighed by the root of its strength. Seconds where a round of training takes minutes.

    Returns:
        Shape (items, width).

    Source:
        Levy, Goldberg, Neural Word Embedding as Implicit Matrix Factorization (2014), section 3.3; the directions by
        Halko et al., Finding Structure with Randomness (2011), algorithm 4.4.
    """
    near = _near(windows, items)
    count = min(width + _SPARE, items)
    found = np.random.default_rng(seed).standard_normal((items, count)).astype(np.float32)
    for _ in range(_PASSES):
        found = np.linalg.qr(near @ found)[0]
    strengths, turned = np.linalg.eigh(found.T @ (near @ found))
    strongest = np.argsort(-strengths)[:width]
    vectors = np.zeros((items, width), dtype=np.float32)
    vectors[:, : len(strongest)] = (found @ turned[:, strongest]) * np.sqrt(np.maximum(strengths[strongest], 0.0))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit


def _near(windows: Windows, items: int) -> csr_array:
    """Return S, symmetric."""
    codes, owners = windows.items, np.repeat(np.arange(len(windows)), np.diff(windows.starts))
    rows, columns, amounts = [], [], []
    for gap in range(1, _NEAR + 1):
        before, after = codes[:-gap], codes[gap:]
        pairs = (owners[:-gap] == owners[gap:]) & (before != after)
        rows.append(before[pairs])
        columns.append(after[pairs])
        amounts.append(np.full(int(pairs.sum()), _FADE ** (gap - 1)))
    cells = (np.concatenate(amounts), (np.concatenate(rows), np.concatenate(columns)))
    near = csr_array(coo_array(cells, shape=(items, items), dtype=np.float32))
    near = csr_array(near + near.T)
    roots = np.sqrt(np.bincount(codes, minlength=items)).astype(np.float32)
    near.data /= np.repeat(roots, np.diff(near.indptr)) * roots[near.indices] + np.float32(_SHRINK)
    return near
