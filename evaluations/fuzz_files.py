"""Files for `fuzz_import.py`: events with planted faults, and mutations of any file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

COLUMNS: Final = (
    "event_id", "ts", "type", "user", "session", "product", "price", "quantity", "currency", "surface", "position",
    "value", "user_agent", "campaign",
)  # fmt: skip
MAPPING: Final = "version: 1\ntables:\n  - table: events\n    from: '*'\n    fields:\n" + "".join(
    f"      {'properties.' if name == 'campaign' else ''}{name}: their_{name}\n"
    for name in COLUMNS
    if name != "event_id"
)
"""A mapping of columns that are called by other names; the events get their identity from the row."""
NUMBERS: Final = ("price", "quantity", "value", "position")


@dataclass(frozen=True, slots=True)
class Shape:
    """How events are written."""

    ending: str
    mapped: bool = False
    typed: bool = False


SHAPES: Final = tuple(
    Shape(ending, mapped, typed)
    for ending in ("csv", "jsonl", "parquet", "csv.gz")
    for mapped in (False, True)
    for typed in ((False, True) if ending in ("parquet", "jsonl") else (False,))
)

Row = dict[str, Any]

FAULTS: Final[tuple[tuple[str, Any], ...]] = (
    ("type", "vieew"), ("type", ""), ("type", "view;cart"), ("type", "1"), ("type", "\u202eview"),
    ("ts", "yesterday"), ("ts", ""), ("ts", "2026-13-01 10:00:00"), ("ts", "2026-02-30 10:00:00"),
    ("ts", "2027-01-01 00:00:00"), ("ts", "1969-12-30 00:00:00"), ("ts", "2026-05-01 25:00:00"), ("ts", "1e30"),
    ("ts", "2026-05-01 10:00:61"), ("ts", "99999-01-01"), ("ts", "-5"), ("ts", "2026-05-01T24:00:00"),
    ("price", "-1"), ("price", "abc"), ("price", "1e12"), ("price", "inf"), ("price", "1000001"), ("price", "--5"),
    ("price", "5 GBP"), ("price", "0x10"), ("price", "1.2.3"), ("price", "-0.01"),
    ("quantity", "-3"), ("quantity", "many"), ("quantity", "1e7"), ("quantity", "1000000.5"),
    ("product", ""), ("product", " "), ("product", "p" * 201), ("product", "null"), ("product", "NaN"),
    ("user", "u" * 201), ("user", "a\x00b"), ("surface", "s" * 501), ("surface", "ho\x00me"),
    ("currency", "GBPX"), ("currency", "G1P"), ("currency", "\u00c4BC"), ("currency", "G"),
    ("position", "-1"), ("position", "1.5"), ("position", "10000001"), ("position", "first"),
    ("value", "1e10"), ("value", "-2e9"), ("value", "much"), ("user_agent", "M" * 501),
)  # fmt: skip
"""Column and value that no event may have; `type` is one about a product then."""

ODDITIES: Final[tuple[tuple[str, Any], ...]] = (
    ("type", "VIEW"), ("type", " cart "), ("price", ""), ("price", " 2.50 "), ("price", "1e2"), ("price", "007"),
    ("price", "-0"), ("quantity", "nan"), ("quantity", "1.0"), ("user", " ann "), ("user", ""), ("user", "7"),
    ("user", "nan"), ("product", "Gr\u00f6\u00dfe \u201cM\u201d"), ("product", 'p "1", 2'), ("product", "p\n2"),
    ("product", "p\u00a0\u20033"), ("product", "\U0001f600"), ("product", "'; DROP TABLE events; --"),
    ("ts", "2026-05-01T10:00:00.123456Z"), ("ts", "2026-03-29 02:30:00"), ("ts", "2025-10-26 02:30:00"),
    ("ts", "1777629600"), ("ts", "1777629600123"), ("ts", "2026-05-01T10:00:00+02:00"), ("ts", "2026-05-01"),
    ("ts", "20260501"), ("ts", "2026-05-01 10:00:00 UTC"), ("currency", "gbp"), ("currency", ""),
    ("surface", "\u202ehome"), ("surface", "x\ty"), ("position", "3.0"), ("value", "-5"),
    ("campaign", '{"ip": "1.2.3.4"}'),
    ("campaign", "spring \\ sale"), ("campaign", ""), ("user_agent", "Googlebot/2.1"), ("user_agent", "curl/8.1"),
    ("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"), ("session", " s "),
)  # fmt: skip
"""Column and value that may well come in, mended or not."""


def usual_row(draw: random.Random, number: int) -> Row:
    """Return an event nothing is wrong with, every value as text."""
    day, hour, minute = draw.randint(1, 28), draw.randint(0, 23), draw.randint(0, 59)
    return {
        "event_id": f"e{number}", "ts": f"2026-0{draw.randint(1, 5)}-{day:02d} {hour:02d}:{minute:02d}:00",
        "type": draw.choice(["view", "cart", "purchase", "refund"]), "user": f"u{draw.randint(0, 99)}",
        "session": f"s{number}", "product": f"p{draw.randint(0, 50)}", "price": f"{draw.randint(1, 9999) / 100}",
        "quantity": str(draw.randint(1, 5)), "currency": "GBP", "surface": draw.choice(["home", "search", ""]),
        "position": draw.choice(["", "1", "20"]), "value": draw.choice(["", "4.5"]), "user_agent": "",
        "campaign": draw.choice(["", "spring"]),
    }  # fmt: skip


def planted_rows(draw: random.Random, count: int, *, typed: bool) -> tuple[list[Row], set[str]]:
    """Return rows and the sessions of those that must not come in."""
    rows, marked = [], set()
    for number in range(count):
        row = usual_row(draw, number)
        chance = draw.random()
        if chance < 0.5:
            name, value = draw.choice(FAULTS)
            while typed and name in NUMBERS and not _fits(name, value):
                name, value = draw.choice(FAULTS)
            row[name] = value
            marked.add(row["session"])
        elif chance < 0.8:
            name, value = draw.choice(ODDITIES)
            row[name] = value
        rows.append(row)
    return rows, marked


def _fits(name: str, value: str) -> bool:
    """Return whether a column of numbers can hold a value at all."""
    try:
        number = float(value)
    except ValueError:
        return False
    return name != "position" or number == int(number)


def planted(draw: random.Random, folder: Path, shape: Shape, count: int) -> tuple[Path, set[str]]:
    """Write a file of events with faults and return where, and the sessions of rows that must not come in."""
    rows, marked = planted_rows(draw, count, typed=shape.typed)
    folder.mkdir(exist_ok=True)
    path = folder / f"events.{shape.ending}"
    write(path, rows, shape)
    return path, marked


def write(path: Path, rows: list[Row], shape: Shape) -> None:
    """Write events in a shape."""
    named = [{(f"their_{name}" if shape.mapped else name): row[name] for name in COLUMNS} for row in rows]
    if shape.ending.startswith("csv"):
        text = io.StringIO(newline="")
        written = csv.DictWriter(text, list(named[0]))
        written.writeheader()
        written.writerows(named)
        content = text.getvalue().encode()
    elif shape.ending == "jsonl":
        content = b"".join(json.dumps(_typed(row) if shape.typed else row).encode() + b"\n" for row in named)
    else:
        _write_parquet(path, named, typed=shape.typed)
        return
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def _typed(row: Row) -> Row:
    """Return a row with numbers as numbers."""
    made = dict(row)
    for name, value in row.items():
        if name.removeprefix("their_") in NUMBERS and value not in ("", "inf"):
            made[name] = json.loads(value) if _is_json(value) else value
    return made


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _write_parquet(path: Path, rows: list[Row], *, typed: bool) -> None:
    connection = duckdb.connect()
    kinds = {name: "DOUBLE" if typed and name.removeprefix("their_") in NUMBERS else "VARCHAR" for name in rows[0]}
    if typed:
        kinds = {name: "BIGINT" if name.endswith("position") else kind for name, kind in kinds.items()}
    connection.execute(f"CREATE TABLE t ({', '.join(f'{chr(34)}{n}{chr(34)} {k}' for n, k in kinds.items())})")
    values = [[_cell(row[name], kind) for name, kind in kinds.items()] for row in rows]
    connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(kinds))})", values)  # noqa: S608 - marks only
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    connection.close()


def _cell(value: str, kind: str) -> object:
    if kind == "VARCHAR":
        return value
    return None if value == "" else float(value) if kind == "DOUBLE" else int(float(value))


def mutated(draw: random.Random, folder: Path, samples: Path) -> tuple[Path, bool]:
    """Write a mutated file and return where, and whether it wants the mapping."""
    folder.mkdir()
    if draw.random() < 0.5:
        shape = draw.choice(SHAPES)
        path, _ = planted(draw, folder, shape, draw.randint(1, 30))
        mapped, content = shape.mapped, path.read_bytes()
    else:
        sample = draw.choice(sorted(samples.iterdir()))
        path, mapped, content = folder / sample.name, False, sample.read_bytes()
    for _ in range(draw.randint(1, 3)):
        content = draw.choice(_mutations(path.suffix))(draw, content)
    path.write_bytes(content)
    return path, mapped


Mutation = Callable[[random.Random, bytes], bytes]


def _mutations(ending: str) -> tuple[Mutation, ...]:
    if ending == ".csv":
        return (*_BYTES, _cells, _cells, _columns, _encoding)
    return (*_BYTES, _json, _json, _encoding) if ending == ".jsonl" else _BYTES


def _cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randint(0, len(content))]


def _flip(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randint(1, 10) if changed else 0):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _insert(draw: random.Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    pieces = (
        b"\x00",
        b"\xff\xfe",
        b'"',
        b"\r",
        b"\n\n",
        b"\xe9\xe8",
        b"{",
        b"," * 30,
        b"\xef\xbb\xbf",
        b"x" * 1_100_000,
    )
    return content[:at] + draw.choice(pieces) + content[at:]


def _repeat(draw: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    return b"\n".join([*lines[:at], *[lines[at]] * draw.randint(2, 5), *lines[at + 1 :]])


_BYTES: Final[tuple[Mutation, ...]] = (_cut, _flip, _insert, _repeat)
_NASTY: Final = (
    "", " ", "-1", "1e400", "nan", "\x00", "a\x00b", '"', "\ud83d", "x" * 200_001, "2026-99-99", "-", "9" * 400, "{",
    "[1]", '{"a": 1}', "true", "\u202e", "0", "1,5", "1.234,56", "31.12.2025", "null", "=1+1", "<b>", "'", "\\", "\r\n",
    "-0.0",
)  # fmt: skip


def _encoding(draw: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(draw.choice(["cp1252", "utf-16", "utf-16-le", "latin-1", "utf-8-sig"]), "replace")


def _table(content: bytes) -> list[list[str]]:
    csv.field_size_limit(10_000_000)
    try:
        return [row for row in csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")) if row]
    except csv.Error:
        return []


def _written(rows: list[list[str]], separator: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def _cells(draw: random.Random, content: bytes) -> bytes:
    rows = _table(content)
    for _ in range(draw.randint(1, 12) if len(rows) > 1 else 0):
        row = draw.choice(rows[1:])
        row[draw.randrange(len(row))] = draw.choice(_NASTY)
    return _written(rows, draw.choice([",", ",", ",", ";", "\t"])) if rows else content


def _columns(draw: random.Random, content: bytes) -> bytes:
    rows = _table(content)
    if not rows or len(rows[0]) < 2:
        return content
    first, second = draw.sample(range(len(rows[0])), 2)
    kind = draw.choice(["swap", "swap header", "drop", "double"])
    if kind == "swap header":
        rows[0][first], rows[0][second] = rows[0][second], rows[0][first]
        return _written(rows)
    for row in rows:
        if max(first, second) >= len(row):
            continue
        if kind == "swap":
            row[first], row[second] = row[second], row[first]
        elif kind == "drop":
            row.pop(first)
        else:
            row.append(row[first])
    return _written(rows)


def _json(draw: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    try:
        row = json.loads(lines[at])
    except ValueError:
        return content
    holder = row
    while isinstance(holder, dict) and holder:
        name = draw.choice(list(holder))
        if isinstance(holder[name], dict) and draw.random() < 0.7:
            holder = holder[name]
            continue
        holder[name] = draw.choice((*_NASTY, None, [], {}, [[[[]]]], 10**30, -1, True, {"a": {"b": {}}}, 1.5))
        break
    lines[at] = json.dumps(row).encode()
    return b"\n".join(lines)
