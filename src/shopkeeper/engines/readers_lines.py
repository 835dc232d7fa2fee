"""Lines of a text file, plain or gzipped, with how far into the file they reach."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
        try:
            line = self._text.readline(MAX_LINE)
            self.too_long = len(line) == MAX_LINE and not line.endswith(b"\n")
            if self.too_long:
                while (rest := self._text.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(
                f"{self._name} is damaged: {error}.",
                "What came before is imported; mend the file and import it again, nothing will be doubled.",
            ) from error
        return line or None


@contextmanager
def open_lines(path: Path) -> Iterator[CountedLines]:
    """Open a file for reading by lines.

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
        yield CountedLines(raw, text, path.name)
