"""How a text file is written: its encoding, its separator, its decimal mark and the order of its dates.

Everything is decided on a sample from the beginning, shown to people, and never guessed where the sample allows two
readings: then nothing is changed and a warning says what to write into the mapping.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from shopkeeper.intake.detected_values import ColumnReading, Dates, Decimal, read_columns

SAMPLE_BYTES = 1_000_000
SEPARATORS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HIGH = re.compile(rb"(.?)([\x80-\xff]+)(.?)", re.DOTALL)
_VALUE = re.compile(r"[+-]?[\d.,]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")
_NO_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Said:
    """What a mapping or a flag says about how files are written; None = detect it."""

    encoding: str | None = None
    separator: str | None = None
    decimal: Decimal | None = None
    dates: Dates | None = None

    def or_else(self, other: Said) -> Said:
        """Return this with everything it does not say filled from `other`."""
        return Said(
            self.encoding or other.encoding,
            self.separator or other.separator,
            self.decimal or other.decimal,
            self.dates or other.dates,
        )


NOTHING_SAID = Said()


@dataclass(frozen=True, slots=True)
class Detected:
    """How a file is written.

    Attributes:
        encoding: A codec; `utf-8-sig` is UTF-8 behind a byte order mark.
        separator: Empty for formats without one.
        decimal: The mark before the fraction; None where no column says.
        dates: Order of day and month in dates such as 31/01/2026; None where no column has such dates or nobody knows.
        columns: Columns whose cells are rewritten, and how.
        warnings: What a person should look at, each with its remedy.
    """

    encoding: str
    separator: str = ""
    decimal: Decimal | None = None
    dates: Dates | None = None
    columns: dict[str, ColumnReading] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what was detected as JSON holds it."""
        rewritten = {name: reading.kind for name, reading in self.columns.items()}
        return {
            "encoding": self.encoding,
            "separator": self.separator,
            "decimal": self.decimal,
            "dates": self.dates,
            "rewritten": rewritten,
            "warnings": list(self.warnings),
        }


def detect_encoding(sample: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a sample from the beginning of a file, and warnings.

    UTF-8 that breaks in a few places stays UTF-8, so that the broken rows are reported; text without any valid
    multi-byte character whose high bytes stand in words is Windows-1252, or Latin-1 where it uses bytes that has not.
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name, ()
    if b"\x00" in sample[:4000] and (wide := _wide(sample[:4000])) is not None:
        return wide, (f"The file has no byte order mark; it looks like {wide}.",)
    text = sample[:-4] if len(sample) >= SAMPLE_BYTES else sample
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
        return "utf-8", ()
    except UnicodeDecodeError:
        pass
    decoded = sample.decode("utf-8", "ignore")
    if any(ord(character) > 127 for character in decoded) or not _in_words(sample):
        return "utf-8", ("Some lines are not valid UTF-8; their rows will be rejected. Save the file as UTF-8.",)
    name = "latin-1" if _NO_CP1252.search(sample) else "cp1252"
    return name, (f"The file is not UTF-8; it is read as {name}. If letters look wrong, write `encoding:`.",)


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 a text without mark is, by where its zero bytes stand; None where it is none."""
    half = max(len(head) // 2, 1)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def _in_words(sample: bytes) -> bool:
    """Return whether most runs of high bytes touch an ASCII letter or digit, as letters and money signs do."""
    runs = _HIGH.findall(sample)
    touching = sum(before.isalnum() or after.isalnum() for before, _, after in runs)
    return bool(touching >= 0.8 * len(runs))


def detect_separator(text: str) -> str:
    """Return the separator by which the sample's records have as many fields as its header, preferring many fields."""
    header = text.split("\n", 1)[0]
    best, best_score = max(SEPARATORS, key=header.count), (0.0, 0)
    for separator in SEPARATORS:
        records = list(records_of(text, separator, 200))
        if not records or len(records[0]) < 2:
            continue
        fitting = sum(len(record) == len(records[0]) for record in records) / len(records)
        score = (round(fitting, 1), len(records[0]))
        if score > best_score:
            best, best_score = separator, score
    return best


def records_of(text: str, separator: str, limit: int) -> Iterator[list[str]]:
    """Yield up to `limit` records of a sample, empty lines left out; it ends where the sample is no CSV."""
    taken = 0
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if record:
                yield record
                taken += 1
                if taken >= limit:
                    return
    except csv.Error:
        return


def detect(sample: bytes, said: Said = NOTHING_SAID, *, whole: bool = True) -> Detected:
    """Return how a CSV file is written.

    Args:
        sample: Its first bytes.
        said: What is known; it wins over what the sample shows.
        whole: The sample is the whole file; else its last line may be cut and is left out.
    """
    encoding, warnings = (said.encoding, ()) if said.encoding else detect_encoding(sample)
    text = decoded(sample, encoding)
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    separator = said.separator or detect_separator(text)
    records = list(records_of(text, separator, 20_000))
    if not records:
        return Detected(encoding, separator, said.decimal, said.dates, {}, warnings)
    header = [name.strip() for name in records[0]]
    if any(_VALUE.fullmatch(cell) for cell in header):
        shown = ", ".join(header[:5])
        warnings += (f"The first line looks like values, not column names ({shown}). Put a line of names above it.",)
    columns = {
        name: [record[place] for record in records[1:] if len(record) == len(header)]
        for place, name in enumerate(header)
    }
    found = read_columns(columns, said.decimal, said.dates, separator)
    return Detected(encoding, separator, found.decimal, found.dates, found.columns, (*warnings, *found.warnings))


def decoded(sample: bytes, encoding: str) -> str:
    """Return a sample as text without a byte order mark; what cannot be decoded is replaced."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample).removeprefix("\ufeff")


def parse_said(given: dict[str, Any]) -> tuple[Said, str | None]:
    """Return what `encoding`, `separator`, `decimal` and `dates` say, and the name of the first that is wrong."""
    encoding = _codec(given.get("encoding"))
    separator = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|"}.get(
        str(given.get("separator")), given.get("separator")
    )
    wrong = [
        name
        for name, fits in (
            ("encoding", given.get("encoding") is None or encoding is not None),
            ("separator", separator is None or separator in SEPARATORS),
            ("decimal", given.get("decimal") in (None, "comma", "point")),
            ("dates", given.get("dates") in (None, "dmy", "mdy")),
        )
        if not fits
    ]
    if wrong:
        return NOTHING_SAID, wrong[0]
    decimal = cast("Literal['comma', 'point'] | None", given.get("decimal"))
    return Said(encoding, separator, decimal, cast("Literal['dmy', 'mdy'] | None", given.get("dates"))), None


def _codec(name: object) -> str | None:
    """Return a codec by the name people give it; None where it is none of those that can be read."""
    if not isinstance(name, str):
        return None
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return None
    return {"iso8859-1": "latin-1"}.get(known, known) if known in _codecs() else None


def _codecs() -> Sequence[str]:
    return [codecs.lookup(name).name for name in ENCODINGS]
