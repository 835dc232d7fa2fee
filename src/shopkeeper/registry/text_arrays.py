"""Lists of texts as two plain arrays, so that they lie in a bundle without pickle and open by mmap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]


def pack_texts(name: str, texts: Iterable[str]) -> dict[str, npt.NDArray[np.generic]]:
    """Return `NAME.bytes` (all texts in UTF-8, end to end) and `NAME.offsets` (where each begins, and the end)."""
    encoded = [text.encode("utf-8") for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    return {f"{name}.bytes": np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.offsets": offsets}


def unpack_texts(name: str, arrays: Arrays) -> list[str]:
    """Return the texts that `pack_texts` packed under `name`."""
    raw = np.asarray(arrays[f"{name}.bytes"]).tobytes()
    offsets = np.asarray(arrays[f"{name}.offsets"]).tolist()
    return [raw[start:end].decode("utf-8") for start, end in pairwise(offsets)]
