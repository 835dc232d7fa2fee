"""Texts that say nearly the same of different products, found by their words without the products' own values.

Siblings share their frame by right; what must differ is told by facts. So each text is masked first: what quotes or
states a fact becomes one sign, and what is left is compared.
Source: Broder (1997), On the resemblance and containment of documents (MinHash).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from shopkeeper.content.claims import Claims
from shopkeeper.content.findings import Finding

PERMUTATIONS = 64
BANDS = 16
ROWS = PERMUTATIONS // BANDS
SHINGLE = 3  # words
FEWEST_WORDS = 12
"""A text with fewer words of its own says its facts and little else; it is compared with none."""

TOO_ALIKE = 0.8
Signature = npt.NDArray[np.unsignedinteger]

_RANDOM = np.random.default_rng(20_261_126)
_FACTORS = _RANDOM.integers(1, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _RANDOM.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)


def masked(claims: Claims) -> list[str]:
    """Return the words of a text with each value of a fact as one `#`."""
    hidden = set(claims.quoted)
    for said in claims.all_amounts:
        hidden.update(range(said.first, said.last + 1))
    for claim in claims.senses:
        hidden.update(range(claim.mention.first, claim.mention.last + 1))
    left: list[str] = []
    for place, word in enumerate(claims.words):
        shown = "#" if place in hidden or word.is_number else word.stem
        if not (shown == "#" and left and left[-1] == "#") and not (word.is_sign and place not in hidden):
            left.append(shown)
    return left


def signature(shown: list[str]) -> Signature:
    """Return the MinHash of a masked text's runs of three words; shape (64,)."""
    runs = {" ".join(shown[i : i + SHINGLE]) for i in range(max(1, len(shown) - SHINGLE + 1))}
    hashes = np.fromiter(map(_hash, runs), dtype=np.uint64, count=len(runs))
    mixed = _FACTORS[:, None] * hashes[None, :] + _OFFSETS[:, None]
    least: npt.NDArray[np.uint32] = (mixed >> np.uint64(32)).astype(np.uint32).min(axis=1)
    return least


@lru_cache(maxsize=65_536)
def _hash(run: str) -> int:
    return crc32(run.encode())


def packed(sign: Signature) -> bytes:
    """Return a signature to be kept, 64 bytes: the last of each hash, of which one in 256 is the same by chance."""
    return sign.astype(np.uint8).tobytes()


def packed_signature(kept: bytes) -> Signature:
    """Return the signature that was kept; to be compared with such alone."""
    return np.frombuffer(kept, dtype=np.uint8)


def too_alike(nearest: tuple[str, float] | None, length: int) -> Iterator[Finding]:
    """Yield a warning where a text of so many characters is nearly that of another product."""
    if nearest is not None and nearest[1] > TOO_ALIKE:
        yield Finding(
            "duplicates.near", 0, length, f"{nearest[1]:.0%} as the text of {nearest[0]}, its values aside.",
            "Write it with another seed, or say what sets the product apart.", "warning",
        )  # fmt: skip


def similarity(one: Signature, two: Signature) -> float:
    """Return the estimated share of runs two texts have in common (Jaccard); its error is about 0.06 at 0.5."""
    return float(np.mean(one == two))


@dataclass(slots=True)
class Texts:
    """Texts of one category and field, to be asked which is nearest a new one.

    Pairs at 0.8 meet in some band with chance 1 - (1 - 0.8^4)^16 = 0.9998.
    """

    _signatures: dict[str, Signature] = field(default_factory=dict)
    _bands: dict[tuple[int, bytes], list[str]] = field(default_factory=dict)

    def nearest(self, sign: Signature, but: str = "") -> tuple[str, float] | None:
        """Return the most similar text so far and how similar it is; None where none shares a band."""
        met = {key for band in _bands(sign) for key in self._bands.get(band, ())} - {but}
        found = [(similarity(sign, self._signatures[key]), key) for key in met]
        if not found:
            return None
        share, key = max(found)
        return key, share

    def add(self, key: str, sign: Signature) -> None:
        """Keep a text; an older one under the same key is replaced."""
        if key in self._signatures:
            for band in _bands(self._signatures[key]):
                self._bands[band].remove(key)
        self._signatures[key] = sign
        for band in _bands(sign):
            self._bands.setdefault(band, []).append(key)


def _bands(sign: Signature) -> list[tuple[int, bytes]]:
    return [(band, sign[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
