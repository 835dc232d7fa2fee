"""Lines of a text file, plain or gzipped, with how far into the file they reach."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from shopkeeper.errors import InputError

MAX_LINE = 8_000_000


class CountedLines:
    """Gives one line after the other.

    Attributes:
        too_long: The last line was longer than 8 MB and is cut there.
    """

    def __init__(self, raw: IO[bytes], text: IO[bytes], name: str) -> None:
        self._raw = raw
        self._text = text
        self._name = name
        self.too_long = False

    @property
    def bytes_read(self) -> int:
        """Position in the file as it lies on disk."""
        return self._raw.tell()

    def take(self) -> bytes | None:
        """Return the next line with its line break; None at the end.

        Raises:
            InputError: a gzipped file breaks off or is damaged.
        """
        with self._whole():
            line = self._text.readline(MAX_LINE)
            self.too_long = len(line) == MAX_LINE and not line.endswith(b"\n")
            if self.too_long:
                self._leave_line()
        return line or None

    def take_block(self, size: int) -> bytes:
        """Return whole lines of at least `size` bytes where there are so many; nothing at the end.

        A line longer than 8 MB is cut there, with no line break, and ends the block.

        Raises:
            InputError: a gzipped file breaks off or is damaged.
        """
        with self._whole():
            block = self._text.read(size)
            if not block or block.endswith(b"\n"):
                return block
            begun = len(block) - (block.rfind(b"\n") + 1)
            rest = self._text.readline(max(MAX_LINE + 1 - begun, 1))
            if len(rest) == max(MAX_LINE + 1 - begun, 1) and not rest.endswith(b"\n"):
                self._leave_line()
            return block + rest

    def _leave_line(self) -> None:
        """Read on to the end of the line."""
        while (rest := self._text.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(
                f"{self._name} is damaged: {error}.",
                "What came before is imported; mend the file and import it again, nothing will be doubled.",
            ) from error


class _InUtf8(io.RawIOBase):
    """A text in another encoding, as UTF-8; what cannot be decoded becomes a byte that is no UTF-8, and is noticed."""

    def __init__(self, text: IO[bytes], encoding: str) -> None:
        self._text = text
        wide = encoding.startswith("utf-16")
        self._decoder = codecs.getincrementaldecoder(encoding)("replace" if wide else "surrogateescape")
        self._waiting = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        while not self._waiting and not self._ended:
            taken = self._text.read(1 << 18)
            self._ended = not taken
            decoded = self._decoder.decode(taken, final=self._ended).replace("\ufffd", "\udcff")
            self._waiting = decoded.encode("utf-8", "surrogateescape")
        size = min(len(buffer), len(self._waiting))
        buffer[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, unpacked where it is gzipped.

    Raises:
        InputError: it cannot be opened, or is damaged.
    """
    try:
        with path.open("rb") as raw:
            return (gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw).read(size)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Check its name and rights, or write it again.") from error


@contextmanager
def open_lines(path: Path, encoding: str = "utf-8") -> Iterator[CountedLines]:
    """Open a file for reading by lines, as UTF-8 whatever its encoding.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}.", "Check its name and rights.") from error
    with raw:
        text: IO[bytes] = raw
        if path.suffix == ".gz":
            text = io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 20)
        if encoding not in ("utf-8", "utf-8-sig"):
            text = io.BufferedReader(_InUtf8(text, encoding), 1 << 20)
        yield CountedLines(raw, text, path.name)
