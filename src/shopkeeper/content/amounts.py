"""Amounts said in a text or a record: number, unit or currency, and whether it is a bound or a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from shopkeeper.content import units
from shopkeeper.content.reading import number_of
from shopkeeper.content.tokens import ENDS_CLAUSE, HYPHENS, TIMES, Word

Relation = Literal["exact", "below", "above", "at_most", "at_least", "range"]

CURRENCY_SIGNS = {"£": "GBP", "€": "EUR", "$": "USD", "¥": "JPY"}
CURRENCY_CODES = frozenset({"GBP", "EUR", "USD", "JPY", "CHF", "CAD", "AUD", "SEK", "DKK", "NOK", "PLN", "CZK"})
Reading = tuple[str, float, float]  # dimension, factor and offset of a unit
UNIT_WORDS = 3  # longest spelling of a unit: "sq ft", "cd / m²"
RATING = "rating"
MINUS = frozenset("-\u2212")


class Magnitude(NamedTuple):
    """A number in the base unit of its dimension; `""` is a bare number, `EUR` money, `rating` stars."""

    dimension: str
    value: float


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount of a text.

    Attributes:
        first, last: Positions of its first and last word, with its unit.
        relation: What the text says of the number.
        readings: What it may be (`20 pounds` is money or mass); for a range the lower end.
        upper: The upper end of a range, in the same order as `readings`; elsewhere empty.
        numbers: The numbers as written, without unit.
        of: Stars there are at most, for ratings.
    """

    first: int
    last: int
    relation: Relation
    readings: tuple[Magnitude, ...]
    upper: tuple[Magnitude, ...] = ()
    numbers: tuple[float, ...] = ()
    of: float = 0.0


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a language writes amounts; phrases are tuples of folded words.

    Attributes:
        not_units: Spellings of units that are words of the language: units only where they touch the number.
        bound_ends: Last words of all phrases of `bounds`.
    """

    language: str
    bounds: Mapping[Relation, tuple[tuple[str, ...], ...]]
    ranges: frozenset[str]
    between: frozenset[str]
    between_and: frozenset[str]
    words: Mapping[str, float]
    rating_of: tuple[tuple[str, ...], ...]
    stars: frozenset[str]
    currencies: Mapping[str, str]
    not_units: frozenset[str]
    bound_ends: frozenset[str]


@lru_cache(maxsize=16_384)
def number(written: str, language: str) -> float | None:
    """Return the value of a number as a language writes it; None where the separators make no sense.

    >>> number("1,299.5", "en"), number("1.299,5", "de"), number("15.6", "de"), number("16,800", "en")
    (1299.5, 1299.5, 15.6, 16800.0)
    """
    return number_of(written, "." if language == "en" else ",")


def amounts(found: Sequence[Word], text: str, by: Numerals) -> list[Amount]:
    """Return the amounts of a text in order of place."""
    said: list[Amount] = []
    behind, in_words = 0, by.words
    for at in [i for i, word in enumerate(found) if word.is_number or word.folded in in_words]:
        value = _value(found, at, by) if at >= behind else None
        if value is None:
            continue
        sizes = _sizes(found, at, text, by)
        amount = None if sizes else _amount(found, at, value, text, by)
        if sizes or amount:
            said += sizes or ([amount] if amount else [])
            behind = said[-1].last + 1
    return said


def _value(found: Sequence[Word], at: int, by: Numerals) -> float | None:
    word = found[at]
    if not word.is_number:
        return by.words.get(word.folded)
    value = number(word.text, by.language)
    return -value if value is not None and _is_negative(found, at) else value


def _is_negative(found: Sequence[Word], at: int) -> bool:
    """Whether a minus touches the number and nothing else: `-15 °C`, but not `20-25` or `SIC-15`."""
    if at == 0 or found[at - 1].text not in MINUS or found[at - 1].end != found[at].start:
        return False
    return at == 1 or found[at - 2].end < found[at - 1].start or found[at - 2].text in ENDS_CLAUSE


def _sizes(found: Sequence[Word], at: int, text: str, by: Numerals) -> list[Amount]:
    """Return the sides of `30 x 20 cm`, each with the unit at the end; empty where no sides begin at `at`."""
    places = [at]
    while places[-1] + 2 < len(found) and found[places[-1] + 1].text in TIMES and found[places[-1] + 2].is_number:
        places.append(places[-1] + 2)
    values = [_value(found, place, by) for place in places]
    if len(places) == 1 or not found[at].is_number or None in values:
        return []
    readings, last = _readings(found, places[-1], text, by)
    return [
        Amount(
            place, last if place == places[-1] else place, "exact",
            tuple(Magnitude(d, _nine(f * value + o)) for d, f, o in readings), numbers=(value,),
        )
        for place, value in zip(places, values, strict=True) if value is not None
    ]  # fmt: skip


def _amount(found: Sequence[Word], at: int, value: float, text: str, by: Numerals) -> Amount | None:
    in_words = not found[at].is_number
    stars = _stars(found, at, value, by)
    if stars is not None:
        return stars
    first, last, relation, upper = at, at, _bound(found, at, by), None
    end = _range_end(found, at, text, by)
    if end is not None:
        upper, last, relation = _value(found, end, by), end, "range"
    readings, last = _readings(found, last, text, by)
    sign = CURRENCY_SIGNS.get(found[at - 1].text) if at else None
    if sign is None and at and found[at - 1].text in CURRENCY_CODES:
        sign = found[at - 1].text
    if sign is not None:
        first, readings = at - 1, ((sign, 1.0, 0.0),)
    if in_words and (readings == (("", 1.0, 0.0),) or (value == 1 and readings[0] == _unit("pcs"))):
        return None  # "one of the best", "une pièce pour ..." count nothing
    low = tuple(Magnitude(d, _nine(f * value + o)) for d, f, o in readings)
    high = tuple(Magnitude(d, _nine(f * upper + o)) for d, f, o in readings) if upper is not None else ()
    numbers = (value,) if upper is None else (value, upper)
    return Amount(first, last, relation, low, high, numbers)


def _nine(value: float) -> float:
    return float(f"{value:.9g}")


def _stars(found: Sequence[Word], at: int, value: float, by: Numerals) -> Amount | None:
    following = found[at + 1].folded if at + 1 < len(found) else ""
    for phrase in by.rating_of:
        end = at + 1 + len(phrase)
        if phrase[0] == following and end < len(found) and tuple([w.folded for w in found[at + 1 : end]]) == phrase:
            most = _value(found, end, by)
            if most in {5.0, 10.0, 100.0} and value <= most:
                last = end + 1 if end + 1 < len(found) and found[end + 1].folded in by.stars else end
                return Amount(at, last, "exact", (Magnitude(RATING, value),), numbers=(value,), of=most)
    behind = at + 1
    if behind < len(found) and found[behind].text in HYPHENS:
        behind += 1
    if behind < len(found) and found[behind].folded in by.stars and value <= 5:
        return Amount(at, behind, "exact", (Magnitude(RATING, value),), numbers=(value,), of=5.0)
    return None


def _bound(found: Sequence[Word], at: int, by: Numerals) -> Relation:
    before = at - 1
    while before >= 0 and (found[before].text in CURRENCY_SIGNS or found[before].folded in {"a", "the", "about"}):
        before -= 1
    if before < 0 or found[before].folded not in by.bound_ends:
        return "exact"
    said = tuple([w.folded for w in found[max(0, before - 3) : before + 1]])
    for relation, phrases in by.bounds.items():
        if any(said[-len(phrase) :] == phrase for phrase in phrases):
            return relation
    return "exact"


def _joins_ends(found: Sequence[Word], at: int, joint_at: int, by: Numerals) -> bool:
    joint = found[joint_at]
    if joint.text in HYPHENS or joint.folded in by.ranges:
        return True
    before = at - 2 if at and found[at - 1].text in CURRENCY_SIGNS else at - 1
    return joint.folded in by.between_and and before >= 0 and found[before].folded in by.between


def _range_end(found: Sequence[Word], at: int, text: str, by: Numerals) -> int | None:
    """Return the position of the upper end where a range begins at `at`: 20-25, 20 to 25, £20 to £25, 5° to 10°."""
    unit, last = _readings(found, at, text, by) if at + 4 < len(found) else ((), at)
    if last + 2 >= len(found) or not _joins_ends(found, at, last + 1, by):
        if at + 2 >= len(found) or not _joins_ends(found, at, at + 1, by):
            return None
        unit, last = (), at
    if at >= 2 and found[at - 1].text == "-" and found[at - 2].is_number and not _is_negative(found, at):
        return None  # the rest of a date
    end = last + 2
    if found[end].text in CURRENCY_SIGNS or found[end].text in MINUS:
        end += 1
    if end >= len(found) or not found[end].is_number:
        return None
    low, high = _value(found, at, by), _value(found, end, by)
    if low is None or high is None or low >= high:
        return None
    same = not unit or last == at or {of[0] for of in unit} & {of[0] for of in _readings(found, end, text, by)[0]}
    return end if same else None


def _readings(found: Sequence[Word], at: int, text: str, by: Numerals) -> tuple[tuple[Reading, ...], int]:
    """Return each reading of the unit behind a number, and where the unit ends."""
    behind = at + 1
    if behind < len(found) and found[behind].text in HYPHENS and found[behind].start == found[at].end:
        behind += 1
    if behind >= len(found):
        return (("", 1.0, 0.0),), at
    word = found[behind]
    code = CURRENCY_SIGNS.get(word.text) or by.currencies.get(word.folded.removesuffix("'s"))
    if code is None and word.text in CURRENCY_CODES:
        code = word.text
    money = ((code, 1.0, 0.0),) if code else ()
    for length in range(min(UNIT_WORDS, len(found) - behind), 0, -1):
        if found[behind + length - 1].text in ENDS_CLAUSE:
            continue
        spelling = text[word.start : found[behind + length - 1].end]
        of = _unit(spelling)
        touches = word.start == found[at].end
        if of is not None and (touches or spelling.casefold() not in by.not_units):
            return (*money, of), behind + length - 1
    return (money, behind) if money else ((("", 1.0, 0.0),), at)


@lru_cache(maxsize=16_384)
def _unit(spelling: str) -> Reading | None:
    symbol = units.unit_of(spelling)
    if symbol is None:
        return None
    scale = units.scale(symbol)
    return scale.dimension, scale.factor, scale.offset
