"""Bodies that come compressed, unpacked without letting a small one fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

from shopkeeper.web.problem import HttpProblem

_GZIP: Final = 31
"""A window of 32 kB, and a gzip header before it."""
_ZSTD: Final[dict[int, int]] = {DecompressionParameter.window_log_max: 23}
"""A window of 8 MB at most, what the tool takes at its highest usual level; a frame may ask for gigabytes."""


class _Reader(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


READERS: Final[Mapping[bytes, Callable[[], _Reader]]] = {
    b"gzip": lambda: zlib.decompressobj(_GZIP),
    b"zstd": lambda: ZstdDecompressor(options=_ZSTD),
}
"""What reads each `Content-Encoding` that is taken."""


def unpacked(packed: bytes, encoding: bytes, limit: int) -> bytes | None:
    """Return a body unpacked; None where it is larger than `limit` bytes.

    Raises:
        HttpProblem: 415 for an encoding that is not read, 400 for a body that is not of its encoding or ends early.
    """
    named = encoding.decode("latin-1")
    begin = READERS.get(encoding)
    if begin is None:
        raise HttpProblem(415, f"Content-Encoding {named!r} is not read.", "Send gzip, zstd, or no encoding.")
    parts, size, left = [], 0, packed
    while left:
        reader = begin()
        try:
            part = reader.decompress(left, limit - size + 1)
        except (zlib.error, ZstdError) as error:
            raise _broken(named, str(error)) from error
        parts.append(part)
        size += len(part)
        if size > limit:
            return None
        if not reader.eof:
            raise _broken(named, "it ends early")
        left = reader.unused_data  # another member or frame, as tools that append write them
    return b"".join(parts)


def _broken(encoding: str, why: str) -> HttpProblem:
    return HttpProblem(400, f"The body cannot be unpacked as {encoding}: {why}.", "Send it again, whole.")
