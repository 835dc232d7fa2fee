"""What the text of an attribute says: `2 x AA`, `10-15 cm`, `1,7 l`, `100% cotton`, `3/4 in`, `30 x 20 cm`, `IP67`.

What cannot be read stays text, and `Reading.doubt` says so: nothing is guessed and nothing is lost.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.spoken_numbers import in_any_language, range_word
from shopkeeper.content.units import spellings, to_base, unit_of

Kind = Literal["text", "list", "number", "range", "dimensions", "count", "shares", "boolean"]
Bound = Literal["", "max", "min", "about"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Numbers that share a unit.

    Attributes:
        numbers: One for a number, two for a range, two or three for dimensions, several for a list.
        unit: Symbol of `units.SPELLINGS`; empty for bare numbers.
    """

    numbers: tuple[float, ...]
    unit: str = ""

    def base(self) -> tuple[str, tuple[float, ...]]:
        """The dimension and the numbers in base units; two measures are equal where these are."""
        return to_base(0.0, self.unit)[0], tuple(to_base(number, self.unit)[1] for number in self.numbers)


@dataclass(frozen=True, slots=True)
class Reading:
    """One value, understood as far as it can be.

    Attributes:
        kind: `number` (1.7 L), `range` (10-15 cm), `dimensions` (30 x 20 cm), `count` (2 x AA), `shares` (60% cotton,
            40% wool), `list`, `boolean`, else `text`.
        text: The value as the record writes it, without markup, on one line.
        items: The value of a text, the items of a list, the thing counted, the parts of shares.
        measure: Its numbers; of `count` how many, of `shares` the percentages.
        also: The same measure said in another unit by the record itself (`39.6 cm (15.6")`).
        truth: Of a boolean; False also where the record says there is none (`No warranty`, `Not available`).
        bound: `max` for "up to 90 kg", `min` for "from 2 kg", `about` for "approx. 5 h".
        doubt: Why numbers in the text could not be read; empty where all was understood.
    """

    kind: Kind
    text: str
    items: tuple[str, ...] = ()
    measure: Measure | None = None
    also: Measure | None = None
    truth: bool | None = None
    bound: Bound = ""
    doubt: str = ""

    def normal(self) -> str:
        """A form in which equal values are equal texts, whatever their units, separators, case or order."""
        parts: list[str] = [self.kind, self.bound]
        if self.kind == "boolean":
            return f"boolean {'yes' if self.truth else 'no'}"
        if self.measure is not None:
            dimension, numbers = self.measure.base()
            parts += [" ".join(f"{number:.9g}" for number in numbers), dimension]
        items = [" ".join(item.casefold().split()) for item in self.items]
        parts += items if self.kind == "shares" else sorted(items)
        return " ".join(part for part in parts if part)


_NUMBER = (
    r"(?:[-+\u2212]?(?:\d+\s)?\d+/\d+|[-+\u2212]?\d{1,3}(?:[\u202f\u00a0' ]\d{3})+(?:[.,]\d+)?"
    r"|[-+\u2212]?\d+(?:[.,]\d+)*|[½¼¾]|\d+[½¼¾])"
)
_UNIT = "|".join(re.escape(spelling) for spelling in spellings())
_MEASURED = rf"(?P<n>{_NUMBER})\s*(?P<u>{_UNIT})?\.?"
_ALSO = rf"(?:\s*\(\s*(?P<an>{_NUMBER})(?:\s*(?:-|–|to)\s*(?P<an2>{_NUMBER}))?\s*(?P<au>{_UNIT})\s*\))?"
_TO = rf"\s*(?:-|–|—|\.\.\.?|\b(?:{'|'.join(map(range_word, LANGUAGES))})\b)\s*"
_X = r"\s*[x×X*]\s*"
_FLAGS = re.IGNORECASE

_ONE = re.compile(rf"{_MEASURED}{_ALSO}", _FLAGS)
_RANGE = re.compile(rf"(?P<n>{_NUMBER})\s*(?P<u1>{_UNIT})?{_TO}(?P<n2>{_NUMBER})\s*(?P<u>{_UNIT})?{_ALSO}", _FLAGS)
_SIZES = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?:{_UNIT})?{_X}(?P<n2>{_NUMBER})\s*(?:{_UNIT})?"
    rf"(?:{_X}(?P<n3>{_NUMBER}))?\s*(?P<u>{_UNIT})?(?:\s*\([LWHDBTx×/ ]+\))?",
    _FLAGS,
)
_SIZE_UNITS = re.compile(rf"{_NUMBER}\s*(?P<u>{_UNIT})", _FLAGS)
_SIDES = frozenset({"mm", "cm", "dm", "m", "in", "ft", "px", "µm", ""})
_COUNT = re.compile(rf"(?P<n>\d{{1,4}})\s*[x×]\s*(?P<what>[^\W\d_].*|{_NUMBER}\s*(?:{_UNIT}))", _FLAGS)
_SHARE = re.compile(rf"(?P<n>{_NUMBER})\s*%\s*(?P<what>[^\d%,;/|+]*[^\d%,;/|+\s])", _FLAGS)
_MANY = re.compile(
    rf"(?P<all>{_NUMBER}(?:\s*[,/|]\s*{_NUMBER})+|\d+(?:/\d+)+)\s*(?P<u>{_UNIT})?",
    _FLAGS,
)


def _bound_words(bound: str) -> str:
    return "|".join(map(re.escape, in_any_language(bound)))


_BOUNDS: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    ("max", re.compile(rf"(?:{_bound_words('max')}|max(?:\.|imum|imal)?|at most|≤|<=)\s*", _FLAGS)),
    ("min", re.compile(rf"(?:{_bound_words('min')}|min(?:\.|imum|imal)?|≥|>=|from|ab|desde)\s+(?=[\d≥])", _FLAGS)),
    (
        "about",
        re.compile(rf"(?:{_bound_words('about')}|approx\.?|approximately|circa|ca\.?|~|≈|aprox\.?)\s*", _FLAGS),
    ),
)
YES = frozenset({"yes", "true", "ja", "wahr", "oui", "vrai", "sí", "si", "verdadero", "✓", "included", "available"})
NO = frozenset(
    {"no", "false", "nein", "falsch", "non", "faux", "none", "n/a", "na", "-", "—", "not available", "not included"}
    | {"nicht verfügbar", "keine", "kein", "aucun", "aucune", "ninguno", "ninguna"}
)
_NONE = re.compile(r"(?:no|without|keine?|ohne|aucune?|sans|sin)\s+[^\d,;|]+", _FLAGS)
_TAG = re.compile(r"<[^>]{1,200}>")
_PARTS = frozenset({"2", "3", "4", "5", "6", "8", "10", "16", "32", "64"})
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_LONGEST_READ = 400
_LONGEST_ITEM = 80


def plain(text: str) -> str:
    """A record's text without markup and entities, on one line; items on lines of their own stay apart by ` | `."""
    once = _TAG.sub(" ", html.unescape(text.replace("<br", "\n<br").replace("<li", "\n<li")))
    lines = (" ".join(line.split()) for line in html.unescape(once).splitlines())
    return " | ".join(line for line in lines if line)


def number_of(text: str, decimal: str = ".") -> float | None:
    """A number as records write it: `1,234.5`, `1.234,5`, `1 234,5`, `1,7`, `3/4`, `1 1/2`, `½`; None if it is none.

    Args:
        text: The number alone.
        decimal: The mark of the record's language, which decides between `1,200` (one thousand) and `1,200` (1.2).
    """
    body = text.strip().replace("\u2212", "-").lstrip("+")
    if body and body[-1] in _FRACTIONS:
        whole = number_of(body[:-1], decimal) if body[:-1] else 0.0
        return None if whole is None else whole + _FRACTIONS[body[-1]]
    if "/" in body:
        return _fraction(body)
    body = re.sub(r"[\s'\u202f\u00a0]", "", body)
    marks = [mark for mark in body if mark in ".,"]
    if len(set(marks)) == 2:
        last = marks[-1]
        body = body.replace("," if last == "." else ".", "").replace(last, ".")
    elif marks:
        groups = re.split("[.,]", body.lstrip("-"))
        thousands = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0] != "0"
        grouped = thousands and (len(marks) > 1 or marks[0] != decimal)
        body = body.replace(marks[0], "" if grouped else ".")
    try:
        return float(body)
    except ValueError:
        return None


def _fraction(body: str) -> float | None:
    match = re.fullmatch(r"(-?)(?:(\d+)\s+)?(\d+)/(\d+)", body)
    if match is None or match[4] not in _PARTS or int(match[3]) >= int(match[4]):
        return None  # 900/1800 MHz are two bands, 10/100 Mbit/s two speeds
    value = int(match[2] or 0) + int(match[3]) / int(match[4])
    return -value if match[1] else value


@lru_cache(maxsize=20_000)
def read(value: str, decimal: str = ".") -> Reading:
    """Understand one attribute's text; catalogues say the same thing many times, so answers are kept.

    Args:
        value: As the record writes it; markup and entities are taken off.
        decimal: Decimal mark of the record's language.
    """
    text = plain(value)
    folded = text.casefold()
    if folded in YES:
        return Reading("boolean", text, truth=True)
    if folded in NO or _NONE.fullmatch(text):
        return Reading("boolean", text, truth=False)
    if len(text) > _LONGEST_READ:
        return Reading("text", text, (text,))
    bound, body = _bound(text)
    for reader in _READERS:
        if (found := reader(body, text, decimal)) is not None:
            return found if not bound else _bounded(found, bound)
    items = _items(text)
    if len(items) > 1:
        return Reading("list", text, items)
    return Reading("text", text, (text,), doubt=_doubt(text))


def find_duration(text: str, decimal: str = ".") -> Measure | None:
    """The one span of time a sentence names (`Ships in 3-5 business days`); None if it names none or several."""
    found = list(_TIME.finditer(plain(text)))
    if len(found) != 1:
        return None
    unit = unit_of(found[0]["u"])
    numbers = [number_of(part, decimal) for part in (found[0]["n"], found[0]["n2"]) if part]
    if unit is None or None in numbers:
        return None
    return Measure(tuple(number for number in numbers if number is not None), unit)


_TIMES = "|".join(
    re.escape(spelling)
    for spelling in spellings()
    if unit_of(spelling) in {"day", "business day", "week", "month", "year"}
)
_TIME = re.compile(rf"(?<!\w)(?P<n>\d+)(?:{_TO}(?P<n2>\d+))?[\s-]*(?P<u>{_TIMES})(?!\w)", _FLAGS)


def _bound(text: str) -> tuple[Bound, str]:
    for bound, pattern in _BOUNDS:
        if (match := pattern.match(text)) and re.match(r"[\d½¼¾.-]", text[match.end() :]):
            return bound, text[match.end() :]
    return "", text


def _bounded(found: Reading, bound: Bound) -> Reading:
    return Reading(found.kind, found.text, found.items, found.measure, found.also, bound=bound)


def _units(*written: str | None) -> str | None:
    """The one unit of a measure: empty where none is written, None where two differ or one is no unit after all."""
    symbols = {unit_of(unit) for unit in written if unit}
    return (symbols.pop() if symbols else "") if len(symbols) < 2 else None


def _glued(body: str, number: str, unit: str) -> bool:
    """Whether a capital at the end of a number is part of a name (`4K`, `56K`) and no unit (`2700 K`)."""
    return unit in {"K", "B"} and body.startswith(number + unit) and len(number) < 4


def _also(match: re.Match[str], decimal: str) -> Measure | None:
    if not match["an"]:
        return None
    numbers = [number_of(part, decimal) for part in (match["an"], match["an2"]) if part]
    return Measure(tuple(number for number in numbers if number is not None), unit_of(match["au"]) or "")


def _one(body: str, text: str, decimal: str) -> Reading | None:
    match = _ONE.fullmatch(body)
    if match is None or (sum(match["n"].count(mark) for mark in ".,") > 1 and not _grouped(match["n"])):
        return None
    number, unit = number_of(match["n"], decimal), _units(match["u"])
    if number is None or unit is None or _glued(body, match["n"], unit):
        return None
    return Reading("number", text, measure=Measure((number,), unit), also=_also(match, decimal))


def _grouped(number: str) -> bool:
    """Whether several marks in a number stand where thousands end (`1,234,567`), so it is no list (`850,900,1800`)."""
    return re.fullmatch(r"[-+\u2212]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", number) is not None


def _range(body: str, text: str, decimal: str) -> Reading | None:
    match = _RANGE.fullmatch(body)
    if match is None:
        return None
    low, high, unit = number_of(match["n"], decimal), number_of(match["n2"], decimal), _units(match["u1"], match["u"])
    if low is None or high is None or unit is None or low > high:
        return None
    return Reading("range", text, measure=Measure((low, high), unit), also=_also(match, decimal))


def _dimensions(body: str, text: str, decimal: str) -> Reading | None:
    match = _SIZES.fullmatch(body)
    if match is None:
        return None
    unit = _units(*(found["u"] for found in _SIZE_UNITS.finditer(body)))
    written = [part for part in (match["n"], match["n2"], match["n3"]) if part]
    numbers = [number_of(part, decimal) for part in written]
    if unit not in _SIDES or None in numbers or any(re.search(r",\d{3}", part) for part in written):
        return None
    return Reading("dimensions", text, measure=Measure(tuple(n for n in numbers if n is not None), unit))


def _count(body: str, text: str, decimal: str) -> Reading | None:  # noqa: ARG001 - one of _READERS
    match = _COUNT.fullmatch(body)
    if match is None or re.search(r"[,;|]", match["what"]) or unit_of(match["what"]):
        return None
    return Reading("count", text, (match["what"].strip(),), Measure((float(match["n"]),)))


def _shares(body: str, text: str, decimal: str) -> Reading | None:
    parts = [part for part in re.split(r"\s*[,;/|+]\s*|\s+(?:and|und|et|y)\s+", body) if part]
    found = [_SHARE.fullmatch(part) for part in parts]
    numbers, items = [], []
    for match in found:
        number = number_of(match["n"], decimal) if match else None
        if match is None or number is None or not 0 < number <= 100:
            return None
        numbers.append(number)
        items.append(match["what"].strip())
    if not items or sum(numbers) > 100.01:
        return None
    return Reading("shares", text, tuple(items), Measure(tuple(numbers), "%"))


def _many(body: str, text: str, decimal: str) -> Reading | None:
    match = _MANY.fullmatch(body)
    if match is None or not match["u"]:
        return None
    parts = re.split(r"\s*[,/|]\s*", match["all"])
    numbers = [number_of(part, decimal) for part in parts]
    if None in numbers or len(numbers) < 2:
        return None
    return Reading(
        "list", text, tuple(parts), Measure(tuple(n for n in numbers if n is not None), unit_of(match["u"]) or "")
    )


_READERS: tuple[Callable[[str, str, str], Reading | None], ...] = (
    _one, _range, _dimensions, _count, _shares, _many,
)  # fmt: skip


_COMMAS = r"(?:,\s+|(?<=[^\d\s]),(?=\S)|(?<=\S),(?=[^\d\s])|(?<=\d),(?=\d+\s?x\s?\d))(?![^(]*\))"


def _items(text: str) -> tuple[str, ...]:
    """The items of an enumeration: by `;` or `|` where there are any, else by commas outside brackets and numbers."""
    for separator in (r"\s*\|\s*", r"\s*;\s*", _COMMAS):
        items = tuple(dict.fromkeys(item.strip() for item in re.split(separator, text) if item.strip()))
        if len(items) > 1 and all(len(item) <= _LONGEST_ITEM for item in items):
            return items
    return (text,)


_LOOSE = re.compile(rf"(?<![\w.,/-])(?P<n>{_NUMBER})(?P<space>\s*)(?P<u>{_UNIT})(?!\w)", _FLAGS)


def _doubt(text: str) -> str:
    for match in _LOOSE.finditer(text):
        unit = unit_of(match["u"])
        if unit is not None and (match["space"] or len(unit) > 1):
            return f"{match[0]!r} stands inside a text; kept as text, its number is not compared by unit"
    return ""
