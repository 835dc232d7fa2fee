"""Sentences as vectors by WordLlama: word pieces of a language model, trained to tell likeness of texts, and averaged.

Everything it reads lies in its package; nothing is fetched. Its licence is MIT.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt

_ROOT = logging.getLogger()
_QUIET = logging.NullHandler()
_ROOT.addHandler(_QUIET)  # the package would print to stderr whatever any library notes, if nobody listened
try:
    import wordllama
finally:
    _ROOT.removeHandler(_QUIET)

_TOGETHER = 64


class WordLlamaEncoder:
    """Implements `SentenceEncoder`; 256 dimensions."""

    def __init__(self) -> None:
        own = Path(wordllama.__file__).parent  # it looks for its tokenizer beside the folder it lies in, but for this
        self._model = wordllama.WordLlama.load(cache_dir=own, disable_download=True)

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Return the vectors, of length 1 or 0; those of like length go together, as all cost as the longest."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found: npt.NDArray[np.float32] = self._model.embed([texts[place] for place in order], batch_size=_TOGETHER)
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        vectors = np.empty_like(found)
        vectors[order] = found / np.where(norms > 0, norms, 1.0)
        return vectors
