"""How batches lie in a segment of the event log.

A segment is a row of frames. One frame is one batch of one table, so a batch is there as a whole or not at all:

    magic "SKL1" | length of table name u16 | length of payload u32 | synced u64 | crc32 u32 | table name | payload

The payload is one JSON object a line. `synced` is how much of the segment was durable before the frame was written. It
tells damage from a torn write: after a crash, frames that were never synced may be broken in any order, but a broken
frame below the `synced` of an intact later one had been acknowledged, so cutting it would lose rows.
The crc covers everything but the magic and itself.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"SKL1"
MOST_PAYLOAD_BYTES = 256 * 1024 * 1024

_CHECKED = struct.Struct("<HIQ")
_HEADER = struct.Struct("<4sHIQI")


@dataclass(frozen=True, slots=True)
class Frame:
    """One intact batch.

    Attributes:
        start: Offset of its first byte, bytes.
        end: Offset after its last byte, bytes.
        synced: How much of the segment was durable before it was written, bytes.
    """

    table: str
    payload: bytes
    start: int
    end: int
    synced: int


class BrokenFrame(Exception):
    """The bytes at `offset` are no intact frame; `why` says how."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"{why} at offset {offset}")
        self.offset = offset
        self.why = why


class CutFrame(BrokenFrame):
    """The bytes at `offset` are the beginning of a frame: torn, or still being written."""


def encode_frame(table: str, payload: bytes, synced: int) -> bytes:
    """Return the bytes of one frame."""
    name = table.encode()
    crc = zlib.crc32(payload, zlib.crc32(name, zlib.crc32(_CHECKED.pack(len(name), len(payload), synced))))
    return b"".join((_HEADER.pack(MAGIC, len(name), len(payload), synced, crc), name, payload))


def read_frames(file: BinaryIO, size: int, start: int = 0) -> Iterator[Frame]:
    """Yield the frames of a segment of `size` bytes from offset `start` on, one in memory at a time.

    Raises:
        BrokenFrame: the bytes up to `size` are not all intact frames.
    """
    file.seek(start)
    offset = start
    while offset < size:
        frame = _read_frame(file, offset, size)
        yield frame
        offset = frame.end


def _read_frame(file: BinaryIO, offset: int, size: int) -> Frame:
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise CutFrame(offset, "a header cut short")
    magic, name_length, payload_length, synced, crc = _HEADER.unpack(header)
    if magic != MAGIC:
        raise BrokenFrame(offset, "bytes that are no frame")
    end = offset + _HEADER.size + name_length + payload_length
    if end > size:
        raise CutFrame(offset, "a batch cut short")
    name, payload = file.read(name_length), file.read(payload_length)
    checked = _CHECKED.pack(name_length, payload_length, synced)
    if zlib.crc32(payload, zlib.crc32(name, zlib.crc32(checked))) != crc:
        raise BrokenFrame(offset, "a batch whose checksum does not fit")
    return Frame(name.decode(), payload, offset, end, synced)


def acknowledged_after(file: BinaryIO, offset: int, size: int) -> int | None:
    """Return where an intact frame proves that the broken bytes at `offset` were once durable; None when none does."""
    step = 1 << 20
    at = offset + 1
    while at < size:
        file.seek(at)
        block = file.read(step + len(MAGIC) - 1)
        found = block.find(MAGIC)
        while found >= 0:
            if _proves(file, at + found, offset, size):
                return at + found
            found = block.find(MAGIC, found + 1)
        at += step
    return None


def _proves(file: BinaryIO, start: int, broken: int, size: int) -> bool:
    file.seek(start)
    try:
        return _read_frame(file, start, size).synced > broken
    except BrokenFrame:
        return False
