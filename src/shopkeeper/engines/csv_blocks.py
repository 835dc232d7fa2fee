"""Cuts a CSV file into blocks of lines any parser reads the same way, and the few others.

A line is plain where its quotes stand around whole fields, it holds as many fields as the header, and no byte in it is
odd. Plain lines go to DuckDB as one block; from any other line on, one record is read by the careful parser.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.engines.readers_lines import MAX_LINE, CountedLines

_NEWLINE: Final = 10
_RETURN: Final = 13
_QUOTE: Final = 34
_LONGEST: Final = 1_000_000
"""A longer line may hold a field that the careful parser refuses, bytes."""

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Plain lines that follow each other: their bytes, and how many of them are no empty lines."""

    data: bytes
    rows: int


class BlockLines(CountedLines):
    """The lines of one block, one after the other, and behind it those of the file."""

    def __init__(self, block: bytes, lines: CountedLines) -> None:
        self._block = block
        self._lines = lines
        self._behind: list[tuple[bytes, bool]] = []
        self._next = 0
        self._before: list[tuple[int, int]] = []
        self.at = 0
        self.too_long = False

    @property
    def bytes_read(self) -> int:
        """Position in the file as it lies on disk."""
        return self._lines.bytes_read

    def begin(self) -> None:
        """Forget which lines can be given back."""
        self._before.clear()

    def take(self) -> bytes | None:
        """Return the next line."""
        before = (self.at, self._next)
        if self.at < len(self._block):
            end = self._block.find(b"\n", self.at) + 1 or len(self._block)
            line = self._block[self.at : min(end, self.at + MAX_LINE)]
            self.too_long = end - self.at > MAX_LINE or (end - self.at == MAX_LINE and not line.endswith(b"\n"))
            self.at = end
        else:
            if self._next == len(self._behind):
                more = self._lines.take()
                if more is None:
                    return None
                self._behind.append((more, self._lines.too_long))
            line, self.too_long = self._behind[self._next]
            self._next += 1
        self._before.append(before)
        return line

    def give_back(self, count: int) -> None:
        """Let the last lines be taken again."""
        if count:
            self.at, self._next = self._before[-count]

    def ends(self) -> bool:
        """Return whether every line of the block, and of what was read behind it, was taken."""
        return self.at >= len(self._block) and self._next == len(self._behind)

    def plain_until(self, plain: Bools, starts: Ints) -> int:
        """Return where the plain lines from here on end."""
        if self.at >= len(self._block):
            return self.at
        first = int(np.searchsorted(starts, self.at))
        others = np.flatnonzero(~plain[first:])
        return len(self._block) if not len(others) else int(starts[first + int(others[0])])


def pieces(
    lines: CountedLines, size: int, separator: str, fields: int, one: Callable[[BlockLines], object]
) -> Iterator[list[PlainLines | object]]:
    """Yield the file block by block: runs of plain lines, and what `one` makes of a record read from elsewhere on.

    Args:
        size: Least bytes of a block.
        one: Reads one record from the lines it is given and returns it; None at the end of the file.
    """
    while block := lines.take_block(size):
        found: list[PlainLines | object] = []
        starts, plain, rows = _judged(block, separator.encode(), fields)
        cumulated = np.concatenate(([0], np.cumsum(rows)))
        within = BlockLines(block, lines)
        while not within.ends():
            begin, end = within.at, within.plain_until(plain, starts)
            if end > begin:
                first, last = np.searchsorted(starts, [begin, end])
                count = int(cumulated[last] - cumulated[first])
                found.append(PlainLines(_tidy(block[begin:end]), count))
                within.at = end
            else:
                record = one(within)
                if record is None:
                    break
                found.append(record)
        yield found


def _tidy(data: bytes) -> bytes:
    """Return lines with one kind of line break."""
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def _judged(block: bytes, separator: bytes, fields: int) -> tuple[Ints, Bools, Bools]:
    """Return where the lines of a block start, which are plain, and which of them hold anything."""
    codes = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    if not len(ends) or ends[-1] != len(codes) - 1:
        ends = np.append(ends, len(codes))
    starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)
    marks = np.flatnonzero(codes == separator[0])
    quotes = np.flatnonzero(codes == _QUOTE)
    plain = np.ones(len(ends), dtype=bool)
    if len(quotes):
        marks = _quoted(codes, quotes, marks, ends, separator[0], plain)
    lengths = ends - starts
    counted = np.diff(np.concatenate(([0], np.searchsorted(marks, ends))))
    returns = np.flatnonzero(codes == _RETURN)
    blank = lengths == 0
    if len(returns):
        behind = np.take(codes, returns + 1, mode="clip")
        lone = returns[(behind != _NEWLINE) | (returns == len(codes) - 1)]
        plain[np.searchsorted(ends, lone)] = False
        alone = codes[np.minimum(starts, len(codes) - 1)] == _RETURN
        blank |= (lengths == 1) & alone & (ends < len(codes))
    plain &= (counted == fields - 1) & (lengths < _LONGEST)
    if b"\x00" in block:
        plain[np.searchsorted(ends, np.flatnonzero(codes == 0))] = False
    for number in np.flatnonzero(codes[np.minimum(starts, len(codes) - 1)] == codecs.BOM_UTF8[0]).tolist():
        # at the head of a file it would be taken off, within one it is text
        plain[number] &= not block.startswith(codecs.BOM_UTF8, starts[number])
    _decodable(block, codes, starts, ends, plain)
    return starts, plain | blank, ~blank


def _quoted(codes: npt.NDArray[np.uint8], quotes: Ints, marks: Ints, ends: Ints, separator: int, plain: Bools) -> Ints:
    """Note lines whose quotes do not stand around whole fields, and return the separators outside of quotes."""
    line = np.searchsorted(ends, quotes)
    first = np.searchsorted(quotes, np.concatenate(([0], ends[:-1] + 1)))  # of each line
    opens = (np.arange(len(quotes)) - first[line]) % 2 == 0
    before = np.where(quotes == 0, _NEWLINE, codes[quotes - 1])
    behind = np.where(quotes == len(codes) - 1, _NEWLINE, np.take(codes, quotes + 1, mode="clip"))
    return_ends = (behind == _RETURN) & (np.take(codes, quotes + 2, mode="clip") == _NEWLINE)
    inside = np.concatenate(([False], line[1:] == line[:-1])) if len(line) > 1 else np.zeros(len(line), dtype=bool)
    fits = np.where(
        opens,
        (before == separator) | (before == _NEWLINE) | ((before == _QUOTE) & inside),
        (behind == separator) | (behind == _NEWLINE) | (behind == _QUOTE) | return_ends,
    )
    plain[line[~fits]] = False
    odd = np.diff(np.append(first, len(quotes))) % 2 == 1
    plain[odd] = False
    mark_line = np.searchsorted(ends, marks)
    outside: Bools = (np.searchsorted(quotes, marks) - first[mark_line]) % 2 == 0
    return marks[outside]


def _decodable(block: bytes, codes: npt.NDArray[np.uint8], starts: Ints, ends: Ints, plain: Bools) -> None:
    """Note lines that are not UTF-8."""
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        for number in np.unique(np.searchsorted(ends, np.flatnonzero(codes > 127))).tolist():
            try:
                block[starts[number] : ends[number]].decode("utf-8")
            except UnicodeDecodeError:
                plain[number] = False
